package driver;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A collector of this run; agents of the run find it by themselves. */
final class Collector implements AutoCloseable {
    private static final int LIMIT_S = 30;
    private final Process process;
    private final Path data;

    private Collector(Process process, Path data) {
        this.process = process;
        this.data = data;
    }

    /** Starts one and waits until it listens; further words go to its command line. */
    static Collector start(String... words) throws IOException, InterruptedException {
        Path data = Files.createTempDirectory(Tree.RUN, "data");
        var line = new java.util.ArrayList<>(java.util.List.of(Tree.UMIG.toString(), "collector",
                "--data", data.toString()));
        line.addAll(java.util.List.of(words));
        var builder = new ProcessBuilder(line).redirectErrorStream(true)
                .redirectOutput(Tree.RUN.resolve("collector.log").toFile());
        builder.environment().put("UMIG_RUNTIME_DIR", Tree.RUN.toString());
        var collector = new Collector(Main.endWithUs(builder.start()), data);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_S);
        while (!collector.answers()) {
            if (!collector.process.isAlive() || System.nanoTime() > end) {
                collector.close();
                throw new Trouble("the collector did not come up: "
                        + Files.readString(Tree.RUN.resolve("collector.log")).strip());
            }
        }
        return collector;
    }

    private boolean answers() throws IOException, InterruptedException {
        try {
            Command.umig("sessions").run();
            return true;
        } catch (Trouble e) {
            TimeUnit.MILLISECONDS.sleep(20);
            return false;
        }
    }

    /** Bytes of all files of the data folder. */
    long storedBytes() throws IOException {
        try (var files = Files.walk(data)) {
            return files.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum();
        }
    }

    long pid() {
        return process.pid();
    }

    /** SIGSTOP: it is there and does not answer. */
    void freeze() throws IOException, InterruptedException {
        Command.of("kill", "-STOP", String.valueOf(pid())).run();
    }

    /** Ends it in order; its folder goes with the run. */
    @Override
    public void close() throws IOException, InterruptedException {
        if (process.isAlive()) {
            Command.of("kill", "-CONT", String.valueOf(pid())).run();
        }
        process.destroy();
        if (!process.waitFor(LIMIT_S, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new Trouble("the collector did not end within " + LIMIT_S + " s of SIGTERM");
        }
    }
}
