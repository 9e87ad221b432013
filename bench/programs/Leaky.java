package programs;

import groovy.lang.Closure;
import groovy.lang.ExpandoMetaClass;
import groovy.lang.GroovyClassLoader;
import groovy.lang.GroovyObject;
import groovy.lang.GroovySystem;
import java.io.InputStream;
import java.lang.ref.SoftReference;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.WeakHashMap;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Twelve leaks, and twelve that look like leaks and are none; the objects of each are of a class of
 * its own. {@code Leaky RATE}: so many objects a second of each. Prints "ready"; leaks from the first
 * line it reads until the second.
 */
public final class Leaky {
    /* Of pieces that are not humongous to any collector. */
    private static final int BALLAST_PIECES = 4000;
    private static final int BALLAST_PIECE_BYTES = 100_000;
    private static final int SECONDS_PER_RULE = 10;
    private static final int GARBAGE_BYTES = 2000;

    /** 80 bytes with its header. */
    abstract static class Thing {
        long a;
        long b;
        long c;
        long d;
        long e;
        long f;
        long g;
        long h;
    }

    /* --- leaks --- */

    static final class Entry extends Thing {}

    static final class Listener extends Thing implements Runnable {
        @Override
        public void run() {}
    }

    static final class PerThread extends Thing {}

    static final class Cached extends Thing {}

    static final class Interned extends Thing {}

    static final class Unclosed extends InputStream {
        long a;
        long b;
        long c;
        long d;
        long e;
        long f;
        long g;

        Unclosed() {
            OPEN.add(this);
        }

        @Override
        public int read() {
            return -1;
        }

        @Override
        public void close() {
            OPEN.remove(this);
        }
    }

    static final class Queued extends Thing {}

    static final class Chained extends Thing {
        Chained next;
    }

    static final class Task extends Thing implements Runnable {
        @Override
        public void run() {}
    }

    /** What a script keeps in a static list of its own; the scripts are kept. */
    public static final class RuleData extends Thing {}

    static final class MetaData extends Thing {}

    static final class Attribute extends Thing {}

    static final Map<Integer, Entry> ENTRIES = new HashMap<>();
    static final Bus BUS = new Bus();
    static final ThreadLocal<List<PerThread>> PER_THREAD = ThreadLocal.withInitial(ArrayList::new);
    static final Map<Integer, Cached> CACHE = new ConcurrentHashMap<>();
    static final Map<String, Interned> NAMES = new TreeMap<>();
    static final Set<Unclosed> OPEN = Collections.newSetFromMap(new IdentityHashMap<>());
    static final Queue<Queued> QUEUE = new ConcurrentLinkedQueue<>();
    static final ScheduledThreadPoolExecutor TIMER = new ScheduledThreadPoolExecutor(1);
    static final List<GroovyObject> RULES = new ArrayList<>();
    static final Map<String, Tenant> TENANTS = new HashMap<>();
    static Chained chain;

    static final class Bus {
        private final List<Runnable> listeners = new ArrayList<>();
    }

    static final class Tenant {
        private final List<Attribute> attributes = new ArrayList<>();
    }

    /** Its methods are added at run time, and keep what their closures keep. */
    public static final class Dynamic {}

    /* --- look-alikes --- */

    static final class Recent extends Thing {}

    static final class Session extends Thing {
        long until;
    }

    static final class Batched extends Thing {}

    static final class Startup extends Thing {}

    static final class Garbage extends Thing {}

    static final class Pooled extends Thing {}

    static final class Passing extends Thing {}

    static final class WeakKey extends Thing {}

    static final class Softly extends Thing {}

    static final class InRing extends Thing {}

    static final class Filled extends Thing {}

    static final class Windowed extends Thing {}

    static final Map<Integer, Recent> RECENT = new LinkedHashMap<>(100, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Integer, Recent> eldest) {
            return size() > 8000;
        }
    };
    static final Deque<Session> SESSIONS = new ArrayDeque<>();
    static final List<Startup> STARTUP = new ArrayList<>();
    static final Deque<Pooled> POOL = new ArrayDeque<>();
    static final BlockingQueue<Passing> PASSING = new ArrayBlockingQueue<>(3000);
    static final Map<WeakKey, Integer> WEAK = new WeakHashMap<>();
    static final List<SoftReference<Softly>> SOFT = new ArrayList<>();
    static final InRing[] RING = new InRing[6000];
    static final Map<Integer, Filled> FILLED = new HashMap<>();
    static final Deque<Windowed> WINDOW = new ArrayDeque<>();
    static List<Batched> batch = new ArrayList<>();
    static volatile Object sink;

    private static final String RULE = """
            class Rule {
                static final List kept = []
                void keep() { kept << new programs.Leaky.RuleData() }
            }
            """;

    private final int rate;
    private final ExpandoMetaClass meta = new ExpandoMetaClass(Dynamic.class, true, true);
    private final List<Object> keepers = new ArrayList<>();
    private int n;

    private Leaky(int rate) {
        this.rate = rate;
        meta.initialize();
        GroovySystem.getMetaClassRegistry().setMetaClass(Dynamic.class, meta);
        for (int i = 0; i < 8; i++) {
            TENANTS.put("tenant-" + i, new Tenant());
        }
    }

    private void newRule() {
        try (var loader = new GroovyClassLoader()) {
            Class<?> rule = loader.parseClass(RULE);
            RULES.add((GroovyObject) rule.getConstructor().newInstance());
        } catch (ReflectiveOperationException | java.io.IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A method of the registry's metaclass, whose closure keeps objects. */
    private void newMethod() {
        var kept = new ArrayList<MetaData>();
        for (int i = 0; i < rate; i++) {
            kept.add(new MetaData());
        }
        meta.registerInstanceMethod("method" + n, new Closure<Object>(kept) {
            private static final long serialVersionUID = 1;

            public Object doCall() {
                return getOwner();
            }
        });
    }

    private void leak() {
        ENTRIES.put(n, new Entry());
        BUS.listeners.add(new Listener());
        PER_THREAD.get().add(new PerThread());
        CACHE.put(n, new Cached());
        NAMES.put("name-" + n, new Interned());
        sink = new Unclosed();
        QUEUE.add(new Queued());
        var link = new Chained();
        link.next = chain;
        chain = link;
        TIMER.schedule(new Task(), 10, TimeUnit.HOURS);
        RULES.get(RULES.size() - 1).invokeMethod("keep", null);
        TENANTS.get("tenant-" + n % 8).attributes.add(new Attribute());
    }

    private void look(long nowNs) {
        RECENT.put(n, new Recent());
        var session = new Session();
        session.until = nowNs + TimeUnit.SECONDS.toNanos(20);
        SESSIONS.add(session);
        while (SESSIONS.peek().until < nowNs) {
            SESSIONS.poll();
        }
        batch.add(new Batched());
        if (batch.size() > 20 * rate) {
            batch = new ArrayList<>();
        }
        for (int i = 0; i < 3; i++) {
            sink = new Garbage();
            sink = new byte[GARBAGE_BYTES];
        }
        Pooled pooled = POOL.poll();
        POOL.add(pooled == null || n % 4 == 0 ? new Pooled() : pooled);
        while (POOL.size() > 2000) {
            POOL.poll();
        }
        var passing = new Passing();
        while (!PASSING.offer(passing)) {
            PASSING.poll();
        }
        WEAK.put(new WeakKey(), n);
        SOFT.add(new SoftReference<>(new Softly()));
        RING[n % RING.length] = new InRing();
        if (FILLED.size() < 8000) {
            FILLED.put(n, new Filled());
        }
        WINDOW.add(new Windowed());
        while (WINDOW.size() > 15 * rate) {
            WINDOW.poll();
        }
    }

    private void run() throws InterruptedException {
        long begin = System.nanoTime();
        newRule();
        while (!Thread.interrupted()) {
            long now = System.nanoTime();
            while (n < (now - begin) / 1e9 * rate) {
                n++;
                if (n % rate == 0) {
                    newMethod();
                }
                if (n % (SECONDS_PER_RULE * rate) == 0) {
                    newRule();
                }
                leak();
                look(now);
            }
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    private void runUntilInterrupted() {
        try {
            run();
        } catch (InterruptedException e) {
            sink = keepers;
        }
    }

    public static void main(String[] words) throws Exception {
        var leaky = new Leaky(Integer.parseInt(words[0]));
        var ballast = new byte[BALLAST_PIECES][BALLAST_PIECE_BYTES];
        for (int i = 0; i < 20_000; i++) {
            STARTUP.add(new Startup());
        }
        System.out.println("ready");
        if (System.in.read() < 0) {
            return;
        }
        var thread = new Thread(leaky::runUntilInterrupted, "leaky-1");
        thread.start();
        if (System.in.read() < 0) {
            sink = ballast;
        }
        System.exit(0);
    }
}
