import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.List;

/**
 * Computes the rounds of Checked while the process runs short of what it needs.
 *
 * <p>"ready"; the line "files" takes every file descriptor there is, {"held": N}; "free" gives them
 * back, {"held": 0}; any other ends the program, {"rounds": N, "wrong": N}. All that is needed
 * later is loaded before "ready".
 */
public final class Scarce {
    private static volatile boolean isOver;
    private static long rounds;
    private static long wrong;

    private static void compute() {
        try {
            final long right = Checked.round(16);
            while (!isOver) {
                wrong += Checked.round(16) == right ? 0 : 1;
                rounds++;
            }
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private static void hold(List<FileInputStream> held) {
        try {
            while (true) {
                held.add(new FileInputStream("/dev/null"));
            }
        } catch (IOException e) {
            System.out.println("{\"held\": " + held.size() + "}");
        }
    }

    private static void free(List<FileInputStream> held) throws IOException {
        for (final FileInputStream file : held) {
            file.close();
        }
        held.clear();
        System.out.println("{\"held\": " + held.size() + "}");
    }

    public static void main(String[] args) throws Throwable {
        final List<FileInputStream> held = new ArrayList<>();
        final BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        final Thread worker = new Thread(Scarce::compute, "worker");
        Checked.round(16);
        worker.start();
        free(held);
        System.out.println("ready");
        for (String line = in.readLine(); line.equals("files") || line.equals("free");
                line = in.readLine()) {
            if (line.equals("files")) {
                hold(held);
            } else {
                free(held);
            }
        }
        isOver = true;
        worker.join();
        System.out.println("{\"rounds\": " + rounds + ", \"wrong\": " + wrong + "}");
    }
}
