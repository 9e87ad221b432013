package orders

import java.nio.file.Files
import java.nio.file.attribute.FileTime
import spock.lang.Specification
import spock.lang.TempDir

class PricingScriptsSpec extends Specification {
    @TempDir
    File folder

    def order = new Order(id: 1, customer: 'c1', lines: [new OrderLine(sku: 'tea-01', quantity: 1, unitPrice: 6.9)])

    def 'the shipped rules are copied once and can then be edited'() {
        given:
        new File(folder, 'loyalty.groovy').text = 'percent(42)'

        when:
        def scripts = new PricingScripts(folder)

        then:
        scripts.current()*.name == ['loyalty', 'variety', 'volume']
        discount(scripts, 'loyalty') == 0.42
    }

    def 'an edited rule is used at once, and only that one is compiled again'() {
        given:
        def scripts = new PricingScripts(folder)
        def before = scripts.current()

        when:
        edit('volume', 'percent(7)')
        def after = scripts.current()

        then:
        discount(scripts, 'volume') == 0.07
        after[0].is(before[0])
        !after[2].is(before[2])
    }

    def 'while an edited rule does not compile, the last good version works'() {
        given:
        def scripts = new PricingScripts(folder)
        edit('volume', 'percent(7)')
        scripts.current()

        when:
        edit('volume', 'percent(')

        then:
        discount(scripts, 'volume') == 0.07

        when:
        edit('volume', 'percent(9)')

        then:
        discount(scripts, 'volume') == 0.09
    }

    def 'a rule that fails gives no discount, a new rule joins, a removed one leaves'() {
        given:
        def scripts = new PricingScripts(folder)

        when:
        edit('broken', 'order.nothing.there')

        then:
        discount(scripts, 'broken') == 0

        when:
        new File(folder, 'broken.groovy').delete()

        then:
        scripts.current()*.name == ['loyalty', 'variety', 'volume']
    }

    /** Some file systems count time in coarse steps: each edit gets a time of its own. */
    private void edit(String rule, String text) {
        def file = new File(folder, "${rule}.groovy")
        def later = file.exists() ? file.lastModified() + 1_000 : System.currentTimeMillis()
        file.text = text
        Files.setLastModifiedTime(file.toPath(), FileTime.fromMillis(later))
    }

    private BigDecimal discount(PricingScripts scripts, String rule) {
        scripts.current().find { it.name == rule }.discount(order, new Catalog())
    }
}
