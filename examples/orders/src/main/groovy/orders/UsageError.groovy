package orders

/** The command line or the environment asks for something that can't be: the message says what would be right. */
class UsageError extends RuntimeException {
    UsageError(String message) {
        super(message)
    }
}
