package driver;

/** Something that ends the run: a message for people, no stack trace. */
class Trouble extends RuntimeException {
    private static final long serialVersionUID = 1;

    Trouble(String message) {
        super(message);
    }

    /** A JVM that died, or hangs: what soaks look for. */
    static final class Loss extends Trouble {
        private static final long serialVersionUID = 1;
        private final boolean isHang;

        Loss(boolean isHang, String message) {
            super(message);
            this.isHang = isHang;
        }

        boolean isHang() {
            return isHang;
        }
    }
}
