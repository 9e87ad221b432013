import java.util.concurrent.LinkedBlockingQueue;

/** Something for every panel of umig top, until its standard input ends or says so. */
public final class Watched {
    static volatile long sink;
    static volatile Object kept;

    static final class Vault {
    }

    static void burn() {
        long x = 1;
        for (int i = 0; i < 200_000; i++) {
            x = x * 6364136223846793005L + i;
        }
        sink = x;
        kept = new byte[4096];
    }

    static void start(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
    }

    static void sleep(long ms) {
        try {
            Thread.sleep(ms);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    static void hold(Vault vault) {
        synchronized (vault) {
            sleep(200);
        }
    }

    /** Two that do so take turns. */
    static void holdAgainAndAgain(Vault vault) {
        while (true) {
            hold(vault);
            sleep(20);
        }
    }

    static void take(LinkedBlockingQueue<Object> queue) {
        try {
            queue.take();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    static void spin() {
        while (true) {
            burn();
        }
    }

    public static void main(String[] args) throws Exception {
        Vault vault = new Vault();
        start("spinner-1", Watched::spin);
        start("holder-1", () -> holdAgainAndAgain(vault));
        start("holder-2", () -> holdAgainAndAgain(vault));
        /* Whoever names threads so gets no say on the reader's terminal. */
        start("evil-\u001b[2J\u001b]0;x\u0007-\u65e5\u672c-" + "long".repeat(100),
            () -> take(new LinkedBlockingQueue<>()));
        System.out.println("ready");
        int read = 0;
        while (read >= 0 && read != '\n') {
            read = System.in.read();
        }
    }
}
