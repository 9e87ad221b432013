package driver;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What /proc says of a process. */
final class Proc {
    private Proc() {}

    /** CPU nanoseconds so far of the threads whose names begin so. */
    static long threadCpuNs(long pid, String prefix) throws IOException {
        long sum = 0;
        try (Stream<Path> tasks = Files.list(Path.of("/proc/" + pid + "/task"))) {
            for (Path task : tasks.toList()) {
                sum += cpuOf(task, prefix);
            }
        }
        return sum;
    }

    private static long cpuOf(Path task, String prefix) {
        try {
            if (!Files.readString(task.resolve("comm")).startsWith(prefix)) {
                return 0;
            }
            return Long.parseLong(Files.readString(task.resolve("schedstat")).split(" ")[0]);
        } catch (IOException e) {
            return 0; // the thread has just ended
        }
    }

    /** Resident bytes. */
    static long rssBytes(long pid) throws IOException {
        List<String> lines = Files.readAllLines(Path.of("/proc/" + pid + "/status"));
        return lines.stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024)
                .findFirst().orElseThrow(() -> new Trouble("pid " + pid + " is gone"));
    }
}
