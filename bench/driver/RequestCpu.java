package driver;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * CPU of a request of a dynamic Groovy service with a kind of session, or several, against without;
 * and the same for async-profiler and JFR, in the same JVM. A round is one leg of each in random
 * order, with a leg without a profiler on both sides of it. A round's figure is the median request
 * of the leg, with the CPU of our own threads a request, over the median request of the legs
 * without; what the peers' own threads take is not counted. Our handler stays installed for good, so
 * async-profiler takes another signal by itself.
 *
 * Legs are short: a request's price drifts by half within seconds, with what the JIT has just done,
 * and neighbours of some tenths of a second share the drift (of 2,000 requests a side the interval was
 * +-0.03 with legs of 40, +-0.007 with legs of 5). Our own threads work once a second: their price
 * is that of a long leg of its own.
 */
final class RequestCpu {
    /**
     * What is measured: our kinds and theirs, beside so many threads that mostly wait. JFR's is what
     * GroovyService understands; empty: it has nothing of the kind.
     */
    private record Plan(String name, double limit, List<String> ours, String asyncProfiler, String jfr,
            int threads) {
        List<Leg> legs() {
            return jfr.isEmpty() ? List.of(Leg.UMIG, Leg.ASYNC_PROFILER)
                    : List.of(Leg.UMIG, Leg.ASYNC_PROFILER, Leg.JFR);
        }
    }

    private static final Plan CPU = new Plan("request-cpu", 1.02, List.of("--cpu", "10ms"),
            "start,event=ctimer,interval=10ms", "", 0);
    private static final Plan WALL = new Plan("wall", 1.01, List.of("--wall", "50ms"),
            "start,event=wall,interval=50ms", "", 200);
    private static final Plan ALLOC = new Plan("alloc", 1.02, List.of("--alloc"), "start,alloc=512k",
            "jdk.ObjectAllocationSample", 0);
    private static final Plan FOUR = new Plan("four-kinds", 1.04,
            List.of("--cpu", "10ms", "--alloc", "--wall", "50ms", "--locks", "1ms"),
            "start,event=ctimer,interval=10ms,alloc=512k,wall=50ms,lock=1ms,jfr,file=%f.jfr", "profile", 200);
    private static final int PATIENCE_S = 120;
    private static final int LEG_REQUESTS = 5;
    /**
     * Served first in each leg: a session begins with looks at every thread and with names that are all new, which is
     * no rate.
     */
    private static final int ARMING_REQUESTS = 10;
    private static final int OWN_REQUESTS = 400;

    private enum Leg {
        OFF("without a profiler"),
        UMIG("umig"),
        ASYNC_PROFILER("async-profiler"),
        JFR("JFR");

        final String text;

        Leg(String text) {
            this.text = text;
        }
    }

    private final Plan plan;
    private final Target target;
    private final Agent agent;
    private final Map<Leg, List<Double>> ratios = new EnumMap<>(Leg.class);
    private final Map<Leg, List<Double>> requests = new EnumMap<>(Leg.class);
    private double ownNs;

    private RequestCpu(Plan plan, Target target) {
        this.plan = plan;
        this.target = target;
        agent = new Agent(target.pid());
        for (Leg leg : Leg.values()) {
            ratios.put(leg, new ArrayList<>());
            requests.put(leg, new ArrayList<>());
        }
    }

    static int run(Options options) throws Exception {
        return run(CPU, options);
    }

    static int runWall(Options options) throws Exception {
        return run(WALL, options);
    }

    static int runAlloc(Options options) throws Exception {
        return run(ALLOC, options);
    }

    static int runFour(Options options) throws Exception {
        return run(FOUR, options);
    }

    private static int run(Plan plan, Options options) throws Exception {
        var verdict = new Verdict(plan.name());
        int rounds = options.isShort() ? 60 : 400;
        for (Jdk jdk : Jdk.wanted(options)) {
            try (Target target = new Target.Plan(jdk).with("-Xms1g", "-Xmx1g").agent()
                    .start("GroovyService", Tree.ROOT.resolve("bench/programs/pricing.groovy").toString())) {
                var bench = new RequestCpu(plan, target);
                bench.warmUp(options.isShort() ? 400 : 1500);
                bench.measure(rounds);
                verdict.addRatio(jdk.toString(), bench.report(jdk), plan.limit());
            }
        }
        return verdict.close();
    }

    private double[] serve(int requests) throws Exception {
        String[] words = target.ask("run " + requests, PATIENCE_S).split(" ");
        return Arrays.stream(words).skip(1).mapToDouble(Double::parseDouble).toArray();
    }

    private void asyncProfiler(String command) throws Exception {
        String answer = target.ask("peer " + command, PATIENCE_S);
        if (answer.contains("error") || answer.contains("ERROR")) {
            throw new Trouble("async-profiler, '" + command + "': " + answer);
        }
    }

    /* The peer is loaded first, so that our guard is the first handler of faults; then both have
     * run once, and the code is hot. */
    private void warmUp(int requests) throws Exception {
        if (!target.line(PATIENCE_S).equals("ready")) {
            throw new Trouble("the service did not come up");
        }
        asyncProfiler("version");
        if (plan.threads() > 0) {
            target.ask("threads " + plan.threads(), PATIENCE_S);
        }
        for (Leg leg : plan.legs()) {
            cost(leg);
        }
        for (int done = 0; done < requests; done += 100) {
            serve(100);
        }
    }

    private void begin(Leg leg) throws Exception {
        switch (leg) {
            case UMIG -> agent.start("bench", plan.ours().toArray(new String[0]));
            case ASYNC_PROFILER -> asyncProfiler(plan.asyncProfiler().replace("%f", Tree.RUN.resolve("peer").toString()));
            case JFR -> target.ask("jfr " + plan.jfr(), PATIENCE_S);
            case OFF -> { }
        }
        serve(ARMING_REQUESTS);
    }

    private void end(Leg leg) throws Exception {
        switch (leg) {
            case UMIG -> agent.stop("bench");
            case ASYNC_PROFILER -> asyncProfiler("stop");
            case JFR -> target.ask("jfr stop", PATIENCE_S);
            case OFF -> { }
        }
    }

    /** The median request of a leg. */
    private double cost(Leg leg) throws Exception {
        begin(leg);
        double median = Stats.median(serve(LEG_REQUESTS));
        end(leg);
        return median;
    }

    private double ownCost() throws Exception {
        begin(Leg.UMIG);
        long before = Proc.threadCpuNs(target.pid(), "umig-");
        serve(OWN_REQUESTS);
        double own = (double) (Proc.threadCpuNs(target.pid(), "umig-") - before) / OWN_REQUESTS;
        end(Leg.UMIG);
        return own;
    }

    private void measure(int rounds) throws Exception {
        var random = new Random(1);
        ownNs = ownCost();
        double before = cost(Leg.OFF);
        for (int round = 0; round < rounds; round++) {
            var legs = new ArrayList<>(plan.legs());
            Collections.shuffle(legs, random);
            for (Leg leg : legs) {
                double on = cost(leg);
                double after = cost(Leg.OFF);
                double off = (before + after) / 2;
                ratios.get(leg).add((leg == Leg.UMIG ? on + ownNs : on) / off);
                ratios.get(Leg.OFF).add(after / before);
                requests.get(leg).add(on);
                requests.get(Leg.OFF).add(after);
                before = after;
            }
        }
    }

    private static double[] array(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private Stats.Estimate report(Jdk jdk) throws IOException, InterruptedException {
        Map<String, Long> counters = agent.counters();
        System.out.printf("%n%s, %,d requests a leg, %d rounds: umig %s, async-profiler %s%s%n", jdk,
                LEG_REQUESTS, ratios.get(Leg.UMIG).size(), String.join(" ", plan.ours()),
                plan.asyncProfiler(), plan.jfr().isEmpty() ? "" : ", JFR " + plan.jfr());
        System.out.printf("%-28s %10s %12s  %s%n", "", "request ms", "own threads", "ratio [95 %]");
        for (Leg leg : Leg.values()) {
            if (ratios.get(leg).isEmpty()) {
                continue;
            }
            System.out.printf("%-28s %10.3f %9.3f ms  %s%n", leg.text,
                    Stats.median(array(requests.get(leg))) / 1e6, leg == Leg.UMIG ? ownNs / 1e6 : 0.0,
                    Stats.estimate(array(ratios.get(leg))));
        }
        System.out.printf("umig's handler: %.1f us a sample, %,d samples%n",
                counters.get("engine.handler_ns") / 1e3 / Math.max(1, counters.get("engine.records")),
                counters.get("engine.records"));
        return Stats.estimate(array(ratios.get(Leg.UMIG)));
    }
}
