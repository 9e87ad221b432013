package programs.known;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/** Method handles: one that is constant, and many that are not, through linkers and LambdaForms. */
final class Handles implements Runnable {
    private static final String FORMS = "((java\\.lang\\.invoke|sun\\.invoke\\.util)\\.[^;]*(;|$))";
    private static final MethodHandle CONSTANT = find("constant");

    private final MethodHandle[] varied = {
        find("direct"),
        MethodHandles.insertArguments(find("inserted", long.class), 1, 17L),
        MethodHandles.filterReturnValue(find("filtered"), find("filter")),
        MethodHandles.guardWithTest(test(), find("then"), find("otherwise")),
        findVirtual().bindTo(this),
    };

    private static MethodHandle find(String name, Class<?>... more) {
        try {
            MethodType type = MethodType.methodType(long.class, long.class).appendParameterTypes(more);
            return MethodHandles.lookup().findStatic(Handles.class, name, type);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static MethodHandle test() {
        try {
            return MethodHandles.lookup().findStatic(Handles.class, "test",
                    MethodType.methodType(boolean.class, long.class));
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static MethodHandle findVirtual() {
        try {
            return MethodHandles.lookup().findVirtual(Handles.class, "bound",
                    MethodType.methodType(long.class, long.class));
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static long constant(long x) {
        return x * 3;
    }

    private static long direct(long x) {
        return x * 5;
    }

    private static long inserted(long x, long y) {
        return x * y;
    }

    private static long filtered(long x) {
        return x * 7;
    }

    private static long filter(long x) {
        return x + 9;
    }

    private static boolean test(long x) {
        return (x & 1) == 0;
    }

    private static long then(long x) {
        return x * 11;
    }

    private static long otherwise(long x) {
        return x * 13;
    }

    private long bound(long x) {
        return x * varied.length;
    }

    private long loop(long seed) throws Throwable {
        long x = seed;
        for (int i = 0; i < 10_000; i++) {
            x += (long) CONSTANT.invokeExact(x);
            x ^= (long) varied[i % varied.length].invokeExact(x);
            Object boxed = varied[(i + 1) % varied.length].invoke((Long) x);
            x += (Long) boxed;
        }
        return x;
    }

    @Override
    public void run() {
        try {
            long sum = 0;
            while (!Known.isOver()) {
                sum += loop(sum);
            }
            Work.sink = sum;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    public static void main(String[] arguments) throws Exception {
        Known.loadPeer(arguments);
        var known = new Known(Handles.class).calls("run", "loop").leaves("run")
                .leaf("loop", FORMS + "*(java\\.lang\\.(Long|Number)\\.[^;]*;?)*");
        for (String target : new String[] {"constant", "direct", "inserted", "filtered", "filter", "test",
            "then", "otherwise", "bound"}) {
            known.call("loop", target, FORMS + "+").leaves(target);
        }
        known.run(2, new Handles());
    }
}
