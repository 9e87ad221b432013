package programs;

import java.io.IOException;

/** Work without end that says once a second how far it is, until standard input says "quit". */
final class Beat {
    @FunctionalInterface
    interface Work {
        /** Does a bit, some milliseconds; answers how many units that was. */
        long step() throws Exception;
    }

    private static volatile boolean isOver;

    private Beat() {}

    private static void awaitQuit() {
        try {
            for (int c = 0; c >= 0 && c != '\n';) {
                c = System.in.read();
            }
        } catch (IOException e) {
            // as good as an end
        }
        isOver = true;
    }

    static void run(Work work) throws Exception {
        var listener = new Thread(Beat::awaitQuit, "listener");
        listener.setDaemon(true);
        listener.start();
        System.out.println("beat 0");
        long units = 0;
        long next = System.nanoTime();
        while (!isOver) {
            units += work.step();
            if (System.nanoTime() >= next) {
                System.out.println("beat " + units);
                next += 1_000_000_000L;
            }
        }
        System.out.println("over " + units);
    }
}
