import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/**
 * Threads wait for monitors of three classes; ThreadMXBean says how long. Each thread uses monitors
 * of one class only, so its blocked time belongs to that class. Of the third, each thread lives for
 * one wait of less than a millisecond: too short for the bean, so the waiter and who keeps it waiting
 * measure it, the one a little more, the other a little less than the JVM.
 *
 * <pre>java Contend ROUNDS</pre>
 *
 * <p>"ready"; a line in starts the work. Out comes {"Contend$Ledger": {"blocked_ms": ...,
 * "blocked": ...}, "Contend$Note": {"least_ms": ..., "most_ms": ...}, ...}; "!" ends the program.
 */
public final class Contend {
    static final class Ledger {
    }

    static final class Journal {
    }

    static final class Note {
    }

    private static final int THREADS = 6;
    private static final int BRIEF_THREADS = 2000;
    private static final int BRIEF_NS = 500_000;
    private static final CountDownLatch DONE = new CountDownLatch(THREADS);
    private static final CountDownLatch END = new CountDownLatch(1);

    private Contend() {
    }

    public static void main(String[] args) throws Exception {
        int rounds = Integer.parseInt(args[0]);
        ThreadMXBean bean = ManagementFactory.getThreadMXBean();
        bean.setThreadContentionMonitoringEnabled(true);
        Object ledger = new Ledger();
        Object journal = new Journal();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            threads.add(i < 4 ? new Thread(() -> post(ledger, rounds), "ledger-" + i)
                    : new Thread(() -> append(journal, rounds), "journal-" + i));
        }
        System.out.println("ready");
        System.in.read();
        for (Thread thread : threads) {
            thread.start();
        }
        long[] ledgerSum = new long[2];
        long[] journalSum = new long[2];
        /* The threads stand still but live: the bean still knows them. */
        DONE.await();
        for (Thread thread : threads) {
            ThreadInfo info = bean.getThreadInfo(thread.getId());
            long[] sum = thread.getName().startsWith("ledger") ? ledgerSum : journalSum;
            sum[0] += info.getBlockedTime();
            sum[1] += info.getBlockedCount();
        }
        END.countDown();
        System.out.println("{\"Contend$Ledger\": " + line(ledgerSum) + ", \"Contend$Journal\": "
                + line(journalSum) + ", \"Contend$Note\": " + brief(new Note()) + "}");
        Input.await('!');
    }

    private static String line(long[] sum) {
        return "{\"blocked_ms\": " + sum[0] + ", \"blocked\": " + sum[1] + "}";
    }

    /** Short turns, many threads. */
    private static void post(Object ledger, int rounds) {
        for (int i = 0; i < rounds; i++) {
            synchronized (ledger) {
                pause(3);
            }
            pause(1);
        }
        hold();
    }

    /** Long turns, two threads. */
    private static void append(Object journal, int rounds) {
        for (int i = 0; i < rounds / 3; i++) {
            synchronized (journal) {
                pause(15);
            }
            pause(1);
        }
        hold();
    }

    private static String brief(Object note) throws InterruptedException {
        long least = 0;
        AtomicLong most = new AtomicLong();
        for (int i = 0; i < BRIEF_THREADS; i++) {
            Thread thread = new Thread(() -> most.addAndGet(take(note)), "brief-" + i);
            synchronized (note) {
                thread.start();
                while (thread.getState() != Thread.State.BLOCKED) {
                    Thread.onSpinWait();
                }
                long begin = System.nanoTime();
                LockSupport.parkNanos(BRIEF_NS);
                least += System.nanoTime() - begin;
            }
            thread.join();
        }
        return "{\"least_ms\": " + least / 1e6 + ", \"most_ms\": " + most.get() / 1e6 + "}";
    }

    private static long take(Object note) {
        long begin = System.nanoTime();
        synchronized (note) {
            return System.nanoTime() - begin;
        }
    }

    private static void hold() {
        DONE.countDown();
        try {
            END.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void pause(int ms) {
        try {
            Thread.sleep(ms);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
