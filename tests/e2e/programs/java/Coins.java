import java.util.ArrayList;
import java.util.List;

/**
 * Keeps 12,345 coins, and lets go of 4,321 husks, which no collection has met when "ready" is said.
 *
 * <pre>java Coins [BALLAST]</pre>
 *
 * <p>BALLAST mebibytes of byte arrays make its dumps last. A line in ends it.
 */
public final class Coins {
    static final class Coin {
        int value;
        Object owner;
    }

    static final class Husk {
        int value;
    }

    private static final List<Object> KEPT = new ArrayList<>();

    private Coins() {
    }

    public static void main(String[] args) throws Exception {
        int ballast = args.length > 0 ? Integer.parseInt(args[0]) : 0;
        for (int i = 0; i < ballast; i++) {
            KEPT.add(new byte[1 << 20]);
        }
        for (int i = 0; i < 12345; i++) {
            Coin coin = new Coin();
            coin.value = i;
            coin.owner = KEPT;
            KEPT.add(coin);
        }
        int sum = 0;
        for (int i = 0; i < 4321; i++) {
            Husk husk = new Husk();
            husk.value = i;
            sum += System.identityHashCode(husk); // as far as the JIT knows, it gets about
        }
        System.out.println(sum == 0 ? "never" : "ready");
        System.in.read();
    }
}
