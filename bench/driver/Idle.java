package driver;

import java.util.Arrays;

/**
 * An agent that waits for its first session, against none: CPU of the process until the third
 * request is served, and CPU of a request when warm. Processes with and without take turns; a pair
 * of neighbours is one round.
 */
final class Idle {
    private static final int PATIENCE_S = 300;
    private static final double STARTUP_LIMIT = 1.04;
    private static final double REQUEST_LIMIT = 1.005;

    private record Cost(double startupNs, double requestNs) {}

    private Idle() {}

    static int run(Options options) throws Exception {
        var verdict = new Verdict("idle");
        int rounds = options.isShort() ? 2 : 24;
        int requests = options.isShort() ? 60 : 600;
        for (Jdk jdk : Jdk.wanted(options)) {
            double[] startup = new double[rounds];
            double[] request = new double[rounds];
            double[] startupMs = new double[rounds];
            for (int round = 0; round < rounds; round++) {
                boolean isFirst = round % 2 == 0;
                Cost one = cost(jdk, isFirst, requests);
                Cost other = cost(jdk, !isFirst, requests);
                Cost with = isFirst ? one : other;
                Cost without = isFirst ? other : one;
                startup[round] = with.startupNs / without.startupNs;
                request[round] = with.requestNs / without.requestNs;
                startupMs[round] = without.startupNs / 1e6;
            }
            System.out.printf("%n%s, %d rounds; start-up without an agent: %,.0f ms CPU%n%-28s %s%n%-28s %s%n",
                    jdk, rounds, Stats.median(startupMs), "until the third request",
                    Stats.estimate(startup), "a warm request", Stats.estimate(request));
            verdict.addRatio(jdk + ": start-up", Stats.estimate(startup), STARTUP_LIMIT);
            verdict.addRatio(jdk + ": request", Stats.estimate(request), REQUEST_LIMIT);
        }
        return verdict.close();
    }

    private static double[] numbers(String line) {
        return Arrays.stream(line.split(" ")).skip(1).mapToDouble(Double::parseDouble).toArray();
    }

    private static Cost cost(Jdk jdk, boolean hasAgent, int requests) throws Exception {
        var plan = new Target.Plan(jdk).with("-Xms1g", "-Xmx1g");
        try (Target target = (hasAgent ? plan.agent("") : plan).start("GroovyService",
                Tree.ROOT.resolve("bench/programs/pricing.groovy").toString())) {
            target.line(PATIENCE_S);
            target.ask("run 3", PATIENCE_S);
            double startup = numbers(target.ask("process", PATIENCE_S))[0];
            double[] costs = numbers(target.ask("run " + requests, PATIENCE_S));
            return new Cost(startup, Stats.median(Arrays.copyOfRange(costs, requests / 2, requests)));
        }
    }
}
