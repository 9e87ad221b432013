package driver;

import java.util.LinkedHashMap;
import java.util.Map;

/** A collector under ten agents that are none: throughput, acknowledgement, memory, disk. */
final class Ingest {
    private static final double SAMPLES_PER_CPU_S = 2e6;
    private static final double ACK_MS = 200;
    private static final double MEMORY_MIB = 64;
    private static final double STORED_BYTES = 1.5;

    private Ingest() {}

    static int run(Options options) throws Exception {
        var verdict = new Verdict("ingest");
        Map<String, Double> figures = new LinkedHashMap<>();
        String said = Command.of(Tree.BUILD.resolve("bin/measure_collector").toString()).run();
        for (String line : said.split("\n")) {
            String[] words = line.split(" ");
            figures.put(words[0], Double.parseDouble(words[1]));
            System.out.printf("%-28s %,16.1f%n", words[0], figures.get(words[0]));
        }
        double rate = figures.get("ingest_samples_per_cpu_s");
        verdict.add(String.format("%.1f M samples a CPU second >= 2", rate / 1e6), rate >= SAMPLES_PER_CPU_S);
        verdict.add(String.format("ack p99 %.0f ms <= 200", figures.get("ack_p99_ms")),
                figures.get("ack_p99_ms") <= ACK_MS);
        verdict.add(String.format("%.1f MiB <= 64", figures.get("peak_memory_mib")),
                figures.get("peak_memory_mib") <= MEMORY_MIB);
        verdict.add(String.format("%.2f B stored a sample <= 1.5", figures.get("stored_bytes_per_sample")),
                figures.get("stored_bytes_per_sample") <= STORED_BYTES);
        return verdict.close();
    }
}
