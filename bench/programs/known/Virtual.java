package programs.known;

import java.util.concurrent.locks.LockSupport;

/** Virtual threads that recurse 20 deep, park there and work on: their callers are then frozen. */
final class Virtual implements Runnable {
    private static final int THREADS = 50;
    private static final int DEPTH = 20;
    private static final long PARK_NS = 2_000_000;
    private static final String CARRIER =
            "java\\.util\\.concurrent\\.ForkJoinWorkerThread\\.run(;(java|jdk)\\.[^;]*)*";

    private static long r0(int left) {
        return left == 0 ? work() : r1(left - 1) + 1;
    }

    private static long r1(int left) {
        return left == 0 ? work() : r2(left - 1) + 1;
    }

    private static long r2(int left) {
        return left == 0 ? work() : r0(left - 1) + 1;
    }

    private static long work() {
        long x = 0;
        while (!Known.isOver()) {
            LockSupport.parkNanos(PARK_NS);
            for (int i = 0; i < 100; i++) {
                x += Work.burn(x);
            }
        }
        return x;
    }

    @Override
    public void run() {
        Work.sink += r0(DEPTH);
    }

    public static void main(String[] arguments) throws Exception {
        Known.loadPeer(arguments);
        // by reflection: what compiles this may be a JDK 17
        var start = Thread.class.getMethod("startVirtualThread", Runnable.class);
        for (int i = 0; i < THREADS; i++) {
            start.invoke(null, new Virtual());
        }
        new Known(Virtual.class)
                .worker("(virtual on )?(ForkJoinPool-[^-]*-worker.*|worker-.*)")
                .root("run", "(" + CARRIER + ";)?((java|jdk)\\.[^;]*;)*java\\.lang\\.VirtualThread\\.run"
                        + "(;java\\.lang\\.(Virtual)?Thread\\.runWith)?")
                .calls("run", "r0", "r1", "r2", "r0")
                .calls("r" + DEPTH % 3, "work", "Work.burn")
                .depth("work", DEPTH + 2)
                .leaf("work", "(java\\.util\\.concurrent\\.locks\\.LockSupport\\.parkNanos(;" + Known.JDK + ")?)?")
                .leaves("Work.burn")
                .idle("(?!.*(Continuation\\.(enter|yield)|VirtualThread\\.run)(;|$))" + CARRIER)
                .obey();
    }
}
