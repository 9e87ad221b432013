import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.function.IntSupplier;

/**
 * Threads allocate in blocks of random order; what each block allocates is measured around it by the
 * thread's own counter. Every kind of block gets the same share of bytes in every round.
 *
 * <pre>java Allocating MEGABYTES SEED [GROOVY_CLASS]</pre>
 *
 * <p>"ready"; each line in is a round of MEGABYTES, and out comes the sum of all rounds,
 * {"threads_bytes": ..., "methods": {...}}; the line "end" ends the program.
 */
public final class Allocating {
    private static final int THREADS = 4;
    private static final com.sun.management.ThreadMXBean BEAN =
            (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

    private Allocating() {
    }

    /** What may be allocated: each kind has a method of its own, and all but Groovy's one class. */
    static final class Places {
        static volatile Object sink;
        private static volatile int number;

        private Places() {
        }

        static final class Node {
            final Node next;
            final long value;

            Node(Node next, long value) {
                this.next = next;
                this.value = value;
            }
        }

        static long objects(int amount) {
            Node node = null;
            for (int i = 0; i < amount; i++) {
                node = new Node(i % 16 == 0 ? null : node, i);
                sink = node;
            }
            return amount;
        }

        static long smallArrays(int amount) {
            for (int i = 0; i < amount / 30; i++) {
                sink = new byte[1000];
            }
            return amount;
        }

        static long largeArrays(int amount) {
            for (int i = 0; i < amount / 3000; i++) {
                sink = new long[12_500];
            }
            return amount;
        }

        static long references(int amount) {
            for (int i = 0; i < amount / 10; i++) {
                sink = new Object[64];
            }
            return amount;
        }

        static long boxed(int amount) {
            for (int i = 0; i < amount; i++) {
                sink = Long.valueOf(i + 1000L);
            }
            return amount;
        }

        static long lambdas(int amount) {
            for (int i = 0; i < amount; i++) {
                int now = number + i;
                sink = (IntSupplier) () -> now;
            }
            return amount;
        }

        static long humongous(int amount) {
            sink = new int[600_000];
            return amount;
        }
    }

    private static Map<String, Work> places() {
        return Map.of("Allocating$Places.objects", Places::objects,
                "Allocating$Places.smallArrays", Places::smallArrays,
                "Allocating$Places.largeArrays", Places::largeArrays,
                "Allocating$Places.references", Places::references,
                "Allocating$Places.boxed", Places::boxed,
                "Allocating$Places.lambdas", Places::lambdas,
                "Allocating$Places.humongous", Places::humongous);
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Work> groovyPlaces(String name) throws Exception {
        return (Map<String, Work>) Class.forName(name).getMethod("all").invoke(null);
    }

    public static void main(String[] args) throws Exception {
        long bytes = Long.parseLong(args[0]) * 1_000_000 / THREADS;
        long seed = Long.parseLong(args[1]);
        Map<String, Work> blocks = new TreeMap<>(places());
        if (args.length > 2) {
            blocks.putAll(groovyPlaces(args[2]));
        }
        CyclicBarrier turn = new CyclicBarrier(THREADS + 1);
        List<Allocator> allocators = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            Allocator allocator = new Allocator(blocks, bytes, seed + i, turn);
            allocator.setName("allocator-" + i);
            allocator.setDaemon(true);
            allocator.start();
            allocators.add(allocator);
        }
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        System.out.println("ready");
        while (!Input.isEnd(in.readLine())) {
            turn.await(); // begins a round
            turn.await(); // ends it
            System.out.println(json(allocators));
        }
    }

    /** The threads stand still meanwhile. */
    private static String json(List<Allocator> allocators) {
        Map<String, Long> spent = new TreeMap<>();
        long threadsBytes = 0;
        for (Allocator allocator : allocators) {
            threadsBytes += BEAN.getThreadAllocatedBytes(allocator.getId());
            allocator.spent.forEach((name, amount) -> spent.merge(name, amount, Long::sum));
        }
        StringJoiner methods = new StringJoiner(", ", "{", "}");
        spent.forEach((name, amount) -> methods.add("\"" + name + "\": " + amount));
        return "{\"threads_bytes\": " + threadsBytes + ", \"methods\": " + methods + "}";
    }

    /**
     * Lives for all rounds: the JVM draws the distances of a thread's samples from a generator that it
     * seeds with the address of the thread, and threads of rounds of their own would have the same
     * addresses, and the same draws, in each.
     */
    private static final class Allocator extends Thread {
        final Map<String, Long> spent = new TreeMap<>();
        private final Map<String, Work> blocks;
        private final long share;
        private final Random random;
        private final CyclicBarrier turn;
        private long sum;

        Allocator(Map<String, Work> blocks, long bytes, long seed, CyclicBarrier turn) {
            this.blocks = blocks;
            this.share = bytes / blocks.size();
            this.random = new Random(seed);
            this.turn = turn;
        }

        private void allocate(String name, Work work) {
            long before = BEAN.getThreadAllocatedBytes(getId());
            sum += work.run(30_000);
            spent.merge(name, BEAN.getThreadAllocatedBytes(getId()) - before, Long::sum);
        }

        private void round(long total) {
            List<String> names = new ArrayList<>(blocks.keySet());
            while (!names.isEmpty()) {
                String name = names.get(random.nextInt(names.size()));
                allocate(name, blocks.get(name));
                if (spent.get(name) >= total) {
                    names.remove(name);
                }
            }
        }

        @Override
        public void run() {
            try {
                for (long rounds = 1;; rounds++) {
                    turn.await();
                    round(rounds * share);
                    turn.await();
                }
            } catch (InterruptedException | BrokenBarrierException e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
