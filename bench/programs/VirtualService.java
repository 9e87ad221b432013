package programs;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * Requests served by virtual threads of their own, beside as many parked ones as wanted:
 *
 * <pre>java VirtualService PARKED</pre>
 *
 * <p>"ready" once all are parked. "run N" serves N batches one after the other, and says what each took
 * in CPU nanoseconds of the carriers; "peak" says how many virtual threads there were; "quit" ends it.
 *
 * <p>A request calls {@link #DEPTH} deep, waits there for a permit as for a database, and works on: its
 * callers are frozen then. Every eighth has a name of its own, every eighth one of a pool; in each batch
 * some of the parked wake up, work and park again.
 */
final class VirtualService {
    private static final int BATCH = 200;
    private static final int WOKEN = 20;
    private static final int DEPTH = 30;
    private static final int ROUNDS = 3;
    private static final int WORK = 12_000;
    private static final Semaphore PERMITS = new Semaphore(8);
    private static volatile long sink;
    private static Thread[] parked = new Thread[0];
    private static long served;

    private VirtualService() {}

    /** By reflection: what compiles this may be a JDK 17. */
    private static Thread virtual(String name, Runnable body) {
        try {
            Class<?> type = Class.forName("java.lang.Thread$Builder");
            Object builder = Thread.class.getMethod("ofVirtual").invoke(null);
            if (name != null) {
                builder = type.getMethod("name", String.class).invoke(builder, name);
            }
            return (Thread) type.getMethod("unstarted", Runnable.class).invoke(builder, body);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static long work(long seed) {
        long x = seed;
        for (int i = 0; i < WORK; i++) {
            x = x * 31 + (x >>> 7);
        }
        return x;
    }

    private static long bottom(long seed) {
        long x = seed;
        for (int i = 0; i < ROUNDS; i++) {
            PERMITS.acquireUninterruptibly();
            try {
                x = work(x);
            } finally {
                PERMITS.release();
            }
            Thread.yield();
        }
        return x;
    }

    private static long call(int left, long seed) {
        return left == 0 ? bottom(seed) : call(left - 1, seed) + 1;
    }

    private static void serve(CountDownLatch done) {
        sink += call(DEPTH, 1);
        done.countDown();
    }

    private static String nameOf(long request) {
        if (request % 8 == 0) {
            return "order-" + request;
        }
        return request % 8 == 1 ? "pool-" + request % 64 : null;
    }

    private static void park() {
        while (true) {
            LockSupport.park();
            sink += work(1);
        }
    }

    private static void deepPark(int left) {
        if (left == 0) {
            park();
        }
        deepPark(left - 1);
    }

    private static void parkAll(int count) throws InterruptedException {
        var begun = new CountDownLatch(count);
        parked = new Thread[count];
        for (int i = 0; i < count; i++) {
            parked[i] = virtual(i % 8 == 0 ? "parked-" + i : null, () -> {
                begun.countDown();
                deepPark(3);
            });
            parked[i].start();
        }
        begun.await();
    }

    private static void batch() throws InterruptedException {
        var done = new CountDownLatch(BATCH);
        for (int i = 0; i < BATCH; i++) {
            virtual(nameOf(served++), () -> serve(done)).start();
        }
        for (int i = 0; i < WOKEN && parked.length > 0; i++) {
            LockSupport.unpark(parked[Math.floorMod(served * 7919 + i * 104729L, parked.length)]);
        }
        done.await();
    }

    private static long carrierNs() throws IOException {
        try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
            List<Path> all = tasks.toList();
            long sum = 0;
            for (Path task : all) {
                if (Files.readString(task.resolve("comm")).startsWith("ForkJoinPool-1-")) {
                    sum += Long.parseLong(Files.readString(task.resolve("schedstat")).split(" ")[0]);
                }
            }
            return sum;
        }
    }

    private static String run(int batches) throws Exception {
        var line = new StringBuilder("ran");
        long before = carrierNs();
        for (int i = 0; i < batches; i++) {
            batch();
            long after = carrierNs();
            line.append(' ').append(after - before);
            before = after;
        }
        return line.toString();
    }

    public static void main(String[] arguments) throws Exception {
        parkAll(Integer.parseInt(arguments[0]));
        System.out.println("ready");
        var orders = new BufferedReader(new InputStreamReader(System.in));
        for (String order = orders.readLine(); order != null && !order.equals("quit"); order = orders.readLine()) {
            System.out.println(order.startsWith("run ") ? run(Integer.parseInt(order.substring(4)))
                    : "served " + served + " parked " + parked.length);
        }
    }
}
