package driver;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Twelve leaks that {@code umig heap suspects} must name, by class, line and holder, among twelve
 * that look like leaks, which it must not name.
 */
final class Leaks {
    private static final int PATIENCE_S = 120;
    private static final String RATE = "750";
    private static final Pattern SUSPECT = Pattern.compile(
            "\\{\"object_class\":\"([^\"]+)\".*?\"held_by\":\\[(?:\\{\"way\":\"([^\"]*)\")?");

    /** Class of the objects, and what the way to them must hold. */
    private static final Map<String, String> LEAKS = new LinkedHashMap<>();

    static {
        LEAKS.put("Entry", "static programs.Leaky.ENTRIES > HashMap");
        LEAKS.put("Listener", "programs.Leaky$Bus.listeners > ArrayList");
        LEAKS.put("PerThread", "thread leaky-* > ThreadLocal");
        LEAKS.put("Cached", "static programs.Leaky.CACHE > ConcurrentHashMap");
        LEAKS.put("Interned", "static programs.Leaky.NAMES > TreeMap");
        LEAKS.put("Unclosed", "static programs.Leaky.OPEN");
        LEAKS.put("Queued", "static programs.Leaky.QUEUE > ConcurrentLinkedQueue");
        LEAKS.put("Chained", "static programs.Leaky.chain");
        LEAKS.put("Task", "static programs.Leaky.TIMER");
        LEAKS.put("RuleData", "static Rule.kept");
        LEAKS.put("MetaData", "groovy");
        LEAKS.put("Attribute", "programs.Leaky$Tenant.attributes");
    }

    private static final List<String> LOOK_ALIKES = List.of("Recent", "Session", "Batched", "Startup", "Garbage",
            "Pooled", "Passing", "WeakKey", "Softly", "InRing", "Filled", "Windowed");

    private Leaks() {}

    static int run(Options options) throws Exception {
        var verdict = new Verdict("leaks");
        for (Jdk jdk : Jdk.wanted(options)) {
            try (Collector collector = Collector.start();
                    Target target = new Target.Plan(jdk).with("-Xms1g", "-Xmx1g", "-Xmn16m",
                            "-XX:InitiatingHeapOccupancyPercent=20", "-XX:-G1UseAdaptiveIHOP").agent()
                            .start("Leaky", RATE)) {
                measure(jdk, target, options.isShort() ? 2 : 5, verdict);
            }
        }
        return verdict.close();
    }

    private static String nameOf(String objectClass) {
        return objectClass.substring(objectClass.lastIndexOf('$') + 1);
    }

    private static void measure(Jdk jdk, Target target, int watchMin, Verdict verdict) throws Exception {
        if (!target.line(PATIENCE_S).equals("ready")) {
            throw new Trouble("the program did not come up");
        }
        target.order("");
        String json = Command.umig("heap", "suspects", String.valueOf(target.pid()), "--watch", watchMin + "m",
                "--json").run(watchMin * 60 + PATIENCE_S);
        int cleared = json.indexOf("\"cleared\":");
        if (cleared < 0) {
            throw new Trouble("no answer of umig heap suspects: " + json);
        }
        judge(jdk, waysIn(json.substring(0, cleared)), waysIn(json.substring(cleared)), verdict);
    }

    /** By the class of the objects what holds them; "" where that was not found. */
    private static Map<String, String> waysIn(String json) {
        Map<String, String> ways = new LinkedHashMap<>();
        for (Matcher m = SUSPECT.matcher(json); m.find();) {
            ways.putIfAbsent(nameOf(m.group(1)), m.group(2) == null ? "" : m.group(2));
        }
        return ways;
    }

    private static void judge(Jdk jdk, Map<String, String> found, Map<String, String> cleared, Verdict verdict) {
        var wrong = new ArrayList<String>();
        long named = 0;
        long held = 0;
        System.out.printf("%n%s%n", jdk);
        for (Map.Entry<String, String> leak : LEAKS.entrySet()) {
            String way = found.get(leak.getKey());
            boolean isHeld = way != null && way.contains(leak.getValue());
            named += way != null ? 1 : 0;
            held += isHeld ? 1 : 0;
            System.out.printf("%-10s %-8s %s%n", leak.getKey(), way == null ? "missed" : isHeld ? "held" : "WRONG",
                    way == null ? "" : way);
        }
        for (Map.Entry<String, String> suspect : found.entrySet()) {
            if (LOOK_ALIKES.contains(suspect.getKey())) {
                wrong.add(suspect.getKey());
            } else if (!LEAKS.containsKey(suspect.getKey())) {
                System.out.printf("%-10s besides  %s%n", suspect.getKey(), suspect.getValue());
            }
        }
        cleared.forEach((name, way) -> System.out.printf("%-10s cleared  %s%n", name, way));
        verdict.add(String.format("%s %d of 12 leaks named, %d with their holder", jdk, named, held), held == 12);
        verdict.add(String.format("look-alikes named: %s", wrong.isEmpty() ? "none" : wrong), wrong.isEmpty());
    }
}
