package programs.known;

/** Three threads after one monitor, entered twice, and now and then a wait for a turn. */
final class Monitors implements Runnable {
    private int turns;

    private synchronized long entered(long x) {
        return again(x) + 1;
    }

    private long again(long x) {
        synchronized (this) {
            return Work.burn(x);
        }
    }

    private long handed(long x) throws InterruptedException {
        synchronized (this) {
            turns++;
            notifyAll();
            if (turns % 8 == 0) {
                wait(1);
            }
            return Work.burn(x);
        }
    }

    private long step(long x) throws InterruptedException {
        return entered(x) + handed(x);
    }

    @Override
    public void run() {
        try {
            long sum = 0;
            while (!Known.isOver()) {
                sum += step(sum);
            }
            Work.sink = sum;
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    public static void main(String[] arguments) throws Exception {
        Known.loadPeer(arguments);
        new Known(Monitors.class)
                .calls("run", "step", "entered", "again", "Work.burn")
                .calls("step", "handed", "Work.burn")
                .leaves("run", "entered", "again", "Work.burn")
                .leaf("handed", "(java\\.lang\\.Object\\.(wait0?|notifyAll)(;" + Known.JDK + ")?)?")
                .run(3, new Monitors());
    }
}
