package orders

import groovy.json.JsonSlurper
import spock.lang.AutoCleanup
import spock.lang.Shared
import spock.lang.Specification

class ServerSpec extends Specification {
    @Shared
    @AutoCleanup
    OrdersServer server = new OrdersServer(new Settings(port: 0, threads: 4))

    @Shared
    TrafficClient shop

    def setupSpec() {
        server.start()
        shop = new TrafficClient(server.url)
    }

    def cleanup() {
        Trouble.start([])
        RequestContext.forgetLeaked()
    }

    def 'it says how it does'() {
        expect:
        json(shop.get('/health')).with { status == 'up' && pid == ProcessHandle.current().pid() }
    }

    def 'a placed order can be asked for and comes first in its customer\'s list'() {
        when:
        def placed = json(shop.post('/orders', [customer: 'c7', lines: [[sku: 'tea-01', quantity: 2]]]))

        then:
        placed.goods == 13.80
        json(shop.get("/orders/$placed.id")) == placed
        json(shop.get('/orders?customer=c7&n=3'))*.id.with { size() == 3 && first() == placed.id }
    }

    def 'a report has days and bestsellers'() {
        when:
        def report = json(shop.get('/report?days=7'))

        then:
        report.days.size() in 7..8
        report.bestsellers*.sold == report.bestsellers*.sold.sort().reverse()
    }

    def '#path is refused with #status'() {
        when:
        def response = shop.get(path)

        then:
        response.statusCode() == status
        json(response).error.contains(part)

        where:
        path                    || status | part
        '/orders'               || 400    | 'customer is missing'
        '/orders?customer=c1&n=0' || 400  | "n is '0': must be a whole number from 1 to 200"
        '/orders/x'             || 400    | "order 'x': must be a number"
        '/orders/999999999'     || 404    | 'there is no order 999999999'
        '/report?days=soon'     || 400    | "days is 'soon'"
        '/nothing'              || 404    | 'there is no GET /nothing'
    }

    def 'an order that makes no sense is refused: #part'() {
        when:
        def response = shop.post('/orders', wish)

        then:
        response.statusCode() == 400
        json(response).error.contains(part)

        where:
        wish                                                          || part
        []                                                            || "customer is 'null'"
        [customer: 'nobody']                                          || "customer is 'nobody'"
        [customer: 'c1', lines: []]                                   || 'lines must be a list'
        [customer: 'c1', lines: [7]]                                  || "there is no product 'null'"
        [customer: 'c1', lines: [[sku: 'tea-99', quantity: 1]]]       || "there is no product 'tea-99'"
        [customer: 'c1', lines: [[sku: 'tea-01', quantity: 'two']]]   || "quantity of tea-01 is 'two'"
    }

    def 'trouble #trouble.label is planted where a request meets it, and answers stay the same'() {
        given:
        def paths = ['/orders/4000', '/orders?customer=c5&n=5', '/report?days=7']
        def healthy = paths.collect { shop.get(it).body() }

        when:
        def before = json(shop.post("/troubles?$trouble.label=on", [:]))
        def troubled = paths.collect { shop.get(it).body() }
        def after = json(shop.get('/troubles'))

        then:
        before.troubles[trouble.label] == [on: true, count: 0, cpuMs: 0, elapsedMs: 0, allocatedBytes: 0]
        after.troubles[trouble.label].count > 0
        after.requests.count == 3
        after.troubles.findAll { it.value.on }.keySet() == [trouble.label] as Set
        troubled == healthy

        where:
        trouble << Trouble.values().toList()
    }

    def 'a leak is let go of when it is switched off'() {
        when:
        shop.post('/troubles?leak=on', [:])
        3.times { shop.get('/orders/4000') }

        then:
        json(shop.get('/troubles')).requests.open == 3

        when:
        shop.post('/troubles?leak=off', [:])

        then:
        json(shop.get('/troubles')).requests.open == 0
    }

    def 'a wrong switch changes nothing: #query'() {
        when:
        def response = shop.post("/troubles?$query", [:])

        then:
        response.statusCode() == 400
        json(response).error.contains(part)
        !Trouble.values().any { it.on }

        where:
        query                || part
        'leak=on&smoke=on'   || "unknown trouble 'smoke': the troubles are hot-closure"
        'leak=on&n-plus-one=maybe' || "trouble n-plus-one is 'maybe': must be on or off"
    }

    def 'traffic finds no fault, and keeps to its rate'() {
        when:
        def outcome = new Traffic(url: server.url, threads: 2, duration: 1_000, rate: 20).run()

        then:
        outcome.errors == 0
        outcome.done in 1..20
    }

    def 'a port that is taken is named'() {
        given:
        def port = URI.create(server.url).port
        def second = new OrdersServer(new Settings(port: port, threads: 2))

        when:
        second.start()

        then:
        def mistake = thrown(UsageError)
        mistake.message.startsWith("port $port of 127.0.0.1 is taken")

        cleanup:
        second.close()
    }

    private static Object json(response) {
        new JsonSlurper().parseText(response.body())
    }
}
