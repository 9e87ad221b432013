package orders

import java.util.concurrent.Callable
import java.util.concurrent.TimeUnit
import java.util.concurrent.locks.LockSupport

/** One thread of the traffic: with the same seed it asks for the same kinds of things in the same order. */
class TrafficWorker implements Callable<TrafficWorker> {
    /** Requests of each kind in twenty. */
    private static final Map<String, Integer> MIX = [one: 10, list: 6, place: 3, report: 1]
    private static final List<String> KINDS = MIX.collectMany { kind, times -> [kind] * times }
    private static final List<String> SKUS = new Catalog().skus.toList()

    private final TrafficClient shop
    private final Random random
    private final long begin
    private final long end
    /** Time from one request to the next, or 0 for no pause. */
    private final long paceNanos
    private List<Long> knownIds = []

    final Map<String, List<Long>> latenciesNanos = [:].withDefault { [] }
    final Map<String, Integer> failures = [:].withDefault { 0 }

    private final Map<String, Closure> requests = [
            one   : { shop.get("/orders/${pick(knownIds)}") },
            list  : { list() },
            place : { shop.post('/orders', [customer: customer(), lines: (0..random.nextInt(4)).collect { line() }]) },
            report: { shop.get("/report?days=${7 * (1 + random.nextInt(4))}") },
    ]

    TrafficWorker(Traffic traffic, TrafficClient shop, int number, long begin) {
        this.shop = shop
        random = new Random(traffic.seed * 1_000 + number)
        paceNanos = traffic.rate ? TimeUnit.SECONDS.toNanos(traffic.threads).intdiv(traffic.rate) : 0
        // Paced threads take turns instead of asking all at once.
        this.begin = begin + paceNanos.intdiv(traffic.threads) * number
        end = begin + TimeUnit.MILLISECONDS.toNanos(traffic.duration)
    }

    @Override
    TrafficWorker call() {
        long due = begin
        while (waitUntil(due) < end) {
            request(due)
            due = paceNanos ? due + paceNanos : System.nanoTime()
        }
        this
    }

    /** A late start counts as waiting time: a customer who had to queue has waited too. */
    private void request(long due) {
        def kind = knownIds ? pick(KINDS) : 'list'
        try {
            def status = requests[kind]().statusCode()
            if (status != 200) {
                failures["$kind: status $status" as String]++
            }
        } catch (IOException failure) {
            failures["$kind: $failure" as String]++
        }
        latenciesNanos[kind] << System.nanoTime() - due
    }

    private list() {
        def response = shop.get("/orders?customer=${customer()}&n=20")
        if (response.statusCode() == 200) {
            // The newest only: the oldest may be pushed out of the store before they are asked for.
            knownIds = Json.parse(response.body())*.id.take(10) ?: knownIds
        }
        response
    }

    private String customer() {
        "c${1 + random.nextInt(Store.CUSTOMERS)}"
    }

    private Map line() {
        [sku: pick(SKUS), quantity: 1 + random.nextInt(12)]
    }

    private <T> T pick(List<T> choices) {
        choices[random.nextInt(choices.size())]
    }

    private long waitUntil(long due) {
        long now = System.nanoTime()
        while (now < due && now < end) {
            LockSupport.parkNanos(Math.min(due, end) - now)
            now = System.nanoTime()
        }
        now
    }
}
