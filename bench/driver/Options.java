package driver;

import java.util.ArrayDeque;
import java.util.List;

/** {@code NAME [MINUTES] [--short] [--jdk N]}; MINUTES is 0 and the JDK 0 where none is given. */
record Options(String name, double minutes, boolean isShort, int jdk) {
    static Options parse(String[] arguments) {
        var rest = new ArrayDeque<>(List.of(arguments));
        String name = rest.poll();
        double minutes = 0;
        boolean isShort = false;
        int jdk = 0;
        while (!rest.isEmpty()) {
            String word = rest.poll();
            switch (word) {
                case "--short" -> isShort = true;
                case "--jdk" -> jdk = (int) number(word, rest.poll());
                default -> minutes = number("MINUTES", word);
            }
        }
        return new Options(name, minutes, isShort, jdk);
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
