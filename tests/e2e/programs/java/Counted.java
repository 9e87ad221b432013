import java.lang.management.ManagementFactory;
import java.lang.reflect.Proxy;

/**
 * Makes the JVM stop its threads, load classes, compile and start threads, and says what its beans
 * counted meanwhile.
 *
 * <p>"ready"; a line begins the work; then {"begin_ns", "end_ns", "loaded", "started", "virtual", "compile_ms"}
 * with times of System.nanoTime(). "!" ends the program.
 */
public final class Counted {
    private static final int COLLECTIONS = 40;
    private static final int LOADERS = 1_500;
    private static final int THREADS = 50;
    private static final int VIRTUAL = 5_000;
    private static volatile long sink;

    private static void loadClass() {
        ClassLoader own = new ClassLoader(Counted.class.getClassLoader()) {};
        Runnable proxy = (Runnable) Proxy.newProxyInstance(
                own, new Class<?>[] {Runnable.class}, (self, method, arguments) -> null);
        proxy.run();
    }

    /** Virtual threads where there are any; how many were made. */
    private static int makeVirtual() throws Exception {
        java.lang.reflect.Method start;
        try {
            start = Thread.class.getMethod("startVirtualThread", Runnable.class);
        } catch (NoSuchMethodException e) {
            return 0;
        }
        for (int i = 0; i < VIRTUAL; i++) {
            ((Thread) start.invoke(null, (Runnable) () -> sink++)).join();
        }
        return VIRTUAL;
    }

    private static int work() throws Exception {
        for (int i = 0; i < LOADERS; i++) {
            loadClass();
        }
        for (int i = 0; i < COLLECTIONS; i++) {
            System.gc();
        }
        int virtual = makeVirtual();
        for (int i = 0; i < THREADS; i++) {
            Thread thread = new Thread(() -> sink++);
            thread.start();
            thread.join();
        }
        return virtual;
    }

    public static void main(String[] args) throws Exception {
        var classes = ManagementFactory.getClassLoadingMXBean();
        var threads = ManagementFactory.getThreadMXBean();
        var compiler = ManagementFactory.getCompilationMXBean();
        System.out.println("ready");
        Input.await('\n');
        long loaded = classes.getTotalLoadedClassCount();
        long started = threads.getTotalStartedThreadCount();
        long compileMs = compiler.getTotalCompilationTime();
        long begin = System.nanoTime();
        int virtual = work();
        long end = System.nanoTime();
        System.out.printf("{\"begin_ns\": %d, \"end_ns\": %d, \"loaded\": %d, \"started\": %d, \"virtual\": %d, \"compile_ms\": %d}%n",
                begin, end, classes.getTotalLoadedClassCount() - loaded,
                threads.getTotalStartedThreadCount() - started, virtual,
                compiler.getTotalCompilationTime() - compileMs);
        Input.await('!');
    }
}
