package driver;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** What Bench and Soak share: the choice by name, errors in one line, tidying up. */
final class Main {
    private static final Set<Process> ALIVE = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> ALIVE.forEach(Process::destroyForcibly)));
    }

    private Main() {}

    @FunctionalInterface
    interface Body {
        /** Prints tables and a verdict; 0 if all holds, else 1. */
        int run(Options options) throws Exception;
    }

    /** One name to choose, in the order given. */
    record Row(String name, String about, Body body) {}

    /** Runs the named row and ends this process: 0 holds, 1 falls short, 2 usage, 3 trouble. */
    static void run(String script, Row[] rows, String[] arguments) {
        int status;
        try {
            Options options = Options.parse(arguments);
            status = options.name() == null ? usage(script, rows) : choose(script, rows, options);
        } catch (Trouble trouble) {
            System.err.println("scripts/" + script + ": " + trouble.getMessage());
            status = 3;
        } catch (Exception e) {
            e.printStackTrace();
            status = 3;
        }
        if (status != 3) {
            remove(Tree.RUN);
        }
        System.exit(status);
    }

    private static int choose(String script, Row[] rows, Options options) throws Exception {
        if (options.name().equals("list")) {
            for (Row row : rows) {
                System.out.printf("%-12s %s%n", row.name, row.about);
            }
            return 0;
        }
        Map<String, Row> byName = new TreeMap<>();
        for (Row row : rows) {
            byName.put(row.name, row);
        }
        Row row = byName.get(options.name());
        return row == null ? usage(script, rows) : row.body.run(options);
    }

    private static int usage(String script, Row[] rows) {
        var names = new StringBuilder();
        for (Row row : rows) {
            names.append(row.name).append(", ");
        }
        System.err.println("usage: scripts/" + script + " NAME [MINUTES] [--short] [--jdk N] [--walker W]"
                + " [--only WHICH] [--show] [--record]; NAME is "
                + names + "or list");
        return 2;
    }

    /** A driver that is killed takes with it what it started. */
    static Process endWithUs(Process process) {
        ALIVE.add(process);
        process.onExit().thenAccept(ALIVE::remove);
        return process;
    }

    private static void remove(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            System.err.println("left behind: " + folder + ": " + e.getMessage());
        }
    }
}
