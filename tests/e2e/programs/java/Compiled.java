import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * Keeps the JIT compiler busy with one method: Large.work() of a new copy of the class, again and
 * again, each called until it is compiled. To be run with -Xbatch, so that the caller waits for the
 * compiler, and -XX:-TieredCompilation, so that the compiler is C2. Says "ready", compiles until a
 * line comes in, answers with how many copies it was.
 */
public final class Compiled {
  /** A copy of the class by a loader of its own. */
  private static final class Loader extends ClassLoader {
    Class<?> define(byte[] bytes) {
      return defineClass("Compiled$Large", bytes, 0, bytes.length);
    }
  }

  /** Much to compile: loops whose bodies are inlined many times over. */
  public static final class Large {
    private static int mix(int a, int b) {
      return (a ^ b >>> 3) * 31 + (b << 1);
    }

    private static int stir(int[] x, int i, int a) {
      int b = mix(mix(a, x[i]), mix(a + 1, x[i ^ 1]));
      x[i] = b;
      return mix(mix(b, x[i ^ 2]), mix(b + 1, x[i ^ 3]));
    }

    private static int shake(int[] x, int a) {
      int b = a;
      for (int i = 0; i < 4; i++) {
        b = stir(x, i, stir(x, i ^ 1, b));
        b = (b & 1) == 0 ? stir(x, i ^ 2, b) : stir(x, i ^ 3, b + 1);
      }
      return b;
    }

    public static int work(int[] x, int a) {
      int b = shake(x, a);
      b = shake(x, shake(x, b));
      b = shake(x, shake(x, b + 1));
      b = shake(x, shake(x, b + 2));
      return shake(x, shake(x, b + 3));
    }
  }

  private static final int CALLS = 1000;

  static int sink;

  private static byte[] bytesOf(String resource) throws IOException {
    try (InputStream in = Compiled.class.getResourceAsStream(resource)) {
      return in.readAllBytes();
    }
  }

  private static void compile(byte[] bytes) throws Throwable {
    MethodHandle work = MethodHandles.lookup().findStatic(new Loader().define(bytes), "work",
        MethodType.methodType(int.class, int[].class, int.class));
    int[] x = {1, 2, 3, 4};
    for (int i = 0; i < CALLS; i++) {
      sink += (int) work.invokeExact(x, i);
    }
  }

  public static void main(String[] args) throws Throwable {
    byte[] bytes = bytesOf("Compiled$Large.class");
    compile(bytes);
    System.out.println("ready");
    int copies = 0;
    do {
      compile(bytes);
      copies++;
    } while (System.in.available() == 0);
    System.out.println("{\"copies\": " + copies + "}");
    System.in.read();
    System.in.read();
  }
}
