import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryUsage;
import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Takes memory beside the heap: direct buffers, and memory of a library's, that no pool knows.
 *
 * <pre>java Filled DIRECT_BYTES OTHER_BYTES</pre>
 *
 * <p>"ready"; the line "gc" collects, the line "go" takes both, the line "end" ends the program. Each line but the last is answered with what
 * the JVM's own beans say: {"direct": ..., "code_used": ..., "code_committed": ...}.
 */
public final class Filled {
    private static final int PAGE_BYTES = 4096;
    private static final List<ByteBuffer> KEPT = new ArrayList<>();
    private static long other;

    private Filled() {
    }

    public static void main(String[] args) throws Exception {
        int direct = Integer.parseInt(args[0]);
        long bytes = Long.parseLong(args[1]);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        System.out.println("ready");
        for (String line = in.readLine(); !Input.isEnd(line); line = in.readLine()) {
            if (line.equals("gc")) {
                System.gc(); // what is known of metaspace is of the last collection
            } else if (line.equals("go")) {
                KEPT.add(ByteBuffer.allocateDirect(direct));
                other = touched(bytes);
            }
            System.out.println(truth());
        }
    }

    private static long touched(long bytes) throws Exception {
        Field field = sun.misc.Unsafe.class.getDeclaredField("theUnsafe");
        field.setAccessible(true);
        sun.misc.Unsafe unsafe = (sun.misc.Unsafe) field.get(null);
        long address = unsafe.allocateMemory(bytes);
        for (long at = 0; at < bytes; at += PAGE_BYTES) {
            unsafe.putByte(address + at, (byte) 1);
        }
        return address;
    }

    private static String truth() {
        long direct = 0;
        long used = 0;
        long committed = 0;
        for (BufferPoolMXBean pool : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)) {
            direct += pool.getName().equals("direct") ? pool.getMemoryUsed() : 0;
        }
        for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
            if (pool.getName().startsWith("Code")) {
                MemoryUsage usage = pool.getUsage();
                used += usage.getUsed();
                committed += usage.getCommitted();
            }
        }
        return "{\"direct\": " + direct + ", \"code_used\": " + used + ", \"code_committed\": " + committed + "}";
    }
}
