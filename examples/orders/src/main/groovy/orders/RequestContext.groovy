package orders

import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.atomic.AtomicLong

/** A request while it is served. */
class RequestContext implements Closeable {
    /** The leak stops growing here (at about 160 MiB), so that it shows without ending the service. */
    static final int MOST_LEAKED = 20_000
    private static final int SCRATCH_BYTES = 8 * 1024
    private static final int BACKUPS = 1024

    private static final Map<Long, RequestContext> OPEN = new ConcurrentHashMap<>()
    private static final AtomicLong NUMBERS = new AtomicLong()

    final long number = NUMBERS.incrementAndGet()
    final String what
    private final byte[] scratch = new byte[SCRATCH_BYTES]

    private RequestContext(String what) {
        this.what = what
    }

    static RequestContext open(String what) {
        def context = new RequestContext(what)
        OPEN[context.number] = context
        context
    }

    /** Trouble gc-pressure: 8 MiB of copies that nobody looks at. */
    List<byte[]> backups() {
        (1..BACKUPS).collect { Arrays.copyOf(scratch, SCRATCH_BYTES) }
    }

    /** Trouble leak: the context stays in the static map OPEN for good. */
    @Override
    void close() {
        if (Trouble.LEAK.on && OPEN.size() < MOST_LEAKED) {
            Trouble.LEAK.plant { OPEN[number] }
        } else {
            OPEN.remove(number)
        }
    }

    /** Forgets what has leaked; requests that are being served don't mind. */
    static void forgetLeaked() {
        OPEN.clear()
    }

    static int getOpenCount() {
        OPEN.size()
    }
}
