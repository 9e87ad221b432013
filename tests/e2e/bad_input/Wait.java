/** Says "ready" and does nothing until it is ended from outside. */
public final class Wait {
    public static void main(String[] args) throws InterruptedException {
        System.out.println("ready");
        final Object never = new Object();
        synchronized (never) {
            while (true) {
                never.wait();
            }
        }
    }
}
