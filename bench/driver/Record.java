package driver;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The runs of soaks, added up in docs/record.md: with {@code --record} each run is added to the row
 * of its driver, JDK and collector. A run that ends in a death or a hang is added, too.
 */
final class Record {
    private static final Path FILE = Tree.ROOT.resolve("docs/record.md");
    private static final String BEGIN = "<!-- rows -->";
    private static final String END = "<!-- end of rows -->";
    private static final String HEAD = """
            | driver | JDK | collector | runs | counted | what | faults recovered | JVM deaths | hangs | last run | of commit |
            |---|---|---|--:|--:|---|--:|--:|--:|---|---|
            """;

    /** What a run adds: so many of what the driver counts. */
    record Run(String driver, String jdk, String collector, String what, long counted, long faults, long deaths,
            long hangs) {}

    private record Row(String driver, String jdk, String collector, long runs, long counted, String what, long faults,
            long deaths, long hangs, String date, String commit) {
        static Row parse(String line) {
            String[] cell = line.split("\\|");
            return new Row(cell[1].strip(), cell[2].strip(), cell[3].strip(), number(cell[4]), number(cell[5]),
                    cell[6].strip(), number(cell[7]), number(cell[8]), number(cell[9]), cell[10].strip(),
                    cell[11].strip());
        }

        private static long number(String cell) {
            return Long.parseLong(cell.replaceAll("[ ,*]", ""));
        }

        String key() {
            return driver + "|" + jdk + "|" + collector + "|" + what;
        }

        Row plus(Row other) {
            return new Row(driver, jdk, collector, runs + other.runs, counted + other.counted, what,
                    faults + other.faults, deaths + other.deaths, hangs + other.hangs, other.date, other.commit);
        }

        String line() {
            return String.format("| %s | %s | %s | %,d | %,d | %s | %,d | %,d | %,d | %s | %s |%n", driver, jdk,
                    collector, runs, counted, what, faults, deaths, hangs, date, commit);
        }

        String totalLine() {
            return String.format("| **%s** | | all | %,d | **%,d** | %s | %,d | **%,d** | **%,d** | | |%n", driver, runs,
                    counted, what, faults, deaths, hangs);
        }
    }

    private Record() {}

    /** The version of a JDK as it calls itself: 17.0.15. */
    static String versionOf(Jdk jdk) throws IOException {
        for (String line : Files.readAllLines(jdk.home().resolve("release"))) {
            if (line.startsWith("JAVA_VERSION=")) {
                return line.replaceAll("JAVA_VERSION=|\"", "");
            }
        }
        return String.valueOf(jdk.feature());
    }

    private static String commit() throws IOException, InterruptedException {
        String changed = Command.of("git", "-C", Tree.ROOT.toString(), "status", "--porcelain", "-uno", "--", ".",
                ":!docs/record.md").run();
        return Command.of("git", "-C", Tree.ROOT.toString(), "rev-parse", "--short=8", "HEAD").run().strip()
                + (changed.isEmpty() ? "" : "+");
    }

    /** Adds a run, if the options ask for it. */
    static synchronized void add(Options options, Run run) throws IOException, InterruptedException {
        if (!options.shouldRecord()) {
            return;
        }
        String text = Files.readString(FILE);
        int begin = text.indexOf(BEGIN) + BEGIN.length();
        int end = text.indexOf(END);
        Map<String, Row> rows = new TreeMap<>();
        for (String line : text.substring(begin, end).lines().toList()) {
            if (line.startsWith("| ") && !line.startsWith("| driver") && !line.startsWith("| **")) {
                Row row = Row.parse(line);
                rows.put(row.key(), row);
            }
        }
        var row = new Row(run.driver, run.jdk, run.collector, 1, run.counted, run.what, run.faults, run.deaths,
                run.hangs, LocalDate.now().toString(), commit());
        rows.merge(row.key(), row, Row::plus);
        Files.writeString(FILE, text.substring(0, begin) + "\n\n" + table(rows) + "\n" + text.substring(end));
    }

    private static String table(Map<String, Row> rows) {
        Map<String, Row> totals = new TreeMap<>();
        List<String> lines = new ArrayList<>();
        rows.values().forEach(row -> {
            lines.add(row.line());
            totals.merge(row.driver + row.what, row, Row::plus);
        });
        totals.values().forEach(total -> lines.add(total.totalLine()));
        return HEAD + String.join("", lines);
    }
}
