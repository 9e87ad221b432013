import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntToLongFunction;

/**
 * Threads of Java and one of C wait in a library for a mutex and a read-write lock of the C
 * library, and measure how long where they wait.
 *
 * <pre>java Locked LIBRARY ROUNDS</pre>
 *
 * <p>"ready"; a line in starts the work. Out comes {"planted_mutex": ns, "planted_write": ns,
 * "planted_read": ns, "planted_brief": ns of threads that live for one short wait, "free_ns": ns of a
 * lock that is free, "free_during_ns": the same after the line}; "!" ends the program.
 */
public final class Locked {
    private static final int THREADS = 3;
    private static final int FREE_ROUNDS = 100_000;
    private static final int TRIES = 20;
    private static final int BRIEF_THREADS = 2000;

    private Locked() {
    }

    private static native long mutex(int rounds);

    private static native long write(int rounds);

    private static native long read(int rounds);

    private static native long free(int rounds);

    private static native void createPlain(int rounds);

    private static native void startPlain();

    private static native long joinPlain();

    private static native long brief(int threads);

    public static void main(String[] args) throws Exception {
        System.load(args[0]);
        int rounds = Integer.parseInt(args[1]);
        AtomicLong mutex = new AtomicLong();
        AtomicLong write = new AtomicLong();
        AtomicLong read = new AtomicLong();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            threads.add(thread("mutex-" + i, mutex, rounds, Locked::mutex));
            threads.add(thread("write-" + i, write, rounds, Locked::write));
            threads.add(thread("read-" + i, read, rounds, Locked::read));
        }
        createPlain(rounds);
        double before = perFreeLock();
        System.out.println("ready");
        System.in.read();
        double during = perFreeLock();
        startPlain();
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
            thread.join();
        }
        mutex.addAndGet(joinPlain());
        System.out.println("{\"planted_mutex\": " + mutex + ", \"planted_write\": " + write
                + ", \"planted_read\": " + read + ", \"planted_brief\": " + brief(BRIEF_THREADS)
                + ", \"free_ns\": " + before
                + ", \"free_during_ns\": " + during + "}");
        Input.await('!');
    }

    /** The least of a few: what a lock and its unlock take. */
    private static double perFreeLock() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < TRIES; i++) {
            least = Math.min(least, free(FREE_ROUNDS));
        }
        return (double) least / FREE_ROUNDS;
    }

    private static Thread thread(String name, AtomicLong sum, int rounds, IntToLongFunction work) {
        return new Thread(() -> sum.addAndGet(work.applyAsLong(rounds)), name);
    }
}
