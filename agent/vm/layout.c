#include "agent/vm/layout.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum group {
    NAMES,
    CODE,
    STACK,
    WALK,
    COMPILING,
    OPTIONAL,
    GROUPS
};

/*
 * One row a field: where the offset goes, and where it is found. Rows with the same target are
 * alternatives; the first that the JVM describes wins. The comment names the JDK that moved it.
 */
struct field {
    size_t target;
    enum group group;
    const char *type;
    const char *field;
};

#define AT(member) offsetof(struct umig_hotspot, member)

static const struct field g_fields[] = {
    {AT(method_const), NAMES, "Method", "_constMethod"},
    {AT(const_constants), NAMES, "ConstMethod", "_constants"},
    {AT(const_name_index), NAMES, "ConstMethod", "_name_index"},
    {AT(const_code_size), NAMES, "ConstMethod", "_code_size"},
    {AT(const_flags), NAMES, "ConstMethod", "_flags"},
    {AT(const_flags), NAMES, "ConstMethod", "_flags._flags"}, /* 21 */
    {AT(pool_holder), NAMES, "ConstantPool", "_pool_holder"},
    {AT(pool_length), NAMES, "ConstantPool", "_length"},
    {AT(pool_source_file), OPTIONAL, "ConstantPool", "_source_file_name_index"},
    {AT(klass_name), NAMES, "Klass", "_name"},
    {AT(symbol_hash), NAMES, "Symbol", "_hash_and_refcount"},
    {AT(symbol_length), NAMES, "Symbol", "_length"},
    {AT(symbol_body), NAMES, "Symbol", "_body"},
    {AT(symbol_body), NAMES, "Symbol", "_body[0]"},

    {AT(thread_stack_base), STACK, "JavaThread", "_stack_base"},
    {AT(thread_stack_size), STACK, "JavaThread", "_stack_size"},
    {AT(thread_os_thread), STACK, "JavaThread", "_osthread"},
    {AT(thread_os_thread), STACK, "Thread", "_osthread"}, /* 25 */
    {AT(os_thread_id), STACK, "OSThread", "_thread_id"},
    {AT(thread_pending_monitor), OPTIONAL, "JavaThread", "_current_pending_monitor"},
    {AT(thread_owner_id), OPTIONAL, "JavaThread", "_monitor_owner_id"}, /* 24 */
    {AT(thread_vthread), OPTIONAL, "JavaThread", "_vthread"},           /* 21 */
    {AT(thread_object), OPTIONAL, "JavaThread", "_threadObj"},
    {AT(monitor_owner), OPTIONAL, "ObjectMonitor", "_owner"},
    {AT(monitor_object), OPTIONAL, "ObjectMonitor", "_object"},
    {AT(thread_lock_stack), OPTIONAL, "JavaThread", "_lock_stack"}, /* 21 */
    {AT(lock_stack_top), OPTIONAL, "LockStack", "_top"},
    {AT(lock_stack_base), OPTIONAL, "LockStack", "_base[0]"},

    {AT(array_data), CODE, "GrowableArray<int>", "_data"},
    {AT(heap_segmap), CODE, "CodeHeap", "_segmap"},
    {AT(heap_low), CODE, "CodeHeap", "_memory"},
    {AT(heap_log2_segment), CODE, "CodeHeap", "_log2_segment_size"},
    {AT(block_used), CODE, "HeapBlock::Header", "_used"},
    {AT(block_length), OPTIONAL, "HeapBlock::Header", "_length"},
    {AT(blob_name), CODE, "CodeBlob", "_name"},
    {AT(blob_frame_size), CODE, "CodeBlob", "_frame_size"},
    {AT(blob_frame_complete), CODE, "CodeBlob", "_frame_complete_offset"},
    {AT(blob_code_begin), OPTIONAL, "CodeBlob", "_code_begin"},
    {AT(blob_code_offset), OPTIONAL, "CodeBlob", "_code_offset"}, /* 25 */
    {AT(nmethod_method), CODE, "nmethod", "_method"},
    {AT(nmethod_method), CODE, "CompiledMethod", "_method"}, /* up to 22 */

    {AT(thread_state), WALK, "JavaThread", "_thread_state"},
    {AT(thread_anchor), WALK, "JavaThread", "_anchor"},
    {AT(anchor_sp), WALK, "JavaFrameAnchor", "_last_Java_sp"},
    {AT(anchor_pc), WALK, "JavaFrameAnchor", "_last_Java_pc"},
    {AT(anchor_fp), WALK, "JavaFrameAnchor", "_last_Java_fp"},
    {AT(thread_tlab), OPTIONAL, "Thread", "_tlab"},
    {AT(tlab_start), OPTIONAL, "ThreadLocalAllocBuffer", "_start"},
    {AT(tlab_top), OPTIONAL, "ThreadLocalAllocBuffer", "_top"},
    {AT(method_code), OPTIONAL, "Method", "_code"},
    {AT(klass_layout), OPTIONAL, "Klass", "_layout_helper"},
    {AT(wrapper_anchor), WALK, "JavaCallWrapper", "_anchor"},
    {AT(nmethod_orig_pc), WALK, "nmethod", "_orig_pc_offset"},
    {AT(pcdesc_pc), WALK, "PcDesc", "_pc_offset"},
    {AT(pcdesc_scope), WALK, "PcDesc", "_scope_decode_offset"},

    {AT(list_length), COMPILING, "ThreadsList", "_length"},
    {AT(list_threads), COMPILING, "ThreadsList", "_threads"},
    {AT(compiler_env), COMPILING, "CompilerThread", "_env"},
    {AT(env_task), COMPILING, "ciEnv", "_task"},
    {AT(task_method), COMPILING, "CompileTask", "_method"},
    {AT(task_osr_bci), COMPILING, "CompileTask", "_osr_bci"},
    {AT(task_level), COMPILING, "CompileTask", "_comp_level"},
};

/* A field of an nmethod's blob; type NULL: none. */
struct blob_field {
    const char *type;
    const char *field;
};

/* Alternatives again: the first whose fields are all described wins. */
struct part {
    size_t target;
    struct blob_field base;
    struct blob_field offset;
};

static const struct part g_parts[] = {
    /* from 23 on: in memory of their own */
    {AT(pcs), {"nmethod", "_immutable_data"}, {"nmethod", "_scopes_pcs_offset"}},
    {AT(pcs_end), {"nmethod", "_immutable_data"}, {"nmethod", "_scopes_data_offset"}},
    {AT(scopes), {"nmethod", "_immutable_data"}, {"nmethod", "_scopes_data_offset"}},
    {AT(metadata), {"CodeBlob", "_mutable_data"}, {"CodeBlob", "_relocation_size"}}, /* 25 */
    {AT(deopt_handler), {NULL, NULL}, {"nmethod", "_deopt_handler_offset"}},
    {AT(deopt_mh_handler), {NULL, NULL}, {"nmethod", "_deopt_mh_handler_offset"}},
    /* up to 22: in the blob */
    {AT(pcs), {NULL, NULL}, {"nmethod", "_scopes_pcs_offset"}},
    {AT(pcs_end), {NULL, NULL}, {"nmethod", "_dependencies_offset"}},
    {AT(scopes), {"CompiledMethod", "_scopes_data_begin"}, {NULL, NULL}},
    {AT(metadata), {NULL, NULL}, {"nmethod", "_metadata_offset"}},
    {AT(deopt_handler), {"CompiledMethod", "_deopt_handler_begin"}, {NULL, NULL}},
    {AT(deopt_mh_handler), {"CompiledMethod", "_deopt_mh_handler_begin"}, {NULL, NULL}},
};

static bool find_blob_field(const struct umig_libjvm *libjvm,
                            const struct blob_field *wanted,
                            int32_t *out_offset)
{
    *out_offset = UMIG_VM_NO_FIELD;
    if (wanted->type == NULL) {
        return true;
    }
    *out_offset = (int32_t)umig_vmstructs_offset(libjvm, wanted->type, wanted->field);
    return *out_offset != UMIG_VM_NO_FIELD;
}

static bool is_found(const struct umig_hs_part *part)
{
    return part->base >= 0 || part->offset >= 0;
}

static struct umig_hs_part *part_of(struct umig_hotspot *hs, const struct part *row)
{
    return (struct umig_hs_part *)(void *)((char *)hs + row->target);
}

static void read_parts(const struct umig_libjvm *libjvm, struct umig_hotspot *hs)
{
    const size_t count = sizeof g_parts / sizeof g_parts[0];
    for (size_t i = 0; i < count; i++) {
        *part_of(hs, &g_parts[i]) = (struct umig_hs_part){UMIG_VM_NO_FIELD, UMIG_VM_NO_FIELD};
    }
    for (size_t i = 0; i < count; i++) {
        struct umig_hs_part found;
        if (!is_found(part_of(hs, &g_parts[i])) &&
            find_blob_field(libjvm, &g_parts[i].base, &found.base) &&
            find_blob_field(libjvm, &g_parts[i].offset, &found.offset)) {
            *part_of(hs, &g_parts[i]) = found;
        }
    }
}

static int32_t *target_of(struct umig_hotspot *hs, const struct field *row)
{
    return (int32_t *)(void *)((char *)hs + row->target);
}

static void read_fields(const struct umig_libjvm *libjvm, struct umig_hotspot *hs)
{
    const size_t count = sizeof g_fields / sizeof g_fields[0];
    for (size_t i = 0; i < count; i++) {
        *target_of(hs, &g_fields[i]) = UMIG_VM_NO_FIELD;
    }
    for (size_t i = 0; i < count; i++) {
        int32_t *target = target_of(hs, &g_fields[i]);
        if (*target == UMIG_VM_NO_FIELD) {
            *target = (int32_t)umig_vmstructs_offset(libjvm, g_fields[i].type, g_fields[i].field);
        }
    }
}

static void note_missing(const char *type,
                         const char *field,
                         char *out_missing,
                         size_t missing_room)
{
    if (out_missing[0] == '\0') {
        snprintf(out_missing, missing_room, "%s::%s", type, field);
    }
}

static bool is_complete(struct umig_hotspot *hs,
                        enum group group,
                        char *out_missing,
                        size_t missing_room)
{
    bool complete = true;
    for (size_t i = 0; i < sizeof g_fields / sizeof g_fields[0]; i++) {
        const struct field *row = &g_fields[i];
        if (row->group == group && *target_of(hs, row) == UMIG_VM_NO_FIELD) {
            note_missing(row->type, row->field, out_missing, missing_room);
            complete = false;
        }
    }
    return complete;
}

static void read_names(const struct umig_libjvm *libjvm, uint32_t jdk, struct umig_hotspot *hs)
{
    hs->const_bytes = (uint32_t)umig_vmstructs_size(libjvm, "ConstMethod");
    hs->pool_bytes = (uint32_t)umig_vmstructs_size(libjvm, "ConstantPool");
    hs->unsigned5_base = jdk >= 20 ? 1 : 0;
    hs->const_flags_bytes = jdk >= 21 ? 4 : 2;
    int64_t bit = 0;
    if (umig_vmstructs_constant(libjvm, "ConstMethod::_has_linenumber_table", &bit) ||
        umig_vmstructs_constant(libjvm, "ConstMethodFlags::_misc_has_linenumber_table", &bit)) {
        hs->const_has_lines = (uint32_t)bit;
    }
}

/* CodeHeap holds two VirtualSpaces by value; their bounds are found inside. */
static bool read_code(const struct umig_libjvm *libjvm, uint32_t jdk, struct umig_hotspot *hs)
{
    const int64_t low = umig_vmstructs_offset(libjvm, "VirtualSpace", "_low");
    const int64_t high = umig_vmstructs_offset(libjvm, "VirtualSpace", "_high");
    hs->code_low = umig_vmstructs_static(libjvm, "CodeCache", "_low_bound");
    hs->code_high = umig_vmstructs_static(libjvm, "CodeCache", "_high_bound");
    hs->code_heaps = umig_vmstructs_static(libjvm, "CodeCache", "_heaps");
    hs->block_bytes = (uint32_t)umig_vmstructs_size(libjvm, "HeapBlock");
    hs->blob_frame_complete_bytes = jdk >= 23 ? 2 : 4;
    if (low < 0 || high < 0 || hs->code_low == NULL || hs->code_high == NULL ||
        hs->code_heaps == NULL || hs->block_bytes == 0 ||
        (hs->blob_code_begin < 0 && hs->blob_code_offset < 0)) {
        return false;
    }
    const int32_t memory = hs->heap_low;
    hs->heap_low = memory + (int32_t)low;
    hs->heap_high = memory + (int32_t)high;
    hs->heap_segmap += (int32_t)low;
    return true;
}

static bool read_constant(const struct umig_libjvm *libjvm,
                          const char *name,
                          int32_t *out,
                          char *out_missing,
                          size_t missing_room)
{
    int64_t value = 0;
    const bool is_there = umig_vmstructs_constant(libjvm, name, &value);
    if (!is_there && out_missing[0] == '\0') {
        snprintf(out_missing, missing_room, "%s", name);
    }
    *out = (int32_t)value;
    return is_there;
}

/* What the walker needs beyond fields; false, and the first that is missing named. */
static bool read_walk(const struct umig_libjvm *libjvm,
                      struct umig_hotspot *hs,
                      char *out_missing,
                      size_t missing_room)
{
    bool complete = true;
    read_parts(libjvm, hs);
    for (size_t i = 0; i < sizeof g_parts / sizeof g_parts[0]; i++) {
        const struct part *row = &g_parts[i];
        if (!is_found(part_of(hs, row))) {
            const struct blob_field *wanted = row->offset.type != NULL ? &row->offset : &row->base;
            note_missing(wanted->type, wanted->field, out_missing, missing_room);
            complete = false;
        }
    }
    hs->libjvm_low = libjvm->text_begin;
    hs->libjvm_high = libjvm->text_end;
    hs->pcdesc_bytes = (uint32_t)umig_vmstructs_size(libjvm, "PcDesc");
    hs->call_stub_return =
        umig_vmstructs_static(libjvm, "StubRoutines", "_call_stub_return_address");
    if (hs->pcdesc_bytes == 0 || hs->call_stub_return == NULL) {
        note_missing("StubRoutines", "_call_stub_return_address", out_missing, missing_room);
        complete = false;
    }
    return read_constant(libjvm, "_thread_in_Java", &hs->state_in_java, out_missing,
                         missing_room) &&
           read_constant(libjvm, "_thread_in_Java_trans", &hs->state_in_java_trans, out_missing,
                         missing_room) &&
           read_constant(libjvm, "_thread_in_native", &hs->state_in_native, out_missing,
                         missing_room) &&
           read_constant(libjvm, "frame::entry_frame_call_wrapper_offset", &hs->call_wrapper_word,
                         out_missing, missing_room) &&
           complete;
}

/* Nothing else needs this: without it compilers' threads are what they are, and no more is said. */
static bool read_compiling(const struct umig_libjvm *libjvm, struct umig_hotspot *hs)
{
    char missing[64] = "";
    hs->thread_list = umig_vmstructs_static(libjvm, "ThreadsSMRSupport", "_java_thread_list");
    return is_complete(hs, COMPILING, missing, sizeof missing) && hs->thread_list != NULL;
}

void umig_layout_read(const struct umig_libjvm *libjvm,
                      uint32_t jdk,
                      struct umig_hotspot *out_hotspot,
                      char *out_missing,
                      size_t missing_room)
{
    struct umig_hotspot hs = {0};
    out_missing[0] = '\0';
    read_fields(libjvm, &hs);
    hs.can_name = is_complete(&hs, NAMES, out_missing, missing_room);
    hs.can_find_code = is_complete(&hs, CODE, out_missing, missing_room);
    hs.can_bound_stack = is_complete(&hs, STACK, out_missing, missing_room);
    read_names(libjvm, jdk, &hs);
    hs.can_name = hs.can_name && hs.const_bytes != 0 && hs.pool_bytes != 0;
    hs.can_find_code = hs.can_find_code && read_code(libjvm, jdk, &hs);
    const bool has_walk = is_complete(&hs, WALK, out_missing, missing_room);
    hs.can_walk = read_walk(libjvm, &hs, out_missing, missing_room) && has_walk && hs.can_name &&
                  hs.can_find_code && hs.can_bound_stack;
    hs.can_tell_compiling = read_compiling(libjvm, &hs) && hs.can_name && hs.can_bound_stack;
    *out_hotspot = hs;
}
