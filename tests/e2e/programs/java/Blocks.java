import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Java's part of the planted work. Each method is called by its own block only. */
public final class Blocks {
    private static final int STEPS = 40;

    private Blocks() {
    }

    public static Map<String, Work> all() {
        Map<String, Work> all = new HashMap<>();
        all.put("Blocks.shallow", Blocks::shallow);
        all.put("Blocks.inlined", Blocks::inlined);
        all.put("Blocks.deep", amount -> deep(amount, 150));
        all.put("Blocks.interpreted", Blocks::interpreted);
        all.put("Blocks.intrinsic", Blocks::intrinsic);
        all.put("Blocks.collections", Blocks::collections);
        all.put("Blocks.virtualCalls", Blocks::virtualCalls);
        return all;
    }

    /** Kept out of its caller by -XX:CompileCommand=dontinline. */
    static long shallow(int amount) {
        long sum = 0;
        for (int i = 0; i < amount * STEPS; i++) {
            sum += i ^ (sum << 3);
        }
        return sum;
    }

    /** Put into its caller by -XX:CompileCommand=inline; what it calls is put into it. */
    static long inlined(int amount) {
        long sum = 0;
        for (int i = 0; i < amount * STEPS; i++) {
            sum += step(i, sum);
        }
        return sum;
    }

    private static long step(int i, long sum) {
        return (sum >>> 5) * 31 + i;
    }

    /** Burns at the bottom of a recursion. */
    static long deep(int amount, int depth) {
        return depth > 0 ? deep(amount, depth - 1) + 1 : burn(amount);
    }

    private static long burn(int amount) {
        long sum = 0;
        for (int i = 0; i < amount * STEPS; i++) {
            sum += i * (sum | 7);
        }
        return sum;
    }

    /** Never compiled: -XX:CompileCommand=exclude. */
    static long interpreted(int amount) {
        long sum = 0;
        for (int i = 0; i < amount; i++) {
            sum += i ^ (sum << 1);
        }
        return sum;
    }

    /** Stubs and intrinsics of the JVM: the pc is in code that belongs to no method. */
    static long intrinsic(int amount) {
        byte[] from = new byte[4096];
        byte[] to = new byte[4096];
        double sum = 0;
        for (int i = 0; i < amount / 4 + 1; i++) {
            System.arraycopy(from, i & 7, to, 0, 4000 + (i & 63));
            sum += Math.sin(i) + to[i & 4095];
        }
        return (long) sum;
    }

    /** Library code on the way. */
    static long collections(int amount) {
        Map<Integer, List<Integer>> map = new HashMap<>();
        for (int i = 0; i < amount; i++) {
            map.computeIfAbsent(i & 63, key -> new ArrayList<>()).add(i);
        }
        return map.values().stream().mapToLong(List::size).sum();
    }

    private interface Shape {
        double area(int i);
    }

    private static final Shape[] SHAPES = {
        i -> i * 1.5, i -> i * i * 3.1, i -> i + 2.0, i -> i - 0.5,
    };

    /** Calls that take a vtable or itable stub. */
    static long virtualCalls(int amount) {
        double sum = 0;
        for (int i = 0; i < amount * 4; i++) {
            sum += SHAPES[i & 3].area(i);
        }
        return (long) sum;
    }
}
