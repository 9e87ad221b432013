import java.io.IOException;
import java.lang.reflect.Field;

/** Computes until it is told a line: "crash" ends the JVM by a fatal error, any other in good order. */
public final class Crash {
    private static volatile long sink;

    public static void main(String[] args) throws Exception {
        final Field field = sun.misc.Unsafe.class.getDeclaredField("theUnsafe");
        field.setAccessible(true);
        final sun.misc.Unsafe unsafe = (sun.misc.Unsafe) field.get(null);
        final Thread burner = new Thread(Crash::burn, "burner");
        burner.setDaemon(true);
        burner.start();
        System.out.println("ready");
        if (readLine().equals("crash")) {
            unsafe.putLong(8L, 1L);
        }
    }

    private static void burn() {
        while (true) {
            sink = sink * 31 + 1;
        }
    }

    private static String readLine() throws IOException {
        final StringBuilder line = new StringBuilder();
        for (int c = System.in.read(); c >= 0 && c != '\n'; c = System.in.read()) {
            line.append((char) c);
        }
        return line.toString();
    }
}
