package driver;

import java.util.ArrayDeque;
import java.util.Map;
import java.util.Random;

/** Sessions of random kinds come and go in a service under load, up to four at once. */
final class StartStop {
    private static final int PATIENCE_S = 120;
    private static final int AT_ONCE = 4;
    private static final String[][] KINDS = {
        {"--cpu", "1ms"}, {"--cpu", "7ms", "--gc"}, {"--locks", "10us"}, {"--heap", "100ms", "--gc"},
        {"--cpu", "10ms", "--gc", "--heap", "100ms", "--locks", "10us"},
    };

    private StartStop() {}

    static int run(Options options) throws Exception {
        var verdict = new Verdict("soak startstop");
        int count = options.isShort() ? 100 : 1000;
        for (Jdk jdk : Jdk.wanted(options)) {
            try (Collector collector = Collector.start();
                    Target target = new Target.Plan(jdk).with("-Xms512m", "-Xmx512m").agent("")
                            .start("GroovyService", Tree.ROOT.resolve("bench/programs/pricing.groovy").toString())) {
                target.line(PATIENCE_S);
                judge(jdk, target, count, verdict);
            }
        }
        return verdict.close();
    }

    private static void judge(Jdk jdk, Target target, int count, Verdict verdict) throws Exception {
        var agent = new Agent(target.pid());
        churn(target, agent, count / 10);
        Map<String, Long> early = agent.counters();
        churn(target, agent, count - count / 10);
        Map<String, Long> late = agent.counters();
        System.out.printf("%n%s: %,d sessions, %,d CPU samples, %d stacks failed by a caught fault%n", jdk, count,
                late.get("engine.records"), late.get("engine.faults_recovered"));
        verdict.add(String.format("%s: agent memory %.1f then %.1f MiB", jdk,
                early.get("memory_bytes") / 1048576.0, late.get("memory_bytes") / 1048576.0),
                late.get("memory_bytes") <= early.get("memory_bytes"));
        long kept = late.get("engine.recorded_ns") + late.get("engine.dropped_ns");
        verdict.add(String.format("%s: CPU %.1f s = kept + dropped", jdk,
                late.get("engine.produced_ns") / 1e9), late.get("engine.produced_ns") == kept);
        verdict.add(jdk + ": no session left", !late.containsKey("age_ns"));
    }

    /** The service works for as long as sessions come and go; its answer is its heartbeat. */
    private static void churn(Target target, Agent agent, int count) throws Exception {
        var random = new Random(count);
        var open = new ArrayDeque<String>();
        for (int i = 0; i < count; i++) {
            if (i % 10 == 0) {
                target.order("run 5");
            }
            String name = "s" + count + "-" + i;
            agent.start(name, KINDS[random.nextInt(KINDS.length)]);
            open.add(name);
            while (open.size() > random.nextInt(AT_ONCE)) {
                agent.stop(open.remove());
            }
            if (i % 10 == 9) {
                target.line(PATIENCE_S);
            }
        }
        while (!open.isEmpty()) {
            agent.stop(open.remove());
        }
    }
}
