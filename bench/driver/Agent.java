package driver;

import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The agent of one JVM, asked through {@code umig} as a user does. */
final class Agent {
    /** An agent answers 20 requests a second; a command makes up to five. */
    private static final long REQUEST_NS = 250_000_000;
    private static final Pattern NUMBER = Pattern.compile("\"([a-z0-9_.]+)\":([0-9]+)");

    private final String pid;
    private long nextRequestNs = System.nanoTime();

    Agent(long pid) {
        this.pid = String.valueOf(pid);
    }

    private void pace() throws InterruptedException {
        TimeUnit.NANOSECONDS.sleep(nextRequestNs - System.nanoTime());
        nextRequestNs = System.nanoTime() + REQUEST_NS;
    }

    /** Starts a session; it is armed when this returns, or soon after. */
    void start(String name, String... kinds) throws IOException, InterruptedException {
        pace();
        var words = new java.util.ArrayList<>(java.util.List.of("start", pid));
        words.addAll(java.util.List.of(kinds));
        words.addAll(java.util.List.of("--name", name));
        Command.umig(words.toArray(String[]::new)).run();
    }

    void stop(String name) throws IOException, InterruptedException {
        pace();
        Command.umig("stop", pid, "--name", name).run();
    }

    /** Every number of the status by its key; those of sessions are added up. */
    Map<String, Long> counters() throws IOException, InterruptedException {
        pace();
        String json = Command.umig("status", pid, "--json").run();
        Map<String, Long> found = new TreeMap<>();
        for (Matcher m = NUMBER.matcher(json); m.find();) {
            found.merge(m.group(1), Long.parseLong(m.group(2)), Long::sum);
        }
        return found;
    }
}
