package driver;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Sessions of random kinds come and go in services under a storm of signals, up to four at once in
 * each. An agent answers 50 requests a second, so several JVMs are asked at the same time.
 */
final class StartStop {
    private static final int PATIENCE_S = 60;
    private static final int START_PATIENCE_S = 180;
    private static final int JVMS = 4;
    private static final int AT_ONCE = 4;
    private static final int SESSIONS = 10_000;
    private static final int LONG_SESSIONS = 50_000;
    private static final Control.Kind CPU_FINE = new Control.Kind(1, 1_000_000);
    private static final Control.Kind CPU = new Control.Kind(1, 7_000_000);
    private static final Control.Kind GC = new Control.Kind(2, 0);
    private static final Control.Kind HEAP = new Control.Kind(3, 100_000_000);
    private static final Control.Kind LOCKS = new Control.Kind(4, 10_000);
    private static final Control.Kind[][] KINDS = {
        {CPU_FINE}, {CPU, GC}, {LOCKS}, {HEAP, GC}, {CPU, GC, HEAP, LOCKS}, {CPU_FINE, LOCKS},
    };
    private static final String[] COLLECTORS = {"G1", "Serial", "Z", "Parallel"};
    /* Not all tasks: several JVMs share the machine. */
    private static final String[] TASKS = {"groovy", "monitors", "exceptions", "virtual"};

    private record Course(Jdk jdk, String collector, long sessions, Map<String, Long> early, Map<String, Long> late) {
        @Override
        public String toString() {
            return jdk + " " + collector;
        }
    }

    private StartStop() {}

    static int run(Options options) throws Exception {
        var verdict = new Verdict("soak startstop");
        List<Jdk> jdks = Jdk.wanted(options);
        int each = (options.isShort() ? SESSIONS : LONG_SESSIONS) / JVMS;
        List<Callable<Course>> courses = new ArrayList<>();
        for (int i = 0; i < JVMS; i++) {
            Jdk jdk = jdks.get(i % jdks.size());
            String collector = COLLECTORS[i];
            int number = i;
            courses.add(() -> recorded(options, jdk, collector, each, number));
        }
        ExecutorService pool = Executors.newFixedThreadPool(JVMS);
        try (Collector collector = Collector.start()) {
            long total = 0;
            for (Future<Course> future : pool.invokeAll(courses)) {
                Course course = result(future);
                judge(course, verdict);
                total += course.sessions;
            }
            verdict.add(String.format("%,d sessions, 0 deaths, 0 hangs", total), total == (long) each * JVMS);
        } finally {
            pool.shutdownNow();
        }
        return verdict.close();
    }

    private static Course result(Future<Course> future) throws Exception {
        try {
            return future.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Trouble trouble ? trouble : e;
        }
    }

    private static Course recorded(Options options, Jdk jdk, String collector, int count, int number)
            throws Exception {
        String version = Record.versionOf(jdk);
        try {
            Course course = run(jdk, collector, count, number);
            Record.add(options, new Record.Run("startstop", version, collector, "sessions", course.sessions,
                    course.late.get("engine.faults_recovered"), 0, 0));
            return course;
        } catch (Trouble.Loss loss) {
            Record.add(options, new Record.Run("startstop", version, collector, "sessions", 0, 0,
                    loss.isHang() ? 0 : 1, loss.isHang() ? 1 : 0));
            throw loss;
        }
    }

    private static Course run(Jdk jdk, String collector, int count, int number) throws Exception {
        Path stats = Files.createTempFile(Tree.RUN, "storm", ".stats");
        var plan = new Target.Plan(jdk).with("-Xmx96m", "-XX:+Use" + collector + "GC",
                "-agentpath:" + Storms.LIBRARY + "=ticks=100,stats=" + stats).agent("");
        var words = new ArrayList<>(List.of(Storms.LIBRARY.toString()));
        words.addAll(List.of(TASKS));
        try (Target target = plan.start("Storm", words.toArray(String[]::new))) {
            target.line(START_PATIENCE_S);
            var agent = new Agent(target.pid());
            try (Control control = new Control(target.pid())) {
                churn(target, control, count / 10, number);
                Map<String, Long> early = agent.counters();
                churn(target, control, count - count / 10, number + JVMS);
                Map<String, Long> late = agent.counters();
                target.order("quit");
                int status = target.end(PATIENCE_S);
                if (status != 0) {
                    throw new Trouble.Loss(false, jdk + " ended with " + status + target.crashText());
                }
                return new Course(jdk, collector, count, early, late);
            }
        }
    }

    /** Sessions come and go; the program beats each second all the while. */
    private static void churn(Target target, Control control, int count, int seed) throws Exception {
        try {
            comeAndGo(target, control, count, seed);
        } catch (IOException e) {
            throw target.silence(e);
        }
    }

    private static void comeAndGo(Target target, Control control, int count, int seed) throws Exception {
        var random = new Random(seed);
        var open = new ArrayDeque<String>();
        long nextBeatNs = System.nanoTime();
        for (int i = 0; i < count; i++) {
            String name = "s" + seed + "-" + i;
            control.start(name, 0, KINDS[random.nextInt(KINDS.length)]);
            open.add(name);
            while (open.size() > random.nextInt(AT_ONCE)) {
                control.stop(open.remove());
            }
            if (System.nanoTime() >= nextBeatNs) {
                target.line(PATIENCE_S);
                nextBeatNs = System.nanoTime() + 2_000_000_000L;
            }
        }
        while (!open.isEmpty()) {
            control.stop(open.remove());
        }
    }

    private static void judge(Course course, Verdict verdict) {
        Map<String, Long> early = course.early;
        Map<String, Long> late = course.late;
        System.out.printf("%s: %,d sessions, %,d CPU samples, %d faults caught%n", course, course.sessions,
                late.get("engine.records"), late.get("engine.faults_recovered"));
        verdict.add(String.format("%s: agent memory %.1f then %.1f MiB", course,
                early.get("memory_bytes") / 1048576.0, late.get("memory_bytes") / 1048576.0),
                late.get("memory_bytes") <= early.get("memory_bytes"));
        long kept = late.get("engine.recorded_ns") + late.get("engine.dropped_ns");
        verdict.add(String.format("%s: CPU %.1f s = kept + dropped", course, late.get("engine.produced_ns") / 1e9),
                late.get("engine.produced_ns") == kept && kept > 0);
        verdict.add(course + ": no session left", !late.containsKey("age_ns"));
    }
}
