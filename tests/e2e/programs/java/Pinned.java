import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Virtual threads that park and leave their carriers, and some that cannot: below a native method
 * that called Java back (a reflective call, with jdk.reflect.useNativeAccessorOnly), and in class
 * initialisers. Each of them parks once, until it is let go.
 *
 * <pre>java -Djdk.reflect.useNativeAccessorOnly=true Pinned FREE NATIVE</pre>
 *
 * <p>A line in starts the work: carriers must be as many as those that park and cannot leave. A
 * second one, when all of them are parked, lets them go after {@link #HOLD_MS}. Out comes {"made":
 * virtual threads, "native": {"parks", "own_ns"}, "initialisers": ..., "lock": ...}, own being the
 * time that they took by their own watch; "!" ends the program.
 */
public final class Pinned {
    static final long HOLD_MS = 20;
    static final AtomicLong NATIVE_NS = new AtomicLong();
    static final AtomicLong INITIALISERS_NS = new AtomicLong();
    static final AtomicLong LOCK_NS = new AtomicLong();
    static final ReentrantLock LOCK = new ReentrantLock();
    static volatile boolean isLetGo;

    /** Initialised by a virtual thread. */
    static final class First {
        static {
            Pinned.pause(INITIALISERS_NS);
        }

        static void touch() {
        }
    }

    /** Initialised by another. */
    static final class Second {
        static {
            Pinned.pause(INITIALISERS_NS);
        }

        static void touch() {
        }
    }

    private Pinned() {
    }

    static void pause(AtomicLong sum) {
        long from = System.nanoTime();
        LockSupport.park();
        if (!isLetGo) {
            throw new IllegalStateException("woken before its time: its parks cannot be counted");
        }
        sum.addAndGet(System.nanoTime() - from);
    }

    public static void held() {
        pause(NATIVE_NS);
    }

    public static void locked() {
        long from = System.nanoTime();
        LOCK.lock();
        LOCK_NS.addAndGet(System.nanoTime() - from);
        LOCK.unlock();
    }

    /** By a native method: its frame stands between. */
    private static void call(Method method) {
        try {
            method.invoke(null);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void skipLine() throws Exception {
        Input.await('\n');
    }

    private static String sums(String name, int parks, AtomicLong ownNs) {
        return ", \"" + name + "\": {\"parks\": " + parks + ", \"own_ns\": " + ownNs + "}";
    }

    public static void main(String[] args) throws Exception {
        int free = Integer.parseInt(args[0]);
        int natives = Integer.parseInt(args[1]);
        /* By reflection: the oldest JDK from 17 on compiles this. */
        Method start = Thread.class.getMethod("startVirtualThread", Runnable.class);
        Method held = Pinned.class.getMethod("held");
        Method locked = Pinned.class.getMethod("locked");
        List<Runnable> tasks = new ArrayList<>();
        for (int i = 0; i < free; i++) {
            tasks.add(() -> LockSupport.parkNanos(HOLD_MS * 1_000_000));
        }
        for (int i = 0; i < natives; i++) {
            tasks.add(() -> call(held));
        }
        tasks.add(() -> call(locked));
        tasks.add(First::touch);
        tasks.add(Second::touch);
        List<Thread> threads = new ArrayList<>();
        System.out.println("ready");
        skipLine();
        LOCK.lock();
        for (Runnable task : tasks) {
            threads.add((Thread) start.invoke(null, task));
        }
        skipLine();
        Thread.sleep(HOLD_MS);
        isLetGo = true;
        LOCK.unlock();
        for (Thread thread : threads.subList(free, free + natives)) {
            LockSupport.unpark(thread);
        }
        LockSupport.unpark(threads.get(threads.size() - 2));
        LockSupport.unpark(threads.get(threads.size() - 1));
        for (Thread thread : threads) {
            thread.join();
        }
        System.out.println("{\"made\": " + threads.size() + sums("native", natives, NATIVE_NS)
            + sums("initialisers", 2, INITIALISERS_NS) + sums("lock", 1, LOCK_NS) + "}");
        Input.await('!');
    }
}
