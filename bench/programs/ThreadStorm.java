package programs;

import java.util.ArrayDeque;

/** Starts so many threads a second; each works a little, some wait for one lock, and ends. */
public final class ThreadStorm {
    private static final int ALIVE = 50;
    private static final Object LOCK = new Object();
    private static volatile long sink;

    private ThreadStorm() {}

    private static void work(int number) {
        long sum = number;
        for (int i = 0; i < 20_000; i++) {
            sum = sum * 31 + i;
        }
        if (number % 4 == 0) {
            synchronized (LOCK) {
                sink += sum;
            }
        }
    }

    public static void main(String[] arguments) throws Exception {
        int perSecond = Integer.parseInt(arguments[0]);
        var alive = new ArrayDeque<Thread>();
        var started = new int[1];
        long began = System.nanoTime();
        Beat.run(() -> {
            long due = (System.nanoTime() - began) / 1_000_000 * perSecond / 1000;
            if (started[0] >= due) {
                Thread.sleep(1);
                return 0;
            }
            int number = started[0]++;
            var thread = new Thread(() -> work(number), "storm-" + number % 16);
            thread.start();
            alive.add(thread);
            while (alive.size() > ALIVE) {
                alive.remove().join();
            }
            return 1;
        });
    }
}
