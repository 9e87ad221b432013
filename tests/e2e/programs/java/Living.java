import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.TreeMap;

/**
 * Keeps what it allocates until it is told to let go; what each place allocates is measured around
 * it by the thread's own counter.
 *
 * <pre>java Living</pre>
 *
 * <p>"ready"; then a line out for each line in. "keep": another part of arrays and of nodes, some
 * garbage, and CPU in between; "drop": the nodes are let go; "collect N": N full collections;
 * "litter": from now on a thread makes garbage of large arrays; "end" ends the program. Out comes {"methods": {"Living.arrays": bytes kept, "Living.nodes": ...}}.
 */
public final class Living {
    private static final com.sun.management.ThreadMXBean BEAN =
            (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int ARRAYS = 5_000;
    private static final int NODES = 100_000;
    private static final int LARGE = 1 << 20;
    private static final long SPIN_NANOS = 50_000_000;

    private static final Map<String, Long> KEPT = new TreeMap<>();
    private static final List<byte[][]> PARTS = new ArrayList<>();
    private static Node chain;
    private static volatile Object sink;
    private static volatile long number;

    private Living() {
    }

    static final class Node {
        final Node next;
        final long value;

        Node(Node next, long value) {
            this.next = next;
            this.value = value;
        }
    }

    static void arrays() {
        byte[][] part = new byte[ARRAYS][];
        for (int i = 0; i < ARRAYS; i++) {
            part[i] = new byte[1000];
        }
        PARTS.add(part);
    }

    static void nodes() {
        for (int i = 0; i < NODES; i++) {
            chain = new Node(chain, i);
        }
    }

    static void garbage() {
        for (int i = 0; i < ARRAYS; i++) {
            sink = new long[100];
        }
        sink = null;
    }

    static void litter() {
        while (true) {
            sink = new byte[LARGE];
        }
    }

    private static void spin() {
        long end = System.nanoTime() + SPIN_NANOS;
        long x = 1;
        while (System.nanoTime() < end) {
            x = x * 6364136223846793005L + 1;
        }
        number = x;
    }

    private static void measure(String name, Runnable work) {
        long id = Thread.currentThread().getId();
        long before = BEAN.getThreadAllocatedBytes(id);
        work.run();
        KEPT.merge(name, BEAN.getThreadAllocatedBytes(id) - before, Long::sum);
    }

    private static void keep() {
        measure("Living.arrays", Living::arrays);
        spin();
        measure("Living.nodes", Living::nodes);
        spin();
        garbage();
    }

    /** In a thread of its own: what it allocates is sampled from its first byte on. */
    private static void run(Runnable work) throws InterruptedException {
        Thread thread = new Thread(work, "keeper");
        thread.start();
        thread.join();
    }

    public static void main(String[] args) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        System.out.println("ready");
        for (String line = in.readLine(); !Input.isEnd(line); line = in.readLine()) {
            String[] words = line.split(" ");
            if ("keep".equals(words[0])) {
                run(Living::keep);
            } else if ("drop".equals(words[0])) {
                chain = null;
                KEPT.put("Living.nodes", 0L);
            } else if ("litter".equals(words[0])) {
                Thread thread = new Thread(Living::litter, "litterer");
                thread.setDaemon(true);
                thread.start();
            } else {
                for (int i = 0; i < Integer.parseInt(words[1]); i++) {
                    System.gc();
                }
            }
            StringJoiner methods = new StringJoiner(", ", "{", "}");
            KEPT.forEach((name, bytes) -> methods.add("\"" + name + "\": " + bytes));
            System.out.println("{\"methods\": " + methods + "}");
        }
    }
}
