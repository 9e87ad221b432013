package driver;

import java.util.Map;

/** {@code scripts/soak NAME}: abuse for some minutes, and what it left. */
final class Soak {
    private static final double EXTRA_RSS_MIB = 32;
    private static final int LONG_SECONDS = 300;
    /** The tables of names are a quarter of their usual size: they fill up soon. */
    private static final String SMALL = "memory=8m";
    private static final String[] COLLECTORS = {"Serial", "Parallel", "G1", "Z", "Shenandoah"};
    private static final Main.Row[] ROWS = {
        new Main.Row("scripts", "a new Groovy script every few ms", Soak::scripts),
        new Main.Row("threads", "1,000 thread starts a second", Soak::threads),
        new Main.Row("gc", "collections without a pause between them, each collector", Soak::gc),
        new Main.Row("startstop", "1,000 sessions started and stopped under load", StartStop::run),
        new Main.Row("exit", "every kind of exit, collector up, down and stopped", Exits::run),
    };

    private Soak() {}

    public static void main(String[] arguments) {
        Main.run("soak", ROWS, arguments);
    }

    private static double secondsOf(Options options) {
        return options.minutes() > 0 ? options.minutes() * 60 : options.isShort() ? 20 : 600;
    }

    private static Target.Plan plan(Jdk jdk) {
        return new Target.Plan(jdk).with("-Xms512m", "-Xmx512m", "-XX:+AlwaysPreTouch");
    }

    /* Resident memory that a unit of work costs more than without the agent, over the run. The JVM
     * itself takes minutes to level out: a short run cannot tell. */
    private static void judgeRss(Jdk jdk, Endurance.Course bare, Endurance.Course course, Verdict verdict) {
        if (course.last().seconds() < LONG_SECONDS) {
            System.out.printf("RSS: not judged in less than %d s%n", LONG_SECONDS);
            return;
        }
        double extra = (course.growthPerUnit() - bare.growthPerUnit())
                * (course.last().units() - course.halfWay().units()) / 1048576.0;
        verdict.add(String.format("%s: RSS grew %.1f MiB more than without us", jdk, extra),
                extra <= EXTRA_RSS_MIB);
    }

    /* Of the samples that could be named, those for which a table had room; once all tables turned. */
    private static void judgeNames(Jdk jdk, Endurance.Course course, Verdict verdict) {
        Endurance.Point from = course.halfWay();
        Endurance.Point to = course.last();
        long named = to.counter("outcome.ok") - from.counter("outcome.ok");
        long unnamed = to.counter("outcome.names_full") - from.counter("outcome.names_full");
        double lostNs = to.counter("dropped.cpu.dictionary_full") - from.counter("dropped.cpu.dictionary_full");
        double producedNs = to.counter("produced.cpu") - from.counter("produced.cpu");
        double share = named / Math.max(1.0, named + unnamed) * (1 - lostNs / Math.max(1, producedNs));
        System.out.printf("names: generation %d, dictionary: generation %d%n",
                to.counter("engine.names_generations"), to.counter("engine.dictionary_generation"));
        verdict.add(String.format("%s: %.1f %% named in the second half", jdk, share * 100), share >= 0.95);
        if (to.seconds() >= LONG_SECONDS) {
            verdict.add(jdk + ": both tables of names turned", to.counter("engine.names_generations") > 2
                    && to.counter("engine.dictionary_generation") > 1);
        }
    }

    private static int scripts(Options options) throws Exception {
        var verdict = new Verdict("soak scripts");
        double seconds = secondsOf(options);
        for (Jdk jdk : Jdk.wanted(options)) {
            try (Collector collector = Collector.start()) {
                var bare = Endurance.run(plan(jdk), seconds / 3, null, "ScriptChurn");
                var course = Endurance.run(plan(jdk), seconds, SMALL, "ScriptChurn");
                Endurance.print(jdk + ", scripts", course);
                Endurance.judge(jdk.toString(), course, verdict);
                judgeRss(jdk, bare, course, verdict);
                judgeNames(jdk, course, verdict);
                verdict.add(String.format("%s: %,d scripts", jdk, course.last().units()),
                        course.last().units() > 0);
            }
        }
        return verdict.close();
    }

    private static int threads(Options options) throws Exception {
        var verdict = new Verdict("soak threads");
        double seconds = secondsOf(options);
        for (Jdk jdk : Jdk.wanted(options)) {
            try (Collector collector = Collector.start()) {
                var bare = Endurance.run(plan(jdk), seconds / 3, null, "ThreadStorm", "1000");
                var course = Endurance.run(plan(jdk), seconds, "", "ThreadStorm", "1000");
                Endurance.print(jdk + ", threads", course);
                Endurance.judge(jdk.toString(), course, verdict);
                judgeRss(jdk, bare, course, verdict);
                double rate = course.last().units() / course.last().seconds();
                Map<String, Long> end = course.atRest();
                verdict.add(String.format("%s: %,.0f threads a second, %d refused", jdk, rate,
                        end.get("engine.threads_refused")),
                        rate > 500 && end.get("engine.threads_refused") == 0);
            }
        }
        return verdict.close();
    }

    private static boolean has(Jdk jdk, String collector) throws Exception {
        try {
            Command.of(jdk.java(), "-XX:+Use" + collector + "GC", "-version").run();
            return true;
        } catch (Trouble e) {
            System.out.println("SKIPPED: " + jdk + " has no " + collector + " collector");
            return false;
        }
    }

    private static int gc(Options options) throws Exception {
        var verdict = new Verdict("soak gc");
        double seconds = secondsOf(options) / COLLECTORS.length;
        for (Jdk jdk : Jdk.wanted(options)) {
            for (String collector : COLLECTORS) {
                if (!has(jdk, collector)) {
                    continue;
                }
                try (Collector stored = Collector.start()) {
                    var plan = new Target.Plan(jdk).with("-Xms64m", "-Xmx64m", "-XX:+Use" + collector + "GC");
                    var course = Endurance.run(plan, seconds, "", "GcStorm");
                    String what = jdk + " " + collector;
                    Endurance.print(what, course);
                    Endurance.judge(what, course, verdict);
                    long pauses = course.last().counter("samples.gc");
                    verdict.add(String.format("%s: %,d pauses, %d lost", what, pauses,
                            course.atRest().get("engine.pauses_lost")), pauses > 0);
                }
            }
        }
        return verdict.close();
    }
}
