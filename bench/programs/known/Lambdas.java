package programs.known;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.LongUnaryOperator;
import java.util.stream.LongStream;

/** Lambdas, method references and streams. */
final class Lambdas implements Runnable {
    private static final String UTIL = "(java\\.(util|lang)\\.[^;]*;)";
    private static final String HIDDEN = "programs\\.known\\.Lambdas\\$\\$Lambda\\.";

    private final List<Long> boxed = new ArrayList<>(LongStream.range(0, 200).boxed().toList());
    private final LongUnaryOperator[] steps = {Lambdas::triple, Lambdas::halve, x -> Work.burn(x) + boxed.size()};

    private static long triple(long x) {
        return Work.burn(x) * 3;
    }

    private static long halve(long x) {
        return Work.burn(x) / 2;
    }

    private static boolean isOdd(long x) {
        return (Work.burn(x) & 1) != 0;
    }

    private static int order(Long a, Long b) {
        return Long.compare(a % 97, b % 97);
    }

    private long direct(long x) {
        long sum = 0;
        for (LongUnaryOperator step : steps) {
            sum += step.applyAsLong(x);
        }
        return sum;
    }

    private static long stream(long x) {
        return LongStream.range(x, x + 20).map(Lambdas::triple).filter(Lambdas::isOdd).map(Lambdas::halve).sum();
    }

    private long sort() {
        Comparator<Long> order = Lambdas::order;
        boxed.sort(order);
        boxed.sort(order.reversed());
        return boxed.get(0);
    }

    @Override
    public void run() {
        var mine = new Lambdas();
        long sum = 0;
        while (!Known.isOver()) {
            sum += mine.direct(sum) + stream(sum) + mine.sort();
        }
        Work.sink = sum;
    }

    public static void main(String[] arguments) throws Exception {
        Known.loadPeer(arguments);
        var known = new Known(Lambdas.class).calls("run", "direct").calls("run", "stream").calls("run", "sort")
                .dispatch(HIDDEN + ".*")
                .call("sort", "order", UTIL + "+" + HIDDEN + "compare")
                .leaf("sort", Known.JDK + "(;?" + HIDDEN + "compare)?")
                .leaf("order", Known.JDK)
                .leaf("stream", "((java|jdk|sun)\\.[^;]*(;|$)|" + HIDDEN + "[^;]*(;|$))*")
                .leaves("run", "Work.burn");
        for (String step : new String[] {"triple", "halve", "<init> {lambda 0}"}) {
            known.call("direct", step, HIDDEN + "applyAsLong").calls(step, "Work.burn");
        }
        for (String step : new String[] {"triple", "halve"}) {
            known.call("stream", step, UTIL + "+" + HIDDEN + "applyAsLong");
        }
        known.call("stream", "isOdd", UTIL + "+" + HIDDEN + "test").calls("isOdd", "Work.burn");
        known.run(2, new Lambdas());
    }
}
