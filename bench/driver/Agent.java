package driver;

import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The agent of one JVM, asked through {@code umig} as a user does. */
record Agent(long pid) {
    private static final Pattern NUMBER = Pattern.compile("\"([a-z0-9_.]+)\":([0-9]+)");

    /** Starts a session; it is armed when this returns, or soon after. */
    void start(String name, String... kinds) throws IOException, InterruptedException {
        var words = new java.util.ArrayList<>(java.util.List.of("start", String.valueOf(pid)));
        words.addAll(java.util.List.of(kinds));
        words.addAll(java.util.List.of("--name", name));
        Command.umig(words.toArray(String[]::new)).run();
    }

    void stop(String name) throws IOException, InterruptedException {
        Command.umig("stop", String.valueOf(pid), "--name", name).run();
    }

    /** Every number of the status by its key; those of sessions are added up. */
    Map<String, Long> counters() throws IOException, InterruptedException {
        String json = Command.umig("status", String.valueOf(pid), "--json").run();
        Map<String, Long> found = new TreeMap<>();
        for (Matcher m = NUMBER.matcher(json); m.find();) {
            found.merge(m.group(1), Long.parseLong(m.group(2)), Long::sum);
        }
        return found;
    }
}
