package programs;

/** Works at the bottom of a stack of so many frames: DeepStack DEPTH. */
public final class DeepStack {
    private static volatile double sink;

    private DeepStack() {}

    private static void descend(int frames) throws Exception {
        if (frames > 0) {
            descend(frames - 1);
            return;
        }
        Beat.run(() -> {
            double sum = sink;
            for (int i = 0; i < 200_000; i++) {
                sum += Math.sqrt(i);
            }
            sink = sum;
            return 1;
        });
    }

    public static void main(String[] arguments) throws Exception {
        descend(Integer.parseInt(arguments[0]));
    }
}
