import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Virtual threads with names of every kind, that burn CPU, leave garbage behind and park:
 *
 * <pre>java Named</pre>
 *
 * <p>"ready" once all run; then a line of JSON, the id of each by what its name is like; "!" ends the
 * program. The one called "step" changes its name each time it goes on.
 */
public final class Named {
    private static final int POOL = 8;
    private static final long PARK_NS = 200_000;
    private static final AtomicInteger BEGUN = new AtomicInteger();
    private static final StringBuilder ids = new StringBuilder();
    private static volatile boolean isOver;
    private static volatile Object garbage;
    private static volatile long sink;

    private static void work(Runnable before) {
        long x = 1;
        BEGUN.incrementAndGet();
        while (!isOver) {
            before.run();
            for (int i = 0; i < 100_000; i++) {
                x = x * 31 + (x >>> 7);
            }
            byte[][] dropped = new byte[20][];
            for (int i = 0; i < dropped.length; i++) {
                dropped[i] = new byte[4000];
            }
            garbage = dropped;
            LockSupport.parkNanos(PARK_NS);
        }
        sink = x;
    }

    /** By reflection: the oldest JDK from 17 on compiles this. */
    private static void start(String key, String name, Runnable before) throws Exception {
        Class<?> type = Class.forName("java.lang.Thread$Builder");
        Object builder = Thread.class.getMethod("ofVirtual").invoke(null);
        if (name != null) {
            builder = type.getMethod("name", String.class).invoke(builder, name);
        }
        Runnable work = () -> work(before);
        Thread thread = (Thread) type.getMethod("unstarted", Runnable.class).invoke(builder, work);
        ids.append(ids.length() == 0 ? "{" : ", ").append('"').append(key).append("\": ").append(thread.getId());
        thread.start();
    }

    private static void rename(int[] count) {
        Thread.currentThread().setName("step-" + count[0]++ % 3);
    }

    public static void main(String[] args) throws Exception {
        for (int i = 0; i < POOL; i++) {
            start("orders-" + i, "orders-" + i, () -> { });
        }
        start("unnamed", null, () -> { });
        start("long", "n".repeat(200), () -> { });
        start("wide", "\u0437\u0430\u043a\u0430\u0437-\ud83d\ude00-1", () -> { });
        int[] count = {0};
        start("step", "step-0", () -> rename(count));
        while (BEGUN.get() < POOL + 4) {
            Thread.sleep(1);
        }
        System.out.println("ready");
        System.out.println(ids.append('}'));
        Input.await('!');
        isOver = true;
    }
}
