package programs;

import java.util.Random;
import java.util.zip.Deflater;

/**
 * Works at the bottom of a stack of so many frames: DeepStack DEPTH [native]. With "native" the work
 * is a library's: some frames of C above those of Java.
 */
public final class DeepStack {
    private static final int BLOCK_BYTES = 64 * 1024;
    private static volatile double sink;

    private DeepStack() {}

    private static void descend(int frames, Beat.Work work) throws Exception {
        if (frames > 0) {
            descend(frames - 1, work);
            return;
        }
        Beat.run(work);
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
        descend(Integer.parseInt(arguments[0]), isNative ? deflate() : DeepStack::add);
    }
}
