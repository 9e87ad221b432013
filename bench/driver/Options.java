package driver;

import java.util.ArrayDeque;
import java.util.List;

/**
 * {@code NAME [MINUTES] [--short] [--jdk N] [--walker W] [--only WHICH] [--show]
 * [--record]}. Where none is
 * given, MINUTES and the JDK are 0, walker and program null.
 */
record Options(String name, double minutes, boolean isShort, int jdk, String walker, String only,
        boolean shouldShow, boolean shouldRecord) {
    static Options parse(String[] arguments) {
        var rest = new ArrayDeque<>(List.of(arguments));
        String name = rest.poll();
        double minutes = 0;
        boolean isShort = false;
        int jdk = 0;
        String walker = null;
        String only = null;
        boolean shouldShow = false;
        boolean shouldRecord = false;
        while (!rest.isEmpty()) {
            String word = rest.poll();
            switch (word) {
                case "--short" -> isShort = true;
                case "--show" -> shouldShow = true;
                case "--record" -> shouldRecord = true;
                case "--walker" -> walker = value(word, rest.poll());
                case "--only" -> only = value(word, rest.poll());
                case "--jdk" -> jdk = (int) number(word, rest.poll());
                default -> minutes = number("MINUTES", word);
            }
        }
        return new Options(name, minutes, isShort, jdk, walker, only, shouldShow, shouldRecord);
    }

    private static String value(String what, String text) {
        if (text == null || text.startsWith("--")) {
            throw new Trouble(what + " needs a value");
        }
        return text;
    }

    private static double number(String what, String text) {
        try {
            double value = Double.parseDouble(text == null ? "" : text);
            if (value > 0 && value < 10_000) {
                return value;
            }
        } catch (NumberFormatException e) {
            // told below
        }
        throw new Trouble(what + ": '" + text + "' is no number above 0");
    }
}
