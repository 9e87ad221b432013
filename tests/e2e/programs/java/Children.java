import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.StringJoiner;

/**
 * Starts children in every way there is while two threads compute.
 *
 * <pre>java Children LIBRARY PROBE</pre>
 *
 * <p>"ready"; each line in starts children, and out comes {"children": [{"how", "status", "said"}]},
 * where said is what PROBE (tests/e2e/company/probe.c) wrote of the child; "end" ends the program.
 */
public final class Children {
    private static final int TIMES = 3;
    private static volatile long sink;

    /** Does it by the library's way of this name: "STATUS OUTPUT". */
    private static native String start(String how, String probe);

    private static void burn() {
        while (true) {
            sink = sink * 31 + 1;
        }
    }

    private static String child(String how, String probe) throws IOException, InterruptedException {
        String said;
        if (how.equals("ProcessBuilder")) {
            final Process process = new ProcessBuilder(probe).start();
            said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            said = process.waitFor() + " " + said;
            /* Else they stay until somebody collects garbage, and later children have them. */
            process.getInputStream().close();
            process.getErrorStream().close();
            process.getOutputStream().close();
        } else {
            said = start(how, probe);
        }
        final int blank = said.indexOf(' ');
        final String output = said.substring(blank + 1).trim();
        return "{\"how\": \"" + how + "\", \"status\": " + said.substring(0, blank)
            + ", \"said\": " + (output.isEmpty() ? "{}" : output) + "}";
    }

    public static void main(String[] args) throws Exception {
        System.load(args[0]);
        for (int i = 0; i < 2; i++) {
            final Thread burner = new Thread(Children::burn, "burner-" + i);
            burner.setDaemon(true);
            burner.start();
        }
        final BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        System.out.println("ready");
        while (!Input.isEnd(in.readLine())) {
            final StringJoiner all = new StringJoiner(", ", "{\"children\": [", "]}");
            for (int i = 0; i < TIMES; i++) {
                all.add(child("ProcessBuilder", args[1]));
                all.add(child("fork", args[1]));
                all.add(child("fork, large", args[1]));
                all.add(child("vfork", args[1]));
                all.add(child("posix_spawn", args[1]));
                all.add(child("fork only", args[1]));
            }
            System.out.println(all);
        }
    }
}
