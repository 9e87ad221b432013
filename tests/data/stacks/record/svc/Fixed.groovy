package svc

import groovy.transform.CompileStatic

@CompileStatic
class Fixed {
    List<Item> items

    BigDecimal total() {
        BigDecimal sum = 0.0
        items.findAll { Item i -> i.quantity > 1 }.each { Item i ->
            sum += i.price * i.quantity
            Work.spin(i.name)
        }
        sum
    }

    int streams() {
        items.stream().mapToInt(STREAM_BODY).sum()
    }

    int nested() {
        int n = 0
        items.each { Item a ->
            items.each { Item b -> n += a.quantity * b.quantity + Work.spin(b.name) }
        }
        n
    }

    def all() { total(); streams(); nested() }
}
