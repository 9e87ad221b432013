package programs.known;

/**
 * Every kind of call instruction in one chain, with arguments in registers and on the stack. Only
 * the last works: a stack that ends earlier has lost its leaf.
 */
final class Calls implements Runnable {
    interface Next {
        long throughInterface(long x);
    }

    private static class Base implements Next {
        long throughVirtual(long x) {
            return -x;
        }

        @Override
        public long throughInterface(long x) {
            return throughFinally(x) + 1;
        }

        private long throughFinally(long x) {
            try {
                return (long) manyArguments(1, 2, 3, 4, 5, 6, 7, 8.0, x, 10.0f, (byte) 11);
            } finally {
                calls++;
            }
        }
    }

    private static final class Derived extends Base {
        @Override
        long throughVirtual(long x) {
            return throughSpecial(x) + super.throughVirtual(x);
        }

        private long throughSpecial(long x) {
            return throughMonitor(this, x) + 1;
        }
    }

    private static int calls;
    private static final Base[] RECEIVERS = {new Base(), new Derived()};

    private static double manyArguments(int a, int b, int c, int d, int e, int f, long g, double h, long x,
            float i, byte j) {
        return throughSwitch(x) + a + b + c + d + e + f + g + h + i + j;
    }

    private static long throughSwitch(long x) {
        switch ((int) (x & 3)) {
            case 0:
                return Work.burn(Work.burn(x));
            case 1:
                return Work.burn(Work.burn(x + 1));
            default:
                return Work.burn(Work.burn(~x));
        }
    }

    private static synchronized long throughMonitor(Next next, long x) {
        return next.throughInterface(x) + 1;
    }

    @Override
    public void run() {
        long sum = 0;
        while (!Known.isOver()) {
            sum += throughStatic(sum);
        }
        Work.sink = sum;
    }

    private static long throughStatic(long x) {
        return RECEIVERS[1].throughVirtual(x) + 1;
    }

    public static void main(String[] arguments) throws Exception {
        Known.loadPeer(arguments);
        new Known(Calls.class)
                .calls("run", "throughStatic", "Calls$Derived.throughVirtual", "Calls$Derived.throughSpecial",
                        "throughMonitor", "Calls$Base.throughInterface", "Calls$Base.throughFinally",
                        "manyArguments", "throughSwitch", "Work.burn")
                .leaves("run", "Work.burn")
                .run(1, new Calls());
    }
}
