package programs;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Proxy;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.time.LocalDate;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/** Much of the JDK's library, from two threads, and from virtual threads where there are any. */
public final class Library {
    private static final Pattern WORD = Pattern.compile("(?<key>[a-z]+)(-(\\d+|x*y)+)?(?=[,;]|$)", Pattern.CASE_INSENSITIVE);
    private static final AtomicLong SINK = new AtomicLong();

    @FunctionalInterface
    private interface Task {
        long run(int seed) throws Exception;
    }

    private record Order(int id, String customer, BigDecimal price, LocalDate day) implements Serializable {}

    private sealed interface Shape permits Circle, Square {
        double area();

        default double twice() {
            return 2 * area();
        }
    }

    private record Circle(double radius) implements Shape {
        @Override
        public double area() {
            return Math.PI * radius * radius;
        }
    }

    private record Square(double side) implements Shape {
        @Override
        public double area() {
            return side * side;
        }
    }

    private Library() {}

    private static List<Order> orders(int seed) {
        return IntStream.range(0, 60).mapToObj(i -> new Order(i, "customer-" + (i * seed) % 13,
                BigDecimal.valueOf(i * 17L + seed, 2), LocalDate.of(2020, 1 + i % 12, 1 + i % 28))).toList();
    }

    private static long streams(int seed) {
        Map<String, BigDecimal> sums = orders(seed).stream().filter(order -> order.id() % 3 != 0)
                .sorted(Comparator.comparing(Order::customer).thenComparing(Order::price, Comparator.reverseOrder()))
                .collect(Collectors.groupingBy(Order::customer, TreeMap::new,
                        Collectors.reducing(BigDecimal.ZERO, Order::price, BigDecimal::add)));
        return sums.values().stream().map(sum -> sum.setScale(1, RoundingMode.HALF_EVEN)).distinct().count();
    }

    private static long regex(int seed) {
        String text = "alpha-12,beta-xxxy;gamma-" + seed + ",delta-xyxy;Epsilon";
        long sum = 0;
        for (Matcher m = WORD.matcher(text); m.find();) {
            sum += m.group("key").length() + m.end();
        }
        return sum + text.replaceAll("[aeiou]+(\\d)?", "<$1>").split("[,;]").length;
    }

    private static long collections(int seed) {
        var map = new HashMap<String, Integer>();
        var queue = new PriorityQueue<Integer>(Comparator.comparingInt(i -> i ^ seed));
        var skips = new ConcurrentSkipListMap<Integer, String>();
        var shared = new ConcurrentHashMap<Integer, List<Integer>>();
        for (int i = 0; i < 300; i++) {
            map.merge("key" + i * seed % 50, i, Integer::sum);
            queue.add(i * 31 % 97);
            skips.put(i * 7 % 101, "s" + i);
            shared.computeIfAbsent(i % 10, key -> new ArrayList<>()).add(i);
        }
        long sum = map.values().stream().mapToInt(Integer::intValue).sum() + skips.firstKey();
        while (!queue.isEmpty()) {
            sum += queue.poll();
        }
        return sum + new LinkedHashMap<>(shared).keySet().hashCode();
    }

    private static String json(Object value) {
        if (value instanceof Map<?, ?> map) {
            return map.entrySet().stream().map(e -> "\"" + e.getKey() + "\":" + json(e.getValue()))
                    .collect(Collectors.joining(",", "{", "}"));
        }
        if (value instanceof List<?> list) {
            var text = new StringBuilder("[");
            list.forEach(each -> text.append(json(each)).append(','));
            return text.append(']').toString();
        }
        return value instanceof String text ? '"' + text + '"' : String.valueOf(value);
    }

    private static long text(int seed) {
        Map<String, Object> document = new TreeMap<>(Map.of("id", seed, "names", List.of("a", "b" + seed, 3.5), "at", 1L << seed));
        String all = json(document) + String.format(Locale.ROOT, "%08x|%-10s|%,.3f", seed, "x" + seed, seed * 1.5);
        var format = new DecimalFormat("#,##0.00", DecimalFormatSymbols.getInstance(Locale.ROOT));
        return (all + format.format(seed * 1e4) + String.join("/", List.of(all.toUpperCase(Locale.ROOT), all.strip())))
                .chars().filter(Character::isLetter).count();
    }

    private static long exceptions(int seed) {
        try {
            return seed % 3 == 0 ? Integer.parseInt("x" + seed) : (Integer) List.of("a", seed).get(seed % 5 == 0 ? 2 : 0);
        } catch (NumberFormatException | ClassCastException e) {
            return e.getStackTrace().length;
        } catch (IndexOutOfBoundsException e) {
            return new IllegalStateException("wrapped", e).getCause().getMessage().length();
        }
    }

    private static long handles(int seed) throws Exception {
        try {
            var lookup = MethodHandles.lookup();
            var handle = lookup.findVirtual(String.class, "concat", MethodType.methodType(String.class, String.class));
            var bound = MethodHandles.filterReturnValue(handle.bindTo("s" + seed),
                    lookup.findVirtual(String.class, "length", MethodType.methodType(int.class)));
            var method = Library.class.getDeclaredMethod("regex", int.class);
            return (int) bound.invoke("x") + (long) method.invoke(null, seed);
        } catch (Throwable e) {
            throw new Exception(e);
        }
    }

    @SuppressWarnings("unchecked")
    private static long proxies(int seed) {
        var function = (Function<Integer, Integer>) Proxy.newProxyInstance(Library.class.getClassLoader(),
                new Class<?>[] {Function.class}, (proxy, method, arguments) -> (Integer) arguments[0] * seed);
        List<Shape> shapes = List.of(new Circle(seed), new Square(seed), new Circle(2));
        return function.apply(3) + (long) shapes.stream().mapToDouble(Shape::twice).sum();
    }

    private static long bytes(int seed) throws Exception {
        var out = new ByteArrayOutputStream();
        try (var objects = new ObjectOutputStream(out)) {
            objects.writeObject(new ArrayList<>(orders(seed).subList(0, 10)));
        }
        byte[] plain = out.toByteArray();
        var deflater = new Deflater();
        deflater.setInput(plain);
        deflater.finish();
        var packed = new byte[plain.length * 2];
        int length = deflater.deflate(packed);
        deflater.end();
        var inflater = new Inflater();
        inflater.setInput(packed, 0, length);
        var back = new byte[plain.length];
        inflater.inflate(back);
        inflater.end();
        try (var objects = new ObjectInputStream(new ByteArrayInputStream(back))) {
            return objects.readObject().hashCode() + MessageDigest.getInstance("SHA-256").digest(back)[0];
        }
    }

    private static long numbers(int seed) {
        BigInteger big = BigInteger.valueOf(seed + 3).pow(40).mod(BigInteger.valueOf(1_000_003));
        String day = LocalDate.of(2000 + seed, 2, 3).plusDays(seed).format(DateTimeFormatter.ISO_WEEK_DATE);
        var array = new int[500];
        Arrays.setAll(array, i -> i * 7919 % 503);
        Arrays.sort(array);
        return big.longValue() + day.length() + Arrays.hashCode(array) + day.getBytes(StandardCharsets.UTF_16).length;
    }

    private static long waits(int seed) throws Exception {
        var lock = new ReentrantLock();
        return CompletableFuture.supplyAsync(() -> {
            lock.lock();
            try {
                return collections(seed);
            } finally {
                lock.unlock();
            }
        }).thenCombine(CompletableFuture.supplyAsync(() -> streams(seed)), Long::sum).get();
    }

    private static final List<Task> TASKS = List.of(Library::streams, Library::regex, Library::collections, Library::text,
            Library::exceptions, Library::handles, Library::proxies, Library::bytes, Library::numbers, Library::waits);

    private static void all(int seed) {
        try {
            for (Task task : TASKS) {
                SINK.addAndGet(task.run(seed));
            }
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    /* Since JDK 21; the programs are compiled for 17. */
    private static void startVirtual(Runnable body) throws Exception {
        try {
            Thread.class.getMethod("startVirtualThread", Runnable.class).invoke(null, body);
        } catch (NoSuchMethodException e) {
            body.run();
        }
    }

    private static long round(int number) throws Exception {
        var ends = new CountDownLatch(4);
        for (int i = 0; i < 4; i++) {
            int seed = 1 + (number + i) % 16;
            startVirtual(() -> {
                all(seed);
                Thread.yield();
                all(seed);
                ends.countDown();
            });
        }
        all(1 + number % 16);
        ends.await();
        return 1;
    }

    public static void main(String[] arguments) throws Exception {
        var count = new int[1];
        Beat.run(() -> round(count[0]++));
    }
}
