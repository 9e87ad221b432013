package orders

import spock.lang.Specification
import spock.lang.TempDir

class PricingSpec extends Specification {
    @TempDir
    File folder

    def catalog = new Catalog()

    def 'an order costs its goods, less discounts, plus shipping and tax'() {
        expect:
        priceOf('c3', lines) == [goods: goods, discount: discount, discounts: discounts, total: total]

        where:
        lines                          || goods  | discount | discounts                    | total
        ['tea-01': 1]                  || 6.90   | 0.00     | []                           | 14.04
        ['tea-01': 10]                 || 69.00  | 5.52     | ['volume 8 %']               | 75.54
        ['tea-01': 6, 'cup-01': 1]     || 48.90  | 2.45     | ['variety 1 %', 'volume 4 %'] | 61.11
    }

    def 'the gold card is worth five percent'() {
        expect:
        priceOf('c10', ['pot-05': 2]).discounts == ['loyalty 5 %']
    }

    def 'discounts end at fifteen percent'() {
        given:
        new File(folder, 'sale.groovy').text = 'percent(90)'

        expect:
        priceOf('c10', ['tea-01': 10]).discount == 10.35
    }

    private Map priceOf(String customer, Map<String, Integer> pieces) {
        def lines = pieces.collect { sku, quantity ->
            new OrderLine(sku: sku, quantity: quantity, unitPrice: catalog[sku].price)
        }
        def order = new Order(id: 1, customer: customer, lines: lines)
        new Pricing(catalog, new PricingScripts(folder)).price([order]).first()
    }
}
