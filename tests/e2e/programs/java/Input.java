import java.io.IOException;

/** What a program waits for from the test that started it. */
final class Input {
    private static final int ORPHAN = 3;

    private Input() {
    }

    /** "end", or there is no test any more. */
    static boolean isEnd(String line) {
        return line == null || line.equals("end");
    }

    /** Reads up to a character. Without a test any more the program ends: it would read for ever. */
    static void await(char wanted) throws IOException {
        int read = System.in.read();
        while (read != wanted) {
            if (read < 0) {
                System.exit(ORPHAN);
            }
            read = System.in.read();
        }
    }
}
