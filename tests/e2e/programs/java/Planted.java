import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;

/**
 * Ten threads burn CPU in blocks of random order; each block's CPU time is measured around it by
 * the thread's own CPU clock. Every kind of block gets the same share of CPU time in every round.
 *
 * <pre>java Planted CPU_MS SEED [GROOVY_CLASS]</pre>
 *
 * <p>"ready"; each line in is a round of CPU_MS with ten new threads, and out comes the sum of all
 * rounds, {"threads_ns": ..., "methods": {...}}; the line "end" ends the program.
 */
public final class Planted {
    private static final int THREADS = 10;
    private static final long BLOCK_NS = 8_000_000;
    private static final ThreadMXBean THREAD_BEAN = ManagementFactory.getThreadMXBean();

    private Planted() {
    }

    public static void main(String[] args) throws Exception {
        long cpuNs = Long.parseLong(args[0]) * 1_000_000 / THREADS;
        long seed = Long.parseLong(args[1]);
        Map<String, Work> blocks = new TreeMap<>(Blocks.all());
        if (args.length > 2) {
            blocks.putAll(groovyBlocks(args[2]));
        }
        Map<String, Long> spent = new TreeMap<>();
        long threadsNs = 0;
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        System.out.println("ready");
        while (!Input.isEnd(in.readLine())) {
            threadsNs += round(blocks, cpuNs, seed, spent);
            seed += THREADS;
            System.out.println(json(threadsNs, spent));
        }
    }

    private static long round(Map<String, Work> blocks, long cpuNs, long seed,
            Map<String, Long> spent) throws InterruptedException {
        CountDownLatch done = new CountDownLatch(THREADS);
        CountDownLatch end = new CountDownLatch(1);
        List<Burner> burners = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            Burner burner = new Burner(blocks, cpuNs, seed + i, done, end);
            burner.setName("burner-" + i);
            burners.add(burner);
            burner.start();
        }
        done.await();
        /* The threads stand still but live: their clocks can be read. */
        long total = 0;
        for (Burner burner : burners) {
            total += THREAD_BEAN.getThreadCpuTime(burner.getId());
            burner.spent.forEach((name, ns) -> spent.merge(name, ns, Long::sum));
        }
        end.countDown();
        for (Burner burner : burners) {
            burner.join();
        }
        return total;
    }

    private static String json(long threadsNs, Map<String, Long> spent) {
        StringJoiner methods = new StringJoiner(", ", "{", "}");
        spent.forEach((name, ns) -> methods.add("\"" + name + "\": " + ns));
        return "{\"threads_ns\": " + threadsNs + ", \"methods\": " + methods + "}";
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Work> groovyBlocks(String name) throws Exception {
        return (Map<String, Work>) Class.forName(name).getMethod("all").invoke(null);
    }

    private static final class Burner extends Thread {
        final Map<String, Long> spent = new TreeMap<>();
        private final Map<String, Work> blocks;
        private final long cpuNs;
        private final Random random;
        private final CountDownLatch done;
        private final CountDownLatch end;
        private long sum;

        Burner(Map<String, Work> blocks, long cpuNs, long seed, CountDownLatch done,
                CountDownLatch end) {
            this.blocks = blocks;
            this.cpuNs = cpuNs;
            this.random = new Random(seed);
            this.done = done;
            this.end = end;
        }

        @Override
        public void run() {
            long share = cpuNs / blocks.size();
            List<String> names = new ArrayList<>(blocks.keySet());
            while (!names.isEmpty()) {
                String name = names.get(random.nextInt(names.size()));
                long left = share - spent.getOrDefault(name, 0L);
                long wanted = Math.min(left, BLOCK_NS / 2 + random.nextInt((int) BLOCK_NS));
                spent.merge(name, burn(blocks.get(name), wanted), Long::sum);
                if (spent.get(name) >= share) {
                    names.remove(name);
                }
            }
            done.countDown();
            try {
                end.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }

        private long burn(Work work, long wantedNs) {
            long begin = THREAD_BEAN.getCurrentThreadCpuTime();
            long now = begin;
            while (now - begin < wantedNs) {
                sum += work.run(20_000);
                now = THREAD_BEAN.getCurrentThreadCpuTime();
            }
            return now - begin;
        }
    }
}
