package driver;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Programs whose stacks are known, sampled at 1 ms of CPU time by us and by async-profiler, each in
 * a JVM of its own. Every stack of a worker thread is judged by the rules that the program prints:
 * broken is one that failed or does not reach its thread's root, wrong is one that says what cannot
 * be. The shares are of CPU time, as a reader of a profile meets them; stacks with the mark of a cut
 * are shown, and count as neither.
 *
 * On a busy machine async-profiler may have no sample of a program ("All samples were filtered out"): then
 * it has no figure there, and the means of both leave the program out.
 */
final class Accuracy {
    private static final double LIMIT = 0.01;
    private static final int PATIENCE_S = 60;
    private static final double SECONDS_MAX = 120;
    private static final int EXAMPLES = 5;
    private static final int EXAMPLE_FRAMES = 12;
    private static final long LOOK_MS = 200;
    private static final String NO_SAMPLE = "All samples were filtered out";
    private static final Pattern POOL =
            Pattern.compile("\"pool\":\"([^\"]*)\",\"threads\":\\d+,\"value_ns\":\\d+,\"samples\":(\\d+)");

    /** A program with the words that start it; since which JDK; JVM options. */
    private record Row(String name, int since, String program, String... options) {
        List<String> jvmOptions() {
            var all = new ArrayList<>(List.of("-Djava.library.path=" + Tree.CLASSES));
            all.addAll(List.of(options));
            return all;
        }
    }

    /* What C2 inlines it may also spread: an instruction of the work would bear the mark of a caller. */
    private static final String[] DONT_INLINE =
            {"-XX:CompileCommand=quiet", "-XX:CompileCommand=dontinline,programs.known.Work::burn"};

    private static final Row[] ROWS = {
        new Row("deep", 17, "Deep", DONT_INLINE),
        new Row("inlined", 17, "Inlined", "-XX:-TieredCompilation"),
        new Row("interpreted", 17, "Calls", "-Xint"),
        new Row("c1", 17, "Calls", "-XX:TieredStopAtLevel=1"),
        new Row("c2", 17, "Calls", "-XX:-TieredCompilation"),
        new Row("tiered", 17, "Calls"),
        new Row("virtual", 17, "Dispatched virtual"),
        new Row("interface", 17, "Dispatched interface"),
        new Row("handles", 17, "Handles"),
        new Row("intrinsics", 17, "Intrinsics"),
        new Row("exceptions", 17, "Exceptions"),
        new Row("overflows", 17, "Overflows", "-Xss512k"),
        new Row("native", 17, "Native"),
        new Row("lambdas", 17, "Lambdas"),
        new Row("collected", 17, "Collected", "-Xmx64m"),
        new Row("monitors", 17, "Monitors"),
        new Row("groovy-4", 17, "Scripted SCRIPT"),
        new Row("groovy-2.4", 17, "Scripted SCRIPT"),
        new Row("vthreads", 21, "Virtual"),
    };

    /** What was seen of a program by one profiler. */
    private static final class Tally {
        private final Map<KnownStacks.Grade, Long> weights = new EnumMap<>(KnownStacks.Grade.class);
        private final Map<String, Long> examples = new TreeMap<>();
        private long samples;

        void add(Collapsed.Stack stack, KnownStacks.Finding finding) {
            weights.merge(finding.grade(), stack.weight(), Long::sum);
            if (!finding.reason().isEmpty()) {
                examples.merge(finding.grade() + ": " + finding.reason() + "\n        " + brief(stack.frames()),
                        stack.weight(), Long::sum);
            }
        }

        private static String brief(List<String> frames) {
            int from = Math.max(0, frames.size() - EXAMPLE_FRAMES);
            return frames.size() + " frames, ending in " + String.join(";", frames.subList(from, frames.size()));
        }

        double share(KnownStacks.Grade grade) {
            long all = weights.values().stream().mapToLong(Long::longValue).sum();
            return weights.getOrDefault(grade, 0L) / (double) Math.max(1, all);
        }

        double bad() {
            return share(KnownStacks.Grade.WRONG) + share(KnownStacks.Grade.BROKEN);
        }

        String text() {
            return String.format("%,8d %8.2f %8.2f %7.2f", samples, share(KnownStacks.Grade.WRONG) * 100,
                    share(KnownStacks.Grade.BROKEN) * 100, share(KnownStacks.Grade.CUT) * 100);
        }

        void show(String who) {
            examples.entrySet().stream().sorted((a, b) -> Long.compare(b.getValue(), a.getValue())).limit(EXAMPLES)
                    .forEach(e -> System.out.printf("    %s, weight %d: %s%n", who, e.getValue(), e.getKey()));
        }
    }

    private final Options options;
    private final int samplesWanted;

    private Accuracy(Options options) {
        this.options = options;
        samplesWanted = options.isShort() ? 500 : 2000;
    }

    static int run(Options options) throws Exception {
        var verdict = new Verdict("accuracy");
        var bench = new Accuracy(options);
        if (options.only() != null && Arrays.stream(ROWS).noneMatch(row -> row.name.equals(options.only()))) {
            throw new Trouble("no program '" + options.only() + "'; there are "
                    + String.join(", ", Arrays.stream(ROWS).map(Row::name).toList()));
        }
        for (Jdk jdk : Jdk.wanted(options)) {
            bench.measure(jdk, verdict);
        }
        return verdict.close();
    }

    private void measure(Jdk jdk, Verdict verdict) throws Exception {
        System.out.printf("%n%s%s%n%-12s %35s   %35s%n", jdk,
                options.walker() == null ? "" : ", walker=" + options.walker(), "", "umig, % of CPU time",
                "async-profiler ctimer");
        String columns = String.format("%8s %8s %8s %7s", "samples", "wrong", "broken", "cut");
        System.out.printf("%-12s %s   %s%n", "program", columns, columns);
        double ourSum = 0;
        double peerSum = 0;
        int count = 0;
        List<String> leftOut = new ArrayList<>();
        for (Row row : ROWS) {
            if (jdk.feature() < row.since || options.only() != null && !options.only().equals(row.name)) {
                continue;
            }
            Tally ours = ours(jdk, row);
            Tally peers = peers(jdk, row);
            System.out.printf("%-12s %s   %s%n", row.name, ours.text(),
                    peers.samples > 0 ? peers.text() : "no figure: " + NO_SAMPLE);
            if (options.shouldShow()) {
                ours.show("umig");
                peers.show("async-profiler");
            }
            judge(jdk, row, ours, verdict);
            if (peers.samples == 0) {
                leftOut.add(row.name);
                continue;
            }
            ourSum += ours.bad();
            peerSum += peers.bad();
            count++;
        }
        compare(jdk, new Means(ourSum / count * 100, peerSum / count * 100, count), leftOut, verdict);
    }

    /** Of the programs of which both have a figure. */
    private record Means(double ours, double peers, int count) {}

    private static void compare(Jdk jdk, Means means, List<String> leftOut, Verdict verdict) {
        if (means.count == 0) {
            System.out.printf("%s: no mean: async-profiler has no figure of any program%n", jdk);
            return;
        }
        String without = leftOut.isEmpty() ? "" : String.format(" (of %d programs; without %s, of which it has none)",
                means.count, String.join(", ", leftOut));
        verdict.add(String.format("%s: mean %.2f %%, async-profiler's %.2f %%%s", jdk, means.ours, means.peers,
                without), means.ours < means.peers);
    }

    private void judge(Jdk jdk, Row row, Tally ours, Verdict verdict) {
        verdict.add(String.format("%s: %s %.2f %% of %,d wrong or broken <= %.0f %%", jdk, row.name,
                ours.bad() * 100, ours.samples, LIMIT * 100),
                ours.bad() <= LIMIT && ours.samples >= samplesWanted);
    }

    private Target start(Jdk jdk, Row row, boolean isOurs, KnownStacks rules) throws Exception {
        var plan = new Target.Plan(jdk).with(row.jvmOptions().toArray(String[]::new));
        if (row.name.equals("groovy-2.4")) {
            plan.classPath(String.join(File.pathSeparator, Tree.CLASSES.toString(), Tree.LIB_GROOVY_24 + "/*"));
        }
        if (isOurs) {
            plan.agent(options.walker() == null ? "" : "walker=" + options.walker());
        }
        List<String> words = new ArrayList<>(List.of(row.program.split(" ")));
        words.replaceAll(word -> word.equals("SCRIPT")
                ? Tree.ROOT.resolve("bench/programs/known/chain.groovy").toString() : word);
        words.add(isOurs ? "alone" : "peer");
        Target target = plan.start("known." + words.get(0), words.subList(1, words.size()).toArray(String[]::new));
        for (String line = target.line(PATIENCE_S); !line.equals("ready"); line = target.line(PATIENCE_S)) {
            rules.add(line);
        }
        return target;
    }

    @FunctionalInterface
    private interface Count {
        long samples() throws Exception;
    }

    /** Until there are enough samples of workers; a program that yields too few ends, too. */
    private void await(Count count) throws Exception {
        long end = System.nanoTime() + (long) (SECONDS_MAX * 1e9);
        do {
            TimeUnit.MILLISECONDS.sleep(LOOK_MS);
        } while (count.samples() < samplesWanted && System.nanoTime() < end);
    }

    private static long ourSamples(KnownStacks rules) throws Exception {
        if (!Command.umig("sessions").run().contains("accuracy")) {
            return 0; // the first batch is still under way
        }
        Matcher pool = POOL.matcher(Command.umig("report", "accuracy", "--json").run());
        long samples = 0;
        while (pool.find()) {
            samples += rules.isWorker(pool.group(1)) ? Long.parseLong(pool.group(2)) : 0;
        }
        return samples;
    }

    private Tally ours(Jdk jdk, Row row) throws Exception {
        var rules = new KnownStacks();
        try (Collector collector = Collector.start(); Target target = start(jdk, row, true, rules)) {
            var agent = new Agent(target.pid());
            agent.start("accuracy", "--cpu", "1ms");
            await(() -> ourSamples(rules));
            agent.stop("accuracy");
            while (agent.counters().get("unacked_batches") > 0) {
                TimeUnit.MILLISECONDS.sleep(LOOK_MS);
            }
            String stacks = Command.umig("report", "accuracy", "--format", "collapsed", "--unfold").run();
            Tally tally = tally(rules, stacks, true);
            tally.samples = ourSamples(rules);
            return tally;
        }
    }

    private Tally peers(Jdk jdk, Row row) throws Exception {
        var rules = new KnownStacks();
        Path file = Files.createTempFile(Tree.RUN, "peer", ".collapsed");
        try (Target target = start(jdk, row, false, rules)) {
            peer(target, "start,event=ctimer,interval=1ms,threads,jstackdepth=2048,loglevel=none");
            await(() -> peerTally(target, rules, "dump", file).samples);
            return peerTally(target, rules, "stop", file);
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private static Tally peerTally(Target target, KnownStacks rules, String order, Path file) throws Exception {
        if (!peer(target, order + ",collapsed,file=" + file)) {
            return new Tally();
        }
        Tally tally = tally(rules, Files.readString(file), false);
        tally.samples = tally.weights.values().stream().mapToLong(Long::longValue).sum();
        return tally;
    }

    /** False: it has no sample to tell of. */
    private static boolean peer(Target target, String command) throws IOException, InterruptedException {
        String answer = target.ask("peer " + command, PATIENCE_S);
        if (answer.contains(NO_SAMPLE)) {
            return false;
        }
        if (!answer.startsWith("peer")) {
            throw new Trouble("async-profiler " + command + ": " + answer);
        }
        return true;
    }

    private static Tally tally(KnownStacks rules, String collapsed, boolean isOurs) {
        var tally = new Tally();
        for (Collapsed.Stack stack : Collapsed.read(collapsed)) {
            if (rules.isWorker(stack.thread())) {
                tally.add(stack, rules.judge(stack.frames(), isOurs));
            }
        }
        return tally;
    }
}
