package programs.known;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32;

/** JDK methods that the JVM replaces by code of its own: stubs, vector loops, libraries. */
final class Intrinsics implements Runnable {
    private static final int LENGTH = 2000;

    private final Random random = new Random(1);
    private final String text = "ab".repeat(LENGTH) + "needle";
    private final String same = new String(text.toCharArray());
    private final byte[] from = text.getBytes(StandardCharsets.US_ASCII);
    private final byte[] to = new byte[from.length];
    private final int[] numbers = random.ints(LENGTH).toArray();
    private final int[] sorted = new int[LENGTH];
    private final CRC32 crc = new CRC32();

    private long search() {
        return text.indexOf("needle") + text.indexOf('n') + (long) text.lastIndexOf("zzz");
    }

    private long compare() {
        return (text.equals(same) ? 1 : 0) + text.compareTo(same) + (Arrays.equals(from, to) ? 1 : 2);
    }

    private long copy() {
        System.arraycopy(from, 0, to, 0, from.length);
        return to[LENGTH];
    }

    private long clear() {
        Arrays.fill(to, (byte) 7);
        return to[LENGTH];
    }

    private long sort() {
        System.arraycopy(numbers, 0, sorted, 0, LENGTH);
        Arrays.sort(sorted);
        return sorted[LENGTH / 2];
    }

    private long build() {
        var builder = new StringBuilder();
        for (int i = 0; i < 50; i++) {
            builder.append("piece ").append(i).append(' ').append(text, 0, 20);
        }
        return builder.toString().length();
    }

    private long hash() {
        return Arrays.hashCode(numbers) + Arrays.hashCode(from);
    }

    private long checksum() {
        crc.reset();
        crc.update(from);
        return crc.getValue();
    }

    private long encode() {
        return text.getBytes(StandardCharsets.UTF_8).length + new String(from, StandardCharsets.UTF_8).length();
    }

    private long clock() {
        long sum = 0;
        for (int i = 0; i < 50; i++) {
            sum += System.nanoTime() ^ System.currentTimeMillis();
        }
        return sum;
    }

    private long sine() {
        double sum = 0;
        for (int i = 0; i < 50; i++) {
            sum += Math.sin(i) + Math.pow(i, 1.5) + Math.log(i + 1);
        }
        return (long) sum;
    }

    @Override
    public void run() {
        var mine = new Intrinsics();
        long sum = 0;
        while (!Known.isOver()) {
            sum += mine.search() + mine.compare() + mine.copy() + mine.clear() + mine.sort()
                    + mine.build() + mine.hash() + mine.checksum() + mine.encode() + mine.clock() + mine.sine();
        }
        Work.sink = sum;
    }

    /** What a method of this class calls, in the words of the table below; or nothing. */
    private static String through(String callees, String beyond) {
        return "(java\\." + callees + "(;(java|jdk\\.internal)\\." + beyond + "\\.[^;]*)*)?";
    }

    public static void main(String[] arguments) throws Exception {
        Known.loadPeer(arguments);
        // A method, the JDK's that it calls, and the classes that these may go on to.
        String[][] methods = {
            {"search", "lang\\.String\\.(indexOf|lastIndexOf)", "(lang\\.(String|Math)|util\\.Precond)\\w*"},
            {"compare", "(lang\\.String\\.(equals|compareTo)|util\\.Arrays\\.equals)",
                "(lang\\.(String|Math)|util\\.Arrays)\\w*"},
            {"copy", "lang\\.System\\.arraycopy", "none"},
            {"clear", "util\\.Arrays\\.fill", "none"},
            {"sort", "(util\\.Arrays\\.sort|lang\\.System\\.arraycopy)", "util\\.(DualPivotQuicksort|Arrays)"},
            {"build", "lang\\.(StringBuilder\\.(<init>|append|toString))",
                "(lang\\.(AbstractString|String|Math|Integer|System|Character|Object|Decimal)"
                        + "|util\\.(Arrays|Precond|Decimal|Objects))\\w*"},
            {"hash", "util\\.Arrays\\.hashCode", "(util\\.ArraysSupport|lang\\.StringLatin1)"},
            {"checksum", "util\\.zip\\.(CRC32|Checksum)\\.(reset|update|getValue)",
                "util\\.(zip\\.\\w+|Objects|Preconditions)"},
            {"encode", "lang\\.String\\.(getBytes|<init>)",
                "(lang\\.(String|System|Math)|util\\.(Arrays|Objects|Precond))\\w*"},
            {"clock", "lang\\.System\\.(nanoTime|currentTimeMillis)", "none"},
            {"sine", "lang\\.Math\\.(sin|pow|log)", "lang\\.\\w*Math"},
        };
        var known = new Known(Intrinsics.class).leaves("run");
        for (String[] method : methods) {
            known.calls("run", method[0]).leaf(method[0], through(method[1], method[2]));
        }
        known.run(2, new Intrinsics());
    }
}
