/** Computes for -Dms=N milliseconds and says when it was done: "ran NANOSECONDS", monotonic. */
public final class Brief {
    private static volatile long sink;

    public static void main(String[] args) {
        final long end = System.nanoTime() + Long.getLong("ms", 1) * 1_000_000;
        while (System.nanoTime() < end) {
            sink = sink * 31 + 1;
        }
        System.out.println("ran " + System.nanoTime());
    }
}
