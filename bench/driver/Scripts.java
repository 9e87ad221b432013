package driver;

import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Memory after so many recompiled scripts, in a JVM with sessions of all kinds and, beside it, in one
 * without the agent: the agent's own stays what it was, and the JVM's, by its own books (native memory
 * tracking: all that it reserved and committed, but its heap of fixed size), grows as it does alone.
 * Both are asked at the same counts of scripts, after full collections.
 */
final class Scripts {
    private static final int COUNT = 100_000;
    private static final int SHORT_COUNT = 2_000;
    private static final int PATIENCE_S = 120;
    /** The tables of names are a quarter of their usual size: they fill up soon. */
    private static final String AGENT = "memory=8m";
    private static final double MORE = 0.05;
    /** By which two runs without the agent differ. */
    private static final double NOISE_MIB = 1;
    private static final Pattern TOTAL = Pattern.compile("Total: reserved=[0-9]+KB, committed=([0-9]+)KB");

    /** What was there after so many scripts. */
    private record State(long jvmKiB, long rssBytes, Map<String, Long> agent) {}

    /** At the tenth part of all scripts, when what is loaded once is loaded; and after all. */
    private record Course(State early, State late, Map<String, Long> atRest) {
        double grownMiB() {
            return (late.jvmKiB - early.jvmKiB) / 1024.0;
        }
    }

    private Scripts() {}

    static int run(Options options) throws Exception {
        var verdict = new Verdict("soak scripts");
        int count = options.isShort() ? SHORT_COUNT : COUNT;
        for (Jdk jdk : Jdk.wanted(options)) {
            ExecutorService pool = Executors.newFixedThreadPool(2);
            try (Collector collector = Collector.start()) {
                /* At the same time: the JIT's share of memory depends on how fast the machine is. */
                Future<Course> bare = pool.submit(callable(jdk, count, false));
                Future<Course> ours = pool.submit(callable(jdk, count, true));
                judge(options, jdk, count, bare.get(), ours.get(), verdict);
            } catch (java.util.concurrent.ExecutionException e) {
                throw e.getCause() instanceof Trouble trouble ? trouble : e;
            } finally {
                pool.shutdownNow();
            }
        }
        return verdict.close();
    }

    private static Callable<Course> callable(Jdk jdk, int count, boolean isProfiled) {
        return () -> course(jdk, count, isProfiled);
    }

    private static Course course(Jdk jdk, int count, boolean isProfiled) throws Exception {
        var plan = new Target.Plan(jdk).with("-Xms256m", "-Xmx256m", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC",
                "-XX:NativeMemoryTracking=summary");
        if (isProfiled) {
            plan.agent(AGENT);
        }
        try (Target target = plan.start("ScriptChurn", String.valueOf(count / 10), String.valueOf(count))) {
            target.line(PATIENCE_S);
            var agent = new Agent(target.pid());
            if (isProfiled) {
                agent.start("scripts", "--cpu", "1ms", "--gc", "--heap", "100ms", "--locks", "10us");
            }
            State early = await(jdk, target, isProfiled ? agent : null);
            target.order("");
            State late = await(jdk, target, isProfiled ? agent : null);
            Map<String, Long> atRest = Map.of();
            if (isProfiled) {
                agent.stop("scripts");
                atRest = agent.counters();
            }
            target.order("");
            int status = target.end(PATIENCE_S);
            if (status != 0) {
                throw new Trouble.Loss(false, jdk + " ended with " + status + target.crashText());
            }
            return new Course(early, late, atRest);
        }
    }

    private static State await(Jdk jdk, Target target, Agent agent) throws Exception {
        while (!target.line(PATIENCE_S).startsWith("at ")) {
            // a beat: it goes on
        }
        String books = Command.of(jdk.home().resolve("bin/jcmd").toString(), String.valueOf(target.pid()),
                "VM.native_memory", "summary").run();
        Matcher total = TOTAL.matcher(books);
        if (!total.find()) {
            throw new Trouble("jcmd VM.native_memory gave no total: " + books.strip());
        }
        return new State(Long.parseLong(total.group(1)), Proc.rssBytes(target.pid()),
                agent == null ? Map.of() : agent.counters());
    }

    private static void print(String what, Course course) {
        System.out.printf("%-22s %12.1f %12.1f %12.1f %12.1f %12.1f%n", what, course.early.jvmKiB / 1024.0,
                course.late.jvmKiB / 1024.0, course.early.rssBytes / 1048576.0, course.late.rssBytes / 1048576.0,
                course.late.agent.getOrDefault("memory_bytes", 0L) / 1048576.0);
    }

    /* Of the samples that could be named, those for which a table had room. */
    private static void judgeNames(Jdk jdk, Course course, Verdict verdict) {
        Map<String, Long> from = course.early.agent;
        Map<String, Long> to = course.late.agent;
        long named = since(from, to, "outcome.ok");
        long unnamed = since(from, to, "outcome.names_full");
        double lost = (double) since(from, to, "dropped.cpu.dictionary_full") / Math.max(1, since(from, to, "produced.cpu"));
        double share = named / Math.max(1.0, named + unnamed) * (1 - lost);
        verdict.add(String.format("%s: %.1f %% named", jdk, share * 100), share >= 0.95);
    }

    private static long since(Map<String, Long> from, Map<String, Long> to, String name) {
        return to.getOrDefault(name, 0L) - from.getOrDefault(name, 0L);
    }

    private static void judge(Options options, Jdk jdk, int count, Course bare, Course ours, Verdict verdict)
            throws Exception {
        System.out.printf("%-22s %12s %12s %12s %12s %12s%n", "MiB", "JVM early", "JVM late", "RSS early",
                "RSS late", "agent late");
        print(jdk + " alone", bare);
        print(jdk + " with the agent", ours);
        long early = ours.early.agent.get("memory_bytes");
        long late = ours.late.agent.get("memory_bytes");
        verdict.add(String.format("%s: agent memory %.1f then %.1f MiB", jdk, early / 1048576.0, late / 1048576.0),
                late <= early);
        String growth = String.format("%s, %,d scripts: JVM grew %.1f MiB, alone %.1f", jdk, count, ours.grownMiB(),
                bare.grownMiB());
        if (options.isShort()) {
            System.out.println(growth + ": not judged after so few");
        } else {
            verdict.add(growth, ours.grownMiB() <= bare.grownMiB() * (1 + MORE) + NOISE_MIB);
        }
        judgeNames(jdk, ours, verdict);
        long kept = ours.atRest.get("engine.recorded_ns") + ours.atRest.get("engine.dropped_ns");
        verdict.add(String.format("%s: CPU %.1f s = kept + dropped", jdk, kept / 1e9),
                ours.atRest.get("engine.produced_ns") == kept && kept > 0);
        if (!options.isShort()) {
            verdict.add(jdk + ": both tables of names turned", ours.atRest.get("engine.names_generations") > 2
                    && ours.atRest.get("engine.dictionary_generation") > 1);
        }
        Record.add(options, new Record.Run("scripts", Record.versionOf(jdk), "Serial", "scripts", count,
                ours.atRest.get("engine.faults_recovered"), 0, 0));
    }
}
