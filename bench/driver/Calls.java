package driver;

import driver.CallRules.Answer;
import driver.CallRules.Rule;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A wrong stack is worse than a broken one. Every pair of neighbours in the recorded stacks of whole
 * programs is held against the class files of the same JVM (what it defined at run time, and those of
 * its JDK): has the caller an instruction that can call this? What may call without one is excepted
 * by rules, and counted by them. That the check notices is measured, too: frames are exchanged, or
 * taken away, in stacks that were found good.
 */
final class Calls {
    private static final int PATIENCE_S = 120;
    private static final double LIMIT = 1e-5;
    private static final double NOTICED = 0.99;
    private static final double UNKNOWN_LIMIT = 0.05;
    /** Wanted of Java threads; the JVM's own, which compile and collect, take as many again. */
    private static final long SAMPLES = 1_000_000;
    private static final long SAMPLES_SHORT = 60_000;
    private static final int WARM_REQUESTS = 50;
    private static final int REQUESTS = 20;
    private static final int PERIOD_US = 250;
    private static final long LOOK_MS = 200;
    private static final int EXAMPLES = 5;

    /* Warm code is C2's; what interprets and what C1 compiles has rules of its own, and is rare there. */
    private enum Program {
        GROOVY_4, GROOVY_24, LIBRARY, LIBRARY_C1("-XX:TieredStopAtLevel=1"), LIBRARY_INT("-Xint");

        private final String[] options;

        Program(String... options) {
            this.options = options;
        }

        boolean isLibrary() {
            return compareTo(LIBRARY) >= 0;
        }
    }

    private final Options options;
    private final long samplesWanted;
    private final Map<Rule, Long> excepted = new EnumMap<>(Rule.class);
    private long samples;
    private long bad;

    private Calls(Options options, int legs) {
        this.options = options;
        samplesWanted = (options.isShort() ? SAMPLES_SHORT : SAMPLES) / legs + 1;
    }

    static int run(Options options) throws Exception {
        var verdict = new Verdict("calls");
        var jdks = Jdk.wanted(options);
        var bench = new Calls(options, jdks.size() * Program.values().length);
        System.out.printf("%-7s %-12s %10s %13s %8s %8s %9s %8s %6s  %s%n", "", "program", "samples", "calls",
                "at line", "in meth.", "excepted", "unknown", "bad", "noticed: exchanged, missing");
        for (Jdk jdk : jdks) {
            for (Program program : Program.values()) {
                if (options.only() == null || options.only().equals(nameOf(program))) {
                    bench.measure(jdk, program, verdict);
                }
            }
        }
        bench.sum(verdict);
        return verdict.close();
    }

    private static String nameOf(Program program) {
        return program.toString().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private void sum(Verdict verdict) {
        long all = Math.max(1, excepted.values().stream().mapToLong(Long::longValue).sum());
        System.out.println("\nexcepted, % of what is");
        excepted.forEach((rule, count) -> System.out.printf("%8.3f %s%n", 100.0 * count / all, rule.text));
        verdict.add(String.format("%,d of %,d samples with a call that cannot be < %.0e", bad, samples, LIMIT),
                bad < LIMIT * samples);
    }

    private void measure(Jdk jdk, Program program, Verdict verdict) throws Exception {
        Path folder = Files.createTempDirectory(Tree.RUN, "calls");
        record(jdk, program, folder);
        try (var classes = new ClassFiles(jdk, folder.resolve("defined"))) {
            var tally = new CallTally(new CallRules(classes));
            WireStacks.read(folder, tally::add);
            print(jdk, program, tally);
            tally.addExcepted(excepted);
            samples += tally.samples();
            bad += tally.badSamples();
            String who = jdk + " " + nameOf(program);
            verdict.add(String.format("%s: %.2f %% of %,d planted errors noticed >= %.0f %%", who,
                    tally.swappedShare() * 100, tally.swapped(), NOTICED * 100), tally.swappedShare() >= NOTICED);
            verdict.add(String.format("%s: %.2f %% of the calls not checked <= %.0f %%", who,
                    tally.share(Answer.UNKNOWN) * 100, UNKNOWN_LIMIT * 100), tally.share(Answer.UNKNOWN) <= UNKNOWN_LIMIT);
        }
    }

    private void print(Jdk jdk, Program program, CallTally tally) {
        System.out.printf("%-7s %-12s %,10d %,13d %7.3f%% %7.3f%% %8.3f%% %7.3f%% %6d  %.2f %%, %.2f %%%n", jdk,
                nameOf(program), tally.samples(), tally.edgeCount(), tally.share(Answer.AT_LINE) * 100,
                tally.share(Answer.IN_METHOD) * 100, tally.share(Answer.EXCEPTED) * 100,
                tally.share(Answer.UNKNOWN) * 100, tally.badSamples(), tally.swappedShare() * 100,
                tally.skippedShare() * 100);
        tally.showBreaches();
        if (options.shouldShow()) {
            tally.showUnknown(EXAMPLES);
        }
    }

    // --- one JVM

    private static Target.Plan plan(Jdk jdk, Program program, Path folder, int port) {
        var plan = new Target.Plan(jdk)
                .with("-Xmx1g", "-Xshare:off") // classes of an archive are defined by nobody
                .with(program.options)
                .agent("memory=128m,collector=tcp:127.0.0.1:" + port)
                .environment("LD_PRELOAD", Tree.CLASSES.resolve("libdefinedclasses.so").toString())
                .environment("DEFINED_CLASSES", folder.resolve("defined").toString());
        return program == Program.GROOVY_24
                ? plan.classPath(String.join(File.pathSeparator, Tree.CLASSES.toString(), Tree.LIB_GROOVY_24 + "/*"))
                : plan;
    }

    private static Target start(Target.Plan plan, Program program) throws Exception {
        if (program.isLibrary()) {
            Target target = plan.start("Library");
            target.line(PATIENCE_S);
            return target;
        }
        Target target = plan.start("GroovyService", Tree.ROOT.resolve("bench/programs/pricing.groovy").toString());
        target.line(PATIENCE_S);
        target.ask("run " + WARM_REQUESTS, PATIENCE_S);
        return target;
    }

    private void record(Jdk jdk, Program program, Path folder) throws Exception {
        int port = Wiretap.freePort();
        try (Collector collector = Collector.start("--listen", "tcp:127.0.0.1:" + port, "--listen",
                        "unix:" + Tree.RUN.resolve("collector.sock"));
                Wiretap tap = new Wiretap(port, folder);
                Target target = start(plan(jdk, program, folder, tap.port()), program)) {
            var agent = new Agent(target.pid());
            agent.start("calls", "--cpu", "1ms");
            Process more = moreSamples(target.pid());
            while (javaSamples(agent) < samplesWanted) {
                if (program.isLibrary()) {
                    target.line(PATIENCE_S);
                } else {
                    target.ask("run " + REQUESTS, PATIENCE_S);
                }
            }
            more.getOutputStream().close();
            more.waitFor();
            agent.stop("calls");
            while (agent.counters().get("unacked_batches") > 0) {
                TimeUnit.MILLISECONDS.sleep(LOOK_MS);
            }
        }
    }

    private static long javaSamples(Agent agent) throws IOException, InterruptedException {
        Map<String, Long> counters = agent.counters();
        return counters.getOrDefault("samples.cpu", 0L) - counters.getOrDefault("outcome.no_java", 0L);
    }

    /* The kernel's tick gives 250 samples a CPU second. */
    private static Process moreSamples(long pid) throws IOException {
        return Main.endWithUs(new ProcessBuilder(Tree.CLASSES.resolve("more_samples").toString(),
                String.valueOf(pid), String.valueOf(PERIOD_US)).inheritIO()
                .redirectInput(ProcessBuilder.Redirect.PIPE).start());
    }
}
