package driver;

import java.util.Map;

/**
 * Time in our handler for a sample, by the depth of the stack, and how many stacks fail; then the
 * whole price of a sample with a library's frames above Java's: the handler and all threads of the
 * agent, which name, unwind, batch and send, with a collector. The first seconds are left out: they
 * read the libraries' tables once. The last row has a stack in which the JVM calls Java again, in as
 * many places as a stack is likely to have.
 *
 * All is CPU time. There is no peer beside it: async-profiler does not tell the time it takes, and
 * what a process runs longer with it is less than the machine's noise; request-cpu compares them.
 */
final class Walk {
    private static final int PATIENCE_S = 60;
    private static final int WARM_UP_S = 3;
    private static final int[] DEPTHS = {1, 10, 50, 100, 230, 500, 1000, 3000};
    private static final int REFERENCE_DEPTH = 230;
    private static final double LIMIT_US = 40;
    private static final String[] NATIVE = {"off", "leaf", "on"};
    private static final int CROSSINGS = 4;
    private static final int FRAMES_OF_CROSSING = 6; /* of reflection, and the program's for it */
    private static final double NATIVE_LIMIT_US = 60;

    /** In which the JVM calls the method, as it does the first times: up to JDK 17, and from 18 on. */
    private static final String[] NATIVE_REFLECTION = {
        "-Dsun.reflect.inflationThreshold=2147483647", "-Djdk.reflect.useNativeAccessorOnly=true"
    };

    private record Cost(double handlerUs, double agentUs, long samples, double failedShare) {}

    private Walk() {}

    static int run(Options options) throws Exception {
        var verdict = new Verdict("walk");
        double seconds = options.isShort() ? 3 : 10;
        for (Jdk jdk : Jdk.wanted(options)) {
            System.out.printf("%n%s%n", jdk);
            byDepth(jdk, seconds, verdict);
            withNative(jdk, options.isShort() ? 5 : 20, verdict);
        }
        return verdict.close();
    }

    private static void byDepth(Jdk jdk, double seconds, Verdict verdict) throws Exception {
        System.out.printf("%8s %12s %10s %10s%n", "frames", "us a sample", "samples", "failed");
        for (int depth : DEPTHS) {
            Cost cost = cost(jdk, seconds, "off", String.valueOf(depth));
            System.out.printf("%8d %12.1f %,10d %9.2f%%%n", depth, cost.handlerUs, cost.samples,
                    cost.failedShare * 100);
            if (depth == REFERENCE_DEPTH) {
                verdict.add(String.format("%s: %.1f us at %d frames <= %.0f", jdk, cost.handlerUs, depth, LIMIT_US),
                        cost.handlerUs <= LIMIT_US);
                verdict.add(String.format("%s: %.2f %% failed <= 1", jdk, cost.failedShare * 100),
                        cost.failedShare <= 0.01);
            }
        }
    }

    private static void withNative(Jdk jdk, double seconds, Verdict verdict) throws Exception {
        System.out.printf("%8s %12s %12s %12s %10s %10s%n", "native", "handler us", "agent us", "us a sample",
                "samples", "failed");
        for (String wanted : NATIVE) {
            double all = print(wanted, cost(jdk, seconds, wanted, String.valueOf(REFERENCE_DEPTH), "native"));
            if (wanted.equals("on")) {
                judge(jdk, all, "above them", verdict);
            }
        }
        int frames = REFERENCE_DEPTH - CROSSINGS * FRAMES_OF_CROSSING;
        Cost cost = cost(jdk, seconds, "on", String.valueOf(frames), "native", String.valueOf(CROSSINGS));
        judge(jdk, print("between", cost), "above them and in " + CROSSINGS + " places between", verdict);
    }

    private static double print(String row, Cost cost) {
        double all = cost.handlerUs + cost.agentUs;
        System.out.printf("%8s %12.1f %12.1f %12.1f %,10d %9.2f%%%n", row, cost.handlerUs, cost.agentUs, all,
                cost.samples, cost.failedShare * 100);
        return all;
    }

    private static void judge(Jdk jdk, double us, String where, Verdict verdict) {
        verdict.add(String.format("%s: %.1f us at %d frames with native ones %s, drainer included, <= %.0f", jdk, us,
                REFERENCE_DEPTH, where, NATIVE_LIMIT_US), us <= NATIVE_LIMIT_US);
    }

    private static long java(Map<String, Long> counters) {
        return counters.get("samples.cpu") - counters.getOrDefault("outcome.no_java", 0L);
    }

    private static long failed(Map<String, Long> counters) {
        return java(counters) - counters.getOrDefault("outcome.ok", 0L);
    }

    private static void beats(Target target, double seconds) throws Exception {
        for (double at = 0; at < seconds; at++) {
            target.line(PATIENCE_S);
        }
    }

    private static Cost cost(Jdk jdk, double seconds, String wanted, String... program) throws Exception {
        try (Collector collector = Collector.start();
                Target target = new Target.Plan(jdk).with(NATIVE_REFLECTION).agent("").start("DeepStack", program)) {
            target.line(PATIENCE_S);
            var agent = new Agent(target.pid());
            agent.start("bench", "--cpu", "1ms", "--native", wanted);
            beats(target, WARM_UP_S);
            Map<String, Long> before = agent.counters();
            long cpuBefore = Proc.threadCpuNs(target.pid(), "umig-");
            beats(target, seconds);
            Map<String, Long> after = agent.counters();
            long cpu = Proc.threadCpuNs(target.pid(), "umig-") - cpuBefore;
            long records = after.get("engine.records") - before.get("engine.records");
            long handler = after.get("engine.handler_ns") - before.get("engine.handler_ns");
            double divisor = 1e3 * Math.max(1, records);
            return new Cost(handler / divisor, cpu / divisor, records,
                    (double) (failed(after) - failed(before)) / Math.max(1, java(after) - java(before)));
        }
    }
}
