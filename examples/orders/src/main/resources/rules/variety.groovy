// One percent for each kind of goods in the basket above the first, three at most.
def kinds = order.lines.collect { catalog[it.sku].kind }.toSet()

percent(Math.min(kinds.size() - 1, 3))
