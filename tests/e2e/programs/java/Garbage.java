/** Makes garbage, some of which lives a while, until a line comes in. */
public final class Garbage {
    private static final int KEPT = 20_000;
    private static final int ROUND = 10_000;
    private static final byte[][] kept = new byte[KEPT][];

    private Garbage() {
    }

    public static void main(String[] args) throws Exception {
        System.out.println("ready");
        int at = 0;
        while (System.in.available() == 0) {
            for (int i = 0; i < ROUND; i++) {
                kept[at] = new byte[600];
                at = (at + 7) % KEPT;
            }
        }
    }
}
