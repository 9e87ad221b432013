package orders

import com.sun.management.ThreadMXBean
import java.lang.management.ManagementFactory
import java.util.concurrent.atomic.LongAdder

/**
 * Counts pieces of work and what they cost the thread that did them, by the JVM's own clocks and allocation
 * counter: a truth to hold a profiler's answer against.
 */
class Tally {
    /** All requests but the control ones. */
    static final Tally REQUESTS = new Tally()

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.threadMXBean

    private final LongAdder count = new LongAdder()
    private final LongAdder cpuNanos = new LongAdder()
    private final LongAdder elapsedNanos = new LongAdder()
    private final LongAdder allocatedBytes = new LongAdder()

    def <T> T measure(Closure<T> work) {
        long cpu = THREADS.currentThreadCpuTime
        long clock = System.nanoTime()
        long allocated = THREADS.currentThreadAllocatedBytes
        try {
            work()
        } finally {
            count.increment()
            cpuNanos.add(THREADS.currentThreadCpuTime - cpu)
            elapsedNanos.add(System.nanoTime() - clock)
            allocatedBytes.add(THREADS.currentThreadAllocatedBytes - allocated)
        }
    }

    long getCpu() {
        cpuNanos.sum()
    }

    void reset() {
        [count, cpuNanos, elapsedNanos, allocatedBytes]*.reset()
    }

    Map<String, Number> toMap() {
        [
                count         : count.sum(),
                cpuMs         : cpuNanos.sum() / 1_000_000,
                elapsedMs     : elapsedNanos.sum() / 1_000_000,
                allocatedBytes: allocatedBytes.sum(),
        ]
    }
}
