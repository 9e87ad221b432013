package svc

trait Priced {
    BigDecimal rate = 0.19
    BigDecimal tax(BigDecimal net) {
        net * rate
    }
    def taxed(items) {
        items.collect { tax(it) }
    }
}

class MoneyCategory {
    static BigDecimal getEuro(Number self) {
        def v = self as BigDecimal
        v.setScale(2, BigDecimal.ROUND_HALF_UP)
    }
}

class Item {
    String name
    int quantity
    BigDecimal price
    def getSum() { price * quantity }
}

interface Shipper {
    def ship(item)
}

class Orders implements Priced {
    List items
    Map seen = [:]
    def weigh = { item -> Work.spin(item.name) }

    def total() {
        items.findAll { it.quantity > 1 }.collect { item ->
            weigh(item)
            item.sum
        }.inject(0) { a, b -> a + b }
    }

    def nested() {
        items.groupBy { it.quantity % 3 }.collectEntries { key, group ->
            [key, group.collect { item ->
                group.sum { other -> other.quantity * item.quantity + Work.spin(other.name) }
            }]
        }
    }

    def methodMissing(String name, args) {
        seen[name] = (seen[name] ?: 0) + 1
        "${name}:${args.size()}"
    }

    def dynamic() {
        items.each { item ->
            seen.clear()
            "handle${item.quantity % 5}"(item)
        }
        seen.size()
    }

    def spread() {
        items*.name*.toUpperCase().join(',')
    }

    def shipAll() {
        def shipper = { item -> Work.spin(item.name) } as Shipper
        def n = 0
        for (i in items) { n += shipper.ship(i) }
        def map = [ship: { i -> i.quantity + Work.spin(i.name) }] as Shipper
        items.each { n += map.ship(it) }
        n
    }

    def sorted() {
        items.toSorted { a, b -> a.price <=> b.price ?: a.name <=> b.name }
    }

    def euros() {
        use(MoneyCategory) {
            items.collect { it.price.euro }.sum()
        }
    }

    def taxes() {
        taxed(items*.price).sum()
    }

    def json() {
        def builder = new groovy.json.JsonBuilder()
        builder.orders(items) { item ->
            name item.name
            quantity item.quantity
            sum item.sum
        }
        builder.toString().length()
    }

    def xml() {
        def out = new StringWriter()
        new groovy.xml.MarkupBuilder(out).orders {
            for (i in this.items) {
                item(name: i.name, quantity: i.quantity) { price(i.price) }
            }
        }
        out.toString().length()
    }

    def meta() {
        items.collect { it.weight() }.sum()
    }

    def curried() {
        def add = { a, b, c -> a + b + c }
        def add5 = add.curry(5)
        def pointer = Work.&spin
        def both = add5 << { it * 2 }
        items.collect { add5(it.quantity, 1) + pointer(it.name) }.sum()
    }

    def all() {
        total(); nested(); dynamic(); spread(); shipAll(); sorted(); euros(); taxes(); json(); xml(); meta(); curried()
    }
}
