package programs.known;

import groovy.lang.GroovyClassLoader;
import groovy.lang.GroovyObject;
import java.io.File;

/** Dynamic Groovy of a class with closures, under whatever Groovy is on the class path: Scripted FILE. */
final class Scripted implements Runnable {
    /** Whatever a dynamic call may pass through, in Groovy and in the JDK. */
    private static final String DISPATCH = ".*";
    /** Of these classes, what no source has: closures being made, call sites, methods for the metaclass. */
    private static final String GENERATED = "programs\\.known\\.(Chain|Helper)"
            + "(\\$[^.]*\\..*|.* \\{closure \\d+\\} .*"
            + "|\\.(\\$.*|[gs]et(MetaClass|Property|Helper)|invokeMethod|this\\$.*|super\\$.*|<init>))";

    private final GroovyObject chain;

    private Scripted(GroovyObject chain) {
        this.chain = chain;
    }

    @Override
    public void run() {
        long sum = 0;
        while (!Known.isOver()) {
            sum += ((Number) chain.invokeMethod("outer", 7)).longValue();
        }
        Work.sink = sum;
    }

    public static void main(String[] arguments) throws Exception {
        Known.loadPeer(arguments);
        try (var loader = new GroovyClassLoader(Scripted.class.getClassLoader())) {
            Class<?> type = loader.parseClass(new File(arguments[0]));
            var chain = (GroovyObject) type.getDeclaredConstructor().newInstance();
            var known = new Known(Scripted.class);
            String[][] calls = {
                {"run", "Chain.outer"}, {"Chain.outer", "Chain.each"}, {"Chain.outer", "Chain.missing"},
                {"Chain.each", "Chain.each {closure 1}"}, {"Chain.each {closure 1}", "Chain.inner"},
                {"Chain.missing", "Chain.methodMissing"}, {"Chain.methodMissing", "Chain.inner"},
                {"Chain.inner", "Helper.sum"},
                {"Helper.sum", "Helper.sum {closure 1}"}, {"Helper.sum {closure 1}", "Work.burn"},
                {"Helper.sum", "Helper.sum {closure 2}"}, {"Helper.sum {closure 2}", "Helper.sum {closure 2}"},
            };
            for (String[] call : calls) {
                known.call(call[0], call[1], DISPATCH).leaf(call[0], DISPATCH).leaf(call[1], DISPATCH);
            }
            known.dispatch(GENERATED).run(2, new Scripted(chain));
        }
    }
}
