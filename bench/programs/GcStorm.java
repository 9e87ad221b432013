package programs;

import java.util.concurrent.ThreadLocalRandom;

/** Allocates as fast as it can, most of it short-lived: collections follow each other closely. */
public final class GcStorm {
    private static final int KEPT = 4096;
    private static final int BLOCK = 512;

    private GcStorm() {}

    public static void main(String[] arguments) throws Exception {
        var kept = new byte[KEPT][];
        Beat.run(() -> {
            var random = ThreadLocalRandom.current();
            for (int i = 0; i < 20_000; i++) {
                byte[] block = new byte[BLOCK + random.nextInt(BLOCK)];
                if (i % 16 == 0) {
                    kept[random.nextInt(KEPT)] = block;
                }
            }
            return 1;
        });
    }
}
