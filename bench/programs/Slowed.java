package programs;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32;

/**
 * Requests of a dozen methods, one of which, {@code hash}, can be slowed by a share of its own work. For scripts/bench diff,
 * and for the test e2e.diff.
 *
 * <pre>java programs.Slowed PERCENT THREADS</pre>
 *
 * <p>"ready"; each line in is a number of milliseconds for which all threads work, and out comes
 * {"requests": ...} of that time; the line "slow PERCENT" has hash slowed from then on, by the same compiled code; the
 * line "end" ends the program.
 */
public final class Slowed {
    private static volatile long sink;
    private int hashRounds;

    private Slowed(int percent) {
        slow(percent);
    }

    private void slow(int percent) {
        hashRounds = 4_000 * (100 + percent) / 100;
    }

    public static void main(String[] args) throws Exception {
        var program = new Slowed(Integer.parseInt(args[0]));
        int threads = Integer.parseInt(args[1]);
        var in = new BufferedReader(new InputStreamReader(System.in));
        System.out.println("ready");
        for (String line = in.readLine(); line != null && !line.equals("end"); line = in.readLine()) {
            if (line.startsWith("slow ")) {
                program.slow(Integer.parseInt(line.substring("slow ".length())));
            } else {
                System.out.println("{\"requests\": " + program.work(Long.parseLong(line), threads) + "}");
            }
        }
    }

    private long work(long ms, int threads) throws InterruptedException {
        long end = System.nanoTime() + ms * 1_000_000;
        var requests = new AtomicLong();
        List<Thread> all = new ArrayList<>();
        for (int i = 0; i < threads; i++) {
            var thread = new Thread(() -> {
                long count = 0;
                while (System.nanoTime() < end) {
                    sink = request(count);
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

    private long request(long number) {
        return receive(number) + answer(number);
    }

    private long receive(long number) {
        return parse(number) + check(number);
    }

    private long answer(long number) {
        return hash(number) + price(number) + text(number).length() + sum(number);
    }

    private long hash(long number) {
        long hash = number;
        for (int i = 0; i < hashRounds; i++) {
            hash = (hash ^ i) * 1099511628211L;
        }
        return hash;
    }

    private static long price(long number) {
        double total = number;
        for (int i = 1; i < 900; i++) {
            total += Math.sqrt(i) / (i + 0.5);
        }
        return (long) total;
    }

    private static long sum(long number) {
        long[] values = new long[256];
        for (int i = 0; i < values.length; i++) {
            values[i] = (number * 31 + i * 7919L) % 1009;
        }
        return sorted(values)[100];
    }

    private static long[] sorted(long[] values) {
        for (int i = 1; i < 40; i++) {
            long value = values[i];
            int at = i;
            while (at > 0 && values[at - 1] > value) {
                values[at] = values[--at];
            }
            values[at] = value;
        }
        return values;
    }

    private static String text(long number) {
        var text = new StringBuilder(64);
        for (int i = 0; i < 12; i++) {
            text.append(number + i).append('-');
        }
        return text.toString();
    }

    private static long parse(long number) {
        long parsed = 0;
        String digits = Long.toString(number + 1_000_000_000_000L);
        for (int i = 0; i < 20; i++) {
            parsed += Long.parseLong(digits);
        }
        return parsed;
    }

    private static long check(long number) {
        var crc = new CRC32();
        byte[] bytes = new byte[512];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (number >>> (i % 8));
        }
        crc.update(bytes);
        return crc.getValue();
    }
}
