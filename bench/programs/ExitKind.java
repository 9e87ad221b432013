package programs;

import java.util.ArrayList;
import java.util.List;

/**
 * Lives so many milliseconds, with some work, contention and garbage, says "going" and ends:
 * ExitKind return|exit|halt|sigterm|oom MILLISECONDS. For sigterm it waits for the signal.
 */
public final class ExitKind {
    private static volatile long sink;

    private ExitKind() {}

    private static synchronized void spin(int count) {
        for (int i = 0; i < count; i++) {
            sink += new byte[64].length + i;
        }
    }

    private static void fillHeap() {
        List<long[]> all = new ArrayList<>();
        while (true) {
            all.add(new long[64 * 1024]);
        }
    }

    public static void main(String[] arguments) throws Exception {
        var helper = new Thread(() -> {
            while (true) {
                spin(1000);
            }
        }, "helper");
        helper.setDaemon(true);
        helper.start();
        long end = System.nanoTime() + Long.parseLong(arguments[1]) * 1_000_000;
        while (System.nanoTime() < end) {
            spin(1000);
        }
        System.out.println("going");
        switch (arguments[0]) {
            case "return" -> { }
            case "exit" -> System.exit(7);
            case "halt" -> Runtime.getRuntime().halt(9);
            case "sigterm" -> Thread.sleep(60_000);
            case "oom" -> fillHeap();
            default -> throw new IllegalArgumentException(arguments[0]);
        }
    }
}
