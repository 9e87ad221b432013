package orders

import com.sun.net.httpserver.HttpExchange
import com.sun.net.httpserver.HttpServer
import java.util.concurrent.Executors
import java.util.concurrent.ExecutorService
import java.util.concurrent.atomic.AtomicInteger

/** The warehouse: `GET /stock?sku=A,B` says how many pieces there are. A service of its own, in our process. */
class InventoryService implements Closeable {
    private static final InetAddress LOOPBACK = InetAddress.getByName('127.0.0.1')

    private final HttpServer server
    private final ExecutorService workers

    InventoryService(int threads) {
        // Without it each small answer waits 40 ms for a delayed acknowledgement. Read when the first server is made.
        System.setProperty('sun.net.httpserver.nodelay', 'true')
        server = HttpServer.create(new InetSocketAddress(LOOPBACK, 0), 0)
        def number = new AtomicInteger()
        workers = Executors.newFixedThreadPool(threads) { new Thread(it, "inventory-${number.incrementAndGet()}") }
        server.executor = workers
        server.createContext('/stock') { answer(it) }
    }

    void start() {
        server.start()
    }

    String getUrl() {
        "http://127.0.0.1:$server.address.port"
    }

    private static void answer(HttpExchange exchange) {
        exchange.withCloseable {
            def skus = (exchange.requestURI.query ?: '') - 'sku='
            def body = Json.bytes(skus.tokenize(',').collectEntries { [it, pieces(it)] })
            exchange.responseHeaders['Content-Type'] = ['application/json']
            exchange.sendResponseHeaders(200, body.length)
            exchange.responseBody.write(body)
        }
    }

    private static int pieces(String sku) {
        Math.floorMod(sku.hashCode(), 50)
    }

    @Override
    void close() {
        server.stop(0)
        workers.shutdown()
    }
}
