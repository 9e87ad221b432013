package driver;

import driver.CallRules.Answer;
import driver.CallRules.Finding;
import driver.CallRules.Rule;
import driver.WireStacks.Frame;
import driver.WireStacks.Generation;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** What the rules say of the stacks of one JVM, in samples; and whether they notice a wrong one. */
final class CallTally {
    private static final int PLANTS = 20_000;
    private static final int EXAMPLE_FRAMES = 4;

    /** An edge that breaks the rules, in how many samples, and what stands around it. */
    static final class Breach {
        private final String text;
        private long samples;

        Breach(String text) {
            this.text = text;
        }
    }

    private final CallRules rules;
    private final Random random = new Random(1);
    private final Map<Answer, Long> edges = new EnumMap<>(Answer.class);
    private final Map<Rule, Long> excepted = new EnumMap<>(Rule.class);
    private final Map<String, Long> unknown = new HashMap<>();
    private final Map<String, Breach> breaches = new HashMap<>();
    private long samples;
    private long badSamples;
    private long swapped;
    private long swappedFound;
    private long skipped;
    private long skippedFound;

    CallTally(CallRules rules) {
        this.rules = rules;
    }

    /* Ids of callees are above those of their callers: one pass up sums, one pass down judges. */
    void add(Generation generation) {
        int count = generation.stackCount();
        var weights = new long[count];
        var isBad = new boolean[count];
        for (int stack = count - 1; stack > 0; stack--) {
            weights[stack] += generation.samples.get(stack);
            weights[generation.parent.get(stack)] += weights[stack];
        }
        for (int stack = 1; stack < count; stack++) {
            int parent = generation.parent.get(stack);
            Frame callee = generation.frameOf(stack);
            Frame caller = parent == 0 ? null : generation.frameOf(parent);
            boolean isCall = callee.isJava() && (caller == null || caller.isJava());
            isBad[stack] = isBad[parent] | (isCall && weights[stack] > 0
                    && isBreach(generation, stack, rules.judge(caller, callee), weights[stack]));
            badSamples += isBad[stack] ? generation.samples.get(stack) : 0;
        }
        samples += generation.javaSamples();
        plant(generation);
    }

    private boolean isBreach(Generation generation, int stack, Finding finding, long weight) {
        edges.merge(finding.answer(), weight, Long::sum);
        switch (finding.answer()) {
            case EXCEPTED -> excepted.merge(finding.rule(), weight, Long::sum);
            case UNKNOWN -> unknown.merge(finding.reason(), weight, Long::sum);
            case VIOLATION -> breaches.computeIfAbsent(finding.reason() + ": " + edgeText(generation, stack),
                    key -> new Breach(key + around(generation, stack))).samples += weight;
            default -> { }
        }
        return finding.answer() == Answer.VIOLATION;
    }

    private static String edgeText(Generation generation, int stack) {
        int parent = generation.parent.get(stack);
        return (parent == 0 ? "" : generation.frameOf(parent).text()) + " -> " + generation.frameOf(stack).text()
                + (generation.samples.get(stack) > 0 ? ", innermost" : "");
    }

    /* The callers before the edge, and one way on from it. */
    private static String around(Generation generation, int stack) {
        var frames = new ArrayList<String>();
        int from = generation.parent.get(stack);
        for (int i = 0; i < EXAMPLE_FRAMES && from != 0; i++) {
            frames.add(0, generation.frameOf(from).text());
            from = generation.parent.get(from);
        }
        frames.add("*" + generation.frameOf(stack).text());
        int at = stack;
        for (int next = stack + 1; next < generation.stackCount() && frames.size() < 2 * EXAMPLE_FRAMES; next++) {
            if (generation.parent.get(next) == at) {
                frames.add(generation.frameOf(next).text());
                at = next;
            }
        }
        return "\n        " + String.join(";", frames);
    }

    // --- planted errors

    private void plant(Generation generation) {
        var stacks = new ArrayList<Integer>();
        for (int stack = 1; stack < generation.stackCount(); stack++) {
            if (generation.samples.get(stack) > 0) {
                stacks.add(stack);
            }
        }
        for (int i = 0; i < PLANTS && !stacks.isEmpty(); i++) {
            List<Frame> frames = framesOf(generation, stacks.get(random.nextInt(stacks.size())));
            if (frames.size() >= 3) {
                plantInto(frames, generation.frames.get(1 + random.nextInt(generation.frames.size() - 1)));
            }
        }
    }

    /** Java frames, outermost first, up to the first that is none. */
    private static List<Frame> framesOf(Generation generation, int stack) {
        var frames = new ArrayList<Frame>();
        for (int at = stack; at != 0 && generation.frameOf(at).isJava(); at = generation.parent.get(at)) {
            frames.add(generation.frameOf(at));
        }
        Collections.reverse(frames);
        return frames;
    }

    /* A frame of the stack that is neither its first nor its last: another stands there; it is missing. */
    private void plantInto(List<Frame> frames, Frame other) {
        int at = 1 + random.nextInt(frames.size() - 2);
        Frame caller = frames.get(at - 1);
        Frame frame = frames.get(at);
        Frame callee = frames.get(at + 1);
        boolean isOther = other.isJava() && !(other.type() + other.method()).equals(frame.type() + frame.method());
        if (isOther && isChecked(caller, frame) && isChecked(frame, callee)) {
            swapped++;
            swappedFound += isFound(caller, other) || isFound(other, callee) ? 1 : 0;
            skipped++;
            skippedFound += isFound(caller, callee) ? 1 : 0;
        }
    }

    private boolean isChecked(Frame caller, Frame callee) {
        Answer answer = rules.judge(caller, callee).answer();
        return answer == Answer.AT_LINE || answer == Answer.IN_METHOD;
    }

    private boolean isFound(Frame caller, Frame callee) {
        Answer answer = rules.judge(caller, callee).answer();
        return answer == Answer.VIOLATION;
    }

    // --- figures

    long samples() {
        return samples;
    }

    long badSamples() {
        return badSamples;
    }

    double swappedShare() {
        return (double) swappedFound / Math.max(1, swapped);
    }

    double skippedShare() {
        return (double) skippedFound / Math.max(1, skipped);
    }

    long swapped() {
        return swapped;
    }

    long edgeCount() {
        return edges.values().stream().mapToLong(Long::longValue).sum();
    }

    double share(Answer answer) {
        return (double) edges.getOrDefault(answer, 0L) / Math.max(1, edgeCount());
    }

    void addExcepted(Map<Rule, Long> sum) {
        excepted.forEach((rule, count) -> sum.merge(rule, count, Long::sum));
    }

    void showBreaches() {
        breaches.values().stream().sorted((a, b) -> Long.compare(b.samples, a.samples))
                .forEach(breach -> System.out.printf("    %,d: %s%n", breach.samples, breach.text));
    }

    void showUnknown(int most) {
        unknown.entrySet().stream().sorted(Map.Entry.<String, Long>comparingByValue().reversed()).limit(most)
                .forEach(entry -> System.out.printf("    %,d not checked: %s%n", entry.getValue(), entry.getKey()));
    }
}
