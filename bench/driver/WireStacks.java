package driver;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * The stacks of CPU samples as an agent sent them (proto/umig/v1/stream.proto): no folding, no
 * naming, each frame with its kind and its line.
 */
final class WireStacks {
    private static final int HEADER_BYTES = 32;
    private static final int BATCH = 3;
    private static final int KIND_CPU = 1;
    /** By the number of the kind: Java, interpreted, compiled, Inlined, native, library, kernel, VM, error, truncated. */
    private static final String HOW = "?jicInlkvet";
    private static final int THREAD_JAVA = 1;
    private static final int THREAD_VIRTUAL = 7;

    /** A method at a line; 0: unknown. The kinds are those of include/umig/kinds.h. */
    record Frame(String type, String method, int line, int kind) {
        boolean isJava() {
            return kind >= 1 && kind <= 5;
        }

        boolean isNative() {
            return kind == 5;
        }

        String text() {
            return type.isEmpty() ? "[" + method + "]"
                    : type + "." + method + (line > 0 ? ":" + line : "") + " (" + HOW.charAt(kind) + ")";
        }
    }

    /** A dictionary and what was sampled while it was valid. Ids begin at 1. */
    static final class Generation {
        final List<Frame> frames = new ArrayList<>();
        /** By stack: its innermost frame, and the stack of the caller, 0 at the root. */
        final Ints frame = new Ints();
        final Ints parent = new Ints();
        /** By stack: samples of Java threads that had it. */
        final Ints samples = new Ints();
        private final List<String> strings = new ArrayList<>();
        private final Ints methodClass = new Ints();
        private final Ints methodName = new Ints();
        private final Ints threadKind = new Ints();
        private long javaSamples;

        private Generation() {
            strings.add("");
            frames.add(new Frame("", "", 0, 0));
            for (Ints column : List.of(frame, parent, samples, methodClass, methodName, threadKind)) {
                column.add(0);
            }
        }

        int stackCount() {
            return frame.size();
        }

        Frame frameOf(int stack) {
            return frames.get(frame.get(stack));
        }

        /** Samples of Java threads, those without a stack, too. */
        long javaSamples() {
            return javaSamples;
        }
    }

    /** A list of int. */
    static final class Ints {
        private int[] items = new int[16];
        private int size;

        void add(int item) {
            if (size == items.length) {
                items = Arrays.copyOf(items, size * 2);
            }
            items[size++] = item;
        }

        int get(int at) {
            return items[at];
        }

        void increment(int at) {
            items[at]++;
        }

        int size() {
            return size;
        }
    }

    private final Consumer<Generation> sink;
    private Generation generation = new Generation();
    private int number;
    private long lastSequence;

    private WireStacks(Consumer<Generation> sink) {
        this.sink = sink;
    }

    /** Reads what a wiretap kept of one agent, batch by batch, each once. */
    static void read(Path folder, Consumer<Generation> sink) throws IOException {
        var reader = new WireStacks(sink);
        List<Path> files;
        try (var listed = Files.list(folder)) {
            files = listed.filter(file -> file.toString().endsWith(".wire")).sorted().toList();
        }
        for (Path file : files) {
            try (var in = new DataInputStream(new BufferedInputStream(Files.newInputStream(file)))) {
                reader.readConnection(in);
            }
        }
        sink.accept(reader.generation);
    }

    private void readConnection(DataInputStream in) throws IOException {
        var header = new byte[HEADER_BYTES];
        while (true) {
            try {
                in.readFully(header);
                ByteBuffer head = ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN);
                var payload = new byte[head.getInt(8)];
                in.readFully(payload);
                if (head.get(5) == BATCH && head.getLong(24) > lastSequence) {
                    lastSequence = head.getLong(24);
                    readBatch(new Message(payload, 0, payload.length));
                }
            } catch (EOFException e) {
                return; // the connection ended, maybe within a frame: it is sent again by the next
            }
        }
    }

    private void readBatch(Message batch) {
        while (batch.next()) {
            switch (batch.field) {
                case 1 -> begin((int) batch.number);
                case 3 -> readDictionary(batch.message());
                case 5 -> readSamples(batch.message());
                default -> { }
            }
        }
    }

    private void begin(int wanted) {
        if (wanted != number) {
            sink.accept(generation);
            generation = new Generation();
            number = wanted;
        }
    }

    private void readDictionary(Message delta) {
        var columns = new Ints[20];
        Arrays.setAll(columns, i -> new Ints());
        while (delta.next()) {
            if (delta.field == 2) {
                generation.strings.add(delta.text());
            } else if (delta.field < columns.length) {
                delta.addTo(columns[delta.field]);
            }
        }
        addAll(generation.methodClass, columns[4]);
        addAll(generation.methodName, columns[5]);
        for (int i = 0; i < columns[8].size(); i++) {
            int method = columns[9].get(i);
            generation.frames.add(new Frame(generation.strings.get(generation.methodClass.get(method)),
                    generation.strings.get(generation.methodName.get(method)), columns[10].get(i),
                    columns[8].get(i)));
        }
        addStacks(columns[13], columns[18], columns[19]);
        addAll(generation.threadKind, columns[16]);
    }

    private static void addAll(Ints to, Ints from) {
        for (int i = 0; i < from.size(); i++) {
            to.add(from.get(i));
        }
    }

    private void addStacks(Ints frames, Ints chainParents, Ints chainLengths) {
        int at = 0;
        for (int chain = 0; chain < chainParents.size(); chain++) {
            int caller = chainParents.get(chain);
            for (int i = 0; i < chainLengths.get(chain); i++) {
                generation.parent.add(caller);
                generation.frame.add(frames.get(at++));
                generation.samples.add(0);
                caller = generation.frame.size() - 1;
            }
        }
    }

    private void readSamples(Message samples) {
        var threads = new Ints();
        var stacks = new Ints();
        long kind = 0;
        while (samples.next()) {
            switch (samples.field) {
                case 2 -> kind = samples.number;
                case 5 -> samples.addTo(threads);
                case 6 -> samples.addTo(stacks);
                default -> { }
            }
        }
        for (int i = 0; kind == KIND_CPU && i < stacks.size(); i++) {
            int thread = generation.threadKind.get(threads.get(i));
            if (thread == THREAD_JAVA || thread == THREAD_VIRTUAL) {
                generation.javaSamples++;
                generation.samples.increment(stacks.get(i));
            }
        }
    }

    /** A protobuf message, read field by field. */
    private static final class Message {
        private final byte[] bytes;
        private final int end;
        private int at;
        private int valueEnd;
        private boolean isLengthed;
        private int field;
        private long number;

        Message(byte[] bytes, int begin, int end) {
            this.bytes = bytes;
            this.at = begin;
            this.valueEnd = begin;
            this.end = end;
        }

        private long varint() {
            long value = 0;
            for (int shift = 0;; shift += 7) {
                byte next = bytes[at++];
                value |= (long) (next & 0x7f) << shift;
                if (next >= 0) {
                    return value;
                }
            }
        }

        boolean next() {
            at = valueEnd;
            if (at >= end) {
                return false;
            }
            long tag = varint();
            field = (int) (tag >>> 3);
            isLengthed = (tag & 7) == 2;
            switch ((int) (tag & 7)) {
                case 0 -> {
                    number = varint();
                    valueEnd = at;
                }
                case 1 -> valueEnd = at + 8;
                case 2 -> {
                    int length = (int) varint();
                    valueEnd = at + length;
                }
                case 5 -> valueEnd = at + 4;
                default -> throw new Trouble("no wire type " + (tag & 7));
            }
            return true;
        }

        Message message() {
            return new Message(bytes, at, valueEnd);
        }

        String text() {
            return new String(bytes, at, valueEnd - at, StandardCharsets.UTF_8);
        }

        /** A repeated number, packed or not. */
        void addTo(Ints column) {
            if (!isLengthed) {
                column.add((int) number);
                return;
            }
            while (at < valueEnd) {
                column.add((int) varint());
            }
        }
    }
}
