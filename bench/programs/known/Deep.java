package programs.known;

/** 500 frames of seven methods in turn: a frame that is missing shows in the order or in the depth. */
final class Deep implements Runnable {
    private static final int DEPTH = 500;

    private static long d0(int left, long x) {
        return left == 0 ? Work.burn(x) : d1(left - 1, x) + 1;
    }

    private static long d1(int left, long x) {
        return left == 0 ? Work.burn(x) : d2(left - 1, x) + 1;
    }

    private static long d2(int left, long x) {
        return left == 0 ? Work.burn(x) : d3(left - 1, x) + 1;
    }

    private static long d3(int left, long x) {
        return left == 0 ? Work.burn(x) : d4(left - 1, x) + 1;
    }

    private static long d4(int left, long x) {
        return left == 0 ? Work.burn(x) : d5(left - 1, x) + 1;
    }

    private static long d5(int left, long x) {
        return left == 0 ? Work.burn(x) : d6(left - 1, x) + 1;
    }

    private static long d6(int left, long x) {
        return left == 0 ? Work.burn(x) : d0(left - 1, x) + 1;
    }

    @Override
    public void run() {
        long sum = 0;
        while (!Known.isOver()) {
            sum += d0(DEPTH, sum);
        }
        Work.sink = sum;
    }

    public static void main(String[] arguments) throws Exception {
        Known.loadPeer(arguments);
        new Known(Deep.class)
                .calls("run", "d0", "d1", "d2", "d3", "d4", "d5", "d6", "d0")
                .calls("d" + DEPTH % 7, "Work.burn")
                .depth("Work.burn", DEPTH + 2)
                .leaves("run", "d0", "d1", "d2", "d3", "d4", "d5", "d6", "Work.burn")
                .run(2, new Deep());
    }
}
