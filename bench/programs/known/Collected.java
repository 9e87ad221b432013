package programs.known;

import java.util.ArrayList;
import java.util.List;

/** Allocates without end in a small heap: every few milliseconds a collection stops the threads. */
final class Collected implements Runnable {
    private static List<byte[]> outer(int count) {
        return middle(count + 1);
    }

    private static List<byte[]> middle(int count) {
        return inner(count - 1);
    }

    private static List<byte[]> inner(int count) {
        var blocks = new ArrayList<byte[]>();
        for (int i = 0; i < count; i++) {
            blocks.add(allocate(i));
        }
        return blocks;
    }

    private static byte[] allocate(int i) {
        return new byte[64 + (i & 63) * 16];
    }

    @Override
    public void run() {
        long sum = 0;
        while (!Known.isOver()) {
            sum += outer(2000).size();
        }
        Work.sink = sum;
    }

    public static void main(String[] arguments) throws Exception {
        Known.loadPeer(arguments);
        new Known(Collected.class)
                .calls("run", "outer", "middle", "inner", "allocate")
                .leaf("inner", "(java\\.util\\.ArrayList\\.(<init>|add)(;" + Known.JDK + ")?)?")
                // a method that returns may meet the collector there, with its callee gone
                .leaf("run", "(java\\.util\\.ArrayList\\.size)?")
                .leaves("outer", "middle", "allocate")
                .run(2, new Collected());
    }
}
