import java.util.ArrayList;
import java.util.List;

/**
 * One thread holds a monitor for ever, others wait for it for ever: a hang.
 *
 * <pre>java Held WAITERS</pre>
 *
 * <p>"ready"; a line in makes the threads start. Out comes {"blocked": WAITERS} when all of them
 * wait; "!" ends the program.
 */
public final class Held {
    static final class Vault {
    }

    private Held() {
    }

    public static void main(String[] args) throws Exception {
        int count = Integer.parseInt(args[0]);
        Vault vault = new Vault();
        System.out.println("ready");
        System.in.read();
        Thread keeper = new Thread(() -> keep(vault), "keeper");
        keeper.setDaemon(true);
        keeper.start();
        await(keeper, Thread.State.TIMED_WAITING);
        List<Thread> waiters = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Thread waiter = new Thread(() -> open(vault), "waiter-" + i);
            waiter.setDaemon(true);
            waiter.start();
            waiters.add(waiter);
        }
        for (Thread waiter : waiters) {
            await(waiter, Thread.State.BLOCKED);
        }
        System.out.println("{\"blocked\": " + count + "}");
        Input.await('!');
    }

    private static void await(Thread thread, Thread.State state) {
        while (thread.getState() != state) {
            Thread.onSpinWait();
        }
    }

    private static void keep(Vault vault) {
        synchronized (vault) {
            while (true) {
                try {
                    Thread.sleep(Long.MAX_VALUE);
                } catch (InterruptedException e) {
                    return;
                }
            }
        }
    }

    private static void open(Vault vault) {
        synchronized (vault) {
            throw new IllegalStateException("the keeper let go");
        }
    }
}
