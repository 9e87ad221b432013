package driver;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * JVMs that live 0 to 50 ms, with a session of all kinds from their start and every kind of end: each
 * ends as it would without the agent. Two at a time; every other one finds no collector.
 */
final class Lives {
    private static final int COUNT = 5_000;
    private static final int LONG_COUNT = 20_000;
    private static final int AT_ONCE = 2;
    private static final int BATCH = 50;
    private static final int PATIENCE_S = 60;
    private static final int LIFE_MS = 50;
    private static final String START = "memory=8m,start=cpu:1ms,gc,heap:1s,locks:1ms";
    private static final String[] COLLECTORS = {"Serial", "Parallel", "G1"};

    private record End(String kind, int status) {}

    private static final List<End> ENDS = List.of(new End("return", 0), new End("exit", 7), new End("halt", 9),
            new End("sigterm", 143), new End("oom", 3));

    private Lives() {}

    /** Runs so many in all, over JDKs and collectors. */
    static void run(Options options, Verdict verdict) throws Exception {
        List<Jdk> jdks = Jdk.wanted(options);
        int each = (options.isShort() ? COUNT : LONG_COUNT) / (jdks.size() * COLLECTORS.length) + 1;
        long began = System.nanoTime();
        long total = 0;
        try (Collector collector = Collector.start()) {
            for (Jdk jdk : jdks) {
                for (String name : COLLECTORS) {
                    total += recorded(options, jdk, name, each);
                }
            }
        }
        verdict.add(String.format("%,d JVMs of 0 to %d ms in %.0f s: all ended as they should", total, LIFE_MS,
                (System.nanoTime() - began) / 1e9), total > 0);
    }

    private static int recorded(Options options, Jdk jdk, String collector, int count) throws Exception {
        long deaths = 0;
        long hangs = 0;
        try {
            many(jdk, collector, count);
            return count;
        } catch (Trouble.Loss loss) {
            deaths = loss.isHang() ? 0 : 1;
            hangs = loss.isHang() ? 1 : 0;
            throw loss;
        } finally {
            Record.add(options, new Record.Run("exit", Record.versionOf(jdk), collector, "JVMs",
                    deaths + hangs > 0 ? 0 : count, 0, deaths, hangs));
        }
    }

    private static void many(Jdk jdk, String collector, int count) throws Exception {
        var random = new Random(count);
        ExecutorService pool = Executors.newFixedThreadPool(AT_ONCE);
        try {
            for (int done = 0; done < count; done += BATCH) {
                List<Callable<Void>> lives = new ArrayList<>();
                for (int i = done; i < Math.min(count, done + BATCH); i++) {
                    End end = ENDS.get(i % ENDS.size());
                    int lifeMs = random.nextInt(LIFE_MS + 1);
                    boolean isAlone = i % 2 == 1;
                    lives.add(() -> live(jdk, collector, end, lifeMs, isAlone));
                }
                for (Future<Void> life : pool.invokeAll(lives)) {
                    try {
                        life.get();
                    } catch (java.util.concurrent.ExecutionException e) {
                        throw e.getCause() instanceof Trouble trouble ? trouble : e;
                    }
                }
            }
        } finally {
            pool.shutdownNow();
        }
    }

    private static Void live(Jdk jdk, String collector, End end, int lifeMs, boolean isAlone) throws Exception {
        String nowhere = isAlone ? "collector=unix:" + Tree.RUN.resolve("nobody.sock") + "," : "";
        var plan = new Target.Plan(jdk).with("-Xmx16m", "-Xshare:auto", "-XX:TieredStopAtLevel=1",
                "-XX:+Use" + collector + "GC", "-XX:+ExitOnOutOfMemoryError").agent(nowhere + START);
        try (Target target = plan.start("ExitKind", end.kind, String.valueOf(lifeMs))) {
            target.line(PATIENCE_S);
            if (end.kind.equals("sigterm")) {
                target.terminate();
            }
            int status = target.end(PATIENCE_S);
            if (status != end.status) {
                throw new Trouble.Loss(false, String.format("%s %s, '%s' after %d ms: ended with %d in place of %d%s",
                        jdk, collector, end.kind, lifeMs, status, end.status, target.crashText()));
            }
            target.forget();
            return null;
        }
    }
}
