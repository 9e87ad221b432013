import java.lang.management.ManagementFactory;
import java.lang.management.PlatformManagedObject;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinWorkerThread;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.PriorityBlockingQueue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Pools of java.util.concurrent in states that it holds until it is told to go on, and what their
 * own methods say of them.
 *
 * <p>"ready"; a line: tasks run and wait, {"pools": [...], "unix_ms"}; a line: all are done, and the same;
 * a line: one pool is given up, {"collected": true} when it is gone. "!" ends the program.
 */
public final class Pools {
    private static final CountDownLatch HOLD = new CountDownLatch(1);
    private static final List<ExecutorService> POOLS = new ArrayList<>();
    private static final List<String> NAMES = new ArrayList<>();

    /** A pinned virtual thread holds its carrier: here, since it initialises a class. */
    private static final class PinA {
        static final int VALUE = await();
    }

    private static final class PinB {
        static final int VALUE = await();
    }

    private static int await() {
        try {
            HOLD.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return 1;
    }

    private static ThreadFactory named(String name) {
        AtomicInteger count = new AtomicInteger();
        return body -> daemon(new Thread(body, name + "-" + count.incrementAndGet()));
    }

    /** As libraries do that set something around each thread. */
    private static ThreadFactory wrapping(String name) {
        ThreadFactory factory = named(name);
        return body -> {
            Runnable inner = () -> body.run();
            Runnable outer = () -> inner.run();
            return factory.newThread(outer);
        };
    }

    private static Thread daemon(Thread thread) {
        thread.setDaemon(true);
        return thread;
    }

    private static <T extends ExecutorService> T add(String name, T pool) {
        POOLS.add(pool);
        NAMES.add(name);
        return pool;
    }

    /** Runs some tasks to their end, and then starts others that wait. */
    private static void load(ExecutorService pool, int done, int held, int queued) throws Exception {
        for (int i = 0; i < done; i++) {
            pool.submit(() -> { }).get();
        }
        CountDownLatch begun = new CountDownLatch(held);
        for (int i = 0; i < held; i++) {
            pool.submit(() -> {
                begun.countDown();
                await();
            });
        }
        begun.await();
        for (int i = 0; i < queued; i++) {
            pool.submit(Pools::await);
        }
        /* What is done is counted a moment after its result is there. */
        while (pool instanceof ThreadPoolExecutor each
                && (each.getCompletedTaskCount() < done || each.getActiveCount() != held)) {
            Thread.sleep(1);
        }
    }

    private static ForkJoinPool forkJoin(String name, int parallelism) {
        AtomicInteger count = new AtomicInteger();
        return new ForkJoinPool(parallelism, pool -> {
            ForkJoinWorkerThread thread = ForkJoinPool.defaultForkJoinWorkerThreadFactory.newThread(pool);
            thread.setName(name + "-" + count.incrementAndGet());
            return thread;
        }, null, true);
    }

    private static void make() throws Exception {
        load(add("fixed", new ThreadPoolExecutor(4, 4, 1, TimeUnit.HOURS, new LinkedBlockingQueue<>(),
                named("fixed"))), 9, 4, 3);
        load(add("cached", new ThreadPoolExecutor(0, Integer.MAX_VALUE, 1, TimeUnit.HOURS,
                new SynchronousQueue<>(), named("cached"))), 1, 2, 0);
        load(add("bounded", new ThreadPoolExecutor(1, 3, 1, TimeUnit.HOURS, new ArrayBlockingQueue<>(5),
                named("bounded"))), 2, 1, 2);
        load(add("wrapped", new ThreadPoolExecutor(2, 2, 1, TimeUnit.HOURS, new LinkedBlockingQueue<>(),
                wrapping("wrapped"))), 0, 1, 0);
        ScheduledThreadPoolExecutor scheduled = new ScheduledThreadPoolExecutor(2, named("scheduled"));
        load(add("scheduled", scheduled), 3, 1, 0);
        for (int i = 0; i < 3; i++) {
            scheduled.schedule(Pools::await, 1, TimeUnit.HOURS);
        }
        load(add("joined", forkJoin("joined", 3)), 2, 3, 5);
    }

    private static void pin() throws Exception {
        var start = Thread.class.getMethod("startVirtualThread", Runnable.class);
        Runnable[] bodies = {() -> hold(PinA.VALUE), () -> hold(PinB.VALUE), Pools::await, Pools::await,
            Pools::await};
        for (Runnable body : bodies) {
            start.invoke(null, body);
        }
    }

    private static void hold(int value) {
        if (value == 0) {
            throw new IllegalStateException();
        }
    }

    private static long number(Object bean, Class<?> type, String method) throws Exception {
        return ((Number) type.getMethod(method).invoke(bean)).longValue();
    }

    /** By the JVM's own bean, from JDK 24 on. */
    private static String carriers() throws Exception {
        Class<?> type;
        try {
            type = Class.forName("jdk.management.VirtualThreadSchedulerMXBean");
        } catch (ClassNotFoundException e) {
            return "";
        }
        Object bean = ManagementFactory.getPlatformMXBean(type.asSubclass(PlatformManagedObject.class));
        return String.format(", {\"kind\": \"carriers\", \"size\": %d, "
                + "\"maximum\": %d, \"active\": %d, \"queued\": %d}",
                number(bean, type, "getPoolSize"), number(bean, type, "getParallelism"),
                number(bean, type, "getMountedVirtualThreadCount"),
                number(bean, type, "getQueuedVirtualThreadCount"));
    }

    private static boolean areCarriersSettled(int mounted, int queued) throws Exception {
        String told = carriers();
        return told.isEmpty()
                || told.endsWith(String.format("\"active\": %d, \"queued\": %d}", mounted, queued));
    }

    private static String figures(int i) {
        if (POOLS.get(i) instanceof ForkJoinPool pool) {
            return String.format("\"kind\": \"fork-join\", \"size\": %d, \"maximum\": %d, \"active\": %d, "
                    + "\"queued\": %d, \"completed\": %d", pool.getPoolSize(), pool.getParallelism(),
                    pool.getActiveThreadCount(), pool.getQueuedTaskCount() + pool.getQueuedSubmissionCount(),
                    pool.getStealCount());
        }
        ThreadPoolExecutor pool = (ThreadPoolExecutor) POOLS.get(i);
        int maximum = pool.getMaximumPoolSize();
        return String.format("\"kind\": \"%s\", \"size\": %d, %s\"active\": %d, \"queued\": %d, "
                + "\"completed\": %d", pool instanceof ScheduledThreadPoolExecutor ? "scheduled" : "executor",
                pool.getPoolSize(), maximum == Integer.MAX_VALUE ? "" : "\"maximum\": " + maximum + ", ",
                pool.getActiveCount(), pool.getQueue().size(), pool.getCompletedTaskCount());
    }

    private static void tell() throws Exception {
        StringBuilder text = new StringBuilder("{\"pools\": [");
        for (int i = 0; i < POOLS.size(); i++) {
            text.append(String.format("%s{\"name\": \"%s\", %s}", i > 0 ? ", " : "", NAMES.get(i), figures(i)));
        }
        /* The agent tells times by a clock that it has compared with this one once. */
        System.out.println(text.append(carriers()).append("], \"unix_ms\": ")
                .append(System.currentTimeMillis() + 200).append('}'));
    }

    private static void awaitQuiet() throws Exception {
        for (ExecutorService each : POOLS) {
            if (each instanceof ForkJoinPool pool) {
                while (!pool.isQuiescent() || pool.getActiveThreadCount() > 0) {
                    Thread.sleep(1);
                }
            } else if (each instanceof ThreadPoolExecutor pool) {
                while (pool.getActiveCount() > 0) {
                    Thread.sleep(1);
                }
            }
        }
        while (!areCarriersSettled(0, 0)) {
            Thread.sleep(1);
        }
    }

    private static boolean isCollected() throws Exception {
        POOLS.get(0).shutdown();
        POOLS.get(0).awaitTermination(1, TimeUnit.HOURS);
        WeakReference<ExecutorService> gone = new WeakReference<>(POOLS.set(0, null));
        while (gone.get() != null) {
            System.gc();
            Thread.sleep(20);
        }
        return true;
    }

    private static void readLine() throws Exception {
        Input.await('\n');
    }

    public static void main(String[] args) throws Exception {
        System.out.println("ready");
        readLine();
        make();
        if (!carriers().isEmpty()) {
            pin();
        }
        while (!areCarriersSettled(2, 3)) {
            Thread.sleep(1);
        }
        tell();
        readLine();
        HOLD.countDown();
        awaitQuiet();
        tell();
        readLine();
        System.out.printf("{\"collected\": %b}%n", isCollected());
        Input.await('!');
    }
}
