package svc

import java.util.concurrent.Executors

class Main {
    static void main(String[] args) {
        long end = System.currentTimeMillis() + (args[0] as long) * 1000L
        Item.metaClass.weight = { -> Work.spin(delegate.name) + delegate.quantity }
        def items = (1..20).collect { new Item(name: "item-$it", quantity: it % 7, price: 1.5G * it) }
        def orders = new Orders(items: items)
        def fixed = new Fixed(items: items)
        def counter = 0
        def pool = Executors.newFixedThreadPool(3)
        Work.loop(pool, end, { orders.all() } as Work.Job)
        Work.loop(pool, end, { Work.reflect(fixed, 'all') } as Work.Job)
        Work.loop(pool, end, {
            def shell = new GroovyShell(new Binding(items: items))
            def script = shell.parse("""
                def rule(item) { item.quantity > 2 ? item.price * 0.9G : item.price }
                def total = 0
                items.each { total += rule(it) }
                items.findAll { it.price > 10 }.each { total += svc.Work.spin(it.name) }
                total
            """)
            20.times { script.run() }
        } as Work.Job)
        pool.shutdown()
    }
}
