package driver;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * How long an exit takes, and with which code, with the agent in the midst of a session of all kinds:
 * every kind of exit, with the collector up, down and stopped, after lives of 0 to 50 ms and longer;
 * then the short lives of {@link Lives}; {@code --only exits} and {@code --only lives} do one of both.
 */
final class Exits {
    private static final int PATIENCE_S = 60;
    private static final double LIMIT_MS = 500;
    /** With nobody to wait for. */
    private static final double DOWN_LIMIT_MS = 200;
    private static final double CALM_MS = 150;
    private static final String[] KINDS = {"return", "exit", "halt", "sigterm", "oom"};
    private static final String START = "start=cpu:1ms,gc,heap:100ms,locks:10us";

    private record Exit(double ms, int status) {}

    private record Row(String kind, String state, List<Exit> exits) {
        double[] times() {
            return exits.stream().mapToDouble(Exit::ms).toArray();
        }

        double worst() {
            return Arrays.stream(times()).max().orElse(0);
        }
    }

    private Exits() {}

    static int run(Options options) throws Exception {
        var verdict = new Verdict("soak exit");
        if ("lives".equals(options.only())) {
            Lives.run(options, verdict);
            return verdict.close();
        }
        int runs = options.isShort() ? 3 : 40;
        for (Jdk jdk : Jdk.wanted(options)) {
            System.out.printf("%n%s, %d runs each%n%-8s %-10s %10s %10s  %s%n", jdk, runs, "exit",
                    "collector", "median ms", "worst ms", "status");
            judge(jdk, runs, verdict);
        }
        if (!"exits".equals(options.only())) {
            Lives.run(options, verdict);
        }
        return verdict.close();
    }

    /** How much later exits were than without the agent, in ms, over all kinds. */
    private static final class Delays {
        private double median = Double.NEGATIVE_INFINITY;
        private double medianDown = Double.NEGATIVE_INFINITY;
        private double worst = Double.NEGATIVE_INFINITY;
        private double bareWorst;

        void take(Row bare, Row row) {
            double later = Stats.median(row.times()) - Stats.median(bare.times());
            median = Math.max(median, later);
            medianDown = row.state.equals("down") ? Math.max(medianDown, later) : medianDown;
            worst = Math.max(worst, row.worst() - bare.worst());
            bareWorst = Math.max(bareWorst, bare.worst());
        }
    }

    private static void judge(Jdk jdk, int runs, Verdict verdict) throws Exception {
        var delays = new Delays();
        boolean isSameStatus = true;
        for (String kind : KINDS) {
            Row bare = row(jdk, kind, "no agent", runs);
            int expected = bare.exits.get(0).status;
            for (String state : new String[] {"down", "up", "stopped"}) {
                Row row = withCollector(jdk, kind, state, runs);
                delays.take(bare, row);
                isSameStatus &= row.exits.stream().allMatch(exit -> exit.status == expected);
            }
        }
        verdict.add(String.format("%s: exit later by %.0f ms (median)", jdk, delays.median),
                delays.median <= LIMIT_MS);
        verdict.add(String.format("%s: without a collector by %.0f ms", jdk, delays.medianDown),
                delays.medianDown <= DOWN_LIMIT_MS);
        judgeWorst(jdk, delays, verdict);
        verdict.add(jdk + ": exit codes as without the agent", isSameStatus);
    }

    /* Where exits without the agent take long, too, single slow ones are the machine's. */
    private static void judgeWorst(Jdk jdk, Delays delays, Verdict verdict) {
        if (delays.bareWorst > CALM_MS) {
            System.out.printf("the slowest exits are not judged: without the agent they take up to %.0f ms here%n",
                    delays.bareWorst);
        } else {
            verdict.add(String.format("%s: the slowest by %.0f ms", jdk, delays.worst), delays.worst <= LIMIT_MS);
        }
    }

    private static Row withCollector(Jdk jdk, String kind, String state, int runs) throws Exception {
        if (state.equals("down")) {
            return row(jdk, kind, state, runs);
        }
        try (Collector collector = Collector.start()) {
            if (state.equals("stopped")) {
                collector.freeze();
            }
            return row(jdk, kind, state, runs);
        }
    }

    private static Row row(Jdk jdk, String kind, String state, int runs) throws Exception {
        var row = new Row(kind, state, new ArrayList<>());
        var random = new Random(runs);
        for (int i = 0; i < runs; i++) {
            int lifeMs = i % 4 == 3 ? 200 + random.nextInt(1300) : random.nextInt(51);
            row.exits.add(exit(jdk, kind, !state.equals("no agent"), lifeMs));
        }
        System.out.printf("%-8s %-10s %10.0f %10.0f  %d%n", kind, state, Stats.median(row.times()),
                row.worst(), row.exits.get(0).status);
        return row;
    }

    private static Exit exit(Jdk jdk, String kind, boolean hasAgent, int lifeMs) throws Exception {
        var plan = new Target.Plan(jdk).with("-Xmx48m", "-XX:+ExitOnOutOfMemoryError");
        if (hasAgent) {
            plan.agent(START);
        }
        try (Target target = plan.start("ExitKind", kind, String.valueOf(lifeMs))) {
            awaitGoing(target);
            long began = System.nanoTime();
            if (kind.equals("sigterm")) {
                Command.of("kill", String.valueOf(target.pid())).run();
            }
            int status = target.end(PATIENCE_S);
            return new Exit((System.nanoTime() - began) / 1e6, status);
        }
    }

    private static void awaitGoing(Target target) throws Exception {
        String line = target.line(PATIENCE_S);
        if (!line.equals("going")) {
            throw new Trouble("the program said: " + line);
        }
    }
}
