import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.StringJoiner;
import java.util.concurrent.CountDownLatch;

/**
 * Ten Java threads and one of C burn CPU in functions of C and C++, and in Java that C calls; each
 * block is measured by the thread's own clock, where it is burnt. As {@code Planted}, with a library.
 *
 * <pre>java Mixed LIBRARY CPU_MS SEED</pre>
 *
 * <p>"ready"; each line in is a round of CPU_MS with ten new threads, and out comes the sum of all
 * rounds, {"threads_ns": ..., "methods": {...}}; the line "end" ends the program.
 */
public final class Mixed {
    private static final int THREADS = 10;
    private static final long BLOCK_NS = 8_000_000;
    private static final int STEPS = 20_000;
    /** By the kind that {@code burn} takes: which name the time is below. */
    private static final String[] NAMES = {
        ".planted_c_shallow", ".planted_c_deep", "Mixed.called", ".planted::Inner::work",
        "Mixed.calledByCpp", ".planted::Circle::area", ".planted::Tree<int>::descend",
    };
    private static final String PLAIN = ".planted_plain";
    private static volatile long sink;

    private Mixed() {
    }

    private static native long clock();

    private static native long burn(int kind, long wantedNs);

    private static native long down(long wantedNs);

    private static native void startPlain(long wantedNs);

    private static native long joinPlain();

    /** C calls this; it burns by itself. */
    static long called(long wantedNs) {
        return work(wantedNs);
    }

    /** C++ calls this, which C has called. */
    static long calledByCpp(long wantedNs) {
        return work(wantedNs);
    }

    private static long work(long wantedNs) {
        long begin = clock();
        long now = begin;
        while (now - begin < wantedNs) {
            long sum = sink;
            for (int i = 0; i < STEPS; i++) {
                sum = sum * 31 + (sum >>> 7);
            }
            sink = sum;
            now = clock();
        }
        return now - begin;
    }

    /** C calls this; it calls C++. */
    static long calledAndDown(long wantedNs) {
        return down(wantedNs);
    }

    public static void main(String[] args) throws Exception {
        System.load(args[0]);
        long cpuNs = Long.parseLong(args[1]) * 1_000_000 / (THREADS + 1);
        long seed = Long.parseLong(args[2]);
        long[] spent = new long[NAMES.length + 1];
        long threadsNs = 0;
        var in = new java.io.BufferedReader(new java.io.InputStreamReader(System.in));
        System.out.println("ready");
        while (!Input.isEnd(in.readLine())) {
            threadsNs += round(cpuNs, seed, spent);
            seed += THREADS;
            System.out.println(json(threadsNs, spent));
        }
    }

    private static long round(long cpuNs, long seed, long[] spent) throws Exception {
        CountDownLatch done = new CountDownLatch(THREADS);
        List<Burner> burners = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            burners.add(new Burner(cpuNs, seed + i, done));
            burners.get(i).setName("burner-" + i);
        }
        startPlain(cpuNs);
        burners.forEach(Thread::start);
        done.await();
        long total = 0;
        for (Burner burner : burners) {
            burner.join();
            total += burner.clockNs;
            for (int kind = 0; kind < NAMES.length; kind++) {
                spent[kind] += burner.spent[kind];
            }
        }
        long plain = joinPlain();
        spent[NAMES.length] += plain;
        return total + plain;
    }

    private static String json(long threadsNs, long[] spent) {
        StringJoiner methods = new StringJoiner(", ", "{", "}");
        for (int kind = 0; kind < NAMES.length; kind++) {
            methods.add("\"" + NAMES[kind] + "\": " + spent[kind]);
        }
        methods.add("\"" + PLAIN + "\": " + spent[NAMES.length]);
        return "{\"threads_ns\": " + threadsNs + ", \"methods\": " + methods + "}";
    }

    private static final class Burner extends Thread {
        final long[] spent = new long[NAMES.length];
        long clockNs;
        private final long cpuNs;
        private final Random random;
        private final CountDownLatch done;

        Burner(long cpuNs, long seed, CountDownLatch done) {
            this.cpuNs = cpuNs;
            this.random = new Random(seed);
            this.done = done;
        }

        @Override
        public void run() {
            long share = cpuNs / NAMES.length;
            List<Integer> kinds = new ArrayList<>();
            for (int kind = 0; kind < NAMES.length; kind++) {
                kinds.add(kind);
            }
            while (!kinds.isEmpty()) {
                Integer kind = kinds.get(random.nextInt(kinds.size()));
                long left = share - spent[kind];
                spent[kind] += burn(kind, Math.min(left, BLOCK_NS / 2 + random.nextInt((int) BLOCK_NS)));
                if (spent[kind] >= share) {
                    kinds.remove(kind);
                }
            }
            clockNs = clock();
            done.countDown();
        }
    }
}
