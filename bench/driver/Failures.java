package driver;

import java.io.BufferedReader;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * How many stacks of Java threads of a dynamic Groovy service could not be walked, with the causes;
 * and the same of async-profiler. Classes come and go all the time. Each profiler has a JVM of its
 * own, one after the other, and both sample at 1 ms of CPU time.
 */
final class Failures {
    private static final int PATIENCE_S = 120;
    private static final double LIMIT = 0.006;
    private static final int WARM_REQUESTS = 30;
    private static final int REQUESTS = 20;
    private static final String SERVICE = "request-1";
    private static final String OUTCOME = "outcome.";

    private enum Groovy { GROOVY_4, GROOVY_24 }

    private record Share(long samples, Map<String, Long> causes) {
        double failed() {
            return causes.values().stream().mapToLong(Long::longValue).sum() / (double) Math.max(1, samples);
        }

        String text() {
            var text = new StringBuilder();
            causes.entrySet().stream().sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                    .forEach(entry -> text.append(' ').append(entry.getKey()).append(' ').append(entry.getValue()));
            return text.isEmpty() ? " none" : text.toString();
        }
    }

    private final Options options;
    private final long samplesWanted;

    private Failures(Options options) {
        this.options = options;
        samplesWanted = options.isShort() ? 3_000 : 20_000;
    }

    static int run(Options options) throws Exception {
        var verdict = new Verdict("failures");
        var bench = new Failures(options);
        System.out.printf("%-7s %-10s %10s %9s   %10s %9s%n", "", "service", "umig", "failed", "async-pr.", "failed");
        for (Jdk jdk : Jdk.wanted(options)) {
            for (Groovy groovy : Groovy.values()) {
                if (options.only() == null || options.only().equals(nameOf(groovy))) {
                    bench.measure(jdk, groovy, verdict);
                }
            }
        }
        return verdict.close();
    }

    private static String nameOf(Groovy groovy) {
        return groovy.toString().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private void measure(Jdk jdk, Groovy groovy, Verdict verdict) throws Exception {
        Share ours = ours(jdk, groovy);
        Share peers = peers(jdk, groovy);
        String name = nameOf(groovy);
        System.out.printf("%-7s %-10s %,10d %8.3f%%   %,10d %8.3f%%%n", jdk, name, ours.samples,
                ours.failed() * 100, peers.samples, peers.failed() * 100);
        System.out.printf("    umig:%s%n    async-profiler:%s%n", ours.text(), peers.text());
        verdict.add(String.format("%s %s: %.3f %% of %,d failed <= %.1f %%", jdk, name, ours.failed() * 100,
                ours.samples, LIMIT * 100), ours.failed() <= LIMIT);
    }

    private static Target start(Target.Plan plan, Groovy groovy) throws Exception {
        plan.with("-Xmx1g");
        if (groovy == Groovy.GROOVY_24) {
            plan.classPath(String.join(File.pathSeparator, Tree.CLASSES.toString(), Tree.LIB_GROOVY_24 + "/*"));
        }
        Target target = plan.start("GroovyService", Tree.ROOT.resolve("bench/programs/pricing.groovy").toString());
        target.line(PATIENCE_S);
        target.ask("run " + WARM_REQUESTS, PATIENCE_S);
        return target;
    }

    // --- ours: by the agent's own counters

    private Share ours(Jdk jdk, Groovy groovy) throws Exception {
        try (Target target = start(new Target.Plan(jdk).agent(""), groovy)) {
            var agent = new Agent(target.pid());
            agent.start("failures", "--cpu", "1ms");
            Share share = share(agent.counters());
            while (share.samples < samplesWanted) {
                target.ask("run " + REQUESTS, PATIENCE_S);
                share = share(agent.counters());
            }
            if (options.shouldShow()) {
                System.out.println(Command.umig("status", String.valueOf(target.pid()), "--failures").run());
            }
            return share;
        }
    }

    private static Share share(Map<String, Long> counters) {
        var causes = new TreeMap<String, Long>();
        long samples = 0;
        for (Map.Entry<String, Long> counter : counters.entrySet()) {
            String outcome = counter.getKey().startsWith(OUTCOME) ? counter.getKey().substring(OUTCOME.length()) : "";
            if (!outcome.isEmpty() && !outcome.equals("no_java")) {
                samples += counter.getValue();
                if (!outcome.equals("ok")) {
                    causes.put(outcome, counter.getValue());
                }
            }
        }
        return new Share(samples, causes);
    }

    // --- the peer's: by the frames that it puts where it could not go on

    private Share peers(Jdk jdk, Groovy groovy) throws Exception {
        Path file = Files.createTempFile(Tree.RUN, "peer", ".collapsed");
        try (Target target = start(new Target.Plan(jdk), groovy)) {
            peer(target, "start,event=ctimer,interval=1ms,threads,jstackdepth=2048,loglevel=none");
            Share share = new Share(0, Map.of());
            while (share.samples < samplesWanted) {
                target.ask("run " + REQUESTS, PATIENCE_S);
                peer(target, "dump,collapsed,file=" + file);
                share = peerShare(file);
            }
            peer(target, "stop");
            return share;
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private static void peer(Target target, String command) throws Exception {
        String answer = target.ask("peer " + command, PATIENCE_S);
        if (!answer.startsWith("peer")) {
            throw new Trouble("async-profiler " + command + ": " + answer);
        }
    }

    private static Share peerShare(Path file) throws Exception {
        var causes = new TreeMap<String, Long>();
        long samples = 0;
        try (BufferedReader lines = Files.newBufferedReader(file)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                Collapsed.Stack stack = Collapsed.stackOf(line);
                if (stack.thread().equals(SERVICE)) {
                    samples += stack.weight();
                    stack.frames().stream().filter(KnownStacks::isPeersFailure).findFirst()
                            .ifPresent(cause -> causes.merge(cause, stack.weight(), Long::sum));
                }
            }
        }
        return new Share(samples, causes);
    }
}
