package driver;

/** Something that ends the run: a message for people, no stack trace. */
class Trouble extends RuntimeException {
    private static final long serialVersionUID = 1;

    Trouble(String message) {
        super(message);
    }
}
