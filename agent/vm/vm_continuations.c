/*
 * Where the JVM keeps the frames of virtual threads, their ids and their names: fields of classes
 * of java.base, which JNI locates, and the form of references and headers, which follows from the
 * collector and from flags. What is found is checked as far as it can be; what is in doubt leaves
 * continuations, or names, unknown.
 *
 * No class is asked for that a JVM without virtual threads would not have: java.lang.VirtualThread
 * makes its scheduler when it is initialised, so it is known by its name.
 */
#include "agent/vm/jvmflag.h"
#include "agent/vm/vm_private.h"

enum {
    FIRST_JDK = 21,
    OBJECT_BYTES_MAX = 512, /* no field of these classes lies beyond */
    FIELD_ID_TAG_BITS = 2,  /* of a jfieldID: below the offset (jfieldIDWorkaround.hpp) */
    LAYOUT_SLOW_PATH = 7,   /* bits of Klass::_layout_helper below the size */
};

/* A local reference; NULL if there is none. */
static jclass class_named(JNIEnv *jni, const char *name)
{
    const jclass klass = (*jni)->FindClass(jni, name);
    if (klass == NULL) {
        (*jni)->ExceptionClear(jni);
    }
    return klass;
}

/* Offset of an instance field; UMIG_VM_NO_FIELD if there is none like this. */
static int32_t offset_of(JNIEnv *jni, jclass klass, const char *name, const char *signature)
{
    const jfieldID id = (*jni)->GetFieldID(jni, klass, name, signature);
    if (id == NULL) {
        (*jni)->ExceptionClear(jni);
        return UMIG_VM_NO_FIELD;
    }
    const uintptr_t offset = (uintptr_t)id >> FIELD_ID_TAG_BITS;
    const size_t alignment = signature[0] == 'B' ? 1 : sizeof(int32_t);
    const bool is_plausible =
        offset >= sizeof(uintptr_t) && offset < OBJECT_BYTES_MAX && offset % alignment == 0;
    return is_plausible ? (int32_t)offset : UMIG_VM_NO_FIELD;
}

/* A jmethodID of JDK 25 and before is the address of a Method*. */
static uintptr_t method_of(jmethodID id)
{
    uintptr_t method = 0;
    return umig_vm_peek(id, &method, sizeof method) ? method : 0;
}

static bool peek_pointer(uintptr_t base, int32_t offset, uintptr_t *out)
{
    return umig_vm_peek((const void *)(base + (uintptr_t)(intptr_t)offset), out, sizeof *out);
}

uintptr_t umig_vm_klass_of(const struct umig_vm *vm,
                           JNIEnv *jni,
                           jclass klass,
                           const char *method,
                           const char *signature)
{
    const struct umig_hotspot *hs = &vm->hotspot;
    const jmethodID id = (*jni)->GetMethodID(jni, klass, method, signature);
    if (id == NULL) {
        (*jni)->ExceptionClear(jni);
        return 0;
    }
    uintptr_t at = method_of(id);
    return at != 0 && peek_pointer(at, hs->method_const, &at) &&
                   peek_pointer(at, hs->const_constants, &at) &&
                   peek_pointer(at, hs->pool_holder, &at)
               ? at
               : 0;
}

/*
 * Where the words of a chunk begin: behind its fields, at the size that its class has for objects
 * of it without any.
 */
static int32_t stack_offset(const struct umig_vm *vm, JNIEnv *jni, jclass chunk)
{
    const int32_t helper_at = vm->hotspot.klass_layout;
    const uintptr_t klass = umig_vm_klass_of(vm, jni, chunk, "<init>", "()V");
    int32_t helper = 0;
    if (klass == 0 || helper_at < 0 ||
        !umig_vm_peek((const void *)(klass + (uintptr_t)helper_at), &helper, sizeof helper) ||
        helper <= 0 || helper >= OBJECT_BYTES_MAX) {
        return UMIG_VM_NO_FIELD;
    }
    return helper & ~LAYOUT_SLOW_PATH;
}

static bool read_chunk(struct umig_vm *vm, JNIEnv *jni)
{
    struct umig_hotspot *hs = &vm->hotspot;
    const jclass chunk = class_named(jni, "jdk/internal/vm/StackChunk");
    if (chunk == NULL) {
        return false;
    }
    hs->chunk_parent = offset_of(jni, chunk, "parent", "Ljdk/internal/vm/StackChunk;");
    hs->chunk_size = offset_of(jni, chunk, "size", "I");
    hs->chunk_sp = offset_of(jni, chunk, "sp", "I");
    hs->chunk_bottom = offset_of(jni, chunk, "bottom", "I");
    hs->chunk_arguments =
        hs->chunk_bottom < 0 ? offset_of(jni, chunk, "argsize", "I") : UMIG_VM_NO_FIELD;
    hs->chunk_stack = stack_offset(vm, jni, chunk);
    (*jni)->DeleteLocalRef(jni, chunk);
    const int32_t bottom = hs->chunk_bottom >= 0 ? hs->chunk_bottom : hs->chunk_arguments;
    return hs->chunk_parent >= 0 && hs->chunk_size >= 0 && hs->chunk_sp >= 0 && bottom >= 0 &&
           hs->chunk_stack > hs->chunk_parent && hs->chunk_stack > hs->chunk_size &&
           hs->chunk_stack > hs->chunk_sp && hs->chunk_stack > bottom;
}

static uintptr_t static_method(JNIEnv *jni, jclass klass, const char *name, const char *signature)
{
    const jmethodID id = (*jni)->GetStaticMethodID(jni, klass, name, signature);
    if (id == NULL) {
        (*jni)->ExceptionClear(jni);
        return 0;
    }
    return method_of(id);
}

static bool read_continuation(struct umig_vm *vm, JNIEnv *jni)
{
    struct umig_hotspot *hs = &vm->hotspot;
    const jclass continuation = class_named(jni, "jdk/internal/vm/Continuation");
    if (continuation == NULL) {
        return false;
    }
    hs->continuation_tail = offset_of(jni, continuation, "tail", "Ljdk/internal/vm/StackChunk;");
    hs->continuation_target = offset_of(jni, continuation, "target", "Ljava/lang/Runnable;");
    hs->enter_special =
        static_method(jni, continuation, "enterSpecial", "(Ljdk/internal/vm/Continuation;ZZ)V");
    hs->enter = static_method(jni, continuation, "enter", "(Ljdk/internal/vm/Continuation;Z)V");
    (*jni)->DeleteLocalRef(jni, continuation);
    return hs->continuation_tail >= 0 && hs->enter_special != 0 && hs->enter != 0;
}

/* Both were set when the heap was made. "_narrow_oop." went with JDK 22. */
static bool read_narrow(const struct umig_vm *vm, struct umig_hotspot *hs)
{
    const struct umig_libjvm *libjvm = &vm->libjvm;
    const void *base = umig_vmstructs_static(libjvm, "CompressedOops", "_base");
    const void *shift = umig_vmstructs_static(libjvm, "CompressedOops", "_shift");
    base =
        base != NULL ? base : umig_vmstructs_static(libjvm, "CompressedOops", "_narrow_oop._base");
    shift = shift != NULL ? shift
                          : umig_vmstructs_static(libjvm, "CompressedOops", "_narrow_oop._shift");
    return base != NULL && shift != NULL &&
           umig_vm_peek(base, &hs->narrow_base, sizeof hs->narrow_base) &&
           umig_vm_peek(shift, &hs->narrow_shift, sizeof hs->narrow_shift) && hs->narrow_shift < 32;
}

/*
 * ZGC without generations (JDK 21's default, gone with 24) has colours too, but maps its heap at
 * each of them: an address as it stands can be read.
 */
static bool read_references(struct umig_vm *vm)
{
    struct umig_hotspot *hs = &vm->hotspot;
    const struct umig_libjvm *libjvm = &vm->libjvm;
    if (umig_jvmflag_is_on(libjvm, "UseCompressedOops")) {
        hs->references = UMIG_HS_NARROW;
        return read_narrow(vm, hs);
    }
    const bool has_generations = vm->info.jdk >= 24 || umig_jvmflag_is_on(libjvm, "ZGenerational");
    hs->references =
        umig_jvmflag_is_on(libjvm, "UseZGC") && has_generations ? UMIG_HS_COLOURED : UMIG_HS_PLAIN;
    return true;
}

/* How headers tell classes. "_narrow_klass." went with JDK 22. */
static bool read_header(struct umig_vm *vm)
{
    struct umig_hotspot *hs = &vm->hotspot;
    const struct umig_libjvm *libjvm = &vm->libjvm;
    const void *base = umig_vmstructs_static(libjvm, "CompressedKlassPointers", "_base");
    const void *shift = umig_vmstructs_static(libjvm, "CompressedKlassPointers", "_shift");
    if (!umig_jvmflag_is_on(libjvm, "UseCompressedClassPointers")) {
        hs->header = UMIG_HS_HEADER_WIDE;
        return true;
    }
    hs->header = umig_jvmflag_is_on(libjvm, "UseCompactObjectHeaders") ? UMIG_HS_HEADER_COMPACT
                                                                       : UMIG_HS_HEADER_NARROW;
    base = base != NULL
               ? base
               : umig_vmstructs_static(libjvm, "CompressedKlassPointers", "_narrow_klass._base");
    shift = shift != NULL
                ? shift
                : umig_vmstructs_static(libjvm, "CompressedKlassPointers", "_narrow_klass._shift");
    return base != NULL && shift != NULL &&
           umig_vm_peek(base, &hs->klass_base, sizeof hs->klass_base) &&
           umig_vm_peek(shift, &hs->klass_shift, sizeof hs->klass_shift) && hs->klass_shift < 32;
}

static bool read_thread(struct umig_vm *vm, JNIEnv *jni)
{
    struct umig_hotspot *hs = &vm->hotspot;
    const jclass thread = class_named(jni, "java/lang/Thread");
    const jclass string = class_named(jni, "java/lang/String");
    if (thread != NULL && string != NULL) {
        hs->thread_id = offset_of(jni, thread, "tid", "J");
        hs->thread_name = offset_of(jni, thread, "name", "Ljava/lang/String;");
        hs->string_value = offset_of(jni, string, "value", "[B");
        hs->string_coder = offset_of(jni, string, "coder", "B");
        hs->string_klass = umig_vm_klass_of(vm, jni, string, "length", "()I");
    }
    (*jni)->DeleteLocalRef(jni, thread);
    (*jni)->DeleteLocalRef(jni, string);
    return hs->string_klass != 0 && hs->thread_id >= 0 && hs->thread_name >= 0 &&
           hs->string_value >= 0 && hs->string_coder >= 0;
}

/* What a virtual thread's continuation runs: the object by which the thread is found. */
static bool read_body(struct umig_vm *vm, JNIEnv *jni)
{
    struct umig_hotspot *hs = &vm->hotspot;
    const jclass body = class_named(jni, "java/lang/VirtualThread$VThreadContinuation$1");
    if (body == NULL) {
        return false;
    }
    hs->body_thread = offset_of(jni, body, "val$vthread", "Ljava/lang/VirtualThread;");
    hs->body_klass = umig_vm_klass_of(vm, jni, body, "run", "()V");
    (*jni)->DeleteLocalRef(jni, body);
    return hs->body_thread >= 0 && hs->body_klass != 0;
}

void umig_vm_continuations_read(struct umig_vm *vm, JNIEnv *jni)
{
    struct umig_hotspot *hs = &vm->hotspot;
    if (vm->info.jdk < FIRST_JDK || !hs->can_walk || hs->method_code < 0 ||
        atomic_load(&hs->has_continuations)) {
        return;
    }
    const bool is_known = read_continuation(vm, jni) && read_chunk(vm, jni) && read_references(vm);
    const bool has_names = is_known && hs->continuation_target >= 0 && hs->klass_layout >= 0 &&
                           read_header(vm) && read_thread(vm, jni) && read_body(vm, jni);
    atomic_store(&hs->has_thread_names, has_names);
    atomic_store(&hs->has_continuations, is_known);
}
