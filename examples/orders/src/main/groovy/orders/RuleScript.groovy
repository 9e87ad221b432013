package orders

/** What a discount rule can use besides `order` and `catalog`; its last value is the discount, a share of the goods. */
abstract class RuleScript extends Script {
    BigDecimal percent(Number n) {
        n / 100.0
    }
}
