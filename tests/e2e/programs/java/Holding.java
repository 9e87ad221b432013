import java.io.InputStream;
import java.lang.ref.SoftReference;
import java.lang.ref.WeakReference;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;

/** Holds objects, of a class for each way of holding them; prints how many, by class. */
public final class Holding {
    static final Map<Integer, InMap> MAP = new HashMap<>();
    static final Bean BEAN = new Bean();
    static final ThreadLocal<List<InLocal>> LOCAL = ThreadLocal.withInitial(ArrayList::new);
    static final Map<String, Map<Integer, InNested>> NESTED = new ConcurrentHashMap<>();
    static final Object[] LARGE = new Object[100_000];
    static final List<SoftReference<Softly>> SOFT = new ArrayList<>();
    static final List<WeakReference<Weakly>> WEAK = new ArrayList<>();
    static final List<Object> PLUGINS = new ArrayList<>();
    static Chained chain;

    /** Of the program's loader, and seen by others'. */
    public static final class InPlugin {
        long a;
    }

    private static final Map<String, Integer> counts = new HashMap<>();

    private static void count(Object object) {
        counts.merge(object.getClass().getName(), 1, Integer::sum);
    }

    private static <T> T counted(T object) {
        count(object);
        return object;
    }

    private static void fillStatics() {
        for (int i = 0; i < 3000; i++) {
            MAP.put(i, counted(new InMap()));
        }
        for (int i = 0; i < 800; i++) {
            BEAN.queue.add(counted(new InBean()));
        }
        for (int i = 0; i < 20_000; i++) {
            Chained one = counted(new Chained());
            one.next = chain;
            chain = one;
        }
        for (int i = 0; i < 50; i++) {
            Map<Integer, InNested> inner = new HashMap<>();
            NESTED.put("tenant-" + i, inner);
            for (int k = 0; k < 40; k++) {
                inner.put(k, counted(new InNested()));
            }
        }
        Random random = new Random(1);
        for (int i = 0; i < LARGE.length; i++) {
            if (random.nextBoolean()) {
                LARGE[i] = counted(new InLarge());
            }
        }
    }

    /** As many class loaders as scripts would have; the classes' own static fields hold the objects. */
    private static void fillPlugins() throws Exception {
        byte[] bytes;
        try (InputStream in = Holding.class.getResourceAsStream("Plugin.class")) {
            bytes = in.readAllBytes();
        }
        for (int i = 0; i < 40; i++) {
            var constructor = new OneClass(bytes).loadClass("Plugin").getDeclaredConstructor();
            constructor.setAccessible(true);
            PLUGINS.add(constructor.newInstance());
            counts.merge("Holding$InPlugin", 25, Integer::sum);
        }
    }

    private static Thread fillThread(CountDownLatch isFilled) {
        Thread thread = new Thread(() -> {
            for (int i = 0; i < 500; i++) {
                LOCAL.get().add(counted(new InLocal()));
            }
            List<InVariable> variable = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                variable.add(counted(new InVariable()));
            }
            isFilled.countDown();
            try {
                Thread.currentThread().join();
            } catch (InterruptedException e) {
                System.err.println(variable.size());
            }
        }, "worker-7");
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    public static void main(String[] words) throws Exception {
        List<Object> strong = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            SOFT.add(new SoftReference<>(counted(new Softly())));
            Weakly weakly = new Weakly();
            strong.add(weakly);
            WEAK.add(new WeakReference<>(weakly));
        }
        fillStatics();
        fillPlugins();
        CountDownLatch isFilled = new CountDownLatch(1);
        fillThread(isFilled);
        isFilled.await();
        StringBuilder line = new StringBuilder("{\"counts\":{");
        counts.forEach((name, count) -> line.append(line.charAt(line.length() - 1) == '{' ? "" : ",")
                .append('"').append(name).append("\":").append(count));
        System.out.println("ready");
        System.out.println(line.append("}}"));
        int order = System.in.read();
        while (order >= 0 && order != '!') {
            order = System.in.read();
        }
        System.err.println(strong.size());
    }
}

class InMap {
    long a;
}

class InBean {
    long a;
}

class InLocal {
    long a;
}

class InNested {
    long a;
}

class InLarge {
    long a;
}

class InVariable {
    long a;
}

class Softly {
    long a;
}

class Weakly {
    long a;
}

class Chained {
    Chained next;
}

class Bean {
    final Deque<InBean> queue = new ArrayDeque<>();
}

/** Loaded by a loader of its own each time, which shares Holding with all. */
class Plugin {
    static final List<Holding.InPlugin> KEPT = new ArrayList<>();

    public Plugin() {
        for (int i = 0; i < 25; i++) {
            KEPT.add(new Holding.InPlugin());
        }
    }
}

class OneClass extends ClassLoader {
    private final byte[] bytes;

    OneClass(byte[] bytes) {
        super(Holding.class.getClassLoader());
        this.bytes = bytes;
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (!name.equals("Plugin")) {
            return super.loadClass(name, resolve);
        }
        Class<?> known = findLoadedClass(name);
        return known != null ? known : defineClass(name, bytes, 0, bytes.length);
    }
}
