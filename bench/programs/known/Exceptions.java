package programs.known;

/** Exceptions thrown deep and caught far up, with a rethrow and a finally on the way. */
final class Exceptions implements Runnable {
    private static final int DEPTH = 60;

    private static final class Failure extends RuntimeException {
        private static final long serialVersionUID = 1;

        Failure(String text) {
            super(text);
        }
    }

    private static int passed;

    private static long e0(int left) {
        return e1(left - 1) + 1;
    }

    private static long e1(int left) {
        try {
            return e2(left - 1) + 1;
        } finally {
            passed++;
        }
    }

    private static long e2(int left) {
        if (left <= 0) {
            raise(left);
        }
        return e3(left - 1) + 1;
    }

    private static long e3(int left) {
        try {
            return e0(left - 1) + 1;
        } catch (Failure failure) {
            passed += failure.getMessage().length();
            throw failure;
        }
    }

    private static void raise(int left) {
        throw new Failure("at the bottom");
    }

    private static long top(long x) {
        try {
            return e0(DEPTH);
        } catch (Failure failure) {
            return x + passed;
        }
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
        new Known(Exceptions.class)
                .calls("run", "top", "e0", "e1", "e2", "e3", "e0")
                .calls("e2", "raise", "Exceptions$Failure.<init>")
                .depth("raise", DEPTH + 5)
                .leaves("top", "e0", "e1", "e2", "raise")
                .leaf("e3", "(java\\.lang\\.Throwable\\.getMessage|java\\.lang\\.String\\.length(;" + Known.JDK
                        + ")?)?")
                .leaf("Exceptions$Failure.<init>", "(java\\.lang\\.RuntimeException\\.<init>(;"
                        + "java\\.lang\\.(Exception|Throwable|Object)\\.[^;]*)*)?")
                .run(2, new Exceptions());
    }
}
