// A dynamic service like the ones we measure for: a request compiles a rule with a fresh class
// loader, then prices a tree of parts through closures, the meta class and GStrings. Dispatch makes
// stacks of some 230 frames (median) out of four levels.

class Part {
    String name
    int price
    List parts = []
    def extras = [:]

    def propertyMissing(String key) { extras[key] }
}

class Pricing {
    def rules = []
    def log = new StringBuilder()

    def price(part) {
        def own = rules.collect { rule -> rule(part) }.sum() + textOf(part).size()
        part.parts.inject(own) { sum, child -> sum + priceChild(child) }
    }

    def priceChild(child) {
        def discount = child.price > 50 ? { it * 90 / 100 } : { it }
        discount(price(child))
    }

    def textOf(part) {
        def words = part.name.tokenize('-').findAll { it.size() > 1 }.collect { it.capitalize() }
        "${words.join(' ')}: ${part.price} ${part.colour ?: 'plain'}"
    }
}

def tree(random, int depth) {
    def part = new Part(name: "part-${random.nextInt(1000)}-${depth}", price: random.nextInt(100))
    part.extras.colour = depth % 2 ? 'red' : null
    if (depth > 1) {
        6.times { part.parts << tree(random, depth - 1) }
    }
    part
}

def compiledRule(int number) {
    def loader = new GroovyClassLoader(this.class.classLoader)
    def rule = loader.parseClass("""
        class Rule {
            int factor = ${number % 7 + 1}
            def apply(part) { [1, 2, 3].collect { it * part.price * factor }.findAll { it % 2 == 0 }.size() }
        }""").getDeclaredConstructor().newInstance()
    rule.metaClass.twice = { part -> delegate.apply(part) * 2 }
    rule
}

// The request: called with its number, answers with a price.
return { int number ->
    def pricing = new Pricing()
    def rule = compiledRule(number)
    pricing.rules << { part -> rule.apply(part) } << { part -> rule.twice(part) } << { it.price }
    pricing.price(tree(new Random(number), 4))
}
