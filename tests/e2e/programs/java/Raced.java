import java.util.concurrent.locks.LockSupport;

/**
 * Four threads count in a library's variable without an end, and nobody keeps them apart. They pause
 * in between: the sanitizer tells a race only while it knows what the other thread did at the time.
 *
 * <pre>java Raced LIBRARY</pre>
 *
 * <p>"ready"; a line in ends the program.
 */
public final class Raced {
    private static final int THREADS = 4;
    private static final int PAUSE_NS = 100_000;
    private static volatile boolean isOver;

    private Raced() {
    }

    static native void count();

    private static void work() {
        while (!isOver) {
            count();
            LockSupport.parkNanos(PAUSE_NS);
        }
    }

    public static void main(String[] args) throws Exception {
        System.load(args[0]);
        Thread[] threads = new Thread[THREADS];
        for (int i = 0; i < THREADS; i++) {
            threads[i] = new Thread(Raced::work, "counter-" + i);
            threads[i].start();
        }
        System.out.println("ready");
        System.in.read();
        isOver = true;
        for (Thread thread : threads) {
            thread.join();
        }
    }
}
