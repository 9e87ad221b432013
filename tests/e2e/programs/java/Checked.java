import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/**
 * Computes with what a JVM does by faults, stubs and signals as well as by plain code, and checks
 * itself: implicit null checks, divisions by zero, stack overflows, monitors, reflection, method
 * handles, compression in native code. The answer depends on ROUNDS alone.
 *
 * <p>{@code Checked ROUNDS} says "ready", computes, prints {"answer", "millis"} and ends;
 * {@code Checked told} computes until it is told a line, and each round must give the same answer.
 */
public final class Checked {
    private static final int THREADS = 2;
    private static final Object MONITOR = new Object();
    private static final MethodHandle MIX = mixHandle();
    private static volatile boolean isTold;
    private static long shared;

    private static MethodHandle mixHandle() {
        try {
            return MethodHandles.lookup().findStatic(Checked.class, "mix",
                MethodType.methodType(long.class, long.class, long.class));
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    public static long mix(long a, long b) {
        final long x = (a ^ b) * 0x9e3779b97f4a7c15L;
        return x ^ x >>> 29;
    }

    private static int at(int[] array, int i) {
        return array[i];
    }

    /** Implicit checks: the JVM gets a SIGSEGV or SIGFPE and makes an exception of it. */
    private static long faults(int seed) {
        final int[] array = {1, 2, 3, seed};
        long caught = 0;
        for (int i = 0; i < 60; i++) {
            try {
                caught += at(i % 3 == 0 ? null : array, i % 5);
            } catch (NullPointerException e) {
                caught += 100;
            } catch (ArrayIndexOutOfBoundsException e) {
                caught += 10_000;
            }
            try {
                caught += seed / (i % 4);
            } catch (ArithmeticException e) {
                caught += 1_000_000;
            }
        }
        return caught;
    }

    private static int descend(int depth) {
        return depth == Integer.MIN_VALUE ? depth : 1 + descend(depth + 1);
    }

    private static long overflow() {
        try {
            return descend(0);
        } catch (StackOverflowError e) {
            return 7;
        }
    }

    private static long fibonacci(int n) {
        return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
    }

    private static long compress(int seed) throws Exception {
        final byte[] plain = new byte[6000];
        for (int i = 0; i < plain.length; i++) {
            plain[i] = (byte) (i * seed >> 3);
        }
        final byte[] packed = new byte[8000];
        final byte[] again = new byte[plain.length];
        final Deflater deflater = new Deflater();
        deflater.setInput(plain);
        deflater.finish();
        final int count = deflater.deflate(packed);
        deflater.end();
        final Inflater inflater = new Inflater();
        inflater.setInput(packed, 0, count);
        inflater.inflate(again);
        inflater.end();
        if (!Arrays.equals(plain, again)) {
            throw new AssertionError("inflated is not what was deflated");
        }
        final CRC32 crc = new CRC32();
        crc.update(again);
        return crc.getValue();
    }

    private static long collections(int seed) {
        final Map<String, Integer> map = new HashMap<>();
        final List<String> names = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            final String name = "name-" + (i * seed % 97);
            names.add(name);
            map.merge(name, i, Integer::sum);
        }
        names.sort(String::compareTo);
        return names.stream().mapToLong(name -> map.get(name) ^ name.hashCode()).sum();
    }

    private static long locked(int seed) {
        long mine = 0;
        for (int i = 0; i < 50; i++) {
            synchronized (MONITOR) {
                shared += 1;
                mine += seed;
            }
        }
        return mine;
    }

    /** The same for the same seed, whatever happened before. */
    static long round(int seed) throws Throwable {
        long sum = mix(seed, faults(seed));
        sum = mix(sum, fibonacci(12));
        sum = mix(sum, compress(seed));
        sum = (long) MIX.invokeExact(sum, collections(seed));
        sum = mix(sum, locked(seed));
        sum = mix(sum, (Long) Checked.class.getMethod("mix", long.class, long.class)
            .invoke(null, sum, (long) seed));
        return seed % 16 == 0 ? mix(sum, overflow()) : sum;
    }

    private static final class Worker extends Thread {
        private final int first;
        private final int rounds;
        private long sum;
        private Throwable failure;

        Worker(int number, int rounds) {
            super("worker-" + number);
            this.first = number * 1000;
            this.rounds = rounds;
        }

        @Override
        public void run() {
            try {
                for (int i = 0; i < rounds; i++) {
                    sum = mix(sum, round(first + i));
                }
                final long again = rounds == 0 ? round(first) : 0;
                while (rounds == 0 && !isTold) {
                    if (round(first) != again) {
                        throw new AssertionError("a round gave another answer");
                    }
                }
            } catch (Throwable e) {
                failure = e;
            }
        }
    }

    private static long work(int rounds) throws Exception {
        final Worker[] workers = new Worker[THREADS];
        long answer = 0;
        for (int i = 0; i < THREADS; i++) {
            workers[i] = new Worker(i, rounds);
            workers[i].start();
        }
        for (final Worker worker : workers) {
            worker.join();
            if (worker.failure != null) {
                throw new AssertionError(worker.failure);
            }
            answer = mix(answer, worker.sum);
        }
        if (shared % 50 != 0) {
            throw new AssertionError("a monitor let two threads in");
        }
        return answer;
    }

    private static void await() {
        try {
            new BufferedReader(new InputStreamReader(System.in)).readLine();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        isTold = true;
    }

    public static void main(String[] args) throws Exception {
        System.out.println("ready");
        final long begin = System.nanoTime();
        final boolean waits = args[0].equals("told");
        if (waits) {
            final Thread teller = new Thread(Checked::await, "teller");
            teller.setDaemon(true);
            teller.start();
        }
        final long answer = work(waits ? 0 : Integer.parseInt(args[0]));
        System.out.println("{\"answer\": \"" + answer + "\", \"millis\": "
            + (System.nanoTime() - begin) / 1_000_000 + "}");
    }
}
