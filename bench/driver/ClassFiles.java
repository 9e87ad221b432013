package driver;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.ConstantDynamic;
import org.objectweb.asm.Handle;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;

/**
 * What the class files of one JVM say: those it defined at run time, as they were kept, and those of
 * its JDK. Classes whose names the agent makes one (Script1, Script2; lambdas; recompiled ones) are
 * one here, too: what any of them holds, it holds.
 */
final class ClassFiles implements AutoCloseable {
    private static final Pattern HIDDEN = Pattern.compile("[+/]0x.*");
    private static final Pattern LAMBDA_NUMBER = Pattern.compile("(\\$\\$Lambda)\\$\\d+$");
    /* As agent/symbol/normalise.c has them. */
    private static final Pattern VOLATILE = Pattern.compile("((?<=^|\\.)(?:Script|GeneratedMethodAccessor"
            + "|GeneratedConstructorAccessor|GeneratedSerializationConstructorAccessor|\\$Proxy|proxy"
            + "|script(?=\\d{10}))|BoundMethodHandle\\$Species_)\\d+");

    /** What an instruction does that may begin another method. */
    enum Action { CALL, CALL_EXACT, DYNAMIC, HANDLE, INITIALISES }

    /** An instruction: what it names. The line is that of the innermost entry before it, 0 if none. */
    record Site(Action action, String owner, String name, String descriptor, int line) {}

    /** A class, or several of one name. */
    static final class Info {
        private final Set<String> supers = new HashSet<>();
        private final Map<String, Set<String>> methods = new HashMap<>();
        private final Map<String, Set<Site>> sites = new HashMap<>();
        private final Set<String> natives = new HashSet<>();

        boolean has(String method, String descriptor) {
            return methods.getOrDefault(method, Set.of()).contains(descriptor);
        }

        boolean has(String method) {
            return methods.containsKey(method);
        }

        boolean isNative(String method) {
            return natives.contains(method);
        }

        Set<Site> sites(String method) {
            return sites.getOrDefault(method, Set.of());
        }
    }

    private final Map<String, Info> infos = new HashMap<>();
    private final Map<String, Set<String>> ancestors = new HashMap<>();
    private final Map<String, Boolean> meetings = new HashMap<>();
    /** Of java.base: what each class extends and implements; empty until somebody asks for all. */
    private final Map<String, Set<String>> base = new HashMap<>();
    private final FileSystem image;

    ClassFiles(Jdk jdk, Path defined) throws IOException {
        image = FileSystems.newFileSystem(URI.create("jrt:/"), Map.of("java.home", jdk.home().toString()));
        try (var in = new DataInputStream(new BufferedInputStream(Files.newInputStream(defined)))) {
            while (true) {
                var bytes = new byte[Integer.reverseBytes(in.readInt())];
                in.readFully(bytes);
                read(bytes);
            }
        } catch (EOFException e) {
            // all are read; the JVM may have been killed within the last
        }
    }

    @Override
    public void close() throws IOException {
        image.close();
    }

    /** The name that the agent gives a class. */
    static String nameOf(String internal) {
        String name = LAMBDA_NUMBER.matcher(HIDDEN.matcher(internal).replaceFirst("")).replaceFirst("$1");
        return VOLATILE.matcher(name.replace('/', '.')).replaceAll("$1*");
    }

    /** The class of that name; null if its bytes are not known. */
    Info find(String name) {
        if (!infos.containsKey(name)) {
            findInImage(name);
        }
        return infos.get(name);
    }

    private void findInImage(String name) {
        infos.put(name, null);
        int dot = name.lastIndexOf('.');
        Path modules = image.getPath("/packages", dot < 0 ? "" : name.substring(0, dot));
        if (dot < 0 || !Files.isDirectory(modules)) {
            return;
        }
        try (Stream<Path> found = Files.list(modules)) {
            for (Path module : found.toList()) {
                Path file = image.getPath("/modules", module.getFileName().toString(),
                        name.replace('.', '/') + ".class");
                if (Files.exists(file)) {
                    infos.remove(name);
                    read(Files.readAllBytes(file));
                    return;
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void read(byte[] bytes) {
        var reader = new ClassReader(bytes);
        var info = infos.computeIfAbsent(nameOf(reader.getClassName()), name -> new Info());
        if (reader.getSuperName() != null) {
            info.supers.add(nameOf(reader.getSuperName()));
        }
        for (String each : reader.getInterfaces()) {
            info.supers.add(nameOf(each));
        }
        reader.accept(new ClassVisitor(Opcodes.ASM9) {
            @Override
            public MethodVisitor visitMethod(int access, String name, String descriptor, String signature,
                    String[] exceptions) {
                info.methods.computeIfAbsent(name, n -> new HashSet<>()).add(descriptor);
                if ((access & Opcodes.ACC_NATIVE) != 0) {
                    info.natives.add(name);
                }
                return new Reader(info.sites.computeIfAbsent(name, n -> new HashSet<>()));
            }
        }, ClassReader.SKIP_FRAMES);
    }

    /** Is the class the other, or does it extend or implement it? */
    boolean isSubtype(String type, String of) {
        return type.equals(of) || ancestorsOf(type).contains(of);
    }

    private Set<String> supersOf(String type) {
        Info info = base.containsKey(type) ? infos.get(type) : find(type);
        return info != null ? info.supers : base.getOrDefault(type, Set.of());
    }

    private Set<String> ancestorsOf(String type) {
        Set<String> known = ancestors.get(type);
        if (known != null) {
            return known;
        }
        var found = new HashSet<String>();
        var open = new ArrayDeque<>(List.of(type));
        while (!open.isEmpty()) {
            for (String each : supersOf(open.poll())) {
                if (found.add(each)) {
                    open.add(each);
                }
            }
        }
        found.add("java.lang.Object");
        ancestors.put(type, found);
        return found;
    }

    /** Is there a class that is both? */
    boolean canMeet(String one, String other) {
        return isSubtype(one, other) || isSubtype(other, one)
                || meetings.computeIfAbsent(one + " " + other, pair -> {
                    readBase();
                    return Stream.concat(List.copyOf(infos.keySet()).stream(), base.keySet().stream())
                            .anyMatch(type -> isSubtype(type, one) && isSubtype(type, other));
                });
    }

    /* Who implements an interface and extends a class can be anywhere in the base of the JDK. */
    private void readBase() {
        if (!base.isEmpty()) {
            return;
        }
        try (Stream<Path> files = Files.walk(image.getPath("/modules/java.base"))) {
            for (Path file : (Iterable<Path>) files.filter(each -> each.toString().endsWith(".class"))::iterator) {
                var reader = new ClassReader(Files.readAllBytes(file));
                var supers = new HashSet<String>();
                Stream.concat(Stream.ofNullable(reader.getSuperName()), Arrays.stream(reader.getInterfaces()))
                        .forEach(each -> supers.add(nameOf(each)));
                base.put(nameOf(reader.getClassName()), supers);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The instructions of a method. */
    private static final class Reader extends MethodVisitor {
        private final Set<Site> sites;
        private int line;

        Reader(Set<Site> sites) {
            super(Opcodes.ASM9);
            this.sites = sites;
        }

        private void add(Action action, String owner, String name, String descriptor) {
            sites.add(new Site(action, nameOf(owner).intern(), name.intern(), descriptor.intern(), line));
        }

        @Override
        public void visitLineNumber(int number, Label start) {
            line = number;
        }

        @Override
        public void visitMethodInsn(int opcode, String owner, String name, String descriptor, boolean isInterface) {
            if (isPolymorphic(owner, name)) {
                add(Action.HANDLE, owner, name, descriptor);
                return;
            }
            boolean isExact = opcode == Opcodes.INVOKESTATIC || opcode == Opcodes.INVOKESPECIAL;
            String type = owner.startsWith("[") ? "java/lang/Object" : owner;
            add(isExact ? Action.CALL_EXACT : Action.CALL, type, name, descriptor);
            if (opcode == Opcodes.INVOKESTATIC) {
                add(Action.INITIALISES, owner, "", "");
            }
        }

        private static boolean isPolymorphic(String owner, String name) {
            return owner.equals("java/lang/invoke/VarHandle") && name.matches("(get|set|compareAnd|weakCompare).*")
                    || owner.equals("java/lang/invoke/MethodHandle")
                    && name.matches("invoke|invokeExact|invokeBasic|linkTo.*");
        }

        @Override
        public void visitInvokeDynamicInsn(String name, String descriptor, Handle bootstrap, Object... arguments) {
            add(Action.DYNAMIC, "", name, descriptor);
        }

        @Override
        public void visitFieldInsn(int opcode, String owner, String name, String descriptor) {
            if (opcode == Opcodes.GETSTATIC || opcode == Opcodes.PUTSTATIC) {
                add(Action.INITIALISES, owner, "", "");
            }
        }

        @Override
        public void visitTypeInsn(int opcode, String type) {
            if (opcode == Opcodes.NEW) {
                add(Action.INITIALISES, type, "", "");
            }
        }

        @Override
        public void visitLdcInsn(Object value) {
            boolean isMethodType = value instanceof Type type && type.getSort() == Type.METHOD;
            if (value instanceof ConstantDynamic || value instanceof Handle || isMethodType) {
                add(Action.DYNAMIC, "", "", "");
            }
        }
    }
}
