package driver;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where things lie. The scripts tell by system properties. */
final class Tree {
    static final Path ROOT = Path.of(property("umig.root"));
    /** The CMake build whose agent and command are used. */
    static final Path BUILD = Path.of(property("umig.build"));
    static final Path AGENT = BUILD.resolve("lib/libumigagent.so");
    static final Path UMIG = BUILD.resolve("bin/umig");
    /** The class path of this driver is that of the programs, too. */
    static final String CLASS_PATH = System.getProperty("java.class.path");
    /** Our classes, and the C library of a program. */
    static final Path CLASSES = Path.of(CLASS_PATH.split(java.io.File.pathSeparator)[0]);
    /** A class path of its own: Groovy 2.4, and the peer. */
    static final Path LIB_GROOVY_24 = CLASSES.resolveSibling("lib-groovy24");
    /** Sockets, logs, crash reports of this run; kept when something went wrong. */
    static final Path RUN = makeRun();

    private Tree() {}

    private static String property(String name) {
        String value = System.getProperty(name);
        if (value == null) {
            throw new Trouble("start this by scripts/bench or scripts/soak: " + name + " is not set");
        }
        return value;
    }

    /* A socket's path has 108 bytes: the run's folder lies near the root. */
    private static Path makeRun() {
        try {
            return Files.createTempDirectory("umig-bench");
        } catch (IOException e) {
            throw new Trouble("no temporary folder: " + e.getMessage());
        }
    }
}
