import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Many threads at once, each of which computes a little and then lives on.
 *
 * <pre>java Crowd THREADS</pre>
 *
 * <p>"ready"; the first line in starts them, and when all have computed, out comes {"threads",
 * "sum"}; the second line ends the program. The sum depends on THREADS alone.
 */
public final class Crowd {
    private static final int STACK_BYTES = 128 * 1024;
    private static final int STEPS = 20_000;

    private static long compute(long seed) {
        long x = seed;
        for (int i = 0; i < STEPS; i++) {
            x = (x ^ x >>> 29) * 0x9e3779b97f4a7c15L + i;
        }
        return x;
    }

    public static void main(String[] args) throws Exception {
        final int count = Integer.parseInt(args[0]);
        final CountDownLatch done = new CountDownLatch(count);
        final CountDownLatch end = new CountDownLatch(1);
        final AtomicLong sum = new AtomicLong();
        final BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        System.out.println("ready");
        in.readLine();
        final Thread[] threads = new Thread[count];
        for (int i = 0; i < count; i++) {
            final int seed = i;
            threads[i] = new Thread(null, () -> {
                sum.addAndGet(compute(seed));
                done.countDown();
                try {
                    end.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            }, "crowd-" + i, STACK_BYTES);
            threads[i].start();
        }
        done.await();
        System.out.println("{\"threads\": " + count + ", \"sum\": \"" + sum.get() + "\"}");
        in.readLine();
        end.countDown();
        for (final Thread thread : threads) {
            thread.join();
        }
    }
}
