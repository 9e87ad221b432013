package driver;

import java.util.ArrayList;
import java.util.List;

/**
 * An agent that waits for its first session, against none; with {@code --only session} one that leaves
 * debug information to that session (debuginfo=session); with {@code --only flag} what switches it on,
 * DebugNonSafepoints, without an agent; with {@code --only nothing} nothing against nothing; with
 * {@code --only tiered} the agent where all compilers compile warm requests. Two JVMs, with and without,
 * live at once: what the machine does meanwhile meets both. A pair of them is one round, and each is
 * the first in every other one.
 *
 * <p>Start-up: CPU of the process until the third request is served, with all compilers.
 *
 * <p>A warm request: its thread's CPU, the two JVMs taking turns request by request. By C1 alone,
 * whose code does not depend on what was met in which order: of C2's, two JVMs without an agent
 * differ by more than what is looked for, while an agent's hooks are the same in both. By all
 * compilers it takes a longer warm-up, half a minute for each pair, and its spread is wider.
 */
final class Idle {
    private static final int PATIENCE_S = 300;
    private static final double STARTUP_LIMIT = 1.04;
    private static final double REQUEST_LIMIT = 1.005;
    private static final int STARTUP_REQUESTS = 3;
    private static final int WARM_UP = 40;
    private static final int WARM_UP_TIERED = 150;
    private static final int PROGRESS = 10;

    /** What one of each two JVMs has. */
    private static String had = "agent";
    private static boolean isTiered;

    private Idle() {}

    static int run(Options options) throws Exception {
        isTiered = "tiered".equals(options.only());
        had = options.only() == null || isTiered ? "agent" : options.only();
        if (!List.of("agent", "session", "flag", "nothing").contains(had)) {
            throw new Trouble("--only " + had + ": write session, flag, nothing or tiered");
        }
        var verdict = new Verdict("idle");
        int startups = isTiered ? 0 : options.isShort() ? 6 : 60; // these are by all compilers anyway
        int rounds = options.isShort() ? 4 : isTiered ? 40 : 120;
        for (Jdk jdk : Jdk.wanted(options)) {
            var startup = new ArrayList<Double>();
            var request = new ArrayList<Double>();
            for (int round = 0; round < startups; round++) {
                startup.add(startup(jdk, round % 2 == 0));
            }
            for (int round = 0; round < rounds; round++) {
                request.add(request(jdk, round % 2 == 0, options.isShort() ? 12 : 24));
                if ((round + 1) % PROGRESS == 0) {
                    System.err.printf("%s: %d of %d pairs, so far %s%n", jdk, round + 1, rounds, estimate(request));
                }
            }
            System.out.printf("%n%s, %d and %d pairs%n", jdk, startups, rounds);
            if (startups > 0) {
                System.out.printf("%-28s %s%n", "until the third request", estimate(startup));
                verdict.addRatio(jdk + ": start-up", estimate(startup), STARTUP_LIMIT);
            }
            System.out.printf("%-28s %s%n", "a warm request", estimate(request));
            verdict.addRatio(jdk + ": request", estimate(request), REQUEST_LIMIT);
        }
        return verdict.close();
    }

    private static Stats.Estimate estimate(List<Double> ratios) {
        return Stats.estimate(ratios.stream().mapToDouble(Double::doubleValue).toArray());
    }

    private static double number(String line) {
        return Double.parseDouble(line.split(" ")[1]);
    }

    private static Target start(Jdk jdk, boolean hasIt, String... flags) throws Exception {
        var plan = new Target.Plan(jdk).with("-Xms1g", "-Xmx1g").with(flags);
        if (hasIt && had.equals("agent")) {
            plan.agent();
        } else if (hasIt && had.equals("session")) {
            plan.with("-agentpath:" + Tree.AGENT + "=debuginfo=session");
        } else if (hasIt && had.equals("flag")) {
            plan.with("-XX:+UnlockDiagnosticVMOptions", "-XX:+DebugNonSafepoints");
        }
        return plan.start("GroovyService",
                Tree.ROOT.resolve("bench/programs/pricing.groovy").toString());
    }

    private static double ratio(double first, double second, boolean isFirstWith) {
        return isFirstWith ? first / second : second / first;
    }

    private static double startup(Jdk jdk, boolean isFirstWith) throws Exception {
        try (Target first = start(jdk, isFirstWith); Target second = start(jdk, !isFirstWith)) {
            for (Target target : List.of(first, second)) {
                target.order("run " + STARTUP_REQUESTS);
                target.order("process");
            }
            return ratio(cpuOfStart(first), cpuOfStart(second), isFirstWith);
        }
    }

    private static double cpuOfStart(Target target) throws Exception {
        target.line(PATIENCE_S); // ready
        target.line(PATIENCE_S); // of its requests
        return number(target.line(PATIENCE_S));
    }

    /** The median of the ratios of neighbours. */
    private static double request(Jdk jdk, boolean isFirstWith, int count) throws Exception {
        String[] flags = {"-XX:+UseSerialGC", isTiered ? "-XX:+TieredCompilation" : "-XX:TieredStopAtLevel=1"};
        try (Target first = start(jdk, isFirstWith, flags); Target second = start(jdk, !isFirstWith, flags)) {
            for (Target target : List.of(first, second)) {
                target.order("run " + (isTiered ? WARM_UP_TIERED : WARM_UP)); // both at once
            }
            for (Target target : List.of(first, second)) {
                target.line(PATIENCE_S); // ready
                target.line(PATIENCE_S); // warm
            }
            double[] ratios = new double[count];
            for (int i = 0; i < count; i++) {
                boolean isInOrder = i % 2 == 0;
                double one = number((isInOrder ? first : second).ask("run 1", PATIENCE_S));
                double other = number((isInOrder ? second : first).ask("run 1", PATIENCE_S));
                ratios[i] = ratio(isInOrder ? one : other, isInOrder ? other : one, isFirstWith);
            }
            return Stats.median(ratios);
        }
    }
}
