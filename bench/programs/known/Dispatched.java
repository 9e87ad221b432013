package programs.known;

/** Megamorphic calls one after the other, by vtable stubs or by itable stubs: Dispatched virtual|interface. */
final class Dispatched implements Runnable {
    interface Priced {
        long price(long x);
    }

    abstract static class Shape implements Priced {
        final long factor;

        Shape(long factor) {
            this.factor = factor;
        }

        abstract long area(long x);
    }

    private static final class Circle extends Shape {
        Circle() {
            super(3);
        }

        @Override
        long area(long x) {
            return x * factor + 1;
        }

        @Override
        public long price(long x) {
            return x ^ factor;
        }
    }

    private static final class Square extends Shape {
        Square() {
            super(5);
        }

        @Override
        long area(long x) {
            return x - factor;
        }

        @Override
        public long price(long x) {
            return x + factor;
        }
    }

    private static final class Line extends Shape {
        Line() {
            super(7);
        }

        @Override
        long area(long x) {
            return x >>> factor;
        }

        @Override
        public long price(long x) {
            return x | factor;
        }
    }

    private static final class Star extends Shape {
        Star() {
            super(11);
        }

        @Override
        long area(long x) {
            return Long.rotateLeft(x, (int) factor);
        }

        @Override
        public long price(long x) {
            return x * factor;
        }
    }

    private static final String[] KINDS = {"Circle", "Square", "Line", "Star"};

    private final Shape[] shapes = {new Circle(), new Square(), new Line(), new Star()};
    private final boolean isVirtual;

    private Dispatched(boolean isVirtual) {
        this.isVirtual = isVirtual;
    }

    private long areas(long seed) {
        long x = seed;
        for (int i = 0; i < 10_000; i++) {
            x += shapes[i & 3].area(x);
        }
        return x;
    }

    private static long prices(Priced[] priced, long seed) {
        long x = seed;
        for (int i = 0; i < 10_000; i++) {
            x += priced[i & 3].price(x);
        }
        return x;
    }

    @Override
    public void run() {
        long sum = 0;
        while (!Known.isOver()) {
            sum += isVirtual ? areas(sum) : prices(shapes, sum);
        }
        Work.sink = sum;
    }

    public static void main(String[] arguments) throws Exception {
        Known.loadPeer(arguments);
        boolean isVirtual = arguments[0].equals("virtual");
        String loop = isVirtual ? "areas" : "prices";
        var known = new Known(Dispatched.class).calls("run", loop).leaves("run", loop);
        for (String kind : KINDS) {
            String method = "Dispatched$" + kind + (isVirtual ? ".area" : ".price");
            known.calls(loop, method).leaf(method, "(java\\.lang\\.Long\\.rotateLeft)?");
        }
        known.run(2, new Dispatched(isVirtual));
    }
}
