package driver;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * A service of a virtual thread a request beside a million parked ones. First its price: CPU of a
 * batch of requests with CPU sampling at 10 ms against without, in legs side by side in one JVM, as
 * {@link RequestCpu} has it, with the CPU of our own threads. Then what is told of it, at 1 ms: stacks
 * to their root or with a mark, pools with the share they have, within the agent's memory.
 */
final class VirtualThreads {
    private static final double LIMIT = 1.03;
    private static final int PATIENCE_S = 300;
    private static final int LEG_BATCHES = 5;
    private static final int ARMING_BATCHES = 2;
    private static final int OWN_BATCHES = 400;
    private static final int LOOK_BATCHES = 100;
    private static final int CALLS = 31;
    private static final double NAMED_SHARE = 1.0 / 8;
    private static final double NAMED_TOLERANCE = 0.04;
    private static final Pattern POOLS = Pattern.compile("virtual .*|order-\\*|pool-\\*|parked-\\*");
    private static final String ROOT = "jdk.internal.vm.Continuation.enter";

    private final Target target;
    private final Agent agent;
    private final List<Double> ratios = new ArrayList<>();
    private final List<Double> off = new ArrayList<>();

    private VirtualThreads(Target target) {
        this.target = target;
        agent = new Agent(target.pid());
    }

    static int run(Options options) throws Exception {
        var verdict = new Verdict("vthreads");
        int parked = options.isShort() ? 100_000 : 1_000_000;
        for (Jdk jdk : Jdk.wanted(options)) {
            if (jdk.feature() < 21) {
                continue;
            }
            String heap = options.isShort() ? "1g" : "4g";
            try (Collector collector = Collector.start();
                    Target target = new Target.Plan(jdk).with("-Xms" + heap, "-Xmx" + heap).agent("")
                            .start("VirtualService", String.valueOf(parked))) {
                var bench = new VirtualThreads(target);
                bench.warmUp(options.isShort() ? 200 : 1000);
                bench.cost(jdk, options.isShort() ? 60 : 300, verdict);
                bench.stacks(jdk, options.isShort() ? 3_000 : 20_000, verdict);
            }
        }
        return verdict.close();
    }

    private double[] serve(int batches) throws Exception {
        String[] words = target.ask("run " + batches, PATIENCE_S).split(" ");
        return java.util.Arrays.stream(words).skip(1).mapToDouble(Double::parseDouble).toArray();
    }

    private void warmUp(int batches) throws Exception {
        if (!target.line(PATIENCE_S).equals("ready")) {
            throw new Trouble("the service did not come up");
        }
        leg(true);
        for (int done = 0; done < batches; done += LOOK_BATCHES) {
            serve(LOOK_BATCHES);
        }
    }

    /** The median batch of a leg, with a session or without. */
    private double leg(boolean isProfiled) throws Exception {
        if (isProfiled) {
            agent.start("bench", "--cpu", "10ms");
        }
        serve(ARMING_BATCHES);
        double median = Stats.median(serve(LEG_BATCHES));
        if (isProfiled) {
            agent.stop("bench");
        }
        return median;
    }

    private double ownNs() throws Exception {
        agent.start("bench", "--cpu", "10ms");
        serve(ARMING_BATCHES);
        long before = Proc.threadCpuNs(target.pid(), "umig-");
        serve(OWN_BATCHES);
        double own = (double) (Proc.threadCpuNs(target.pid(), "umig-") - before) / OWN_BATCHES;
        agent.stop("bench");
        return own;
    }

    private void cost(Jdk jdk, int rounds, Verdict verdict) throws Exception {
        double own = ownNs();
        double before = leg(false);
        for (int round = 0; round < rounds; round++) {
            double on = leg(true);
            double after = leg(false);
            ratios.add((on + own) / ((before + after) / 2));
            off.add(after / before);
            before = after;
        }
        Stats.Estimate ratio = Stats.estimate(array(ratios));
        var counters = agent.counters();
        System.out.printf("%n%s, %s%n", jdk, target.ask("peak", PATIENCE_S));
        System.out.printf("batch of 200 requests %.2f ms of CPU; cpu:10ms / off %s, off / off %s; our threads %.3f ms; "
                + "handler %.1f us a sample%n", before / 1e6, ratio, Stats.estimate(array(off)), own / 1e6,
                counters.get("engine.handler_ns") / 1e3 / Math.max(1, counters.get("engine.records")));
        verdict.addRatio(jdk + " CPU", ratio, LIMIT);
    }

    private static double[] array(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private static double share(List<Collapsed.Stack> stacks, Predicate<Collapsed.Stack> which) {
        long all = stacks.stream().mapToLong(Collapsed.Stack::weight).sum();
        return stacks.stream().filter(which).mapToLong(Collapsed.Stack::weight).sum() / (double) Math.max(1, all);
    }

    /** A cut, or a stack that could not be read and says why. */
    private static boolean isMarked(Collapsed.Stack stack) {
        return stack.frames().stream().anyMatch(frame -> frame.startsWith("["));
    }

    private static boolean isWhole(Collapsed.Stack stack) {
        List<String> frames = stack.frames();
        long calls = frames.stream().filter(frame -> frame.equals("programs.VirtualService.call")).count();
        boolean isAtBottom = frames.contains("programs.VirtualService.bottom");
        return frames.get(0).equals(ROOT) && (!isAtBottom || calls == CALLS);
    }

    private void stacks(Jdk jdk, long samples, Verdict verdict) throws Exception {
        long before = agent.counters().get("engine.virtual_samples");
        agent.start("look", "--cpu", "1ms");
        while (agent.counters().get("engine.virtual_samples") - before < samples) {
            serve(LOOK_BATCHES);
        }
        var counters = agent.counters();
        agent.stop("look");
        while (agent.counters().get("unacked_batches") > 0) {
            TimeUnit.MILLISECONDS.sleep(200);
        }
        String collapsed = Command.umig("report", "look", "--format", "collapsed", "--unfold").run();
        List<Collapsed.Stack> stacks = Collapsed.read(collapsed).stream()
                .filter(stack -> POOLS.matcher(stack.thread()).matches()).toList();
        String json = Command.umig("report", "look", "--json").run();
        long rows = Pattern.compile("\"virtual_id\"").matcher(json).results().count();
        double whole = share(stacks, stack -> !isMarked(stack) && isWhole(stack));
        double marked = share(stacks, VirtualThreads::isMarked);
        double orders = share(stacks, stack -> stack.thread().equals("order-*"));
        double unread = share(stacks, stack -> stack.thread().startsWith("virtual (unread)"));
        System.out.printf("%,d samples on virtual threads, CPU: %.3f %% to the root, %.3f %% marked; %,d rows of single threads; "
                + "order-* %.1f %%, pool-* %.1f %%, parked-* %.1f %%, unread %.2f %%%n",
                counters.get("engine.virtual_samples") - before, whole * 100, marked * 100, rows, orders * 100,
                share(stacks, stack -> stack.thread().equals("pool-*")) * 100,
                share(stacks, stack -> stack.thread().equals("parked-*")) * 100, unread * 100);
        stacks.stream().filter(stack -> !isMarked(stack) && !isWhole(stack)).limit(3)
                .forEach(stack -> System.out.println("  not whole: " + stack));
        verdict.add(String.format("%s to the root or marked %.3f %% >= 99 %%", jdk, (whole + marked) * 100),
                whole + marked >= 0.99);
        verdict.add(String.format("order-* %.1f %% of 12.5 %% +- 4", orders * 100),
                Math.abs(orders - NAMED_SHARE) <= NAMED_TOLERANCE);
        verdict.add(String.format("agent memory %.1f of %.0f MiB", counters.get("memory_bytes") / 1048576.0,
                counters.get("memory_limit_bytes") / 1048576.0),
                counters.get("memory_bytes") <= counters.get("memory_limit_bytes"));
    }
}
