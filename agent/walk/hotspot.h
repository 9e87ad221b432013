/*
 * What the walk must know of HotSpot's layout: offsets and addresses, read once from the JVM's own
 * tables (agent/vm/layout.c) and then only read, also in handlers.
 */
#ifndef UMIG_AGENT_WALK_HOTSPOT_H
#define UMIG_AGENT_WALK_HOTSPOT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "include/umig/attr.h"

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
    int32_t monitor_owner;
    intptr_t env_offset; /* JNIEnv* - JavaThread* */

    /* Code cache: heaps of segments; a blob describes a piece of code */
    const uintptr_t *code_low; /* address of the static */
    const uintptr_t *code_high;
    const uintptr_t *code_heaps; /* GrowableArray<CodeHeap*>* */
    int32_t array_data;
    int32_t heap_low, heap_high, heap_segmap, heap_log2_segment;
    int32_t block_used;
    uint32_t block_bytes;
    int32_t blob_name, blob_frame_size, blob_frame_complete;
    uint32_t blob_frame_complete_bytes; /* 4, or 2 from JDK 25 */
    int32_t blob_code_begin;            /* a pointer; or UMIG_VM_NO_FIELD and then */
    int32_t blob_code_offset;           /* a 16-bit offset from the blob */
    int32_t nmethod_method;

    bool can_name;      /* the fields for names are all there */
    bool can_find_code; /* the fields for the code cache are all there */
    bool can_bound_stack;
};

/*
 * Loads from the JVM's memory. They may fault: handlers call them under the guard, others through
 * umig_vm_peek(). memcpy of a constant size compiles to one load and has no alignment trap.
 */
#define UMIG_HS_LOAD(type, name)                                                    \
 UMIG_SIGNAL_SAFE static inline type umig_hs_##name(uintptr_t base, int32_t offset) \
 {                                                                                  \
  type value;                                                                       \
  memcpy(&value, (const void *)(base + (uintptr_t)(intptr_t)offset), sizeof value); \
  return value;                                                                     \
 }

UMIG_HS_LOAD(uintptr_t, ptr)
UMIG_HS_LOAD(uint32_t, u32)
UMIG_HS_LOAD(int32_t, i32)
UMIG_HS_LOAD(uint16_t, u16)
UMIG_HS_LOAD(uint8_t, u8)

#undef UMIG_HS_LOAD

/** Could this be a pointer to something of the JVM? Signal: async-signal-safe. */
UMIG_SIGNAL_SAFE static inline bool umig_hs_plausible(uintptr_t pointer)
{
    return pointer >= 0x10000 && pointer < 0x800000000000 && (pointer & 7) == 0;
}

#endif
