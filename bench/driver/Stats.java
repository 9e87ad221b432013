package driver;

import java.util.Arrays;
import java.util.Random;

/** Medians, and how sure they are. */
final class Stats {
    private static final int RESAMPLES = 5000;

    private Stats() {}

    /** A median with its 95 % interval, from so many rounds. */
    record Estimate(double median, double low, double high, int rounds) {
        double halfWidth() {
            return (high - low) / 2;
        }

        @Override
        public String toString() {
            return String.format("%.3f [%.3f %.3f]", median, low, high);
        }
    }

    static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /**
     * The median of the rounds' figures and its bootstrap interval (Efron's percentile method).
     * What is drawn again are whole rounds: requests of one leg resemble each other, and an
     * interval over single requests would promise too much.
     */
    static Estimate estimate(double[] rounds) {
        var random = new Random(rounds.length);
        double[] medians = new double[RESAMPLES];
        double[] drawn = new double[rounds.length];
        for (int i = 0; i < RESAMPLES; i++) {
            Arrays.setAll(drawn, at -> rounds[random.nextInt(rounds.length)]);
            medians[i] = median(drawn);
        }
        Arrays.sort(medians);
        return new Estimate(median(rounds), medians[RESAMPLES / 40], medians[RESAMPLES - 1 - RESAMPLES / 40],
                rounds.length);
    }
}
