package driver;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;

/**
 * A JVM under test. It talks in lines; one that stays silent for too long is a hang: its threads are
 * dumped, it is killed, and the run is over. So is a crash.
 */
final class Target implements AutoCloseable {
    private static final String END = "\0end";
    private static final int CRASH_LINES = 150;
    /* A crash report is written first, and a core. */
    private static final int DEATH_PATIENCE_S = 60;
    private static final AtomicInteger STARTED = new AtomicInteger();
    private final Process process;
    private final Path errors;
    private final PrintStream orders;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

    private Target(Process process, Path errors) {
        this.process = process;
        this.errors = errors;
        orders = new PrintStream(process.getOutputStream(), true);
        var reader = new Thread(this::read, "reader-" + process.pid());
        reader.setDaemon(true);
        reader.start();
    }

    /** What to run: a program of bench/programs with JVM options; the agent by {@link #agent}. */
    static final class Plan {
        private final List<String> options = new ArrayList<>();
        private final Jdk jdk;
        private final Map<String, String> environment = new HashMap<>();
        private String classPath = Tree.CLASS_PATH;

        Plan(Jdk jdk) {
            this.jdk = jdk;
            options.add("-XX:ErrorFile=" + Tree.RUN.resolve("hs_err_%p.log"));
            if (jdk.feature() >= 22) {
                options.add("--enable-native-access=ALL-UNNAMED");
            }
        }

        Plan with(String... more) {
            options.addAll(List.of(more));
            return this;
        }

        /** Without a budget: what is measured and shaken here asks for more than any service would. */
        Plan agent(String text) {
            return with("-agentpath:" + Tree.AGENT + "=budget=100%" + (text.isEmpty() ? "" : "," + text));
        }

        /** As it is without options. */
        Plan agent() {
            return with("-agentpath:" + Tree.AGENT);
        }

        /** In place of the driver's own. */
        Plan classPath(String path) {
            classPath = path;
            return this;
        }

        Plan environment(String name, String value) {
            environment.put(name, value);
            return this;
        }

        Target start(String program, String... arguments) throws IOException {
            var words = new ArrayList<>(List.of(jdk.java()));
            words.addAll(options);
            words.addAll(List.of("-cp", classPath, "programs." + program));
            words.addAll(List.of(arguments));
            Path errors = Tree.RUN.resolve("jvm-" + STARTED.incrementAndGet() + ".err");
            var builder = new ProcessBuilder(words).directory(Tree.RUN.toFile()).redirectError(errors.toFile());
            builder.environment().putAll(environment);
            builder.environment().put("UMIG_RUNTIME_DIR", Tree.RUN.toString());
            return new Target(Main.endWithUs(builder.start()), errors);
        }
    }

    private void read() {
        try (var reader = new BufferedReader(new InputStreamReader(process.getInputStream()))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                lines.add(line);
            }
        } catch (IOException e) {
            // the process was killed: its end says it
        }
        lines.add(END);
    }

    long pid() {
        return process.pid();
    }

    /** The next line; a hang after so many seconds, a crash if the JVM ends instead. */
    String line(int patienceS) throws InterruptedException, IOException {
        String line = lines.poll(patienceS, TimeUnit.SECONDS);
        if (line == null) {
            throw hang(patienceS);
        }
        if (line.equals(END)) {
            throw new Trouble.Loss(false, "the JVM ended with " + process.waitFor() + crashText());
        }
        return line;
    }

    String ask(String order, int patienceS) throws InterruptedException, IOException {
        orders.println(order);
        return line(patienceS);
    }

    void order(String order) {
        orders.println(order);
    }

    /** SIGTERM. */
    void terminate() {
        process.destroy();
    }

    /** Removes what a JVM that has ended well wrote. */
    void forget() throws IOException {
        Files.deleteIfExists(errors);
    }

    /** Waits for the end of the JVM; its exit code. */
    int end(int patienceS) throws InterruptedException, IOException {
        if (!process.waitFor(patienceS, TimeUnit.SECONDS)) {
            throw hang(patienceS);
        }
        return process.exitValue();
    }

    private Trouble hang(int patienceS) throws InterruptedException, IOException {
        Path dump = Tree.RUN.resolve("hang-" + pid() + ".txt");
        var gdb = new ProcessBuilder("gdb", "-p", String.valueOf(pid()), "-batch", "-ex",
                "thread apply all bt 40").redirectErrorStream(true).redirectOutput(dump.toFile());
        try {
            Process dumper = gdb.start();
            if (!dumper.waitFor(60, TimeUnit.SECONDS)) {
                dumper.destroyForcibly();
            }
        } catch (IOException e) {
            Files.writeString(dump, "gdb is not here: " + e.getMessage());
        }
        process.destroyForcibly();
        return new Trouble.Loss(true, "pid " + pid() + " hangs: nothing for " + patienceS + " s; threads in " + dump);
    }

    /** What the JVM left behind when it died, for the message; of a crash report the crash and its stack. */
    String crashText() throws IOException {
        Path report = Tree.RUN.resolve("hs_err_" + pid() + ".log");
        if (!Files.exists(report)) {
            return ": " + Files.readString(errors).strip();
        }
        try (var lines = Files.lines(report, StandardCharsets.ISO_8859_1)) {
            String head = lines.limit(CRASH_LINES).collect(Collectors.joining("\n"));
            return "; crash report " + report + ":\n" + head;
        }
    }

    /** The agent no longer talks: the JVM has died, or it has not and the agent is to blame. */
    Trouble silence(IOException cause) throws InterruptedException, IOException {
        if (!process.waitFor(DEATH_PATIENCE_S, TimeUnit.SECONDS)) {
            return new Trouble("pid " + pid() + " lives, but: " + cause.getMessage() + ": "
                    + Files.readString(errors).strip());
        }
        return new Trouble.Loss(false, "the JVM ended with " + process.exitValue() + crashText());
    }

    /** Kills what is still there: every target ends with the run. */
    @Override
    public void close() {
        process.destroyForcibly();
    }
}
