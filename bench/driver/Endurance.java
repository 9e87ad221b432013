package driver;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A program that beats, under a session of all kinds at their finest, for some time. Watched are its
 * heartbeat (a hang), its life (a crash), the agent's memory by its accountant, the process's
 * resident memory, and the books of CPU time at the end.
 */
final class Endurance {
    private static final int BEAT_PATIENCE_S = 30;
    private static final String[] ALL_KINDS =
            {"--cpu", "1ms", "--gc", "--heap", "100ms", "--locks", "10us"};

    /** State at some moment. */
    record Point(double seconds, long units, long rssBytes, Map<String, Long> counters) {
        long counter(String name) {
            return counters.getOrDefault(name, 0L);
        }
    }

    /** What came of a run; points are in order, the last is that of the end. */
    record Course(List<Point> points, Map<String, Long> atRest) {
        Point last() {
            return points.get(points.size() - 1);
        }

        Point halfWay() {
            return points.get(points.size() / 2);
        }

        /** Resident bytes gained a unit of work in the second half, when everything is warm. */
        double growthPerUnit() {
            long units = last().units - halfWay().units;
            return (double) (last().rssBytes - halfWay().rssBytes) / Math.max(1, units);
        }
    }

    private Endurance() {}

    /**
     * Runs the program for so long.
     *
     * @param agentOptions of our agent, which gets a session; null: bare, for comparison
     */
    static Course run(Target.Plan plan, double seconds, String agentOptions, String program,
            String... arguments) throws IOException, InterruptedException {
        boolean isProfiled = agentOptions != null;
        if (isProfiled) {
            plan.agent(agentOptions);
        }
        try (Target target = plan.start(program, arguments)) {
            target.line(BEAT_PATIENCE_S);
            var agent = new Agent(target.pid());
            if (isProfiled) {
                agent.start("soak", ALL_KINDS);
            }
            List<Point> points = watch(target, isProfiled ? agent : null, seconds);
            Map<String, Long> atRest = Map.of();
            if (isProfiled) {
                agent.stop("soak");
                atRest = agent.counters();
            }
            target.order("quit");
            int status = target.end(BEAT_PATIENCE_S);
            if (status != 0) {
                throw new Trouble(program + " ended with " + status);
            }
            return new Course(points, atRest);
        }
    }

    private static List<Point> watch(Target target, Agent agent, double seconds)
            throws IOException, InterruptedException {
        List<Point> points = new ArrayList<>();
        long began = System.nanoTime();
        double every = Math.min(10, seconds / 10);
        for (double at = 0; at < seconds;) {
            long units = Long.parseLong(target.line(BEAT_PATIENCE_S).split(" ")[1]);
            at = (System.nanoTime() - began) / 1e9;
            if (at >= points.size() * every) {
                points.add(new Point(at, units, Proc.rssBytes(target.pid()),
                        agent == null ? Map.of() : agent.counters()));
            }
        }
        return points;
    }

    /** Prints how it went, line by line. */
    static void print(String title, Course course) {
        System.out.printf("%n%s%n%8s %12s %10s %12s %10s %10s %8s%n", title, "s", "units", "RSS MiB",
                "agent MiB", "samples", "failed", "faults");
        for (Point point : course.points) {
            long samples = point.counter("samples.cpu");
            long failed = samples - point.counter("outcome.ok") - point.counter("outcome.no_java");
            System.out.printf("%8.0f %,12d %10.1f %12.1f %,10d %,10d %8d%n", point.seconds, point.units,
                    point.rssBytes / 1048576.0, point.counter("memory_bytes") / 1048576.0, samples, failed,
                    point.counter("engine.faults_recovered"));
        }
    }

    /** Checks what every soak promises: memory flat within the bound, books closed. */
    static void judge(String what, Course course, Verdict verdict) {
        long middle = course.halfWay().counter("memory_bytes");
        long end = course.last().counter("memory_bytes");
        long limit = course.last().counter("memory_limit_bytes");
        verdict.add(String.format("%s: agent memory %.2f then %.2f of %.0f MiB", what, middle / 1048576.0,
                end / 1048576.0, limit / 1048576.0), middle > 0 && end <= middle && end <= limit);
        long produced = course.atRest.getOrDefault("engine.produced_ns", -1L);
        long kept = course.atRest.getOrDefault("engine.recorded_ns", 0L)
                + course.atRest.getOrDefault("engine.dropped_ns", 0L);
        verdict.add(String.format("%s: CPU %.1f s = kept + dropped", what, produced / 1e9),
                produced > 0 && produced == kept);
    }
}
