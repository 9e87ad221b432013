package orders

import com.zaxxer.hikari.HikariConfig
import com.zaxxer.hikari.HikariDataSource
import groovy.sql.Sql
import java.time.LocalDateTime
import java.util.concurrent.atomic.AtomicLong

/**
 * The orders of the last while, in an embedded database. It holds SIZE orders: a new one pushes the oldest out,
 * so that a long run neither grows nor slows down.
 */
class Store implements Closeable {
    static final int SIZE = 5_000
    static final int CUSTOMERS = 200
    private static final int DAYS = 90

    private final HikariDataSource pool
    private final AtomicLong lastId = new AtomicLong()

    Store(Catalog catalog) {
        // The database lives in memory for as long as a connection to it does.
        pool = new HikariDataSource(new HikariConfig(
                poolName: 'orders-db',
                jdbcUrl: "jdbc:h2:mem:orders-${UUID.randomUUID()};DB_CLOSE_ON_EXIT=FALSE",
                maximumPoolSize: 10,
                maxLifetime: 0))
        statements('/schema.sql').each { sql.execute(it) }
        seed(catalog)
    }

    Order find(long id) {
        def row = sql.firstRow("select id, customer, placed_at from orders where id = $id")
        row ? withLines([toOrder(row)]).first() : null
    }

    /** The newest orders of a customer, newest first. */
    List<Order> ofCustomer(String customer, int limit) {
        withLines(sql.rows("""
                select id, customer, placed_at from orders
                where customer = $customer order by id desc limit $limit""").collect { toOrder(it) })
    }

    void add(Order order) {
        order.id = lastId.incrementAndGet()
        def oldest = order.id - SIZE
        sql.withTransaction { connection ->
            def sql = new Sql(connection)
            sql.execute "insert into orders values ($order.id, $order.customer, $order.placedAt)"
            order.lines.each {
                sql.execute """insert into order_lines (order_id, sku, quantity, unit_price)
                               values ($order.id, $it.sku, $it.quantity, $it.unitPrice)"""
            }
            sql.execute "delete from order_lines where order_id <= $oldest"
            sql.execute "delete from orders where id <= $oldest"
        }
    }

    List<Map> revenueByDay(int days) {
        sql.rows("""
                select cast(o.placed_at as date) as "day", count(distinct o.id) as "orders",
                       sum(l.quantity * l.unit_price) as "revenue"
                from orders o join order_lines l on l.order_id = o.id
                where o.placed_at >= ${LocalDateTime.now().minusDays(days)}
                group by cast(o.placed_at as date) order by 1 desc""")
    }

    /** The goods sold most often, best first. */
    List<Map> bestsellers(int limit) {
        if (Trouble.SLOW_QUERY.on) {
            return Trouble.SLOW_QUERY.plant { bestsellersTheLongWay(limit) }
        }
        sql.rows("""
                select sku as "sku", sum(quantity) as "sold" from order_lines
                group by sku order by 2 desc, 1 limit $limit""")
    }

    /** Trouble slow-query: the same answer, but the whole table is read again for each product. */
    private List<Map> bestsellersTheLongWay(int limit) {
        sql.rows("""
                select p.sku as "sku",
                       (select sum(l.quantity) from order_lines l where lower(trim(l.sku)) like lower(p.sku)) as "sold"
                from (select distinct sku from order_lines) p
                order by 2 desc, 1 limit $limit""")
    }

    private List<Order> withLines(List<Order> orders) {
        if (Trouble.N_PLUS_ONE.on) {
            return Trouble.N_PLUS_ONE.plant { withLinesOneByOne(orders) }
        }
        def ids = orders*.id
        if (ids) {
            def marks = ids.collect { '?' }.join(', ')
            def rows = sql.rows("""select order_id, sku, quantity, unit_price from order_lines
                                   where order_id in ($marks) order by id""" as String, ids as List<Object>)
            def lines = rows.groupBy { it.order_id }
            orders.each { it.lines = lines[it.id].collect { toLine(it) } }
        }
        orders
    }

    /** Trouble n-plus-one: one query for each order's line numbers, then one for each line. */
    private List<Order> withLinesOneByOne(List<Order> orders) {
        orders.each { order ->
            def numbers = sql.rows("select id from order_lines where order_id = $order.id order by id")*.id
            order.lines = numbers.collect { number ->
                toLine(sql.firstRow("select sku, quantity, unit_price from order_lines where id = $number"))
            }
        }
    }

    private static Order toOrder(Map row) {
        new Order(id: row.id, customer: row.customer, placedAt: row.placed_at.toLocalDateTime())
    }

    private static OrderLine toLine(Map row) {
        new OrderLine(sku: row.sku, quantity: row.quantity, unitPrice: row.unit_price)
    }

    /** A Sql of its own for each use: it takes a connection from the pool for each statement. */
    private Sql getSql() {
        new Sql(pool)
    }

    private static List<String> statements(String resource) {
        Store.getResource(resource).text.split(';')*.trim().findAll()
    }

    /** The same orders on each start, spread evenly over the days up to now. */
    private void seed(Catalog catalog) {
        def random = new Random(42)
        def skus = catalog.skus.toList()
        def now = LocalDateTime.now()
        def orders = (1L..SIZE).collect { id ->
            new Order(
                    id: id,
                    customer: "c${1 + random.nextInt(CUSTOMERS)}",
                    placedAt: now.minusMinutes((SIZE - id) * DAYS * 24 * 60 / SIZE as long),
                    lines: (0..random.nextInt(5)).collect {
                        def sku = skus[random.nextInt(skus.size())]
                        new OrderLine(sku: sku, quantity: 1 + random.nextInt(8), unitPrice: catalog[sku].price)
                    })
        }
        insertAll(orders)
        lastId.set(SIZE)
    }

    private void insertAll(List<Order> orders) {
        sql.withBatch(500, 'insert into orders values (?, ?, ?)') { batch ->
            orders.each { batch.addBatch(it.id, it.customer, it.placedAt) }
        }
        def insertLine = 'insert into order_lines (order_id, sku, quantity, unit_price) values (?, ?, ?, ?)'
        sql.withBatch(500, insertLine) { batch ->
            orders.each { order ->
                order.lines.each { batch.addBatch(order.id, it.sku, it.quantity, it.unitPrice) }
            }
        }
    }

    @Override
    void close() {
        pool.close()
    }
}
