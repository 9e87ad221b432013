package driver;

import java.util.Map;

/**
 * Bytes of a CPU sample of a dynamic Groovy service on the wire, from the first sample on and when
 * most names and stacks are known; bytes stored; and the time of a report.
 */
final class Wire {
    private static final int PATIENCE_S = 600;
    private static final double LIMIT_BYTES = 40;
    private static final double STEADY_BYTES = 8;

    private record Count(long samples, long bytes) {
        double perSample(Count since) {
            return (double) (bytes - since.bytes) / Math.max(1, samples - since.samples);
        }
    }

    private Wire() {}

    static int run(Options options) throws Exception {
        var verdict = new Verdict("wire");
        int requests = options.isShort() ? 400 : 4000;
        System.out.printf("%-8s %10s %12s %12s %12s %12s%n", "", "samples", "B/sample", "steady B",
                "stored B", "report ms");
        for (Jdk jdk : Jdk.wanted(options)) {
            int port = Wiretap.freePort();
            try (Collector collector = Collector.start("--listen", "tcp:127.0.0.1:" + port, "--listen",
                            "unix:" + Tree.RUN.resolve("collector.sock"));
                    Wiretap tap = new Wiretap(port);
                    Target target = new Target.Plan(jdk).with("-Xms1g", "-Xmx1g")
                            .agent("collector=tcp:127.0.0.1:" + tap.port())
                            .start("GroovyService", Tree.ROOT.resolve("bench/programs/pricing.groovy").toString())) {
                target.line(PATIENCE_S);
                target.ask("run 200", PATIENCE_S);
                measure(jdk, target, tap, collector, requests, verdict);
            }
        }
        return verdict.close();
    }

    private static Count count(Agent agent, Wiretap tap) throws Exception {
        Map<String, Long> counters = agent.counters();
        while (counters.get("unacked_batches") > 0) {
            counters = agent.counters();
        }
        return new Count(counters.getOrDefault("samples.cpu", 0L), tap.sentBytes());
    }

    private static void measure(Jdk jdk, Target target, Wiretap tap, Collector collector, int requests,
            Verdict verdict) throws Exception {
        var agent = new Agent(target.pid());
        Count begin = count(agent, tap);
        agent.start("bench", "--cpu", "10ms");
        target.ask("run " + requests / 2, PATIENCE_S);
        Count middle = count(agent, tap);
        target.ask("run " + requests / 2, PATIENCE_S);
        Count end = count(agent, tap);
        agent.stop("bench");
        long began = System.nanoTime();
        Command.umig("report", "bench").run();
        double reportMs = (System.nanoTime() - began) / 1e6;
        double whole = end.perSample(begin);
        double steady = end.perSample(middle);
        System.out.printf("%-8s %,10d %12.1f %12.1f %12.1f %12.0f%n", jdk, end.samples, whole, steady,
                (double) collector.storedBytes() / end.samples, reportMs);
        verdict.add(String.format("%s: %.1f B a sample <= %.0f", jdk, whole, LIMIT_BYTES), whole <= LIMIT_BYTES);
        verdict.add(String.format("%s: %.1f B later <= %.0f", jdk, steady, STEADY_BYTES), steady <= STEADY_BYTES);
    }
}
