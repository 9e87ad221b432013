package programs;

import groovy.lang.GroovyClassLoader;
import groovy.lang.GroovyObject;

/**
 * Compiles scripts, each with a loader of its own and a name that was never there before (in letters:
 * numbers would be taken for what recompilation adds), and runs each for a while.
 *
 * <p>Usage: ScriptChurn [COUNT...]: for ever; or up to each count in turn. There it collects, lets the
 * JVM come to rest, says "at COUNT", and waits for a line before it goes on.
 */
public final class ScriptChurn {
    private static final int LETTERS = 26;

    private ScriptChurn() {}

    private static String letters(long number) {
        var name = new StringBuilder();
        for (long rest = number; name.length() < 6; rest /= LETTERS) {
            name.append((char) ('a' + rest % LETTERS));
        }
        return name.toString();
    }

    private static String source(String name) {
        return """
            class Churn_%s {
                def price(int count) {
                    def sum = 0L
                    for (int i = 0; i < count; i++) { sum += step(i) }
                    sum
                }
                def step(i) { (i * 7) %% 13 + name.size() }
                def name = '%s'
            }""".formatted(name, name);
    }

    private static Object churn(long number) throws Exception {
        try (var loader = new GroovyClassLoader(ScriptChurn.class.getClassLoader())) {
            Class<?> type = loader.parseClass(source(letters(number)));
            var script = (GroovyObject) type.getDeclaredConstructor().newInstance();
            return script.invokeMethod("price", 200);
        }
    }

    /** Everything that can go has gone: classes need a second round once their loaders are gone. */
    private static void settle() throws InterruptedException {
        for (int i = 0; i < 3; i++) {
            System.gc();
            Thread.sleep(500);
        }
    }

    private static void countTo(String[] counts) throws Exception {
        long number = 0;
        for (String count : counts) {
            for (long end = Long.parseLong(count); number < end; number++) {
                churn(number);
                if (number % 100 == 0) {
                    System.out.println("beat " + number);
                }
            }
            settle();
            System.out.println("at " + count);
            System.in.read();
        }
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments.length > 0) {
            countTo(arguments);
            System.exit(0);
        }
        var count = new long[1];
        Beat.run(() -> {
            churn(count[0]++);
            return 1;
        });
    }
}
