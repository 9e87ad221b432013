import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Three deadlocks, and what looks like one. Threads named dead-* are in one, no others are.
 *
 * <pre>java Deadlocked</pre>
 *
 * <p>Before "ready": two threads by monitors, three by monitors and locks mixed; a line in adds two
 * by locks and is answered by {}. Look-alikes: a chain whose last thread sleeps, two that try each
 * other's lock for an hour, one behind a deadlock. "!" ends the program.
 */
public final class Deadlocked {
    static final class Red {
    }

    static final class Blue {
    }

    private static final List<Thread> THREADS = new ArrayList<>();

    private Deadlocked() {
    }

    public static void main(String[] args) throws Exception {
        Object red = new Red();
        Object blue = new Blue();
        plant(2, (i, both) -> monitors(i == 0 ? red : blue, i == 0 ? blue : red, both),
            "dead-monitor-");
        mixed();
        chain();
        timed();
        awaitBlocked();
        start("behind", () -> enter(red));
        awaitBlocked();
        System.out.println("ready");
        System.in.read();
        ReentrantLock[] locks = {new ReentrantLock(), new ReentrantLock()};
        plant(2, (i, both) -> locks(locks[i], locks[1 - i], both), "dead-lock-");
        awaitBlocked();
        System.out.println("{}");
        Input.await('!');
        Runtime.getRuntime().halt(0);
    }

    private interface Part {
        void run(int number, CountDownLatch all);
    }

    /** Threads that take the next lock when each has its first. */
    private static void plant(int count, Part part, String name) {
        CountDownLatch all = new CountDownLatch(count);
        for (int i = 0; i < count; i++) {
            int number = i;
            start(name + i, () -> part.run(number, all));
        }
    }

    private static void mixed() {
        Object monitor = new Red();
        ReentrantLock first = new ReentrantLock();
        ReentrantLock second = new ReentrantLock();
        plant(3, (i, all) -> {
            if (i == 0) {
                synchronized (monitor) {
                    meet(all);
                    first.lock();
                }
            } else if (i == 1) {
                locks(first, second, all);
            } else {
                second.lock();
                meet(all);
                enter(monitor);
            }
        }, "dead-mixed-");
    }

    private static void monitors(Object mine, Object other, CountDownLatch both) {
        synchronized (mine) {
            meet(both);
            enter(other);
        }
    }

    private static void enter(Object monitor) {
        synchronized (monitor) {
            throw new IllegalStateException("it was to be a deadlock");
        }
    }

    private static void locks(ReentrantLock mine, ReentrantLock other, CountDownLatch both) {
        mine.lock();
        meet(both);
        other.lock();
    }

    /** Each waits for the next; the last one has all the time of the world. */
    private static void chain() throws Exception {
        Object end = new Blue();
        ReentrantLock middle = new ReentrantLock();
        CountDownLatch held = new CountDownLatch(2);
        start("asleep", () -> {
            synchronized (end) {
                held.countDown();
                sleep();
            }
        });
        start("chained-1", () -> {
            middle.lock();
            held.countDown();
            awaitQuietly(held);
            enter(end);
        });
        held.await();
        start("chained-2", middle::lock);
    }

    /** It ends itself, in an hour. */
    private static void timed() {
        ReentrantLock[] locks = {new ReentrantLock(), new ReentrantLock()};
        plant(2, (i, both) -> {
            locks[i].lock();
            meet(both);
            try {
                locks[1 - i].tryLock(1, TimeUnit.HOURS);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }, "timed-");
    }

    private static void meet(CountDownLatch all) {
        all.countDown();
        awaitQuietly(all);
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void sleep() {
        try {
            Thread.sleep(3_600_000);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void start(String name, Runnable body) {
        Thread thread = new Thread(body, name);
        thread.setDaemon(true);
        THREADS.add(thread);
        thread.start();
    }

    /** Until every thread waits for what it is to wait for. */
    private static void awaitBlocked() throws InterruptedException {
        for (Thread thread : THREADS) {
            while (!waits(thread)) {
                Thread.sleep(1);
            }
        }
    }

    private static boolean waits(Thread thread) {
        switch (thread.getState()) {
        case BLOCKED:
            return true;
        case WAITING:
            return LockSupport.getBlocker(thread) != null
                && !LockSupport.getBlocker(thread).getClass().getName().contains("CountDownLatch");
        case TIMED_WAITING:
            return true;
        default:
            return false;
        }
    }
}
