import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Requests of a few methods, one of which can be slowed by a share of its own work.
 *
 * <pre>java Slowed PERCENT THREADS</pre>
 *
 * <p>"ready"; each line in is a number of milliseconds for which all threads work, and out comes
 * {"requests": ...} of that time; the line "end" ends the program.
 */
public final class Slowed {
    private static volatile long sink;

    private Slowed() {
    }

    public static void main(String[] args) throws Exception {
        int percent = Integer.parseInt(args[0]);
        int threads = Integer.parseInt(args[1]);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        System.out.println("ready");
        for (String line = in.readLine(); !"end".equals(line); line = in.readLine()) {
            System.out.println("{\"requests\": " + work(Long.parseLong(line), percent, threads) + "}");
        }
    }

    private static long work(long ms, int percent, int threads) throws InterruptedException {
        long end = System.nanoTime() + ms * 1_000_000;
        AtomicLong requests = new AtomicLong();
        List<Thread> all = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            Thread thread = new Thread(() -> {
                long count = 0;
                while (System.nanoTime() < end) {
                    sink = request(percent);
                    count++;
                }
                requests.addAndGet(count);
            }, "slowed-" + i);
            all.add(thread);
            thread.start();
        }
        for (Thread thread : all) {
            thread.join();
        }
        return requests.get();
    }

    private static long request(int percent) {
        return slowed(400_000 + 4_000 * percent) + steady(180_000) + other(90_000) + small(30_000);
    }

    private static long slowed(int rounds) {
        long hash = 1469598103934665603L;
        for (int i = 0; i < rounds; i++) {
            hash = (hash ^ i) * 1099511628211L;
        }
        return hash;
    }

    private static long steady(int rounds) {
        long hash = 7;
        for (int i = 0; i < rounds; i++) {
            hash = hash * 6364136223846793005L + 1442695040888963407L;
            hash ^= hash >>> 29;
        }
        return hash;
    }

    private static long other(int rounds) {
        double sum = 0;
        for (int i = 1; i < rounds; i++) {
            sum += Math.sqrt(i) / (i + 0.5);
        }
        return (long) sum;
    }

    private static long small(int rounds) {
        int crc = ~0;
        for (int i = 0; i < rounds; i++) {
            crc = (crc >>> 1) ^ (0xEDB88320 & -(crc & 1)) ^ i;
        }
        return crc;
    }
}
