package driver;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** The rules of a program of bench/programs/known, and what they say of a stack. */
final class KnownStacks {
    static final String PROGRAMS = "programs.known.";
    private static final Pattern JAVA = Pattern.compile(
            "(java|javax|jdk|sun|com\\.sun|groovy|org\\.codehaus\\.groovy|org\\.apache\\.groovy|programs)\\..*");
    private static final String CUT = "[truncated]";
    /** Ours in brackets; the peer's with its words for a walk that failed. */
    private static final Pattern FAILURE = Pattern.compile(
            "\\[(unknown_|not_walkable|no_Java|no_class|break|stale|deopt|GC_active|skipped|safepoint"
                    + "|thread_exit).*\\]");

    enum Grade { RIGHT, CUT, BROKEN, WRONG }

    /** What a stack is, and what is amiss in it. */
    record Finding(Grade grade, String reason) {}

    private record Call(String caller, String callee) {}

    private final Map<String, Pattern> roots = new HashMap<>();
    private final Map<Call, Pattern> calls = new HashMap<>();
    private final Map<String, Pattern> leaves = new HashMap<>();
    private final Map<String, Integer> depths = new HashMap<>();
    private final List<Pattern> dispatch = new ArrayList<>();
    private Pattern worker = Pattern.compile("");
    private Pattern idle = Pattern.compile("(?!)");

    /** Takes one line of the program; the format stands in Known.java. */
    void add(String line) {
        String[] words = line.split("\t", -1);
        switch (words[0]) {
            case "worker" -> worker = Pattern.compile(words[1]);
            case "root" -> roots.put(words[1], Pattern.compile(words[2]));
            case "call" -> calls.put(new Call(words[1], words[2]), Pattern.compile(words[3]));
            case "leaf" -> leaves.put(words[1], Pattern.compile(words[2]));
            case "depth" -> depths.put(words[1], Integer.parseInt(words[2]));
            case "idle" -> idle = Pattern.compile(words[1]);
            case "dispatch" -> dispatch.add(Pattern.compile(words[1]));
            default -> throw new Trouble("no rule of known stacks: " + line);
        }
    }

    boolean isWorker(String thread) {
        return worker.matcher(thread).matches();
    }

    private boolean isJudged(String frame) {
        return frame.startsWith(PROGRAMS) && dispatch.stream().noneMatch(rule -> rule.matcher(frame).matches());
    }

    static boolean isPeersFailure(String frame) {
        return FAILURE.matcher(frame).matches();
    }

    private static boolean isFailure(String frame, boolean isOurs) {
        return isOurs ? frame.startsWith("[") && !frame.equals(CUT) : isPeersFailure(frame);
    }

    /**
     * Judges a stack, outermost frame first. Frames that are not Java's are looked through: where
     * they stand is for another bench.
     */
    Finding judge(List<String> frames, boolean isOurs) {
        for (String frame : frames) {
            if (isFailure(frame, isOurs)) {
                return new Finding(Grade.BROKEN, "failed: " + frame);
            }
        }
        List<String> java = frames.stream().filter(frame -> JAVA.matcher(frame).matches()).toList();
        return frames.contains(CUT) ? new Finding(Grade.CUT, "cut") : judgeChain(java);
    }

    private Finding judgeChain(List<String> frames) {
        var between = new ArrayList<String>();
        String caller = null;
        int depth = 0;
        for (String frame : frames) {
            if (!isJudged(frame)) {
                between.add(frame);
                continue;
            }
            Finding amiss = caller == null ? judgeRoot(between, frame) : judgeCall(caller, between, frame);
            if (amiss == null && depths.getOrDefault(frame, depth) != depth) {
                amiss = wrong(frame + " stands on " + depth + " frames, not on " + depths.get(frame));
            }
            if (amiss != null) {
                return amiss;
            }
            between.clear();
            caller = frame;
            depth++;
        }
        return caller == null ? judgeIdle(between) : judgeLeaf(caller, between);
    }

    private static Finding wrong(String reason) {
        return new Finding(Grade.WRONG, reason);
    }

    private static boolean matches(Pattern pattern, List<String> frames) {
        return pattern != null && pattern.matcher(String.join(";", frames)).matches();
    }

    /** Whoever begins as a thread does, and goes on with another method, has lost what is between. */
    private Finding judgeRoot(List<String> before, String frame) {
        if (matches(roots.get(frame), before)) {
            return null;
        }
        boolean beginsWell = roots.values().stream().anyMatch(root -> matches(root, before));
        return new Finding(beginsWell ? Grade.WRONG : Grade.BROKEN,
                "begins with " + String.join(";", before) + ";" + frame);
    }

    private Finding judgeCall(String caller, List<String> between, String callee) {
        Pattern way = calls.get(new Call(caller, callee));
        if (matches(way, between)) {
            return null;
        }
        return wrong((way == null ? "no such call: " : "no such way: ") + caller + " -> "
                + String.join(";", between) + " -> " + callee);
    }

    private Finding judgeLeaf(String leaf, List<String> above) {
        return matches(leaves.get(leaf), above) ? new Finding(Grade.RIGHT, "")
                : wrong("no such leaf: " + leaf + " -> " + String.join(";", above));
    }

    private Finding judgeIdle(List<String> frames) {
        return matches(idle, frames) ? new Finding(Grade.RIGHT, "")
                : new Finding(Grade.BROKEN, "no frame of the program: " + String.join(";", frames));
    }
}
