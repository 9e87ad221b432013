package programs;

import groovy.lang.Closure;
import groovy.lang.GroovyShell;
import java.io.BufferedReader;
import java.io.File;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import jdk.jfr.Configuration;
import jdk.jfr.Recording;

/**
 * The dynamic Groovy service of the benches, told by lines on standard input what to do. One request
 * thread: what one request costs is then not blurred by others.
 *
 * <pre>
 * run N             serve N requests; answers with the CPU nanoseconds of each
 * process           answers with the CPU nanoseconds of the process so far
 * threads N         starts N threads more: four of five wait for good, the fifth runs every 100 ms
 * peer COMMAND      gives async-profiler a command; answers with its answer
 * jfr profile       starts a recording as JFR's "profile" has it
 * jfr EVENT         starts one of that event alone, as "profile" has it
 * jfr stop          ends it
 * </pre>
 *
 * Usage: GroovyService SCRIPT
 */
public final class GroovyService {
    private static Recording recording;
    private final Closure<?> request;
    private int served;

    private GroovyService(File script) throws Exception {
        request = (Closure<?>) new GroovyShell().evaluate(script);
    }

    private String run(int count) {
        var threads = ManagementFactory.getThreadMXBean();
        var costs = new StringBuilder("cpu");
        for (int i = 0; i < count; i++) {
            long before = threads.getCurrentThreadCpuTime();
            request.call(served++);
            costs.append(' ').append(threads.getCurrentThreadCpuTime() - before);
        }
        return costs.toString();
    }

    private static String startThreads(int count) {
        var never = new LinkedBlockingQueue<Object>();
        for (int i = 0; i < count; i++) {
            boolean works = i % 5 == 0;
            var thread = new Thread(() -> {
                try {
                    while (true) {
                        if (works) {
                            Thread.sleep(100);
                        } else {
                            never.take();
                        }
                    }
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }, (works ? "ticker-" : "idle-") + i);
            thread.setDaemon(true);
            thread.start();
        }
        return "threads " + count;
    }

    private static String peer(String command) throws Exception {
        return one.profiler.AsyncProfiler.getInstance().execute(command).strip().replace('\n', ' ');
    }

    private static String jfr(String order) throws Exception {
        if (order.equals("stop")) {
            recording.close();
            return "jfr stopped";
        }
        Map<String, String> settings = Configuration.getConfiguration("profile").getSettings();
        if (!order.equals("profile")) {
            settings.keySet().removeIf(key -> !key.startsWith(order + "#"));
        }
        recording = new Recording();
        recording.setSettings(settings);
        recording.start();
        return "jfr started";
    }

    private static String processCpu() {
        var system = (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        return "cpu " + system.getProcessCpuTime();
    }

    public static void main(String[] arguments) throws Exception {
        var service = new GroovyService(new File(arguments[0]));
        ExecutorService worker =
                Executors.newSingleThreadExecutor(task -> new Thread(task, "request-1"));
        var orders = new BufferedReader(new InputStreamReader(System.in));
        System.out.println("ready");
        for (String line = orders.readLine(); line != null; line = orders.readLine()) {
            String[] words = line.split(" ", 2);
            System.out.println(switch (words[0]) {
                case "run" -> worker.submit(() -> service.run(Integer.parseInt(words[1]))).get();
                case "threads" -> startThreads(Integer.parseInt(words[1]));
                case "process" -> processCpu();
                case "jfr" -> jfr(words[1]);
                case "peer" -> "peer " + peer(words[1]);
                default -> "unknown " + line;
            });
        }
        worker.shutdown();
    }
}
