package driver;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A command that ends by itself: what it says is the result, a failure is trouble. */
final class Command {
    private static final int LIMIT_S = 60;
    private final List<String> words;

    private Command(List<String> words) {
        this.words = words;
    }

    static Command of(String... words) {
        return new Command(List.of(words));
    }

    static Command umig(String... words) {
        var all = new java.util.ArrayList<>(List.of(Tree.UMIG.toString()));
        all.addAll(List.of(words));
        return new Command(all);
    }

    /** Standard output; trouble if the command fails or takes longer than a minute. */
    String run() throws IOException, InterruptedException {
        return run(LIMIT_S);
    }

    /** The same, with so much patience. */
    String run(int limitS) throws IOException, InterruptedException {
        Path said = Files.createTempFile(Tree.RUN, "command", ".out");
        Path complaint = Files.createTempFile(Tree.RUN, "command", ".err");
        try {
            var builder = new ProcessBuilder(words);
            builder.environment().put("UMIG_RUNTIME_DIR", Tree.RUN.toString());
            Process process = builder.redirectOutput(said.toFile())
                    .redirectError(complaint.toFile()).start();
            process.getOutputStream().close();
            if (!process.waitFor(limitS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new Trouble("no end after " + limitS + " s: " + String.join(" ", words));
            }
            if (process.exitValue() != 0) {
                throw new Trouble(String.join(" ", words) + " failed (" + process.exitValue() + "): "
                        + Files.readString(complaint).strip());
            }
            return Files.readString(said);
        } finally {
            Files.deleteIfExists(said);
            Files.deleteIfExists(complaint);
        }
    }
}
