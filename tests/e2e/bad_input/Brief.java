import java.lang.management.ManagementFactory;

/**
 * Computes for -Dms=N milliseconds, or -Dcpu=N of its thread's CPU, and says when it was done:
 * "ran NANOSECONDS", monotonic.
 */
public final class Brief {
    private static volatile long sink;

    private static void compute(int times) {
        for (int i = 0; i < times; i++) {
            sink = sink * 31 + 1;
        }
    }

    public static void main(String[] args) {
        final Long cpu = Long.getLong("cpu");
        if (cpu != null) {
            while (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() < cpu * 1_000_000) {
                compute(100_000);
            }
        } else {
            final long end = System.nanoTime() + Long.getLong("ms", 1) * 1_000_000;
            while (System.nanoTime() < end) {
                compute(1);
            }
        }
        System.out.println("ran " + System.nanoTime());
    }
}
