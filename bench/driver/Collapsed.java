package driver;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Collapsed stacks of a profiler: the thread, the frames from the outermost on, a weight. */
final class Collapsed {
    private static final Pattern THREAD = Pattern.compile("\\[(.*?)( tid=\\d+)?\\]");
    private static final Pattern SLASHED =
            Pattern.compile("(java|javax|jdk|sun|com/sun|groovy|org/codehaus|org/apache|programs)/.*");
    private static final Pattern LAMBDA_CLASS = Pattern.compile("(\\$\\$Lambda)[^;]*\\.(\\w+)");
    private static final Pattern LAMBDA = Pattern.compile("\\.lambda\\$(\\w+)\\$(\\d+)$");
    private static final Pattern CLOSURE = Pattern.compile("\\$_(\\w+)_closure(\\d+)\\.(.*)$");

    /** One line of the file. */
    record Stack(String thread, List<String> frames, long weight) {}

    private Collapsed() {}

    /** Reads lines of either profiler; the peer's names become what ours are. */
    static List<Stack> read(String text) {
        var stacks = new ArrayList<Stack>();
        for (String line : text.lines().toList()) {
            stacks.add(stackOf(line));
        }
        return stacks;
    }

    /** Reads a line; files of deep stacks can be larger than the heap. */
    static Stack stackOf(String line) {
        int space = line.lastIndexOf(' ');
        String[] parts = line.substring(0, space).split(";");
        var thread = THREAD.matcher(parts[0]);
        if (!thread.matches()) {
            throw new Trouble("a stack without a thread: " + line);
        }
        List<String> frames = List.of(parts).subList(1, parts.length).stream().map(Collapsed::plain).toList();
        return new Stack(thread.group(1), frames, Long.parseLong(line.substring(space + 1)));
    }

    private static String plain(String frame) {
        if (!SLASHED.matcher(frame).matches()) {
            return frame;
        }
        String name = LAMBDA_CLASS.matcher(frame.replace('/', '.')).replaceFirst("$1.$2");
        name = LAMBDA.matcher(name).replaceFirst(".$1 {lambda $2}").replace(".new {", ".<init> {");
        return CLOSURE.matcher(name).replaceFirst(".$1 {closure $2} $3").replaceFirst("\\} (doCall|call)$", "}");
    }
}
