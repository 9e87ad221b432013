package programs;

import groovy.lang.GroovyClassLoader;
import groovy.lang.GroovyObject;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32;

/**
 * Everything that makes stacks hard to walk, by some threads that each do one after the other and
 * check what they get: a wrong result, or an exception that nobody expects, ends the program with 1.
 *
 * <p>Usage: Storm LIBRARY [TASK...]: the library with the native methods; without names, all tasks.
 */
public final class Storm {
    private static final int SEEDS = 16;
    /* More than most machines of tests have processors; with many more, each would seldom run. */
    private static final int WORKERS = 3;
    private static final long STACK_BYTES = 512 << 10;
    private static final long PATIENCE_NS = 60_000_000_000L;
    private static volatile Throwable failure;

    @FunctionalInterface
    interface Task {
        /** The same answer for the same seed, always. */
        long run(int seed) throws Exception;
    }

    private Storm() {}

    // --- Groovy: classes come and go, dispatch is dynamic

    private static final String SCRIPT = """
        class Rule_%d {
            def parts = [:]
            def price(int count) {
                def sum = 0L
                count.times { i -> sum += step(i) + "${i}-${name}".size() }
                sum + (1..count).findAll { it %% 3 == 0 }.collect { it * 2 }.sum()
            }
            def step(i) { (i * 7) %% 13 + missing(i) }
            def methodMissing(String called, arguments) { arguments[0] %% 5 }
            def name = 'rule'
        }""";

    private static final ThreadLocal<GroovyObject> RULE = new ThreadLocal<>();

    private static long groovy(int seed) throws Exception {
        GroovyObject rule = RULE.get();
        if (seed == 0 || rule == null) {
            try (var loader = new GroovyClassLoader(Storm.class.getClassLoader())) {
                Class<?> type = loader.parseClass(String.format(SCRIPT, seed));
                rule = (GroovyObject) type.getDeclaredConstructor().newInstance();
                RULE.set(rule);
            }
        }
        return ((Number) rule.invokeMethod("price", 30 + seed)).longValue();
    }

    // --- deep recursion, to the end of the stack and back

    private static long down(int left, long x) {
        return left == 0 ? x : (left & 1) == 0 ? down(left - 1, x + left) : Other.down(left - 1, x ^ left);
    }

    private static final class Other {
        private Other() {}

        static long down(int left, long x) {
            return left == 0 ? x : Storm.down(left - 1, x * 3) + 1;
        }
    }

    private static int overflow(int depth) {
        return overflow(depth + 1) + 1;
    }

    private static long deep(int seed) {
        if (seed == 3) {
            try {
                return overflow(0);
            } catch (StackOverflowError expected) {
                return -1;
            }
        }
        return down(25 * (seed + 1), seed);
    }

    // --- exceptions, through frames that clean up

    private static long raise(int left, int seed) throws Exception {
        long done = left;
        try {
            if (left == 0) {
                throw new Exception("seed " + seed);
            }
            done += raise(left - 1, seed);
        } catch (IllegalStateException wrapped) {
            throw new Exception(wrapped.getMessage() + left, wrapped);
        } finally {
            done++;
        }
        return done;
    }

    private static long exceptions(int seed) {
        long caught = 0;
        for (int i = 0; i < 20; i++) {
            try {
                caught += raise(10 + seed, i);
            } catch (Exception expected) {
                caught += expected.getMessage().length() + expected.getStackTrace()[0].getMethodName().length();
            }
            try {
                ((Object[]) null)[seed] = caught;
            } catch (NullPointerException expected) {
                caught++;
            }
        }
        return caught;
    }

    // --- monitors: entered by several, waited on

    private static final Object LOCK = new Object();
    private static long inside;

    private static long locked(int left) {
        synchronized (LOCK) {
            if (left > 0) {
                return locked(left - 1);
            }
            long before = inside;
            for (int i = 0; i < 200; i++) {
                inside++;
            }
            return inside - before;
        }
    }

    private static long monitors(int seed) throws Exception {
        long sum = 0;
        for (int i = 0; i < 50; i++) {
            sum += locked(seed % 4);
            synchronized (LOCK) {
                LOCK.notifyAll();
                if (i % 25 == 0) {
                    LOCK.wait(1);
                }
            }
        }
        return sum;
    }

    // --- virtual threads, where there are some: mounted, parked and unmounted deep down

    private static ExecutorService virtualThreads() throws Exception {
        try {
            return (ExecutorService) Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
        } catch (NoSuchMethodException old) {
            return Executors.newCachedThreadPool();
        }
    }

    private static long meet(int left, SynchronousQueue<Integer> queue, boolean gives, int seed) throws Exception {
        if (left > 0) {
            return meet(left - 1, queue, gives, seed) + 1;
        }
        if (gives) {
            queue.put(seed);
            return seed;
        }
        return queue.take() + down(50, seed) - down(50, seed);
    }

    private static long virtual(int seed) throws Exception {
        long sum = 0;
        try (var pool = new Closing(virtualThreads())) {
            List<Future<Long>> answers = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                var queue = new SynchronousQueue<Integer>();
                int depth = 5 + seed + i;
                answers.add(pool.of.submit(() -> meet(depth, queue, true, seed)));
                answers.add(pool.of.submit(() -> meet(depth, queue, false, seed)));
            }
            for (Future<Long> answer : answers) {
                sum += answer.get();
            }
        }
        return sum;
    }

    private record Closing(ExecutorService of) implements AutoCloseable {
        @Override
        public void close() {
            of.shutdown();
        }
    }

    // --- garbage: small and large, young and old

    private record Node(Node left, Node right, byte[] load) {
        static Node grow(int depth, Random random) {
            return depth == 0 ? null
                    : new Node(grow(depth - 1, random), grow(depth - 1, random), new byte[random.nextInt(256)]);
        }

        long weigh() {
            return load.length + (left == null ? 0 : left.weigh()) + (right == null ? 0 : right.weigh());
        }
    }

    private static final Node[] KEPT = new Node[64];

    private static long garbage(int seed) {
        var random = new Random(seed);
        long sum = 0;
        for (int i = 0; i < 8; i++) {
            Node tree = Node.grow(9, random);
            KEPT[(seed * 8 + i) % KEPT.length] = tree;
            sum += tree.weigh() + new byte[100_000 + seed].length;
        }
        return sum;
    }

    // --- code that turns out wrong: new subclasses, new types at a call site, branches never taken

    /** What a call site sees; subclasses come later. */
    public abstract static class Shape {
        /** An answer. */
        public abstract long area(long x);

        /** One that no class overrides at first. */
        public long twice(long x) {
            return 2 * area(x);
        }
    }

    /** Loaded anew each time, by a loader of its own. */
    public static final class Fresh extends Shape {
        @Override
        public long area(long x) {
            return x * 3 + 1;
        }

        @Override
        public long twice(long x) {
            return area(x) + area(x);
        }
    }

    private static final class Square extends Shape {
        @Override
        public long area(long x) {
            return x * x;
        }
    }

    private static final class Defining extends ClassLoader {
        Defining() {
            super(Storm.class.getClassLoader());
        }

        Shape fresh() throws Exception {
            String name = Fresh.class.getName();
            try (InputStream in = Storm.class.getResourceAsStream("/" + name.replace('.', '/') + ".class")) {
                byte[] bytes = in.readAllBytes();
                return (Shape) defineClass(name, bytes, 0, bytes.length).getDeclaredConstructor().newInstance();
            }
        }
    }

    private static long areas(Shape shape, int count) {
        long sum = 0;
        for (int i = 0; i < count; i++) {
            sum += shape.twice(i) ^ (i == count - 1 ? shape.area(i) : 0);
        }
        return sum;
    }

    private static long deoptimisation(int seed) throws Exception {
        long sum = 0;
        for (int i = 0; i < 40; i++) {
            sum += areas(new Square(), 300 + seed);
        }
        Shape fresh = new Defining().fresh();
        for (int i = 0; i < 40; i++) {
            sum += areas(fresh, 300 + seed);
        }
        List<Callable<Long>> made = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            long x = sum + i;
            made.add(i % 2 == 0 ? () -> x + 1 : () -> x - 1);
        }
        for (Callable<Long> one : made) {
            sum ^= one.call();
        }
        return sum;
    }

    // --- intrinsics and stubs

    private static long intrinsics(int seed) {
        var random = new Random(seed);
        var bytes = new byte[4096 + seed];
        random.nextBytes(bytes);
        byte[] copy = Arrays.copyOf(bytes, bytes.length);
        var crc = new CRC32();
        crc.update(bytes);
        var text = new StringBuilder();
        for (int i = 0; i < 500; i++) {
            text.append(random.nextInt(1000)).append(i % 7 == 0 ? "\u20ac" : "-");
        }
        String whole = text.toString();
        long[] numbers = random.longs(2000).toArray();
        Arrays.sort(numbers);
        System.arraycopy(bytes, 7, copy, 3, 2000);
        return crc.getValue() + whole.indexOf("999") + whole.hashCode() + Arrays.hashCode(copy) + numbers[1000]
                + (Arrays.equals(bytes, copy) ? 1 : 0) + whole.compareTo(whole.substring(1))
                + Math.round(Math.sin(seed) * 1e6);
    }

    // --- C

    private static native long enter(int left, long x);

    private static native long sum(long[] numbers);

    private static native long plugin(int which, long seed);

    private static long back(int left, long x) {
        return left > 0 ? enter(left - 1, x) + 1 : down(20, x);
    }

    private static long natives(int seed) {
        long[] numbers = new Random(seed).longs(5000).toArray();
        long sum = 0;
        for (int i = 0; i < 20; i++) {
            sum += enter(seed + 1, i) + sum(numbers);
        }
        return sum + plugin(seed % 2, seed);
    }

    /** Stacks of many runs of Java's frames and C's: each is unwound by itself. */
    private static long upcalls(int seed) {
        long sum = 0;
        for (int i = 0; i < 500; i++) {
            sum += enter(8 + seed % 8, i);
        }
        return sum;
    }

    // --- all together

    private record Named(String name, Task task) {}

    /** A task, and its answers by seed. */
    private record Expected(Named named, long[] answers) {
        static Expected of(Named named) throws Exception {
            var answers = new long[SEEDS];
            for (int seed = 0; seed < SEEDS; seed++) {
                answers[seed] = named.task.run(seed);
            }
            return new Expected(named, answers);
        }
    }

    private static final List<Named> TASKS = List.of(
            new Named("groovy", Storm::groovy), new Named("deep", Storm::deep),
            new Named("exceptions", Storm::exceptions), new Named("monitors", Storm::monitors),
            new Named("monitors", Storm::monitors), new Named("virtual", Storm::virtual),
            new Named("garbage", Storm::garbage), new Named("deoptimisation", Storm::deoptimisation),
            new Named("intrinsics", Storm::intrinsics), new Named("natives", Storm::natives),
            new Named("upcalls", Storm::upcalls));

    /** A thread that does one task after the other, each seed in turn, again and again. */
    private static final class Worker {
        private final List<Expected> tasks;
        private final AtomicLong units = new AtomicLong();
        private long seen;
        private long seenNs = System.nanoTime();

        Worker(int number, List<Expected> tasks) {
            this.tasks = new ArrayList<>(tasks);
            Collections.rotate(this.tasks, number * tasks.size() / WORKERS);
            var thread = new Thread(null, this::repeat, "worker-" + number, STACK_BYTES);
            thread.setDaemon(true);
            thread.start();
        }

        private void repeat() {
            try {
                for (int i = 0;; i++) {
                    int seed = i % SEEDS;
                    Expected one = tasks.get(i / SEEDS % tasks.size());
                    long answer = one.named.task.run(seed);
                    if (answer != one.answers[seed]) {
                        throw new AssertionError(one.named.name + " " + seed + ": " + answer + " in place of "
                                + one.answers[seed]);
                    }
                    units.incrementAndGet();
                }
            } catch (Throwable e) {
                failure = e;
            }
        }

        /** Units since the last time; one that stands still for a minute hangs. */
        long progress() {
            long now = units.get();
            long more = now - seen;
            seen = now;
            if (more > 0) {
                seenNs = System.nanoTime();
            } else if (System.nanoTime() - seenNs > PATIENCE_NS) {
                throw new AssertionError("a worker hangs, at unit " + units);
            }
            return more;
        }
    }

    public static void main(String[] arguments) throws Exception {
        System.load(arguments[0]);
        List<String> wanted = Arrays.asList(arguments).subList(1, arguments.length);
        List<Expected> tasks = new ArrayList<>();
        for (Named named : TASKS) {
            if (wanted.isEmpty() || wanted.contains(named.name)) {
                tasks.add(Expected.of(named));
            }
        }
        List<Worker> workers = new ArrayList<>();
        for (int i = 0; i < WORKERS; i++) {
            workers.add(new Worker(i, tasks));
        }
        Beat.run(() -> {
            Thread.sleep(20);
            if (failure != null) {
                throw new AssertionError("a task failed", failure);
            }
            return workers.stream().mapToLong(Worker::progress).sum();
        });
        System.exit(0);
    }
}
