package orders

/** Remembers the last requests, for support. Every request goes through it. */
class AuditTrail {
    private static final int SIZE = 1_000
    private static final long SLOW_DISK_MS = 6

    /** A class of its own gives the monitor a name that a tool can show. */
    private static class TrailLock {
    }

    private final TrailLock lock = new TrailLock()
    private final Deque<String> entries = new ArrayDeque<>(SIZE)

    void add(String entry) {
        if (Trouble.CONTENDED_LOCK.on) {
            Trouble.CONTENDED_LOCK.plant { addToDisk(entry) }
        } else {
            synchronized (lock) {
                remember(entry)
            }
        }
    }

    /** Trouble contended-lock: waits for a slow disk while it holds the lock that every request needs. */
    private void addToDisk(String entry) {
        synchronized (lock) {
            remember(entry)
            Thread.sleep(SLOW_DISK_MS)
        }
    }

    private void remember(String entry) {
        if (entries.size() == SIZE) {
            entries.removeFirst()
        }
        entries.addLast(entry)
    }
}
