/* Groovy's part of the planted work, all of it dynamic. Each method is called by its own block. */
class GroovyBlocks {
    static Map<String, Work> all() {
        [
            'GroovyBlocks.closures': { int amount -> closures(amount) } as Work,
            'GroovyBlocks.nested'  : { int amount -> nested(amount, 12) } as Work,
            'GroovyBlocks.missing' : { int amount -> missing(amount) } as Work,
        ]
    }

    static closures(amount) {
        def sum = 0L
        (amount / 100 as int).times { n -> sum += [1, 2, 3, n].findAll { it % 2 == 1 }.collect { it * 3 }.sum() }
        sum
    }

    static nested(amount, depth) {
        if (depth == 0) {
            return closureless(amount)
        }
        [depth].collect { nested(amount, it - 1) }.first()
    }

    static closureless(amount) {
        def sum = 0L
        for (int i = 0; i < amount / 10; i++) {
            sum = sum + "$i".length() * 2
        }
        sum
    }

    static missing(amount) {
        def bag = new Bag()
        def sum = 0L
        for (int i = 0; i < amount / 50; i++) {
            sum += bag.anything(i)
        }
        sum
    }
}

class Bag {
    def methodMissing(String name, args) {
        name.size() + (args[0] as long)
    }
}
