/*
 * Everyday dynamic Groovy, in what Groovy 2.4 knows: closures, findAll, inject, methodMissing,
 * metaClass, GStrings, spread, categories. "ready" says that it is warm; a line in ends it.
 *
 *   java -cp GROOVY Idioms [THREADS]
 */
class Idioms {
    static walk(orders, depth) {
        if (depth == 0) {
            return round(orders)
        }
        [depth].collect { walk(orders, it - 1) }.first()
    }

    static round(orders) {
        def big = orders.findAll { it.total() > 50 }.sort { a, b -> b.total() <=> a.total() }
        def names = big*.customer.collect { "customer $it".toString() }.join(',')
        def calls = big.sum { it.discount(1, 2) + it.refund() } ?: 0
        use(Shout) {
            names = names.shout()
        }
        names.size() + calls + orders.collectMany { it.amounts }.groupBy { it % 3 }.size()
    }

    static void main(String[] args) {
        Order.metaClass.label = { -> "${delegate.customer}:${delegate.total()}".toString() }
        def orders = (1..40).collect { n -> new Order(customer: "c$n", amounts: (1..5).collect { it * n % 37 }) }
        def rounds = new java.util.concurrent.atomic.AtomicInteger()
        (args.length > 0 ? args[0] as int : 2).times {
            Thread.startDaemon("worker-$it") {
                while (true) {
                    walk(orders, 8)
                    orders*.label()
                    rounds.incrementAndGet()
                }
            }
        }
        while (rounds.get() < 200) {
            Thread.sleep(20)
        }
        println 'ready'
        System.in.read()
        println "{\"rounds\": ${rounds.get()}}"
        System.exit(0)
    }
}

class Order {
    String customer
    List<Integer> amounts

    def total() { amounts.inject(0) { sum, amount -> sum + amount } }

    def methodMissing(String name, args) { "$name/${args.length}".size() }
}

class Shout {
    static String shout(String self) { self.toUpperCase() + '!' }
}
