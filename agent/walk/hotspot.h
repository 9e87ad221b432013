/*
 * What the walk must know of HotSpot's layout: offsets and addresses, read once from the JVM's own
 * tables (agent/vm/layout.c) and then only read, also in handlers.
 */
#ifndef UMIG_AGENT_WALK_HOTSPOT_H
#define UMIG_AGENT_WALK_HOTSPOT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "include/umig/attr.h"

/*
 * Where a part of an nmethod begins: base + offset. The parts moved out of the blob one by one, so
 * a base is the blob itself or a pointer in it.
 */
struct umig_hs_part {
    int32_t base;   /* of the pointer in the blob; negative: the blob itself */
    int32_t offset; /* of the 32-bit offset in the blob; negative: the part begins at the base */
};

/** How a field of an object refers to another. */
enum umig_hs_references {
    UMIG_HS_PLAIN,    /* an address */
    UMIG_HS_NARROW,   /* 32 bits: base + value << shift (UseCompressedOops) */
    UMIG_HS_COLOURED, /* an address above bits that tell its state (ZGC with generations) */
};

/** How the header of an object tells its class. */
enum umig_hs_header {
    UMIG_HS_HEADER_WIDE,    /* a Klass* behind the mark word */
    UMIG_HS_HEADER_NARROW,  /* 32 bits there: base + value << shift (UseCompressedClassPointers) */
    UMIG_HS_HEADER_COMPACT, /* the upper bits of the mark word (UseCompactObjectHeaders) */
};

struct umig_hotspot {
    /* Method -> ConstMethod -> ConstantPool -> holder Klass -> Symbol */
    int32_t method_const;
    int32_t const_constants;
    int32_t const_name_index;
    int32_t const_code_size;
    int32_t const_flags;
    uint32_t const_flags_bytes;
    uint32_t const_has_lines; /* bit of the flags: a line number table follows the bytecodes */
    uint32_t const_bytes;     /* sizeof(ConstMethod): bytecodes begin behind it */
    int32_t pool_holder;
    int32_t pool_source_file; /* UMIG_VM_NO_FIELD: source files are unknown */
    int32_t pool_length;      /* entries; those of method handle linkers are cut short */
    uint32_t pool_bytes;      /* sizeof(ConstantPool): entries begin behind it */
    int32_t klass_name;
    int32_t symbol_hash;
    int32_t symbol_length;
    int32_t symbol_body;
    uint32_t unsigned5_base; /* 0 up to JDK 19, 1 from 20: excess of each byte but the last */

    /* JavaThread */
    int32_t thread_stack_base;
    int32_t thread_stack_size;
    int32_t thread_os_thread;
    int32_t os_thread_id;
    int32_t thread_pending_monitor; /* ObjectMonitor* it waits to enter */
    int32_t thread_owner_id;        /* what a monitor's owner field holds, from JDK 24 on */
    int32_t thread_vthread;         /* handle of Thread.currentThread() */
    int32_t thread_object;          /* handle of the carrier's Thread, or the thread's own */
    int32_t monitor_owner;
    int32_t monitor_object;    /* oop *: the object, by a handle */
    int32_t thread_lock_stack; /* LockStack: objects that the thread has locked, from JDK 21 on */
    int32_t lock_stack_top;    /* where the next one goes, in bytes from the JavaThread */
    int32_t lock_stack_base;
    int32_t thread_state;
    int32_t state_in_java; /* the values of thread_state in which registers show Java frames */
    int32_t state_in_java_trans;
    int32_t state_in_native;
    int32_t thread_anchor; /* JavaFrameAnchor: where the thread left Java */
    int32_t anchor_sp, anchor_pc, anchor_fp;

    /* The stub by which the JVM calls Java; its frame holds a JavaCallWrapper with the anchor
     * before
     */
    const uintptr_t *call_stub_return; /* address of the static: set when the JVM has started */
    int32_t call_wrapper_word;         /* of the entry frame, from its fp, in words */
    int32_t wrapper_anchor;
    uintptr_t libjvm_low, libjvm_high; /* its code, which keeps frame pointers */
    intptr_t env_offset;               /* JNIEnv* - JavaThread* */
    uintptr_t signal_return;           /* return address of signal handlers; 0: unknown */

    /* Code cache: heaps of segments; a blob describes a piece of code */
    const uintptr_t *code_low; /* address of the static */
    const uintptr_t *code_high;
    const uintptr_t *code_heaps; /* GrowableArray<CodeHeap*>* */
    int32_t array_data;
    int32_t heap_low, heap_high, heap_segmap, heap_log2_segment;
    int32_t block_used, block_length;
    uint32_t block_bytes;
    int32_t blob_name, blob_frame_size, blob_frame_complete;
    uint32_t blob_frame_complete_bytes; /* 4, or 2 from JDK 25 */
    int32_t blob_code_begin;            /* a pointer; or UMIG_VM_NO_FIELD and then */
    int32_t blob_code_offset;           /* a 16-bit offset from the blob */
    int32_t nmethod_method;

    /* Debug information of an nmethod: PcDescs, scopes they point at, metadata these name */
    struct umig_hs_part pcs, pcs_end, scopes, metadata;
    struct umig_hs_part deopt_handler;
    struct umig_hs_part deopt_mh_handler; /* of calls of method handles */
    int32_t nmethod_orig_pc; /* 32-bit offset, from its sp, of the pc a deoptimised frame had */
    int32_t pcdesc_pc, pcdesc_scope;
    uint32_t pcdesc_bytes;

    /* Continuations (agent/walk/continuation.h), from JDK 21 on; all valid if has_continuations.
     * Read when stacks are first wanted, on a thread that is attached: fields of Java classes. */
    int32_t method_code;     /* Method -> nmethod; NULL while it is not compiled */
    uintptr_t enter_special; /* Method* of jdk.internal.vm.Continuation.enterSpecial */
    uintptr_t enter;         /* and of .enter, the outermost frame of each continuation */
    int32_t continuation_tail;
    int32_t chunk_parent, chunk_size, chunk_sp;
    int32_t chunk_bottom;    /* UMIG_VM_NO_FIELD up to JDK 21, and then */
    int32_t chunk_arguments; /* bottom = size - arguments */
    int32_t chunk_stack;     /* where the words of the stack begin */
    enum umig_hs_references references;
    uintptr_t narrow_base;
    uint32_t narrow_shift;

    /* Where an object was allocated, and its class: UMIG_VM_NO_FIELD where it is not known */
    int32_t thread_tlab; /* the thread's buffer, by value */
    int32_t tlab_start, tlab_top;
    int32_t mirror_klass; /* java.lang.Class -> Klass; checked when it is first needed */

    /* What a compiler's thread compiles; all valid if can_tell_compiling: agent/walk/compiling.h */
    const uintptr_t *thread_list; /* address of the static: ThreadsList* */
    int32_t list_length, list_threads;
    int32_t compiler_env; /* CompilerThread -> ciEnv, on its stack; NULL while it waits */
    int32_t env_task;
    int32_t task_method, task_osr_bci, task_level;

    /* Names of virtual threads (agent/walk/virtual_thread.h): valid if has_thread_names */
    enum umig_hs_header header;
    uintptr_t klass_base;
    uint32_t klass_shift;
    int32_t klass_layout; /* of an array: what it holds, and where its elements begin */
    uintptr_t body_klass; /* of what a virtual thread's continuation runs */
    uintptr_t string_klass;
    int32_t continuation_target;
    int32_t body_thread;
    int32_t thread_id;
    int32_t thread_name;
    int32_t string_value, string_coder;

    bool can_name;      /* the fields for names are all there */
    bool can_find_code; /* the fields for the code cache are all there */
    bool can_bound_stack;
    bool can_walk; /* the fields of the walker are all there, and the other three hold */
    bool can_tell_compiling;
    atomic_bool has_thread_names;
    atomic_bool has_continuations; /* both set last: handlers may be running */
};

/*
 * Loads from the JVM's memory. They may fault: handlers call them under the guard, others through
 * umig_vm_peek(). memcpy of a constant size compiles to one load and has no alignment trap. An
 * address that is misread may be 0: the sanitizer must not end the program there, and files of the
 * walk are compiled with -fno-delete-null-pointer-checks, lest a load vouches for its address.
 */
#define UMIG_HS_LOAD(type, name)                                                     \
 __attribute__((no_sanitize("undefined")))                                           \
 UMIG_SIGNAL_SAFE UMIG_NO_SANITIZE static inline type umig_hs_##name(uintptr_t base, \
                                                                     int32_t offset) \
 {                                                                                   \
  type value;                                                                        \
  memcpy(&value, (const void *)(base + (uintptr_t)(intptr_t)offset), sizeof value);  \
  return value;                                                                      \
 }

UMIG_HS_LOAD(uintptr_t, ptr)
UMIG_HS_LOAD(uint32_t, u32)
UMIG_HS_LOAD(int32_t, i32)
UMIG_HS_LOAD(uint16_t, u16)
UMIG_HS_LOAD(uint8_t, u8)

#undef UMIG_HS_LOAD

/** Where a part of an nmethod begins. Signal: async-signal-safe, under the guard. */
UMIG_SIGNAL_SAFE static inline uintptr_t umig_hs_part(const struct umig_hs_part *part,
                                                      uintptr_t blob)
{
    const uintptr_t base = part->base >= 0 ? umig_hs_ptr(blob, part->base) : blob;
    return part->offset >= 0 ? base + (uintptr_t)(intptr_t)umig_hs_i32(blob, part->offset) : base;
}

/**
 * Is this the place a frame of the nmethod returns to since it was deoptimised? Where it stood is
 * kept in the frame, nmethod_orig_pc from its sp.
 *
 * Signal: async-signal-safe, under the guard.
 */
UMIG_SIGNAL_SAFE static inline bool umig_hs_is_deopt_pc(const struct umig_hotspot *hotspot,
                                                        uintptr_t blob,
                                                        uintptr_t pc)
{
    return pc == umig_hs_part(&hotspot->deopt_handler, blob) ||
           pc == umig_hs_part(&hotspot->deopt_mh_handler, blob);
}

/** Could this be a pointer to something of the JVM? Signal: async-signal-safe. */
UMIG_SIGNAL_SAFE static inline bool umig_hs_plausible(uintptr_t pointer)
{
    return pointer >= 0x10000 && pointer < 0x800000000000 && (pointer & 7) == 0;
}

#endif
