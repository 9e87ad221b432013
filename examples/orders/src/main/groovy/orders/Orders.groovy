package orders

import java.time.LocalDateTime
import java.time.temporal.ChronoUnit

/** What the service can do, free of HTTP. Answers are maps, ready to be written as JSON. */
class Orders {
    private static final int MOST_LINES = 20

    final Catalog catalog
    final Store store
    final Pricing pricing
    final InventoryClient inventory

    Orders(Catalog catalog, Store store, Pricing pricing, InventoryClient inventory) {
        this.catalog = catalog
        this.store = store
        this.pricing = pricing
        this.inventory = inventory
    }

    List<Map> ofCustomer(String customer, int limit) {
        def orders = store.ofCustomer(customer, limit)
        [orders, pricing.price(orders)].transpose().collect { order, price -> summary(order) + price }
    }

    Map one(long id) {
        def order = store.find(id)
        if (!order) {
            throw Problem.notFound("there is no order $id")
        }
        detail(order)
    }

    Map place(Object wish) {
        def order = new Order(customer: customerOf(wish), placedAt: now(), lines: linesOf(wish))
        store.add(order)
        detail(order)
    }

    Map report(int days) {
        [days: store.revenueByDay(days), bestsellers: store.bestsellers(5)]
    }

    private Map detail(Order order) {
        def stock = inventory.stock(order.lines*.sku.toSet())
        def lines = order.lines.collect { line ->
            [sku: line.sku, quantity: line.quantity, amount: line.amount, inStock: stock[line.sku] >= line.quantity]
        }
        summary(order) + [lines: lines] + pricing.price([order]).first()
    }

    private Map summary(Order order) {
        [
                id      : order.id,
                customer: order.customer,
                placedAt: order.placedAt as String,
                goodsFor: order.lines.collect { catalog.label(it) }.join(', '),
        ]
    }

    /** To the millisecond, which the database keeps. */
    private static LocalDateTime now() {
        LocalDateTime.now().truncatedTo(ChronoUnit.MILLIS)
    }

    private static String customerOf(wish) {
        def customer = wish instanceof Map ? wish.customer : null
        if (!(customer ==~ /c\d{1,9}/)) {
            throw Problem.badRequest("customer is '$customer': must be c and a number, such as c3")
        }
        customer
    }

    private List<OrderLine> linesOf(Map wish) {
        if (!(wish.lines instanceof List) || !(wish.lines.size() in 1..MOST_LINES)) {
            throw Problem.badRequest("lines must be a list of 1 to $MOST_LINES lines, " +
                    'such as {"sku": "tea-01", "quantity": 2}')
        }
        wish.lines.collect { line ->
            def product = catalog[line instanceof Map ? line.sku as String : null]
            if (!(line.quantity instanceof Integer) || !(line.quantity in 1..1000)) {
                throw Problem.badRequest("quantity of $product.sku is '$line.quantity': " +
                        'must be a whole number from 1 to 1000')
            }
            new OrderLine(sku: product.sku, quantity: line.quantity, unitPrice: product.price)
        }
    }
}
