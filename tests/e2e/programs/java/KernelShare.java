import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Paths;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;

/**
 * Threads spend a planted part of their CPU time in the kernel: blocks that read /dev/zero into
 * memory that is mapped, where nearly all time is the kernel's, and blocks of arithmetic. Each
 * block's CPU time is measured around it by the thread's own CPU clock.
 *
 * <pre>java KernelShare CPU_MS THREADS KERNEL_PERCENT</pre>
 *
 * <p>"ready"; each line in is a round of CPU_MS, and out comes the sum of all rounds, {"threads_ns":
 * ..., "reading_ns": ..., "system_ns": ...}, the last as the kernel's ticks have it; the line "end"
 * ends the program.
 */
public final class KernelShare {
    private static final long BLOCK_NS = 3_000_000;
    private static final ThreadMXBean THREAD_BEAN = ManagementFactory.getThreadMXBean();
    private static volatile double sink;

    private final ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 20);
    private long readingNs;

    private KernelShare() {
    }

    public static void main(String[] args) throws Exception {
        int threads = Integer.parseInt(args[1]);
        long cpuNs = Long.parseLong(args[0]) * 1_000_000 / threads;
        int percent = Integer.parseInt(args[2]);
        long threadsNs = 0;
        long readingNs = 0;
        long systemNs = 0;
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
        System.out.println("ready");
        while (!Input.isEnd(in.readLine())) {
            CountDownLatch done = new CountDownLatch(threads);
            CountDownLatch end = new CountDownLatch(1);
            List<Thread> burners = new ArrayList<>();
            List<KernelShare> shares = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                KernelShare share = new KernelShare();
                Random random = new Random(i);
                Thread burner = new Thread(() -> share.burn(cpuNs, percent, random, done, end));
                burner.setName("burner-" + i);
                shares.add(share);
                burners.add(burner);
                burner.start();
            }
            done.await();
            /* The threads stand still but live: their clocks can be read. */
            for (int i = 0; i < threads; i++) {
                long id = burners.get(i).getId();
                long cpu = THREAD_BEAN.getThreadCpuTime(id);
                threadsNs += cpu;
                systemNs += cpu - THREAD_BEAN.getThreadUserTime(id);
                readingNs += shares.get(i).readingNs;
            }
            end.countDown();
            for (Thread burner : burners) {
                burner.join();
            }
            System.out.println("{\"threads_ns\": " + threadsNs + ", \"reading_ns\": " + readingNs
                    + ", \"system_ns\": " + systemNs + "}");
        }
    }

    private void burn(long cpuNs, int percent, Random random, CountDownLatch done,
            CountDownLatch end) {
        try (FileChannel zero = FileChannel.open(Paths.get("/dev/zero"), StandardOpenOption.READ)) {
            long now = THREAD_BEAN.getCurrentThreadCpuTime();
            while (now < cpuNs) {
                boolean reads = random.nextInt(100) < percent;
                long until = now + BLOCK_NS;
                long before = now;
                while (now < until) {
                    if (reads) {
                        readZeros(zero);
                    } else {
                        calculate();
                    }
                    now = THREAD_BEAN.getCurrentThreadCpuTime();
                }
                readingNs += reads ? now - before : 0;
            }
            done.countDown();
            end.await();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private void readZeros(FileChannel zero) throws java.io.IOException {
        for (int i = 0; i < 8; i++) {
            buffer.clear();
            zero.read(buffer);
        }
    }

    private static void calculate() {
        double x = 1;
        for (int i = 0; i < 100_000; i++) {
            x = x * 1.0000001 + i;
        }
        sink = x;
    }
}
