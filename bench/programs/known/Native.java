package programs.known;

/** Java calls C calls Java, some levels deep, and works now here, now there. */
final class Native implements Runnable {
    private static final int LEVELS = 5;

    /** Calls {@link #back} with the same arguments. */
    private static native long enter(int left, long x);

    /** Works in C. */
    private static native long spin(long x);

    private static long back(int left, long x) {
        if (left > 0) {
            return enter(left - 1, x) + 1;
        }
        return (x & 1) == 0 ? Work.burn(x) : spin(x);
    }

    @Override
    public void run() {
        long sum = 0;
        for (long x = 0; !Known.isOver(); x++) {
            sum += enter(LEVELS, x);
        }
        Work.sink = sum;
    }

    public static void main(String[] arguments) throws Exception {
        System.loadLibrary("known");
        Known.loadPeer(arguments);
        new Known(Native.class)
                .calls("run", "enter", "back", "enter")
                .calls("back", "Work.burn")
                .calls("back", "spin")
                .depth("Work.burn", 2 * LEVELS + 3)
                .depth("spin", 2 * LEVELS + 3)
                .leaves("run", "enter", "back", "spin", "Work.burn")
                .run(2, new Native());
    }
}
