import com.sun.net.httpserver.HttpServer
import groovy.json.JsonOutput
import groovy.json.JsonSlurper

import java.util.concurrent.Executors
import java.util.concurrent.atomic.AtomicInteger

/*
 * A service in dynamic Groovy with class churn. Every request compiles a rule script with a class
 * loader of its own, prices a tree of categories with it and answers in JSON. Its own clients ask
 * until a line comes in; "ready" says that all is warm.
 *
 *   java -cp GROOVY Catalogue [CLIENTS [DEPTH]]
 */
class Item {
    String name
    BigDecimal price
    int stock
    Map tags = [:]

    def propertyMissing(String key) { tags[key] }

    def methodMissing(String key, args) { "$key:${args.size()}".size() }
}

class Category {
    String name
    List<Item> items = []
    List<Category> children = []

    def total(rule) {
        def own = items.findAll { it.stock > 0 }.collect { rule.price(it) }.inject(0.0) { a, b -> a + b }
        children.inject(own) { sum, child -> sum + child.total(rule) }
    }

    def render(int depth) {
        [name: name, depth: depth, items: items*.name, labels: items.collect { "${it.name}/${it.colour}".toString() },
         children: children.collect { it.render(depth + 1) }]
    }

    def each(Closure visit) {
        items.each(visit)
        children.each { child -> child.each(visit) }
    }
}

class Catalogue {
    static final COLOURS = ['red', 'green', 'blue']
    static final REGIONS = 40
    final AtomicInteger served = new AtomicInteger()
    final Category root
    final int depth

    Catalogue(int depth) {
        this.depth = depth
        root = grow('root', depth)
    }

    def grow(String name, int left) {
        def category = new Category(name: name)
        8.times { n ->
            category.items << new Item(name: "$name-$n", price: 10.5 + n, stock: (n * 7) % 5,
                                       tags: [colour: COLOURS[n % 3], weight: n * 2])
        }
        if (left > 0) {
            (left % 4 == 0 ? 2 : 1).times { n -> category.children << grow("$name.$n", left - 1) }
        }
        category
    }

    def rule(int serial) {
        def source = """
            class Discount {
                def rate = ${serial % 7} / 100
                def apply(price) { price * (1 - rate) }
            }
            def discount = new Discount()
            def weigh = { item -> item.weight * 0.1 + item.colour.size() }
            [price: { item -> [item].collect { discount.apply(it.price) + weigh(it) }.sum() }]
        """
        def loader = new GroovyClassLoader(Catalogue.classLoader)
        def rule = loader.parseClass(source, 'Pricing.groovy').getDeclaredConstructor().newInstance().run()
        [price: { item -> rule.price.call(item) }] as Rule
    }

    /* What a framework puts around a handler: each filter is a closure that calls the next. */
    def filtered(String query) {
        def filters = (1..2).collect { n -> { request, next -> next.call(request + [("filter$n".toString()): n]) } }
        def chain = filters.inject({ request -> handle(request.query) }) { next, filter ->
            { request -> filter.call(request, next) }
        }
        chain.call([query: query])
    }

    def handle(String query) {
        def serial = served.incrementAndGet()
        def rule = rule(serial)
        def total = (1..REGIONS).collect { region -> root.total(rule) * region }.sum()
        def seen = 0
        root.each { item -> seen += item.bonus(item.name, serial) }
        if (serial % 50 == 0) {
            Item.metaClass."extra${serial % 200}" = { -> delegate.name.size() }
        }
        def page = JsonOutput.toJson([query: query, total: total, seen: seen, root: root.render(0)])
        new JsonSlurper().parseText(page).root.children.sum { it.labels.size() } ?: 0
        page
    }

    static void main(String[] args) {
        def clients = args.length > 0 ? args[0] as int : 2
        def depth = args.length > 1 ? args[1] as int : 7
        def catalogue = new Catalogue(depth)
        def server = HttpServer.create(new InetSocketAddress(InetAddress.loopbackAddress, 0), 0)
        server.executor = Executors.newCachedThreadPool()
        server.createContext('/') { exchange ->
            def bytes = catalogue.filtered(exchange.requestURI.query).bytes
            exchange.sendResponseHeaders(200, bytes.length)
            exchange.responseBody.withStream { it.write(bytes) }
        }
        server.start()
        def url = "http://127.0.0.1:${server.address.port}/?q="
        clients.times { n ->
            Thread.startDaemon("client-$n") {
                for (int i = 0; ; i++) {
                    new URL(url + i).text
                }
            }
        }
        while (catalogue.served.get() < 60) {
            Thread.sleep(20)
        }
        println 'ready'
        System.in.read()
        println "{\"requests\": ${catalogue.served.get()}}"
        System.exit(0)
    }
}

interface Rule {
    def price(item)
}
