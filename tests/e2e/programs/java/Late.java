/**
 * A thread that is late to safepoints: a counted loop that asks for none until it is through, beside
 * one that collects.
 *
 * <p>"ready" when the loop is compiled and long; a line begins the collections; then {"collections",
 * "begin_ns", "end_ns"} with times of System.nanoTime(). "!" ends the program.
 */
public final class Late {
    private static final int COLLECTIONS = 12;
    private static final long LONG_NS = 120_000_000L;
    private static volatile int sink;
    private static volatile boolean isWarm;

    private static int spin(int rounds) {
        int x = 1;
        for (int i = 0; i < rounds; i++) {
            x = x * 31 + (i ^ x >>> 3);
        }
        return x;
    }

    /** So many rounds that one call takes long, as it runs when it is compiled. */
    private static int calibrate() {
        for (int i = 0; i < 20_000; i++) {
            sink = spin(1_000);
        }
        int rounds = 1 << 20;
        while (true) {
            long begin = System.nanoTime();
            sink = spin(rounds);
            if (System.nanoTime() - begin >= LONG_NS || rounds == 1 << 30) {
                return rounds;
            }
            rounds *= 2;
        }
    }

    private static void run() {
        int rounds = calibrate();
        isWarm = true;
        while (true) {
            sink = spin(rounds);
        }
    }

    public static void main(String[] args) throws Exception {
        Thread late = new Thread(Late::run, "late-1");
        late.setDaemon(true);
        late.start();
        while (!isWarm) {
            Thread.sleep(1);
        }
        System.out.println("ready");
        Input.await('\n');
        long begin = System.nanoTime();
        for (int i = 0; i < COLLECTIONS; i++) {
            System.gc();
        }
        System.out.println("{\"collections\": " + COLLECTIONS + ", \"begin_ns\": " + begin
                + ", \"end_ns\": " + System.nanoTime() + "}");
        Input.await('!');
    }
}
