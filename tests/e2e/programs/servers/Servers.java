import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.HikariPoolMXBean;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.apache.catalina.Context;
import org.apache.catalina.startup.Tomcat;
import org.apache.tomcat.util.threads.ThreadPoolExecutor;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * Tomcat, Jetty's threads and HikariCP, full, and then at rest: what their own methods and beans say
 * of them, while the program holds them so.
 *
 * <p>Servers FOLDER. "ready"; a line: all are full, {"pools": [...], "unix_ms"}; a line: nothing is
 * left to do, and the same. "!" ends the program.
 */
public final class Servers {
    private static final int THREADS = 4;
    private static final int WAITING = 2;
    private static final int CONNECTIONS = 3;
    private static final CountDownLatch HOLD = new CountDownLatch(1);

    private final List<Thread> clients = new ArrayList<>();
    private Tomcat tomcat;
    private QueuedThreadPool jetty;
    private HikariDataSource connections;

    private static void hold() {
        try {
            HOLD.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static final class Slow extends HttpServlet {
        private static final long serialVersionUID = 1;

        @Override
        protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
            if (request.getRequestURI().endsWith("/slow")) {
                hold();
            }
            response.getWriter().println("done");
        }
    }

    private void startTomcat(String folder) throws Exception {
        tomcat = new Tomcat();
        tomcat.setBaseDir(folder);
        tomcat.setPort(0);
        tomcat.getConnector().setProperty("address", "127.0.0.1");
        tomcat.getConnector().setProperty("maxThreads", Integer.toString(THREADS));
        tomcat.getConnector().setProperty("minSpareThreads", Integer.toString(THREADS));
        Context context = tomcat.addContext("", folder);
        Tomcat.addServlet(context, "slow", new Slow());
        context.addServletMappingDecoded("/*", "slow");
        tomcat.start();
    }

    /** HTTP 1.0: the server closes, and nothing of the request is left afterwards. */
    private void request(String path) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), tomcat.getConnector().getLocalPort())) {
            socket.getOutputStream().write(("GET " + path + " HTTP/1.0\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
            socket.getInputStream().readAllBytes();
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private void startJetty() throws Exception {
        jetty = new QueuedThreadPool(THREADS, THREADS);
        jetty.setName("jetty");
        jetty.setReservedThreads(0);
        jetty.setDaemon(true);
        jetty.start();
    }

    private void startConnections() {
        HikariConfig config = new HikariConfig();
        config.setPoolName("orders-db");
        config.setJdbcUrl("jdbc:h2:mem:orders");
        config.setMaximumPoolSize(CONNECTIONS);
        config.setMinimumIdle(CONNECTIONS);
        config.setConnectionTimeout(3_600_000);
        connections = new HikariDataSource(config);
    }

    private void lend() {
        try (Connection connection = connections.getConnection()) {
            hold();
        } catch (java.sql.SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private void start(Runnable body) {
        Thread thread = new Thread(body, "client-" + clients.size());
        thread.setDaemon(true);
        thread.start();
        clients.add(thread);
    }

    private void fill() {
        for (int i = 0; i < THREADS + WAITING; i++) {
            start(() -> request("/slow"));
            jetty.execute(Servers::hold);
        }
        for (int i = 0; i < CONNECTIONS + WAITING; i++) {
            start(this::lend);
        }
    }

    private ThreadPoolExecutor executor() {
        return (ThreadPoolExecutor) tomcat.getConnector().getProtocolHandler().getExecutor();
    }

    private HikariPoolMXBean bean() {
        return connections.getHikariPoolMXBean();
    }

    private boolean isSettled(int busy, int lent, int waiting) {
        return executor().getPoolSize() == THREADS && executor().getActiveCount() == busy
                && executor().getQueue().size() == waiting
                && jetty.getThreads() == THREADS && jetty.getIdleThreads() == THREADS - busy
                && jetty.getQueueSize() == waiting
                && bean().getTotalConnections() == CONNECTIONS && bean().getActiveConnections() == lent
                && bean().getThreadsAwaitingConnection() == waiting;
    }

    /** What Tomcat has completed is told while nothing can be: a socket that is closed is a task, too. */
    private void tell(boolean isFull) {
        String completed = isFull ? ", \"completed\": " + executor().getCompletedTaskCount() : "";
        System.out.printf("{\"pools\": [{\"kind\": \"tomcat\", \"size\": %d, \"maximum\": %d, \"active\": %d, "
                + "\"queued\": %d%s}, {\"name\": \"jetty\", \"kind\": \"jetty\", \"size\": %d, \"maximum\": %d, "
                + "\"active\": %d, \"queued\": %d}, {\"name\": \"orders-db\", \"kind\": \"hikari\", \"size\": %d, "
                + "\"maximum\": %d, \"active\": %d, \"queued\": %d}], \"unix_ms\": %d}%n",
                executor().getPoolSize(), executor().getMaximumPoolSize(), executor().getActiveCount(),
                executor().getQueue().size(), completed,
                jetty.getThreads(), jetty.getMaxThreads(), jetty.getThreads() - jetty.getIdleThreads(),
                jetty.getQueueSize(),
                bean().getTotalConnections(), connections.getMaximumPoolSize(), bean().getActiveConnections(),
                bean().getThreadsAwaitingConnection(), System.currentTimeMillis() + 200);
    }

    private static void readLine() throws IOException {
        while (System.in.read() != '\n') {
            continue;
        }
    }

    private void run(String folder) throws Exception {
        startTomcat(folder);
        startJetty();
        startConnections();
        System.out.println("ready");
        readLine();
        request("/quick");
        fill();
        while (!isSettled(THREADS, CONNECTIONS, WAITING)) {
            Thread.sleep(1);
        }
        tell(true);
        readLine();
        HOLD.countDown();
        for (Thread client : clients) {
            client.join();
        }
        while (!isSettled(0, 0, 0)) {
            Thread.sleep(1);
        }
        tell(false);
        int read = System.in.read();
        while (read != '!' && read >= 0) {
            read = System.in.read();
        }
        tomcat.stop();
        connections.close();
        jetty.stop();
    }

    public static void main(String[] args) throws Exception {
        new Servers().run(args[0]);
        System.exit(0);
    }
}
