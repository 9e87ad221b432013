import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryUsage;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import javax.management.ObjectName;

/**
 * Makes pauses of every kind for a while, then collects and, once the memory beans stand still,
 * prints what they say:
 *
 *     floor USED COMMITTED|NAME
 *     bean BEGIN_NS END_NS USED COMMITTED|NAME
 *
 * Floors are of the moment before the last collection. Between the two times of a bean
 * (System.nanoTime) its figures did not change. With the argument "disable" it switches every log of
 * the JVM off on the way, as an application may.
 */
public class GcTruth {
    static final long ALLOCATE_NS = 1_200_000_000L;
    static final int KEPT = 4000;
    static final int SETTLE_TRIES = 80;
    static final int SETTLE_MS = 60;

    static final byte[][] kept = new byte[KEPT][];
    static volatile Object sink;

    public static void main(String[] args) throws Exception {
        allocate();
        if (args.length > 0 && args[0].equals("disable")) {
            ManagementFactory.getPlatformMBeanServer().invoke(
                new ObjectName("com.sun.management:type=DiagnosticCommand"), "vmLog",
                new Object[] {new String[] {"disable"}}, new String[] {String[].class.getName()});
            allocate();
        }
        settled(); // loads every class that the second time needs
        System.gc();
        for (String figure : figures()) {
            System.out.println("floor " + figure);
        }
        System.gc();
        for (String line : settled()) {
            System.out.println(line);
        }
    }

    static void allocate() {
        Random random = new Random(1);
        long end = System.nanoTime() + ALLOCATE_NS;
        for (int round = 0; System.nanoTime() < end; round++) {
            for (int i = 0; i < 400; i++) {
                sink = new byte[1000];
                if (i % 4 == 0) {
                    kept[random.nextInt(KEPT)] = new byte[random.nextInt(25_000)];
                }
            }
            if (round % 100 == 50) {
                sink = new byte[1_500_000]; // humongous for G1
            }
        }
    }

    /** The beans' figures, the same at the begin and at the end of a while. */
    static List<String> settled() throws InterruptedException {
        for (int i = 0; i < SETTLE_TRIES; i++) {
            List<String> before = figures();
            long begin = System.nanoTime();
            Thread.sleep(SETTLE_MS);
            long end = System.nanoTime();
            List<String> after = figures();
            if (before.equals(after)) {
                List<String> lines = new ArrayList<>();
                for (String figure : after) {
                    lines.add("bean " + begin + " " + end + " " + figure);
                }
                return lines;
            }
        }
        throw new IllegalStateException("the memory pools never stand still");
    }

    static List<String> figures() {
        List<String> figures = new ArrayList<>();
        for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
            MemoryUsage usage = pool.getUsage();
            if (!pool.getName().startsWith("Code")) {
                figures.add(usage.getUsed() + " " + usage.getCommitted() + "|" + pool.getName());
            }
        }
        return figures;
    }
}
