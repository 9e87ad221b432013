package programs.known;

/** Some work without calls, long against the call that leads to it. */
final class Work {
    private static final int ROUNDS = 20_000;
    /** Keeps what was computed alive. */
    static volatile long sink;

    private Work() {}

    /** About 40 microseconds, compiled. */
    static long burn(long seed) {
        long x = seed;
        for (int i = 0; i < ROUNDS; i++) {
            x = x * 31 + (x >>> 7) ^ i;
        }
        return x;
    }
}
