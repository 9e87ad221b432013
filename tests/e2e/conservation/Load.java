import java.util.concurrent.locks.LockSupport;

/**
 * Something of every kind: CPU on ever new stacks, waits for a lock, collections. Writes "ready",
 * and "{}" at the first line of its input; then it ends with exit code 0. "Load DEPTH": the deeper,
 * the more there is to tell of each stack.
 */
public final class Load {
    private static final Object LOCK = new Object();
    private static volatile long sink;
    private static volatile byte[] garbage;

    private static long burn(long micros) {
        final long end = System.nanoTime() + micros * 1000;
        long x = 1;
        while (System.nanoTime() < end) {
            x = x * 6364136223846793005L + 1;
        }
        return x;
    }

    private static long scramble(long x) {
        return x * 6364136223846793005L + 1442695040888963407L;
    }

    /** Two bits of the path choose the next frame: 4^depth stacks. */
    private static long step(int depth, long path) {
        if (depth == 0) {
            return burn(500);
        }
        return switch ((int) (path >>> 62)) {
            case 0 -> north(depth - 1, scramble(path));
            case 1 -> east(depth - 1, scramble(path));
            case 2 -> south(depth - 1, scramble(path));
            default -> west(depth - 1, scramble(path));
        };
    }

    private static long north(int depth, long path) {
        return step(depth, path) + 1;
    }

    private static long east(int depth, long path) {
        return step(depth, path) + 2;
    }

    private static long south(int depth, long path) {
        return step(depth, path) + 3;
    }

    private static long west(int depth, long path) {
        return step(depth, path) + 4;
    }

    private static void wander(int depth, long seed) {
        for (long path = seed; true; path = scramble(path)) {
            sink += step(depth, Long.reverse(path));
        }
    }

    private static void contend() {
        while (true) {
            synchronized (LOCK) {
                sink += burn(200);
            }
            LockSupport.parkNanos(100_000);
        }
    }

    private static void allocate() {
        while (true) {
            garbage = new byte[64 * 1024];
            LockSupport.parkNanos(20_000);
        }
    }

    private static void spawn(String name, Runnable body) {
        final Thread thread = new Thread(body, name);
        thread.setDaemon(true);
        thread.start();
    }

    public static void main(String[] args) throws Exception {
        final int depth = Integer.parseInt(args[0]);
        spawn("wanderer-1", () -> wander(depth, 1));
        spawn("wanderer-2", () -> wander(depth, 2));
        spawn("contender-1", Load::contend);
        spawn("contender-2", Load::contend);
        spawn("allocator", Load::allocate);
        System.out.println("ready");
        System.in.read();
        System.out.println("{}");
    }
}
