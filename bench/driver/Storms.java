package driver;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Programs that are hard to walk, under libumigstorm.so (bench/storm/storm.h), on each JDK with each
 * collector: as many samples, walks or unwinds as were asked for, and a JVM that goes on, with right
 * results, until it is told to end.
 */
final class Storms {
    private static final int PATIENCE_S = 60;
    private static final int START_PATIENCE_S = 180;
    private static final String[] ALL_KINDS = {"--gc", "--heap", "100ms", "--locks", "10us", "--cpu", "1ms"};
    private static final long VALUE_NS = 1_000_000;
    static final Path LIBRARY = Tree.BUILD.resolve("lib/libumigstorm.so");

    /** One kind of storm. */
    private record Kind(String name, String words, String what, long shortGoal, long longGoal, String[] session,
            String agent, String[] collectors, String... tasks) {}

    private static final Kind STORM = new Kind("storm", "ticks=15", "samples", 10_000_000, 100_000_000, ALL_KINDS,
            "", Jdk.COLLECTORS);
    /* The guard catches faults here: that is what it is for. */
    private static final Kind UCONTEXT = new Kind("ucontext", "fuzz=64", "walks", 5_000_000, 100_000_000,
            ALL_KINDS, "faults=1000000000", Jdk.COLLECTORS);
    /*
     * What is unwound is what runs in libraries, and between two runs of Java's frames: tasks of C alone. The
     * ticks go beside timers: where perf events are allowed native=on would take these.
     */
    private static final Kind DLOPEN = new Kind("dlopen", "ticks=50,loads", "unwinds", 200_000, 10_000_000,
            new String[] {"--cpu", "1ms", "--native", "on", "--clock", "cputime"}, "",
            new String[] {"Serial", "G1"}, "natives", "upcalls");

    /** What came of one JVM. */
    private record Course(long counted, long samples, long failed, long faults, long loads, double seconds) {}

    private Storms() {}

    static int storm(Options options) throws Exception {
        return run(options, STORM);
    }

    static int ucontext(Options options) throws Exception {
        return run(options, UCONTEXT);
    }

    static int dlopen(Options options) throws Exception {
        return run(options, DLOPEN);
    }

    private record Place(Jdk jdk, String collector, int number) {
        @Override
        public String toString() {
            return jdk + " " + collector;
        }
    }

    private static List<Place> places(Options options, Kind kind) throws Exception {
        List<Place> places = new ArrayList<>();
        for (Jdk jdk : Jdk.wanted(options)) {
            for (String collector : kind.collectors) {
                if (jdk.has(collector)) {
                    places.add(new Place(jdk, collector, places.size()));
                }
            }
        }
        return places;
    }

    /** With {@code --only COLLECTOR} its share alone. */
    private static List<Place> chosen(Options options, List<Place> places) {
        List<Place> chosen = places.stream()
                .filter(place -> options.only() == null || options.only().equals(place.collector)).toList();
        if (chosen.isEmpty()) {
            throw new Trouble("--only " + options.only() + ": no JDK here runs this soak with it; one of "
                    + places.stream().map(Place::collector).distinct().toList());
        }
        return chosen;
    }

    private static int run(Options options, Kind kind) throws Exception {
        var verdict = new Verdict("soak " + kind.name);
        List<Place> all = places(options, kind);
        /* By count, unless minutes are given: those are shared out. */
        double seconds = options.minutes() * 60 / all.size();
        long goal = seconds > 0 ? Long.MAX_VALUE : (options.isShort() ? kind.shortGoal : kind.longGoal) / all.size();
        List<Place> places = chosen(options, all);
        long counted = 0;
        System.out.printf("%-20s %12s %8s %12s %10s %8s %10s%n", "", kind.what, "s", "samples", "failed",
                "faults", "loads");
        for (Place place : places) {
            Course course = recorded(options, kind, place, goal, seconds > 0 ? seconds : Double.MAX_VALUE, verdict);
            System.out.printf("%-20s %,12d %8.0f %,12d %,10d %,8d %,10d%n", place, course.counted, course.seconds,
                    course.samples, course.failed, course.faults, course.loads);
            counted += course.counted;
        }
        verdict.add(String.format("%,d %s in %d JVMs, 0 deaths, 0 hangs", counted, kind.what, places.size()),
                counted > 0 && (seconds > 0 || counted >= goal * places.size()));
        return verdict.close();
    }

    private static Course recorded(Options options, Kind kind, Place place, long goal, double seconds,
            Verdict verdict) throws Exception {
        String version = Record.versionOf(place.jdk);
        try (Collector collector = Collector.start()) {
            Course course = run(kind, place, goal, seconds, verdict);
            Record.add(options, new Record.Run(kind.name, version, place.collector, kind.what, course.counted,
                    course.faults, 0, 0));
            return course;
        } catch (Trouble.Loss loss) {
            Record.add(options, new Record.Run(kind.name, version, place.collector, kind.what, 0, 0,
                    loss.isHang() ? 0 : 1, loss.isHang() ? 1 : 0));
            throw loss;
        }
    }

    private static Target.Plan plan(Kind kind, Place place, Path stats) {
        var plan = new Target.Plan(place.jdk).with("-Xms96m", "-Xmx96m", "-XX:+Use" + place.collector + "GC",
                "-agentpath:" + LIBRARY + "=" + kind.words + ",stats=" + stats).agent(kind.agent);
        if (place.number % 2 == 1) {
            plan.classPath(String.join(File.pathSeparator, Tree.CLASSES.toString(), Tree.LIB_GROOVY_24 + "/*"));
        }
        if (place.number % 3 == 1) { // code comes and goes
            plan.with("-XX:ReservedCodeCacheSize=16m", "-XX:-SegmentedCodeCache");
        }
        return plan;
    }

    private static Course run(Kind kind, Place place, long goal, double seconds, Verdict verdict) throws Exception {
        Path stats = Files.createTempFile(Tree.RUN, "storm", ".stats");
        var words = new ArrayList<>(List.of(LIBRARY.toString()));
        words.addAll(List.of(kind.tasks));
        try (Target target = plan(kind, place, stats).start("Storm", words.toArray(String[]::new))) {
            target.line(START_PATIENCE_S);
            var agent = new Agent(target.pid());
            agent.start("storm", kind.session);
            long began = System.nanoTime();
            Map<String, Long> now = agent.counters();
            double at = 0;
            while (counted(kind, now, stats) < goal && at < seconds) {
                target.line(PATIENCE_S);
                now = agent.counters();
                at = (System.nanoTime() - began) / 1e9;
            }
            agent.stop("storm");
            Map<String, Long> end = agent.counters();
            target.order("quit");
            int status = target.end(PATIENCE_S);
            if (status != 0) {
                throw new Trouble.Loss(false, place + " ended with " + status + target.crashText());
            }
            judge(kind, place, now, end, verdict);
            long failed = now.get("samples.cpu") - now.getOrDefault("outcome.ok", 0L)
                    - now.getOrDefault("outcome.no_java", 0L);
            return new Course(counted(kind, now, stats), now.get("samples.cpu"), failed,
                    end.get("engine.faults_recovered"), stat(stats, "loads"), at);
        }
    }

    private static long stat(Path stats, String name) throws IOException {
        for (String line : Files.readAllLines(stats)) {
            String[] words = line.split(" +");
            if (words[0].equals(name)) {
                return Long.parseLong(words[1]);
            }
        }
        return 0; // the file is empty until the tool writes it
    }

    private static long counted(Kind kind, Map<String, Long> counters, Path stats) throws IOException {
        return switch (kind.what) {
            case "walks" -> stat(stats, "walks");
            case "unwinds" -> counters.getOrDefault("engine.native_unwinds", 0L);
            default -> counters.get("engine.records");
        };
    }

    /** What every storm promises: outcomes and books that add up, walks that were not switched off. */
    private static void judge(Kind kind, Place place, Map<String, Long> now, Map<String, Long> end,
            Verdict verdict) {
        long outcomes = now.entrySet().stream().filter(e -> e.getKey().startsWith("outcome."))
                .mapToLong(Map.Entry::getValue).sum();
        if (outcomes != now.get("samples.cpu")) {
            verdict.add(String.format("%s: %,d samples, %,d outcomes", place, now.get("samples.cpu"), outcomes), false);
        }
        long kept = end.get("engine.recorded_ns") + end.get("engine.dropped_ns");
        if (end.get("engine.produced_ns") != kept || kept < VALUE_NS) {
            verdict.add(String.format("%s: %,d ns produced, %,d kept or dropped", place,
                    end.get("engine.produced_ns"), kept), false);
        }
        long off = now.getOrDefault("outcome.walk_off", 0L) + now.getOrDefault("outcome.resting", 0L);
        if (off > 0) {
            verdict.add(String.format("%s: %,d samples were not walked after faults", place, off), false);
        }
        if (end.get("memory_bytes") > end.get("memory_limit_bytes")) {
            verdict.add(place + ": the agent's memory passes its bound", false);
        }
    }
}
