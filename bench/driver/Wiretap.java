package driver;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** Stands between an agent and a collector and counts, or keeps, what the agent sends. */
final class Wiretap implements AutoCloseable {
    private final ServerSocket server;
    private final int collectorPort;
    private final AtomicLong sent = new AtomicLong();
    private final Path kept;
    private final AtomicInteger connections = new AtomicInteger();

    Wiretap(int collectorPort) throws IOException {
        this(collectorPort, null);
    }

    /** Keeps the bytes of each connection in a file of this folder; they are named in ascending order. */
    Wiretap(int collectorPort, Path folder) throws IOException {
        this.collectorPort = collectorPort;
        kept = folder;
        server = new ServerSocket(0, 8, InetAddress.getLoopbackAddress());
        daemon(this::serve);
    }

    /** A port that nobody listens on at the moment. */
    static int freePort() throws IOException {
        try (var probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return probe.getLocalPort();
        }
    }

    int port() {
        return server.getLocalPort();
    }

    long sentBytes() {
        return sent.get();
    }

    private static void daemon(Runnable body) {
        var thread = new Thread(body, "wiretap");
        thread.setDaemon(true);
        thread.start();
    }

    private void serve() {
        try {
            while (true) {
                Socket agent = server.accept();
                Socket collector = new Socket(InetAddress.getLoopbackAddress(), collectorPort);
                OutputStream copy = kept == null ? OutputStream.nullOutputStream()
                        : Files.newOutputStream(kept.resolve(String.format("%04d.wire", connections.incrementAndGet())));
                daemon(() -> copy(agent, collector, sent, copy));
                daemon(() -> copy(collector, agent, new AtomicLong(), OutputStream.nullOutputStream()));
            }
        } catch (IOException e) {
            // closed: the bench is over
        }
    }

    private static void copy(Socket from, Socket to, AtomicLong count, OutputStream kept) {
        var bytes = new byte[65536];
        try (kept; InputStream in = from.getInputStream(); OutputStream out = to.getOutputStream()) {
            for (int len = in.read(bytes); len >= 0; len = in.read(bytes)) {
                count.addAndGet(len);
                kept.write(bytes, 0, len);
                out.write(bytes, 0, len);
            }
        } catch (IOException e) {
            // one side went; the other learns it by the closed stream
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
