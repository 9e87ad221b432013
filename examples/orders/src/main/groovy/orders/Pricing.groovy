package orders

import java.math.RoundingMode

/** What an order costs: goods, less the discounts of the rule scripts, plus shipping and tax. */
class Pricing {
    private static final BigDecimal TAX = 0.19
    private static final BigDecimal FREE_SHIPPING_FROM = 60.0
    private static final BigDecimal MOST_DISCOUNT = 0.15

    /** Enough to make pricing about half of what an ordinary mix of requests costs in CPU. */
    private static final int SCORE_ROUNDS = 2_000

    final Catalog catalog
    final PricingScripts scripts

    Pricing(Catalog catalog, PricingScripts scripts) {
        this.catalog = catalog
        this.scripts = scripts
    }

    private final Closure<BigDecimal> goods = { Order order ->
        order.lines.inject(0.0) { sum, line -> sum + line.amount }
    }

    private final Closure<BigDecimal> shipping = { BigDecimal amount ->
        amount >= FREE_SHIPPING_FROM ? 0.0 : 4.9
    }

    /** Trouble hot-closure: a score that nobody reads, worked out anew for each order. */
    private final Closure<Long> loyaltyScore = { Order order ->
        long score = order.id ?: 1
        for (int round = 0; round < SCORE_ROUNDS; round++) {
            score = (score * 31 + round) % 1_000_003
        }
        score
    }

    List<Map> price(List<Order> orders) {
        def rules = scripts.current()
        orders.collect { priceOf(it, rules) }
    }

    private Map priceOf(Order order, List<Rule> rules) {
        if (Trouble.HOT_CLOSURE.on) {
            Trouble.HOT_CLOSURE.plant { loyaltyScore(order) }
        }
        def amount = goods(order)
        def discounts = rules.collectEntries { [it.name, it.discount(order, catalog)] }.findAll { it.value > 0 }
        def discount = amount * discounts.values().sum(0.0).min(MOST_DISCOUNT)
        def net = amount - discount + shipping(amount - discount)
        [
                goods    : cents(amount),
                discount : cents(discount),
                discounts: discounts.collect { name, share -> "$name ${(share * 100).stripTrailingZeros().toPlainString()} %" },
                total    : cents(net * (1 + TAX)),
        ]
    }

    private static BigDecimal cents(BigDecimal amount) {
        amount.setScale(2, RoundingMode.HALF_UP)
    }
}
