package driver;

import java.util.ArrayList;
import java.util.List;

/** What a bench found: its last line, and the exit code. */
final class Verdict {
    private final String name;
    private final List<String> figures = new ArrayList<>();
    private boolean holds = true;

    Verdict(String name) {
        this.name = name;
    }

    /** A figure, and whether it is good enough. */
    void add(String figure, boolean isGood) {
        figures.add(isGood ? figure : figure + " (!)");
        holds &= isGood;
    }

    /**
     * A ratio that must not pass a limit. One whose interval is wider than 0.02 to either side says
     * nothing, whatever its median.
     */
    void addRatio(String what, Stats.Estimate ratio, double limit) {
        boolean isSure = ratio.halfWidth() <= 0.02;
        String figure = what + " " + ratio + (isSure ? "" : ", interval too wide");
        add(figure + String.format(" <= %.3f", limit), isSure && ratio.median() <= limit);
    }

    /** Prints the last line; 0 if all holds. */
    int close() {
        System.out.println(name + ": " + String.join("; ", figures)
                + (holds ? ": holds" : ": falls short"));
        return holds ? 0 : 1;
    }
}
