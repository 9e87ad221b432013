package driver;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;

/**
 * The control socket of one agent, spoken to directly (docs/wire-format.md): a command would spend
 * most of its time on being started. One connection, one request after the other, as fast as the
 * agent takes them.
 */
final class Control implements AutoCloseable {
    /** An agent answers 50 requests a second. */
    private static final long REQUEST_NS = 22_000_000;
    private static final int HEADER_BYTES = 32;
    private static final int CRC_AT = 12;
    private static final int REQUEST = 16;
    private static final int REPLY = 17;
    private static final int VERB_START = 2;
    private static final int VERB_STOP = 3;

    private final SocketChannel channel;
    private long nextNs = System.nanoTime();

    /** A kind of measurement by its number on the wire (include/umig/kinds.h). */
    record Kind(int number, long intervalNs) {}

    Control(long pid) throws IOException {
        channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        channel.connect(UnixDomainSocketAddress.of(Tree.RUN.resolve("agent-" + pid + ".sock")));
    }

    void start(String id, int nativeFrames, Kind... kinds) throws IOException, InterruptedException {
        var session = new Message().text(1, id);
        for (Kind kind : kinds) {
            session.message(3, new Message().number(1, kind.number).number(2, kind.intervalNs));
        }
        ask(new Message().number(1, VERB_START).message(2, session.number(5, nativeFrames)));
    }

    void stop(String id) throws IOException, InterruptedException {
        ask(new Message().number(1, VERB_STOP).message(3, new Message().text(1, id)));
    }

    private void ask(Message request) throws IOException, InterruptedException {
        TimeUnit.NANOSECONDS.sleep(nextNs - System.nanoTime());
        nextNs = System.nanoTime() + REQUEST_NS;
        send(request.bytes());
        ByteBuffer header = read(HEADER_BYTES);
        int type = header.get(5);
        ByteBuffer payload = read(header.getInt(8));
        /* A reply that is good begins with its text, field 2; one that is not with its status. */
        if (type != REPLY || !payload.hasRemaining() || payload.get(0) != (2 << 3 | 2)) {
            throw new Trouble("the agent refused: " + StandardCharsets.UTF_8.decode(payload));
        }
    }

    private void send(byte[] payload) throws IOException {
        ByteBuffer frame = ByteBuffer.allocate(HEADER_BYTES + payload.length).order(ByteOrder.LITTLE_ENDIAN);
        frame.put(new byte[] {'U', 'M', 'G', '1', 1, REQUEST});
        frame.putInt(8, payload.length).position(HEADER_BYTES).put(payload).flip();
        var crc = new CRC32C();
        crc.update(frame.array());
        frame.putInt(CRC_AT, (int) crc.getValue());
        while (frame.hasRemaining()) {
            channel.write(frame);
        }
    }

    private ByteBuffer read(int count) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining()) {
            if (channel.read(bytes) < 0) {
                throw new EOFException("the agent closed its control socket");
            }
        }
        return bytes.flip();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    /** A protobuf message being written. */
    private static final class Message {
        private final ByteArrayOutputStream out = new ByteArrayOutputStream();

        private void varint(long value) {
            long rest = value;
            for (; (rest & ~0x7fL) != 0; rest >>>= 7) {
                out.write((int) (rest & 0x7f | 0x80));
            }
            out.write((int) rest);
        }

        private Message lengthed(int field, byte[] bytes) {
            varint((long) field << 3 | 2);
            varint(bytes.length);
            out.writeBytes(bytes);
            return this;
        }

        Message number(int field, long value) {
            if (value != 0) {
                varint((long) field << 3);
                varint(value);
            }
            return this;
        }

        Message text(int field, String text) {
            return lengthed(field, text.getBytes(StandardCharsets.UTF_8));
        }

        Message message(int field, Message message) {
            return lengthed(field, message.bytes());
        }

        byte[] bytes() {
            return out.toByteArray();
        }
    }
}
