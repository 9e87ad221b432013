import java.io.File;
import org.netbeans.lib.profiler.heap.Heap;
import org.netbeans.lib.profiler.heap.HeapFactory;
import org.netbeans.lib.profiler.heap.Instance;
import org.netbeans.lib.profiler.heap.JavaClass;

/**
 * Reads a heap dump by VisualVM's library and says how many instances it has of some classes.
 *
 * <pre>java ReadDump FILE CLASS...</pre>
 *
 * <p>Out comes a line {"all": N, "CLASS": N, ...}; a class that is not there has -1. Each instance is
 * read, so that what cannot be followed fails.
 */
public final class ReadDump {
    private ReadDump() {
    }

    public static void main(String[] args) throws Exception {
        Heap heap = HeapFactory.createHeap(new File(args[0]));
        long all = 0;
        for (Object each : heap.getAllClasses()) {
            all += ((JavaClass) each).getInstancesCount();
        }
        StringBuilder line = new StringBuilder("{\"all\": ").append(all);
        for (int i = 1; i < args.length; i++) {
            JavaClass of = heap.getJavaClassByName(args[i]);
            line.append(", \"").append(args[i]).append("\": ").append(of == null ? -1 : count(of));
        }
        System.out.println(line.append("}"));
    }

    private static long count(JavaClass of) {
        long count = 0;
        for (Object each : of.getInstances()) {
            ((Instance) each).getFieldValues().size();
            count++;
        }
        if (count != of.getInstancesCount()) {
            throw new IllegalStateException(of.getName() + ": " + count + " of "
                    + of.getInstancesCount() + " instances can be read");
        }
        return count;
    }
}
