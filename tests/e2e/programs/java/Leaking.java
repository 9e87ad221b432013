import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Leaks, and beside it keeps the latest of something; collects all the time. "ready"; a line in ends
 * it.
 */
public final class Leaking {
    private static final int ROUND_MILLIS = 50;
    private static final int ROUND = 4000;
    private static final int LATEST = 8000;

    static final List<Leaked> KEPT = new ArrayList<>();
    static final Deque<Latest> LATEST_ONES = new ArrayDeque<>();

    private Leaking() {
    }

    static class Thing {
        long a;
        long b;
        long c;
        long d;
    }

    static final class Leaked extends Thing {
    }

    static final class Latest extends Thing {
    }

    static void leak() {
        for (int i = 0; i < ROUND; i++) {
            KEPT.add(new Leaked());
        }
    }

    static void work() {
        for (int i = 0; i < ROUND; i++) {
            LATEST_ONES.add(new Latest());
            if (LATEST_ONES.size() > LATEST) {
                LATEST_ONES.poll();
            }
        }
    }

    private static void run() {
        try {
            while (!Thread.interrupted()) {
                leak();
                work();
                System.gc();
                Thread.sleep(ROUND_MILLIS);
            }
        } catch (InterruptedException e) {
            KEPT.clear();
        }
    }

    public static void main(String[] words) throws Exception {
        Thread leaker = new Thread(Leaking::run, "leaker");
        leaker.setDaemon(true);
        leaker.start();
        System.out.println("ready");
        System.in.read();
    }
}
