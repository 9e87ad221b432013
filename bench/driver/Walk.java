package driver;

import java.util.Map;

/**
 * Time in our handler for a sample, by the depth of the stack, and how many stacks fail. The time is
 * that of the wall: on a busy machine it holds what other processes took in between.
 */
final class Walk {
    private static final int PATIENCE_S = 60;
    private static final int[] DEPTHS = {1, 10, 50, 100, 230, 500, 1000, 3000};
    private static final int REFERENCE_DEPTH = 230;
    private static final double LIMIT_US = 40;

    private record Cost(double us, long samples, double failedShare) {}

    private Walk() {}

    static int run(Options options) throws Exception {
        var verdict = new Verdict("walk");
        double seconds = options.isShort() ? 3 : 10;
        for (Jdk jdk : Jdk.wanted(options)) {
            System.out.printf("%n%s%n%8s %12s %10s %10s%n", jdk, "frames", "us a sample", "samples", "failed");
            for (int depth : DEPTHS) {
                Cost cost = cost(jdk, depth, seconds);
                System.out.printf("%8d %12.1f %,10d %9.2f%%%n", depth, cost.us, cost.samples,
                        cost.failedShare * 100);
                if (depth == REFERENCE_DEPTH) {
                    verdict.add(String.format("%s: %.1f us at %d frames <= %.0f", jdk, cost.us, depth, LIMIT_US),
                            cost.us <= LIMIT_US);
                    verdict.add(String.format("%s: %.2f %% failed <= 1", jdk, cost.failedShare * 100),
                            cost.failedShare <= 0.01);
                }
            }
        }
        return verdict.close();
    }

    private static Cost cost(Jdk jdk, int depth, double seconds) throws Exception {
        try (Target target = new Target.Plan(jdk).agent("").start("DeepStack", String.valueOf(depth))) {
            target.line(PATIENCE_S);
            var agent = new Agent(target.pid());
            agent.start("bench", "--cpu", "1ms");
            for (double at = 0; at < seconds; at++) {
                target.line(PATIENCE_S);
            }
            Map<String, Long> counters = agent.counters();
            double java = counters.get("samples.cpu") - counters.getOrDefault("outcome.no_java", 0L);
            double failed = java - counters.getOrDefault("outcome.ok", 0L);
            long records = counters.get("engine.records");
            return new Cost(counters.get("engine.handler_ns") / 1e3 / Math.max(1, records), records,
                    failed / Math.max(1, java));
        }
    }
}
