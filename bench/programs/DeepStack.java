package programs;

import java.lang.reflect.Method;
import java.util.Random;
import java.util.zip.Deflater;

/**
 * Works at the bottom of a stack of so many frames: DeepStack DEPTH [native [CROSSINGS]]. With "native"
 * the work is a library's: some frames of C above those of Java. At so many places the JVM is called,
 * and calls Java again: by reflection, which a property has to keep native.
 */
public final class DeepStack {
    private static final int BLOCK_BYTES = 64 * 1024;
    private static volatile double sink;

    private interface Bottom {
        void run() throws Exception;
    }

    private DeepStack() {}

    private static void descend(int frames, Bottom bottom) throws Exception {
        if (frames > 0) {
            descend(frames - 1, bottom);
            return;
        }
        bottom.run();
    }

    /** Called by reflection, too. */
    static void work(int frames, int crossings, Beat.Work work) throws Exception {
        if (crossings == 0) {
            descend(frames, () -> Beat.run(work));
            return;
        }
        int here = frames / (crossings + 1);
        Method self = DeepStack.class.getDeclaredMethod("work", int.class, int.class, Beat.Work.class);
        descend(here, () -> self.invoke(null, frames - here, crossings - 1, work));
    }

    private static long add() {
        double sum = sink;
        for (int i = 0; i < 200_000; i++) {
            sum += Math.sqrt(i);
        }
        sink = sum;
        return 1;
    }

    private static Beat.Work deflate() {
        byte[] block = new byte[BLOCK_BYTES];
        var random = new Random(1);
        for (int i = 0; i < block.length; i++) {
            block[i] = (byte) random.nextInt(16);
        }
        byte[] out = new byte[2 * BLOCK_BYTES];
        var deflater = new Deflater();
        return () -> {
            deflater.reset();
            deflater.setInput(block);
            deflater.finish();
            sink = deflater.deflate(out);
            return 1;
        };
    }

    public static void main(String[] arguments) throws Exception {
        boolean isNative = arguments.length > 1 && arguments[1].equals("native");
        int crossings = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 0;
        work(Integer.parseInt(arguments[0]), crossings, isNative ? deflate() : DeepStack::add);
    }
}
