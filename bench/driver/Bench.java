package driver;

/** {@code scripts/bench NAME}: one measurement, its table, its verdict. */
final class Bench {
    private static final Main.Row[] ROWS = {
        new Main.Row("request-cpu", "CPU of a request, CPU sampling at 10 ms against off, and a peer",
                RequestCpu::run),
        new Main.Row("wall", "CPU of a request, wall time of 200 threads at 50 ms against off, and a peer",
                RequestCpu::runWall),
        new Main.Row("alloc", "CPU of a request, allocation sampled at its default against off, and peers",
                RequestCpu::runAlloc),
        new Main.Row("four-kinds", "CPU of a request, cpu + alloc + wall + locks against off, and peers",
                RequestCpu::runFour),
        new Main.Row("idle", "an agent without a session against none: start-up and requests", Idle::run),
        new Main.Row("walk", "time of a sample by depth of the stack, and failures", Walk::run),
        new Main.Row("wire", "bytes of a CPU sample on the wire and stored; time of a report", Wire::run),
        new Main.Row("accuracy", "wrong and broken stacks of programs whose stacks are known, and a peer",
                Accuracy::run),
        new Main.Row("failures", "stacks of a dynamic Groovy service that could not be walked, and a peer",
                Failures::run),
        new Main.Row("calls", "recorded stacks against the calls that the class files hold", Calls::run),
        new Main.Row("vthreads", "a million virtual threads: CPU of a request, whole stacks, memory",
                VirtualThreads::run),
        new Main.Row("leaks", "twelve leaks to be named with what holds them, among twelve look-alikes", Leaks::run),
        new Main.Row("diff", "a method slowed by 5 % found among twenty JVMs, and nothing marked that is equal",
                Changes::run),
        new Main.Row("ingest", "samples a CPU second of the collector, time to ack, memory, disk", Ingest::run),
    };

    private Bench() {}

    public static void main(String[] arguments) {
        Main.run("bench", ROWS, arguments);
    }
}
