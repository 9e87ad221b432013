package driver;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * An agent that waits for its first session, against none: CPU of the process until the third
 * request is served, and, in every fourth round, CPU of a request when warm. Processes with and
 * without take turns; a pair of neighbours is one round.
 */
final class Idle {
    private static final int PATIENCE_S = 300;
    private static final double STARTUP_LIMIT = 1.04;
    private static final double REQUEST_LIMIT = 1.005;

    private record Cost(double startupNs, double requestNs) {}

    private Idle() {}

    static int run(Options options) throws Exception {
        var verdict = new Verdict("idle");
        int rounds = options.isShort() ? 4 : 48;
        int requests = options.isShort() ? 60 : 400;
        for (Jdk jdk : Jdk.wanted(options)) {
            var startup = new ArrayList<Double>();
            var request = new ArrayList<Double>();
            var startupMs = new ArrayList<Double>();
            for (int round = 0; round < rounds; round++) {
                boolean isFirst = round % 8 < 4;
                /* A start-up is over in seconds, and needs more rounds than a request. */
                int more = round % 4 == 0 ? requests : 0;
                Cost one = cost(jdk, isFirst, more);
                Cost other = cost(jdk, !isFirst, more);
                Cost with = isFirst ? one : other;
                Cost without = isFirst ? other : one;
                startup.add(with.startupNs / without.startupNs);
                startupMs.add(without.startupNs / 1e6);
                if (more > 0) {
                    request.add(with.requestNs / without.requestNs);
                }
            }
            System.out.printf("%n%s, %d rounds; start-up without an agent: %,.0f ms CPU%n%-28s %s%n%-28s %s%n",
                    jdk, rounds, Stats.median(array(startupMs)), "until the third request",
                    Stats.estimate(array(startup)), "a warm request", Stats.estimate(array(request)));
            verdict.addRatio(jdk + ": start-up", Stats.estimate(array(startup)), STARTUP_LIMIT);
            verdict.addRatio(jdk + ": request", Stats.estimate(array(request)), REQUEST_LIMIT);
        }
        return verdict.close();
    }

    private static double[] array(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).toArray();
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
            if (requests == 0) {
                return new Cost(startup, Double.NaN);
            }
            double[] costs = numbers(target.ask("run " + requests, PATIENCE_S));
            return new Cost(startup, Stats.median(Arrays.copyOfRange(costs, requests / 2, requests)));
        }
    }
}
