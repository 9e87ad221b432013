import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.AbstractQueuedSynchronizer;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.concurrent.locks.StampedLock;

/**
 * Threads wait for synchronizers of java.util.concurrent, each thread for one kind. ThreadMXBean
 * says how long they waited, their sleeps left out, and so do they themselves. Beside them workers
 * wait for work: that is not contention.
 *
 * <pre>java Parked ROUNDS</pre>
 *
 * <p>A thread waits for a Parked$Gate before "ready", and to the end. A line in starts the work. Out
 * comes {CLASS: {"waited_ms": by the bean, "own_ms": by themselves}, ...}; "!" ends the program.
 */
public final class Parked {
    /** Not of the JDK: any subclass of the framework is a synchronizer. */
    static final class Gate extends AbstractQueuedSynchronizer {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean tryAcquire(int ignored) {
            return compareAndSetState(0, 1);
        }

        @Override
        protected boolean tryRelease(int ignored) {
            setState(0);
            return true;
        }
    }

    /** One kind of synchronizer, and the threads that use it. */
    private static final class Kind {
        final String name;
        final Runnable lock;
        final Runnable unlock;
        final List<Thread> threads = new ArrayList<>();
        long ownNs;
        long sleptNs;

        Kind(String name, Runnable lock, Runnable unlock) {
            this.name = name;
            this.lock = lock;
            this.unlock = unlock;
        }
    }

    private static final int THREADS = 3;
    /** Held by who began until the end: the threads live on, and what they wait is not waited. */
    private static final Object END = new Object();

    private Parked() {
    }

    public static void main(String[] args) throws Exception {
        synchronized (END) {
            run(Integer.parseInt(args[0]));
        }
    }

    private static void run(int rounds) throws Exception {
        ThreadMXBean bean = ManagementFactory.getThreadMXBean();
        bean.setThreadContentionMonitoringEnabled(true);
        List<Kind> kinds = kinds();
        for (Kind kind : kinds) {
            kind.lock.run(); /* who waits for a class to be initialised waits, by the bean */
            pause(1);
            kind.unlock.run();
        }
        CountDownLatch done = new CountDownLatch(THREADS * kinds.size());
        for (Kind kind : kinds) {
            for (int i = 0; i < THREADS; i++) {
                kind.threads.add(new Thread(() -> work(kind, rounds, done), kind.name + "-" + i));
            }
        }
        Gate gate = new Gate();
        gate.acquire(1);
        Thread early = new Thread(() -> pass(gate), "early");
        early.start();
        while (!gate.isQueued(early) || early.getState() != Thread.State.WAITING) {
            Thread.sleep(1);
        }
        ExecutorService pool = idle();
        System.out.println("ready");
        System.in.read();
        for (Kind kind : kinds) {
            for (Thread thread : kind.threads) {
                thread.start();
            }
        }
        done.await();
        StringBuilder out = new StringBuilder("{");
        for (Kind kind : kinds) {
            long waitedMs = 0;
            for (Thread thread : kind.threads) {
                waitedMs += bean.getThreadInfo(thread.getId()).getWaitedTime();
            }
            out.append(out.length() > 1 ? ", " : "").append('"').append(kind.name)
                .append("\": {\"waited_ms\": ").append(waitedMs - kind.sleptNs / 1_000_000)
                .append(", \"own_ms\": ").append(kind.ownNs / 1_000_000).append('}');
        }
        System.out.println(out.append('}'));
        Input.await('!');
        gate.release(1);
        pool.shutdownNow();
    }

    private static List<Kind> kinds() {
        String locks = "java.util.concurrent.locks.";
        Lock plain = new ReentrantLock();
        Lock write = new ReentrantReadWriteLock(true).writeLock();
        StampedLock stamped = new StampedLock();
        Semaphore permit = new Semaphore(1, true);
        long[] stamp = new long[1];
        return List.of(
            new Kind(locks + "ReentrantLock$NonfairSync", () -> post(plain), plain::unlock),
            new Kind(locks + "ReentrantReadWriteLock$FairSync", () -> post(write), write::unlock),
            new Kind(locks + "StampedLock", () -> {
                long mine = stamped.writeLock();
                stamp[0] = mine;
            }, () -> stamped.unlockWrite(stamp[0])),
            new Kind("java.util.concurrent.Semaphore$FairSync", permit::acquireUninterruptibly,
                permit::release));
    }

    private static void work(Kind kind, int rounds, CountDownLatch done) {
        long ownNs = 0;
        long sleptNs = 0;
        for (int i = 0; i < rounds; i++) {
            long from = System.nanoTime();
            kind.lock.run();
            ownNs += System.nanoTime() - from;
            sleptNs += pause(4);
            kind.unlock.run();
            sleptNs += pause(1);
        }
        synchronized (kind) {
            kind.ownNs += ownNs;
            kind.sleptNs += sleptNs;
        }
        done.countDown();
        hold();
    }

    private static void post(Lock lock) {
        lock.lock();
    }

    private static void pass(Gate gate) {
        gate.acquire(1);
        gate.release(1);
    }

    /** The bean still knows it: blocked, which is another figure. */
    private static void hold() {
        synchronized (END) {
            return;
        }
    }

    /** Waits that are no contention: for work, for a result, for a time. */
    private static ExecutorService idle() {
        ExecutorService pool = Executors.newFixedThreadPool(2);
        pool.submit(() -> { });
        pool.submit(() -> { });
        CompletableFuture<String> never = new CompletableFuture<>();
        start("future", never::join);
        start("timed", () -> {
            while (true) {
                LockSupport.parkNanos(3_000_000);
            }
        });
        return pool;
    }

    private static void start(String name, Runnable body) {
        Thread thread = new Thread(body, name);
        thread.setDaemon(true);
        thread.start();
    }

    private static long pause(int ms) {
        long from = System.nanoTime();
        try {
            Thread.sleep(ms);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        return System.nanoTime() - from;
    }
}
