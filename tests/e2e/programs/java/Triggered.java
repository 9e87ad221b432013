import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;

/**
 * Burns CPU and fills its heap when it is told: "early MS", "late MS" (of CPU, in methods of that
 * name), "fill PERCENT" (of the heap's maximum, kept), "free", "end". Answers each with a line.
 */
final class Triggered {
    private static final List<byte[]> KEPT = new ArrayList<>();
    private static volatile long sink;

    private static long cpuNanos() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }

    private static void turn() {
        long x = sink;
        for (int i = 0; i < 50_000; i++) {
            x = x * 6364136223846793005L + 1442695040888963407L;
        }
        sink = x;
    }

    private static void early(long millis) {
        final long end = cpuNanos() + millis * 1_000_000;
        while (cpuNanos() < end) {
            turn();
        }
    }

    private static void late(long millis) {
        final long end = cpuNanos() + millis * 1_000_000;
        while (cpuNanos() < end) {
            turn();
        }
    }

    private static void fill(long percent) {
        final long most = Runtime.getRuntime().maxMemory();
        while (ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() < most / 100 * percent) {
            KEPT.add(new byte[64 * 1024]);
        }
    }

    public static void main(String[] args) throws Exception {
        final BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        System.out.println("ready");
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            final String[] words = line.split(" ");
            final long amount = words.length > 1 ? Long.parseLong(words[1]) : 0;
            switch (words[0]) {
                case "early":
                    early(amount);
                    break;
                case "late":
                    late(amount);
                    break;
                case "fill":
                    fill(amount);
                    break;
                case "free":
                    KEPT.clear();
                    System.gc();
                    break;
                default:
                    return;
            }
            System.out.println("{\"done\":true}");
        }
    }
}
