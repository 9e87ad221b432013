package driver;

import java.util.Map;

/** {@code scripts/soak NAME}: abuse for some minutes, and what it left. */
final class Soak {
    private static final double EXTRA_RSS_MIB = 32;
    private static final int LONG_SECONDS = 300;
    private static final Main.Row[] ROWS = {
        new Main.Row("storm", "10 or 100 million samples of everything that is hard to walk", Storms::storm),
        new Main.Row("ucontext", "5 or 100 million walks of disturbed registers and memory", Storms::ucontext),
        new Main.Row("dlopen", "native stacks while libraries are loaded and closed", Storms::dlopen),
        new Main.Row("scripts", "memory after 100,000 Groovy scripts, each compiled anew", Scripts::run),
        new Main.Row("threads", "1,000 thread starts a second", Soak::threads),
        new Main.Row("gc", "collections without a pause between them, each collector", Soak::gc),
        new Main.Row("startstop", "10,000 sessions started and stopped under a storm", StartStop::run),
        new Main.Row("exit", "every kind of exit, collector up, down and stopped; thousands of short lives", Exits::run),
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

    private static int gc(Options options) throws Exception {
        var verdict = new Verdict("soak gc");
        double seconds = secondsOf(options) / Jdk.COLLECTORS.length;
        for (Jdk jdk : Jdk.wanted(options)) {
            for (String collector : Jdk.COLLECTORS) {
                if (!jdk.has(collector)) {
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
