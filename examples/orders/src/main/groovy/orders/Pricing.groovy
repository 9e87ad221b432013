package orders

import java.math.RoundingMode

/** What an order costs: goods, less the discounts of the rule scripts, plus shipping and tax. */
class Pricing {
    private static final BigDecimal TAX = 0.19
    private static final BigDecimal FREE_SHIPPING_FROM = 60.0
    private static final BigDecimal MOST_DISCOUNT = 0.15

    private static final int SCORE_ROUNDS = 1_000

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

    /**
     * Trouble hot-closure: a score that nobody reads, worked out again and again. Its numbers stay small enough
     * for the cache of boxed integers: it costs CPU, not memory.
     */
    private final Closure<Integer> loyaltyScore = { Order order ->
        int score = order.lines.size()
        for (int round = 0; round < SCORE_ROUNDS; round++) {
            for (int digit = 0; digit < 10; digit++) {
                score = (score * 7 + digit) % 11
            }
        }
        score
    }

    /** Steers the closure to half of what all requests cost in CPU, whatever the machine and its JIT compiler. */
    private static boolean isScoreDue() {
        Trouble.HOT_CLOSURE.on && Trouble.HOT_CLOSURE.tally.cpu * 2 <= Tally.REQUESTS.cpu
    }

    List<Map> price(List<Order> orders) {
        def rules = scripts.current()
        orders.collect { priceOf(it, rules) }
    }

    private Map priceOf(Order order, List<Rule> rules) {
        while (scoreDue) {
            Trouble.HOT_CLOSURE.plant { loyaltyScore(order) }
        }
        def amount = goods(order)
        def discounts = rules.collectEntries { [it.name, it.discount(order, catalog)] }.findAll { it.value > 0 }
        def discount = amount * discounts.values().sum(0.0).min(MOST_DISCOUNT)
        def net = amount - discount + shipping(amount - discount)
        [
                goods    : cents(amount),
                discount : cents(discount),
                discounts: discounts.collect { name, share -> "$name ${percent(share)} %" },
                total    : cents(net * (1 + TAX)),
        ]
    }

    private static String percent(BigDecimal share) {
        (share * 100).stripTrailingZeros().toPlainString()
    }

    private static BigDecimal cents(BigDecimal amount) {
        amount.setScale(2, RoundingMode.HALF_UP)
    }
}
