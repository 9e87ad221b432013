import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.locks.LockSupport;

/**
 * 200 threads that do known things for known times: mixed-N sleep, wait, park, read a socket and
 * wait for a monitor, in turns; each has a keeper-N that holds the monitor; burner-N run a part of
 * the time. Every thread keeps count of its time by what it does.
 *
 * <pre>java Walls</pre>
 *
 * <p>"ready"; "begin" sets all counts to 0, "end" writes {"mixed-*": {"sleeping": ns, ...}, ...}; "!"
 * ends the program.
 */
public final class Walls {
    /** What monitors are of. */
    static final class Gate {
    }

    private static final int MIXED = 98;
    private static final int BURNERS = 4;
    private static final String[] STATES = {"sleeping", "waiting", "parked", "io", "blocked",
            "running", "runnable"};
    private static final int SLEEPING = 0;
    private static final int WAITING = 1;
    private static final int PARKED = 2;
    private static final int IO = 3;
    private static final int BLOCKED = 4;
    private static final int RUNNING = 5;
    private static final int RUNNABLE = 6;

    /** One thread's time: written by it alone, read when it stands somewhere. */
    static final class Count {
        final String group;
        final long[] sums = new long[STATES.length];
        volatile int state;
        volatile long since;

        Count(String group) {
            this.group = group;
        }

        synchronized void enter(int next) {
            long now = System.nanoTime();
            sums[state] += now - since;
            since = now;
            state = next;
        }

        synchronized void restart() {
            java.util.Arrays.fill(sums, 0);
            since = System.nanoTime();
        }

        /** What was running by the wall was running by the CPU clock only in part. */
        synchronized void ran(long cpu, long wall) {
            sums[RUNNING] += cpu;
            sums[RUNNABLE] += Math.max(0, wall - cpu);
            since = System.nanoTime();
        }
    }

    private static final List<Count> COUNTS = new ArrayList<>();
    private static final CountDownLatch MIXING = new CountDownLatch(MIXED);
    private static volatile long sink;

    private Walls() {
    }

    private static void start(String group, int number, Body body) {
        Count count = new Count(group + "-*");
        count.since = System.nanoTime();
        COUNTS.add(count);
        Thread thread = new Thread(() -> {
            try {
                body.run(count);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }, group + "-" + number);
        thread.setDaemon(true);
        thread.start();
    }

    interface Body {
        void run(Count count) throws Exception;
    }

    /** Holds the gate of its mixed thread when asked to. */
    static void keep(Count count, Gate gate, LinkedBlockingQueue<CountDownLatch> asked)
            throws Exception {
        while (true) {
            count.enter(PARKED);
            CountDownLatch held = asked.take();
            synchronized (gate) {
                count.enter(SLEEPING);
                held.countDown();
                Thread.sleep(120);
            }
        }
    }

    static void mix(Count count, Gate gate, LinkedBlockingQueue<CountDownLatch> asked, int port,
            int seed) throws Exception {
        Object monitor = new Object();
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(150);
        InputStream in = socket.getInputStream();
        count.enter(SLEEPING);
        Thread.sleep(new Random(seed).nextInt(1000));
        while (true) {
            sleepFor(count, 280);
            waitFor(count, monitor, 180);
            parkFor(count, 260);
            readFor(count, in);
            blockFor(count, gate, asked);
            MIXING.countDown();
        }
    }

    static void sleepFor(Count count, int ms) throws Exception {
        count.enter(SLEEPING);
        Thread.sleep(ms);
    }

    static void waitFor(Count count, Object monitor, int ms) throws Exception {
        count.enter(WAITING);
        synchronized (monitor) {
            monitor.wait(ms);
        }
    }

    static void parkFor(Count count, int ms) {
        count.enter(PARKED);
        long until = System.nanoTime() + ms * 1_000_000L;
        for (long left = until - System.nanoTime(); left > 0; left = until - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    static void readFor(Count count, InputStream in) throws IOException {
        count.enter(IO);
        try {
            sink += in.read();
        } catch (SocketTimeoutException e) {
            return;
        }
        throw new IllegalStateException("somebody wrote");
    }

    static void blockFor(Count count, Gate gate, LinkedBlockingQueue<CountDownLatch> asked)
            throws Exception {
        CountDownLatch held = new CountDownLatch(1);
        count.enter(PARKED);
        asked.add(held);
        held.await();
        count.enter(BLOCKED);
        synchronized (gate) {
            count.enter(SLEEPING);
        }
    }

    static void burn(Count count) throws Exception {
        java.lang.management.ThreadMXBean bean = ManagementFactory.getThreadMXBean();
        while (true) {
            long wall = System.nanoTime();
            long cpu = bean.getCurrentThreadCpuTime();
            long until = cpu + 20_000_000L;
            while (bean.getCurrentThreadCpuTime() < until) {
                for (int i = 0; i < 20000; i++) {
                    sink += i ^ sink << 1;
                }
            }
            long took = System.nanoTime() - wall;
            count.ran(bean.getCurrentThreadCpuTime() - cpu, took);
            count.enter(SLEEPING);
            Thread.sleep(Math.max(1, took / 1_000_000L * 3));
            count.enter(SLEEPING);
        }
    }

    private static void startAll(int port) {
        for (int i = 0; i < MIXED; i++) {
            Gate gate = new Gate();
            LinkedBlockingQueue<CountDownLatch> asked = new LinkedBlockingQueue<>();
            int seed = i;
            start("keeper", i, count -> keep(count, gate, asked));
            start("mixed", i, count -> mix(count, gate, asked, port, seed));
        }
        for (int i = 0; i < BURNERS; i++) {
            start("burner", i, Walls::burn);
        }
    }

    private static String sums() {
        StringBuilder text = new StringBuilder("{");
        for (String group : new String[] {"mixed-*", "keeper-*", "burner-*"}) {
            long[] all = new long[STATES.length];
            for (Count count : COUNTS) {
                if (count.group.equals(group)) {
                    if (!group.equals("burner-*")) {
                        count.enter(count.state);
                    }
                    for (int i = 0; i < all.length; i++) {
                        all[i] += count.sums[i];
                    }
                }
            }
            text.append(text.length() > 1 ? ", " : "").append('"').append(group).append("\": {");
            for (int i = 0; i < all.length; i++) {
                text.append(i > 0 ? ", " : "").append('"').append(STATES[i]).append("\": ")
                        .append(all[i]);
            }
            text.append('}');
        }
        return text.append('}').toString();
    }

    public static void main(String[] args) throws Exception {
        ServerSocket server = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
        List<Socket> accepted = new ArrayList<>();
        Thread acceptor = new Thread(() -> {
            try {
                while (true) {
                    accepted.add(server.accept());
                }
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }, "acceptor");
        acceptor.setDaemon(true);
        acceptor.start();
        startAll(server.getLocalPort());
        MIXING.await();
        System.out.println("ready");
        java.io.BufferedReader in =
                new java.io.BufferedReader(new java.io.InputStreamReader(System.in));
        for (String line = in.readLine(); line != null && !line.equals("!"); line = in.readLine()) {
            if (line.equals("begin")) {
                for (Count count : COUNTS) {
                    count.restart();
                }
                System.out.println("{}");
            } else {
                System.out.println(sums());
            }
        }
    }
}
