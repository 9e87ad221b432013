import java.lang.reflect.Method;
import java.util.concurrent.locks.LockSupport;

/**
 * Virtual threads that recurse, park at the bottom of it, and burn CPU there when they go on: their
 * callers are frozen then.
 *
 * <pre>java Mounted THREADS</pre>
 *
 * <p>"ready" once each has parked and gone on; "!" ends the program. Every stack with {@code
 * bottom} has {@link #DEPTH} frames of {@code rec} above it.
 */
public final class Mounted implements Runnable {
    private static final int DEPTH = 20;
    private static final int ROUNDS_EACH = 5;
    private static final long PARK_NS = 1_000_000;
    private static final java.util.concurrent.atomic.AtomicInteger BEGUN =
            new java.util.concurrent.atomic.AtomicInteger();
    private static volatile boolean isOver;
    private static volatile Object garbage;
    private static volatile long sink;
    private static int threads;

    private static long leaf(long seed) {
        long x = seed;
        for (int i = 0; i < 300_000; i++) {
            x = x * 31 + (x >>> 7);
        }
        return x;
    }

    /** Leaves garbage behind, so that collectors move what is frozen. */
    private static long bottom(long seed) {
        long x = seed;
        for (int round = 0; round < ROUNDS_EACH && !isOver; round++) {
            LockSupport.parkNanos(PARK_NS);
            byte[][] dropped = new byte[50][];
            for (int i = 0; i < dropped.length; i++) {
                dropped[i] = new byte[8000];
            }
            garbage = dropped;
            x = leaf(x);
        }
        return x;
    }

    private static long rec(int left, long seed) {
        return left == 1 ? bottom(seed) : rec(left - 1, seed) + 1;
    }

    @Override
    public void run() {
        long x = rec(DEPTH, 1);
        BEGUN.incrementAndGet();
        while (BEGUN.get() < threads) { /* who has gone on lets others: no order is promised */
            LockSupport.parkNanos(PARK_NS);
        }
        while (!isOver) {
            x += rec(DEPTH, x);
        }
        sink = x;
    }

    public static void main(String[] args) throws Exception {
        threads = Integer.parseInt(args[0]);
        /* By reflection: the oldest JDK from 17 on compiles this. */
        Method start = Thread.class.getMethod("startVirtualThread", Runnable.class);
        for (int i = 0; i < threads; i++) {
            start.invoke(null, new Mounted());
        }
        while (BEGUN.get() < threads) {
            Thread.sleep(1);
        }
        System.out.println("ready");
        Input.await('!');
        isOver = true;
    }
}
