package driver;

import driver.ClassFiles.Action;
import driver.ClassFiles.Info;
import driver.ClassFiles.Site;
import driver.WireStacks.Frame;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * Can this method have called that one? Yes, if it has an instruction that can: of that name and
 * descriptor, on a class from which dispatch comes to the callee's. What calls without such an
 * instruction is excepted by a rule that says when it may.
 */
final class CallRules {
    private static final Pattern INVOKERS = Pattern.compile("java\\.lang\\.invoke\\..*");
    private static final Set<String> LINKAGE =
            Set.of("linkCallSite", "linkMethodHandleConstant", "linkDynamicConstant", "linkMethod", "findMethodHandleType");
    private static final String EVENT = "jdk.internal.event.Event";
    private static final Set<String> LOADING = Set.of("loadClass", "loadClassInternal", "addClass", "checkPackageAccess");
    /** Native methods that call a method of Java that their caller chose. */
    private static final List<Pattern> CALL_BACK = List.of(
            Pattern.compile(".*\\$?NativeAccessor\\.(invoke0|newInstance0)"),
            Pattern.compile(".*\\.Native(Method|Constructor)AccessorImpl\\.(invoke0|newInstance0)"),
            Pattern.compile("jdk\\.internal\\.vm\\.Continuation\\.enterSpecial"),
            Pattern.compile("java\\.lang\\.StackStreamFactory.*\\.callStackWalk"),
            Pattern.compile("java\\.security\\.AccessController\\..*"),
            Pattern.compile("jdk\\.internal\\.perf\\.Perf\\..*")); // makes a direct buffer
    private static final Pattern ROOT = Pattern.compile("java\\.lang\\.(Thread\\.(exit|dispatchUncaughtException)"
            + "|Shutdown\\.shutdown|System\\.initPhase[123]|ThreadGroup\\..*)|jdk\\.internal\\.misc\\.Signal\\.dispatch"
            + "|jdk\\.internal\\.vm\\.Continuation\\.enter|sun\\.launcher\\.LauncherHelper\\.checkAndLoadMain");

    /** What may call without an instruction that names the callee; NONE: an instruction does. */
    enum Rule {
        NONE(""),
        ROOT("thread entry: begins as threads do"),
        HANDLE("method handles: invokedynamic or invoke calls a LambdaForm, a LambdaForm or a linker anything"),
        CALL_BACK("reflection, continuations: a native method that calls what it is given"),
        INITIALISE("<clinit>: the caller's instruction, or a native method, initialises the class or a subclass"),
        LOADING("class loading: the JVM asks a ClassLoader"),
        NATIVE_LINKAGE("native methods: the JVM asks the ClassLoader for the function of the one that is called"),
        LINKAGE("linkage: the JVM links an invokedynamic, a handle or a constant that the caller has"),
        THROWN("exceptions that the JVM makes"),
        FINALIZER("Finalizer.register, by Object.<init>"),
        EVENT("event classes: the JVM's recorder overrides methods as it loads them");

        final String text;

        Rule(String text) {
            this.text = text;
        }
    }

    enum Answer { AT_LINE, IN_METHOD, EXCEPTED, UNKNOWN, VIOLATION }

    /** The answer; by which rule; for a violation or what is unknown, why. */
    record Finding(Answer answer, Rule rule, String reason) {}

    private record Edge(Frame caller, Frame callee) {}

    private final ClassFiles classes;
    private final Map<Edge, Finding> known = new HashMap<>();

    CallRules(ClassFiles classes) {
        this.classes = classes;
    }

    /** A caller of null: the callee is the outermost frame. */
    Finding judge(Frame caller, Frame callee) {
        return known.computeIfAbsent(new Edge(caller, callee), edge -> caller == null ? root(callee) : call(caller, callee));
    }

    private static Finding excepted(Rule rule) {
        return new Finding(Answer.EXCEPTED, rule, "");
    }

    private static Finding violation(String reason) {
        return new Finding(Answer.VIOLATION, Rule.NONE, reason);
    }

    private Finding root(Frame frame) {
        boolean isBegin = frame.method().equals("run") && classes.isSubtype(frame.type(), "java.lang.Thread")
                || frame.method().equals("main")
                || ROOT.matcher(frame.type() + "." + frame.method()).matches();
        return isBegin ? excepted(Rule.ROOT) : violation("no thread begins so");
    }

    private Finding call(Frame caller, Frame callee) {
        Info from = classes.find(caller.type());
        Info to = classes.find(callee.type());
        if (from == null || to == null) {
            return new Finding(Answer.UNKNOWN, Rule.NONE, "no bytes of " + (from == null ? caller : callee).type());
        }
        if (from.has(caller.method()) && isAddedToEvent(callee, to) && from.sites(caller.method()).stream()
                .anyMatch(site -> site.name().equals(callee.method()) && classes.canMeet(site.owner(), callee.type()))) {
            return excepted(Rule.EVENT);
        }
        if (!from.has(caller.method()) || !to.has(callee.method())) {
            Frame odd = from.has(caller.method()) ? callee : caller;
            return violation("no such method: " + odd.type() + "." + odd.method());
        }
        Set<Site> sites = from.sites(caller.method());
        Finding direct = direct(caller, sites, site -> reaches(site, callee, to));
        return direct != null ? direct : excepted(caller, callee, from, sites);
    }

    /* A subclass of Event gets overriding methods that are in no class file (jfrEventClassTransformer.cpp). */
    private boolean isAddedToEvent(Frame frame, Info type) {
        Info event = classes.find(EVENT);
        return event != null && !type.has(frame.method()) && event.has(frame.method())
                && classes.isSubtype(frame.type(), EVENT);
    }

    /* By an instruction: best at the line of the frame, else anywhere in a method of that name. */
    private static Finding direct(Frame caller, Set<Site> sites, Predicate<Site> can) {
        Answer best = null;
        for (Site site : sites) {
            boolean isHere = caller.line() == 0 || site.line() == caller.line();
            if ((best == null || isHere) && can.test(site)) {
                best = isHere ? Answer.AT_LINE : Answer.IN_METHOD;
                if (isHere) {
                    break;
                }
            }
        }
        return best == null ? null : new Finding(best, Rule.NONE, "");
    }

    private boolean reaches(Site site, Frame callee, Info to) {
        return switch (site.action()) {
            case CALL -> site.name().equals(callee.method()) && to.has(site.name(), site.descriptor())
                    && classes.canMeet(site.owner(), callee.type());
            case CALL_EXACT -> site.name().equals(callee.method()) && to.has(site.name(), site.descriptor())
                    && classes.isSubtype(site.owner(), callee.type());
            case DYNAMIC, HANDLE -> false;
            case INITIALISES -> callee.method().equals("<clinit>") && classes.isSubtype(site.owner(), callee.type());
        };
    }

    private Finding excepted(Frame caller, Frame callee, Info from, Set<Site> sites) {
        boolean isNative = caller.isNative() || from.isNative(caller.method());
        String name = caller.type() + "." + caller.method();
        boolean isLinked = sites.stream().anyMatch(site -> isLinked(site)
                && (caller.line() == 0 || site.line() == caller.line()));
        boolean isLinkage = LINKAGE.contains(callee.method());
        if (isLinker(name) || isInvoker(caller, sites)
                || isLinked && !isLinkage && INVOKERS.matcher(callee.type()).matches()) {
            return excepted(Rule.HANDLE);
        }
        if (isNative && CALL_BACK.stream().anyMatch(rule -> rule.matcher(name).matches())) {
            return excepted(Rule.CALL_BACK);
        }
        if (callee.method().equals("<clinit>") && isNative) {
            return excepted(Rule.INITIALISE);
        }
        if (LOADING.contains(callee.method()) && classes.isSubtype(callee.type(), "java.lang.ClassLoader")) {
            return excepted(Rule.LOADING);
        }
        if (isNative && callee.method().equals("findNative")
                && classes.isSubtype(callee.type(), "java.lang.ClassLoader")) {
            return excepted(Rule.NATIVE_LINKAGE); // nativeLookup.cpp
        }
        if (isLinkage && callee.type().equals("java.lang.invoke.MethodHandleNatives") && (isNative || isLinked)) {
            return excepted(Rule.LINKAGE);
        }
        if (callee.method().equals("<init>") && classes.isSubtype(callee.type(), "java.lang.Throwable")) {
            return excepted(Rule.THROWN);
        }
        if (name.equals("java.lang.Object.<init>") && callee.type().equals("java.lang.ref.Finalizer")) {
            return excepted(Rule.FINALIZER);
        }
        boolean isNamed = sites.stream().anyMatch(site -> site.name().equals(callee.method()));
        return violation(isNative ? "a native method that calls none" : isNamed
                ? "it calls that name, but not on a class from which dispatch comes here" : "no call of that name");
    }

    private static boolean isLinked(Site site) {
        return site.action() == Action.DYNAMIC || site.action() == Action.HANDLE;
    }

    private static boolean isLinker(String name) {
        return name.matches("java\\.lang\\.invoke\\.MethodHandle\\.(invoke|invokeExact|invokeBasic|linkTo.*)");
    }

    /* A LambdaForm, or what stands for one in the JDK's image, that calls a handle. */
    private static boolean isInvoker(Frame caller, Set<Site> sites) {
        return caller.type().matches("java\\.lang\\.invoke\\.(LambdaForm\\$.*|.*\\$Holder)")
                && sites.stream().anyMatch(site -> site.action() == Action.HANDLE);
    }
}
