package programs.known;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A program whose stacks are known: it says line by line which of them are legal, then works until
 * standard input says otherwise. Frames of this package are judged one by one. What else stands
 * between them (the JDK, Groovy's dispatch) must match a pattern as a whole, its frames joined by
 * ';', outermost first; names are those of {@code umig report --unfold}.
 *
 * <pre>
 * worker PATTERN               names of the threads that are judged
 * root METHOD PATTERN          a stack begins with what the pattern says, then METHOD
 * call CALLER CALLEE PATTERN   CALLER has CALLEE above it, by way of what the pattern says
 * leaf METHOD PATTERN          METHOD may be the last of this package, with such frames above it
 * depth METHOD COUNT           METHOD stands on exactly so many frames of this package
 * idle PATTERN                 such a stack needs no frame of this package
 * dispatch PATTERN             such a frame of this package counts as one of a library
 * </pre>
 *
 * Orders it takes: {@code peer COMMAND} for async-profiler, {@code quit}.
 */
final class Known {
    private static final String PACKAGE = "programs.known.";
    /** A thread's own frames; the second since JDK 21. */
    static final String THREAD = "java\\.lang\\.Thread\\.run(;java\\.lang\\.Thread\\.runWith)?";
    /** Any frames of the JDK, or none. */
    static final String JDK = "((java|jdk|sun)\\.[^;]*(;|$))*";

    /** Then the JIT is mostly done: a stack of it would be that of whoever called it. */
    private static final long WARM_UP_MS = 1000;

    private static volatile boolean isOver;

    private final String type;
    private final List<String> rules = new ArrayList<>();

    /** Rules for a class; a name without a class means a method of it. */
    Known(Class<?> type) {
        this.type = type.getSimpleName();
    }

    private String full(String method) {
        return PACKAGE + (method.contains(".") ? method : type + "." + method);
    }

    private Known rule(String kind, String... words) {
        rules.add(kind + "\t" + String.join("\t", words));
        return this;
    }

    Known worker(String pattern) {
        return rule("worker", pattern);
    }

    Known root(String method, String pattern) {
        return rule("root", full(method), pattern);
    }

    Known call(String caller, String callee, String pattern) {
        return rule("call", full(caller), full(callee), pattern);
    }

    /** A chain of direct calls: each calls the next. */
    Known calls(String... methods) {
        for (int i = 1; i < methods.length; i++) {
            call(methods[i - 1], methods[i], "");
        }
        return this;
    }

    Known leaf(String method, String pattern) {
        return rule("leaf", full(method), pattern);
    }

    /** Methods that may be executing themselves. */
    Known leaves(String... methods) {
        for (String method : methods) {
            leaf(method, "");
        }
        return this;
    }

    Known depth(String method, int count) {
        return rule("depth", full(method), String.valueOf(count));
    }

    Known idle(String pattern) {
        return rule("idle", pattern);
    }

    Known dispatch(String pattern) {
        return rule("dispatch", pattern);
    }

    static boolean isOver() {
        return isOver;
    }

    /** Has the peer's library loaded, which then asks the JVM for debug information early. */
    static void loadPeer(String[] arguments) {
        if (List.of(arguments).contains("peer")) {
            one.profiler.AsyncProfiler.getInstance();
        }
    }

    /** Runs the task on some threads called worker-1, worker-2, ..., and does not return before the end. */
    void run(int threads, Runnable task) throws Exception {
        worker("worker-.*").root("run", THREAD).calls("run", "Known.isOver").leaves("Known.isOver");
        for (int i = 1; i <= threads; i++) {
            var thread = new Thread(task, "worker-" + i);
            thread.setDaemon(true);
            thread.start();
        }
        obey();
    }

    /** Prints the rules and does what it is told until the end. */
    void obey() throws Exception {
        rules.forEach(System.out::println);
        TimeUnit.MILLISECONDS.sleep(WARM_UP_MS);
        System.out.println("ready");
        var orders = new BufferedReader(new InputStreamReader(System.in));
        for (String line = orders.readLine(); line != null && !line.equals("quit"); line = orders.readLine()) {
            System.out.println(answer(line.split(" ", 2)));
        }
        isOver = true;
        System.exit(0);
    }

    private static String answer(String[] order) throws Exception {
        return switch (order[0]) {
            case "peer" -> answerOfPeer(order[1]);
            default -> "unknown " + order[0];
        };
    }

    /** "peer ANSWER", or "refused REASON". */
    private static String answerOfPeer(String command) throws Exception {
        try {
            return "peer " + peer().execute(command).strip().replace('\n', ' ');
        } catch (IllegalStateException e) {
            return "refused " + e.getMessage();
        }
    }

    private static one.profiler.AsyncProfiler peer() {
        return one.profiler.AsyncProfiler.getInstance();
    }
}
