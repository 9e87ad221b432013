package orders

/** What the shop sells, by stock keeping unit (sku). */
class Catalog {
    private final Map<String, Map> products

    Catalog() {
        products = Json.resource('/catalog.json').collectEntries { [it.sku, it] }
    }

    Map getAt(String sku) {
        products[sku] ?: { throw Problem.badRequest("there is no product '$sku'") }()
    }

    Set<String> getSkus() {
        products.keySet()
    }

    String label(OrderLine line) {
        "$line.quantity x ${this[line.sku].name}"
    }
}
