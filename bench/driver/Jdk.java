package driver;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A JDK of this machine, as tests/support/jdks.sh finds them. */
record Jdk(int feature, Path home) {
    static final String[] COLLECTORS = {"Serial", "Parallel", "G1", "Z", "Shenandoah"};

    /** Does it have this collector? */
    boolean has(String collector) throws IOException, InterruptedException {
        try {
            Command.of(java(), "-XX:+Use" + collector + "GC", "-version").run();
            return true;
        } catch (Trouble e) {
            System.out.println("SKIPPED: " + this + " has no " + collector + " collector");
            return false;
        }
    }

    String java() {
        return home.resolve("bin/java").toString();
    }

    @Override
    public String toString() {
        return "JDK " + feature;
    }

    /** All of them, ascending; or the one that {@code --jdk} asks for. */
    static List<Jdk> wanted(Options options) throws IOException, InterruptedException {
        String lines = Command.of(Tree.ROOT.resolve("tests/support/jdks.sh").toString()).run();
        List<Jdk> found = lines.lines()
                .map(line -> line.split(" ", 2))
                .map(part -> new Jdk(Integer.parseInt(part[0]), Path.of(part[1])))
                .filter(jdk -> jdk.feature >= 17)
                .filter(jdk -> options.jdk() == 0 || options.jdk() == jdk.feature)
                .toList();
        if (found.isEmpty()) {
            throw new Trouble("no JDK" + (options.jdk() == 0 ? "" : " " + options.jdk())
                    + " is here; UMIG_JDKS=/path/to/jdk:... adds one");
        }
        return found;
    }
}
