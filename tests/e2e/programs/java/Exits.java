import java.util.ArrayList;
import java.util.List;

/**
 * Burns CPU until a line comes in, then ends as asked.
 *
 * <pre>java Exits return|exit|halt|oom|wait</pre>
 */
public final class Exits {
    private static volatile boolean over;
    private static long sum;

    private Exits() {
    }

    public static void main(String[] args) throws Exception {
        Thread burner = new Thread(Exits::burn, "burner");
        burner.setDaemon(true);
        burner.start();
        System.out.println("ready");
        System.in.read();
        switch (args[0]) {
            case "return" -> over = true;
            case "exit" -> System.exit(3);
            case "halt" -> Runtime.getRuntime().halt(4);
            case "oom" -> fill();
            default -> Thread.sleep(Long.MAX_VALUE);
        }
    }

    private static void burn() {
        while (!over) {
            sum += sum ^ 31;
        }
    }

    private static void fill() {
        List<byte[]> all = new ArrayList<>();
        while (true) {
            all.add(new byte[1 << 12]);
        }
    }
}
