package programs.known;

/**
 * Recursions that end in a StackOverflowError and a NullPointerException at each return: the JVM
 * learns of both by a fault, and works in its handler, on the thread's own stack.
 */
final class Overflows implements Runnable {
    private static int caught;
    private static String nothing;

    /* Large frames: an overflow is some hundred calls away. */
    private static long o0(long a, long b, long c, long d, long e, long f, long g, long h, long i, long j) {
        long sum = o1(b, c, d, e, f, g, h, i, j, a + 1) + a * b + c * d + e * f + g * h + i * j;
        return sum + a + b + c + d + e + f + g + h + i + j;
    }

    private static long o1(long a, long b, long c, long d, long e, long f, long g, long h, long i, long j) {
        long sum = o0(b, c, d, e, f, g, h, i, j, a + 1) + a * b + c * d + e * f + g * h + i * j;
        return sum + a + b + c + d + e + f + g + h + i + j;
    }

    private static int missing(int n) {
        try {
            return nothing.length() + n;
        } catch (NullPointerException expected) {
            return caught++;
        }
    }

    private static long top(long x) {
        try {
            return o0(x, 1, 2, 3, 4, 5, 6, 7, 8, 9);
        } catch (StackOverflowError expected) {
            caught++;
        }
        long sum = x;
        for (int i = 0; i < 100; i++) {
            sum += missing(i);
        }
        return sum;
    }

    @Override
    public void run() {
        long sum = 0;
        while (!Known.isOver()) {
            sum += top(sum);
        }
        Work.sink = sum;
    }

    public static void main(String[] arguments) throws Exception {
        Known.loadPeer(arguments);
        String thrown = "(java\\.lang\\.(Virtual)?[A-Za-z]*(Error|Exception|Throwable|Object)\\.[^;]*(;|$))*";
        new Known(Overflows.class)
                .calls("run", "top", "o0", "o1", "o0")
                .calls("top", "missing")
                .leaf("top", thrown)
                .leaf("o0", thrown)
                .leaf("o1", thrown)
                .leaf("missing", thrown)
                .leaves("run")
                .run(2, new Overflows());
    }
}
