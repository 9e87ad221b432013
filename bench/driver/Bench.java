package driver;

/** {@code scripts/bench NAME}: one measurement, its table, its verdict. */
final class Bench {
    private static final Main.Row[] ROWS = {
        new Main.Row("request-cpu", "CPU of a request, CPU sampling at 10 ms against off, and a peer",
                RequestCpu::run),
    };

    private Bench() {}

    public static void main(String[] arguments) {
        Main.run("bench", ROWS, arguments);
    }
}
