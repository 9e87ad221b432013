package driver;

import java.util.ArrayList;
import java.util.List;

/** What a bench found: its last line, and the exit code. */
final class Verdict {
    private static final String BAD = " (!)";
    private static final int LINE_FIGURES = 6;
    private static final int ROUNDS_MIN = 10;
    private final String name;
    private final List<String> figures = new ArrayList<>();

    Verdict(String name) {
        this.name = name;
    }

    /** A figure, and whether it is good enough. */
    void add(String figure, boolean isGood) {
        figures.add(isGood ? figure : figure + BAD);
    }

    /**
     * A ratio that must not pass a limit. One whose interval is wider than 0.02 to either side says
     * nothing, whatever its median; nor does the interval of a handful of rounds.
     */
    void addRatio(String what, Stats.Estimate ratio, double limit) {
        boolean isSure = ratio.halfWidth() <= 0.02 && ratio.rounds() >= ROUNDS_MIN;
        String figure = what + " " + ratio + (isSure ? "" : ", interval too wide or of too few rounds");
        add(figure + String.format(" <= %.3f", limit), isSure && ratio.median() <= limit);
    }

    /** Prints the last line, after the figures themselves where they are many; 0 if all holds. */
    int close() {
        boolean areMany = figures.size() > LINE_FIGURES;
        if (areMany) {
            figures.forEach(System.out::println);
        }
        long bad = figures.stream().filter(figure -> figure.endsWith(BAD)).count();
        System.out.println(name + ": "
                + (areMany ? figures.size() + " figures, " + bad + " not good enough"
                        : String.join("; ", figures))
                + (bad == 0 ? ": holds" : ": falls short"));
        return bad == 0 ? 0 : 1;
    }
}
