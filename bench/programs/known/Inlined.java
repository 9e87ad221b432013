package programs.known;

/** Methods so small that C2 makes one of them all, each with work of its own. */
final class Inlined implements Runnable {
    private static long a(long x) {
        return b(x ^ 0x55) * 31;
    }

    private static long b(long x) {
        return (x & 8) == 0 ? c(x + 3) : d(x - 3);
    }

    private static long c(long x) {
        return d(x * 7) + (x >>> 3);
    }

    private static long d(long x) {
        return e(x) % 1_000_003 + f(x);
    }

    private static long e(long x) {
        return f(x / 13) ^ x;
    }

    private static long f(long x) {
        long y = x;
        for (int i = 0; i < 5; i++) {
            y += (y << 5) ^ y / 7;
        }
        return y;
    }

    private static long loop(long seed) {
        long x = seed;
        for (int i = 0; i < 10_000; i++) {
            x += a(x);
        }
        return x;
    }

    @Override
    public void run() {
        long sum = 0;
        while (!Known.isOver()) {
            sum += loop(sum);
        }
        Work.sink = sum;
    }

    public static void main(String[] arguments) throws Exception {
        Known.loadPeer(arguments);
        new Known(Inlined.class)
                .calls("run", "loop", "a", "b", "c", "d", "e", "f")
                .calls("b", "d", "f")
                .leaves("run", "loop", "a", "b", "c", "d", "e", "f")
                .run(2, new Inlined());
    }
}
