package driver;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What {@code umig diff} says of JVMs of one program: ten as it is, ten with one method slowed by 5 %, taking turns.
 * Each slowed one against its neighbour must show the method; of all pairs of equal ones at most 1 % of the frames may
 * be marked. Compared are the CPU for a request and, as a second figure, what is beside the rest.
 *
 * <p>At 1 ms by perf where that is allowed: the kernel's tick allows timers no more than 250 samples a second, and how
 * small a change is seen is a matter of their number (docs/diff.md).
 */
final class Changes {
    private static final int PATIENCE_S = 120;
    private static final int PERCENT = 5;
    private static final String METHOD = "hash";
    private static final double MARKED_MOST = 0.01;
    private static final Pattern FRAMES = Pattern.compile("\"by_frame\":\\{\"tested\":(\\d+),\"changed\":(\\d+)");
    private static final Pattern FOUND = Pattern.compile("\"method\":\"" + METHOD
            + "\".*?\"self\":\\{[^}]*\"state\":\"(\\w+)\",\"ratio\":([0-9.]+)[^}]*\"least\":([0-9.]+)");

    private record Run(String session, long requests) {}

    private record Marks(long tested, long changed) {
        Marks plus(Marks other) {
            return new Marks(tested + other.tested, changed + other.changed);
        }

        double share() {
            return tested == 0 ? 1 : (double) changed / tested;
        }
    }

    private final Jdk jdk;
    private final Verdict verdict;
    private final int pairs;
    private final int seconds;
    private final List<Run> plain = new ArrayList<>();
    private final List<Run> slowed = new ArrayList<>();

    private Changes(Jdk jdk, Options options, Verdict verdict) {
        this.jdk = jdk;
        this.verdict = verdict;
        pairs = options.isShort() ? 2 : 10;
        seconds = options.isShort() ? 6 : 60;
    }

    static int run(Options options) throws Exception {
        var verdict = new Verdict("diff");
        for (Jdk jdk : Jdk.wanted(options)) {
            try (Collector collector = Collector.start()) {
                new Changes(jdk, options, verdict).measure();
            }
        }
        return verdict.close();
    }

    private void measure() throws Exception {
        for (int i = 0; i < pairs; i++) {
            boolean isPlainFirst = i % 2 == 0;
            for (boolean isPlain : new boolean[] {isPlainFirst, !isPlainFirst}) {
                (isPlain ? plain : slowed).add(profile((isPlain ? "plain-" : "slowed-") + jdk.feature() + "-" + i,
                        isPlain ? 0 : PERCENT));
            }
        }
        judge(true);
        judge(false);
    }

    /** One JVM: warm, then a session of its work. */
    private Run profile(String session, int percent) throws Exception {
        try (Target target = new Target.Plan(jdk).with("-Xms256m", "-Xmx256m").agent("").start("Slowed",
                String.valueOf(percent), "2")) {
            target.line(PATIENCE_S); // ready
            target.ask("3000", PATIENCE_S);
            var agent = new Agent(target.pid());
            agent.start(session, "--cpu", "1ms", "--clock", "perf");
            String served = target.ask(String.valueOf(seconds * 1000), seconds + PATIENCE_S);
            agent.stop(session);
            while (agent.counters().get("unacked_batches") > 0) {
                // what is under way arrives; the agent is asked four times a second
            }
            return new Run(session, Long.parseLong(served.replaceAll("\\D", "")));
        }
    }

    private static String compare(Run before, Run after, boolean isPerRequest) throws Exception {
        var words = new ArrayList<>(List.of("diff", before.session, after.session, "--json"));
        if (isPerRequest) {
            words.addAll(List.of("--per", "request=" + before.requests + "," + after.requests));
        }
        return Command.umig(words.toArray(String[]::new)).run();
    }

    private void judge(boolean isPerRequest) throws Exception {
        String basis = isPerRequest ? "per request" : "beside the rest";
        int found = 0;
        System.out.printf("%n%s, %s: %s slowed by %d %%, seen from%n", jdk, basis, METHOD, PERCENT);
        for (int i = 0; i < pairs; i++) {
            Matcher m = FOUND.matcher(compare(plain.get(i), slowed.get(i), isPerRequest));
            boolean isThere = m.find();
            boolean isFound = isThere && m.group(1).equals("changed") && Double.parseDouble(m.group(2)) > 1;
            found += isFound ? 1 : 0;
            System.out.printf("%5d  %-8s %s%n", i, isFound ? "found" : "missed",
                    isThere ? "ratio " + m.group(2) + ", seen from " + m.group(3) : "not among the methods");
        }
        Marks marks = marksOf(plain, isPerRequest).plus(marksOf(slowed, isPerRequest));
        System.out.printf("equal programs: %d of %d frames marked%n", marks.changed, marks.tested);
        verdict.add(String.format("%s, %s: found in %d of %d", jdk, basis, found, pairs), found * 10 >= pairs * 9);
        verdict.add(String.format("%.2f %% of the frames of equal programs marked", marks.share() * 100),
                marks.share() <= MARKED_MOST);
    }

    /** Of all pairs. */
    private static Marks marksOf(List<Run> runs, boolean isPerRequest) throws Exception {
        var marks = new Marks(0, 0);
        for (int i = 0; i < runs.size(); i++) {
            for (int j = i + 1; j < runs.size(); j++) {
                Matcher m = FRAMES.matcher(compare(runs.get(i), runs.get(j), isPerRequest));
                if (!m.find()) {
                    throw new Trouble("umig diff --json says nothing of frames");
                }
                marks = marks.plus(new Marks(Long.parseLong(m.group(1)), Long.parseLong(m.group(2))));
            }
        }
        return marks;
    }
}
