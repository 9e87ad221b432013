import java.io.BufferedReader;
import java.io.InputStreamReader;

/**
 * Threads that overflow their stacks again and again, and compute just before the end of them. Half
 * have the smallest stack that the JVM gives.
 *
 * <p>"ready"; a line ends it, {"overflows", "wrong"}: wrong counts frames that were entered and not
 * left, and sums that are not those of a plain loop.
 */
public final class Deep {
    private static final int THREADS = 4;
    private static final long SMALL_STACK_BYTES = 1;
    private static volatile boolean isOver;

    private static long mix(long x, int i) {
        return (x ^ x >>> 29) * 0x9e3779b97f4a7c15L + i;
    }

    private static long compute(long seed) {
        long x = seed;
        for (int i = 0; i < 200; i++) {
            x = mix(x, i);
        }
        return x;
    }

    private static final class Diver extends Thread {
        private final int number;
        private final long right;
        private long entered;
        private long left;
        private long overflows;
        private long wrong;

        Diver(int number) {
            super(null, null, "diver-" + number, number % 2 == 0 ? 0 : SMALL_STACK_BYTES);
            this.number = number;
            this.right = compute(number);
        }

        /** Small frames: the compiler puts some into one. */
        private void dive() {
            entered++;
            try {
                dive();
            } finally {
                left++;
            }
        }

        /** Large frames, and work in each. */
        private long diveAndCompute(long a, long b, long c, double d, double e) {
            entered++;
            try {
                wrong += compute(number) == right ? 0 : 1;
                return diveAndCompute(b, c, a + 1, e, d * 0.5) + a + (long) d;
            } finally {
                left++;
            }
        }

        private void overflow(boolean isPlain) {
            try {
                if (isPlain) {
                    dive();
                } else {
                    diveAndCompute(1, 2, 3, 4, 5);
                }
            } catch (StackOverflowError error) {
                overflows++;
            }
        }

        @Override
        public void run() {
            while (!isOver) {
                overflow(overflows % 2 == 0);
                wrong += compute(number) == right ? 0 : 1;
                wrong += Math.abs(entered - left);
            }
        }
    }

    public static void main(String[] args) throws Exception {
        final Diver[] divers = new Diver[THREADS];
        for (int i = 0; i < THREADS; i++) {
            divers[i] = new Diver(i);
            divers[i].start();
        }
        System.out.println("ready");
        new BufferedReader(new InputStreamReader(System.in)).readLine();
        isOver = true;
        long overflows = 0;
        long wrong = 0;
        for (final Diver diver : divers) {
            diver.join();
            overflows += diver.overflows;
            wrong += diver.wrong;
        }
        System.out.println("{\"overflows\": " + overflows + ", \"wrong\": " + wrong + "}");
    }
}
