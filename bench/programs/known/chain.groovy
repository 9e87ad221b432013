package programs.known

/* Dynamic calls in an order that Scripted.java knows: to itself, to another object, by methodMissing,
 * through closures and through a method of the library that takes one. */
class Chain {
    def helper = new Helper()

    def outer(x) {
        each(x) + missing(x)
    }

    def each(x) {
        def total = 0
        [x, x + 1, x + 2].each { total += inner(it) }
        total
    }

    def missing(x) {
        unknown(x)
    }

    def methodMissing(String name, args) {
        inner(args[0])
    }

    def inner(x) {
        helper.sum(x)
    }
}

class Helper {
    def sum(x) {
        (1..3).collect { Work.burn(it + x) }.inject { a, b -> a + b }
    }
}
