package orders

/** A request that can't be answered: the servlet turns it into this HTTP status and a JSON error. */
class Problem extends RuntimeException {
    final int status

    Problem(int status, String message) {
        super(message)
        this.status = status
    }

    static Problem badRequest(String message) {
        new Problem(400, message)
    }

    static Problem notFound(String message) {
        new Problem(404, message)
    }

    /** A whole number from a query parameter, or a Problem that names the parameter. */
    static int number(String name, String text, int otherwise, IntRange allowed) {
        if (text == null) {
            return otherwise
        }
        if (!text.isInteger() || !(text.toInteger() in allowed)) {
            throw badRequest("$name is '$text': must be a whole number from $allowed.from to $allowed.to")
        }
        text.toInteger()
    }
}
