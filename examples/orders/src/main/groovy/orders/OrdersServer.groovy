package orders

import java.nio.file.Files
import org.apache.catalina.LifecycleException
import org.apache.catalina.connector.Connector
import org.apache.catalina.startup.Tomcat

/** Puts the parts together and on a port of the loopback address. */
class OrdersServer implements Closeable {
    private static final String HOST = '127.0.0.1'

    private final Settings settings
    private final File work = Files.createTempDirectory('orders-').toFile()
    private final InventoryService warehouse
    private final Store store
    private final PricingScripts scripts
    private final Tomcat tomcat = new Tomcat()

    OrdersServer(Settings settings) {
        this.settings = settings
        work.deleteOnExit() // For when a part below can't be made: there is no server to close then.
        def catalog = new Catalog()
        scripts = new PricingScripts(settings.rules ?: new File(work, 'rules'))
        store = new Store(catalog)
        warehouse = new InventoryService(settings.threads.intdiv(2))
        def orders = new Orders(catalog, store, new Pricing(catalog, scripts), new InventoryClient(warehouse.url))
        serveOn(orders)
    }

    private void serveOn(Orders orders) {
        tomcat.baseDir = work.path
        tomcat.connector = connector()
        def context = tomcat.addContext('', work.path)
        // Tomcat's hunt for leaks of redeployed applications needs JDK internals, for nothing in a process that ends.
        context.clearReferencesObjectStreamClassCaches = false
        context.clearReferencesRmiTargets = false
        context.clearReferencesThreadLocals = false
        Tomcat.addServlet(context, 'orders', new OrdersServlet(orders, health()))
        context.addServletMappingDecoded('/*', 'orders')
    }

    private Connector connector() {
        def connector = new Connector(port: settings.port, throwOnFailure: true)
        connector.setProperty('address', HOST)
        connector.setProperty('maxThreads', settings.threads as String)
        connector.setProperty('maxKeepAliveRequests', '-1')
        connector
    }

    private Map health() {
        [
                status: 'up',
                pid   : ProcessHandle.current().pid(),
                java  : Runtime.version() as String,
                groovy: GroovySystem.version,
                rules : scripts.folder.absolutePath,
        ]
    }

    void start() {
        warehouse.start()
        try {
            tomcat.start()
        } catch (LifecycleException failure) {
            if (rootOf(failure) instanceof BindException) {
                throw new UsageError("port $settings.port of $HOST is taken or not allowed: " +
                        'choose another with --port N, or --port 0 for a free one')
            }
            throw failure
        }
    }

    void await() {
        tomcat.server.await()
    }

    String getUrl() {
        "http://$HOST:$tomcat.connector.localPort"
    }

    File getRules() {
        scripts.folder
    }

    @Override
    void close() {
        tomcat.stop()
        tomcat.destroy()
        warehouse.close()
        store.close()
        work.deleteDir()
    }

    private static Throwable rootOf(Throwable failure) {
        failure.cause ? rootOf(failure.cause) : failure
    }
}
