#include "agent/vm/layout.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum group {
    NAMES,
    CODE,
    STACK,
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
    {AT(monitor_owner), OPTIONAL, "ObjectMonitor", "_owner"},

    {AT(array_data), CODE, "GrowableArray<int>", "_data"},
    {AT(heap_segmap), CODE, "CodeHeap", "_segmap"},
    {AT(heap_low), CODE, "CodeHeap", "_memory"},
    {AT(heap_log2_segment), CODE, "CodeHeap", "_log2_segment_size"},
    {AT(block_used), CODE, "HeapBlock::Header", "_used"},
    {AT(blob_name), CODE, "CodeBlob", "_name"},
    {AT(blob_frame_size), CODE, "CodeBlob", "_frame_size"},
    {AT(blob_frame_complete), CODE, "CodeBlob", "_frame_complete_offset"},
    {AT(blob_code_begin), OPTIONAL, "CodeBlob", "_code_begin"},
    {AT(blob_code_offset), OPTIONAL, "CodeBlob", "_code_offset"}, /* 25 */
    {AT(nmethod_method), CODE, "nmethod", "_method"},
    {AT(nmethod_method), CODE, "CompiledMethod", "_method"}, /* 17 */
};

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
    *out_hotspot = hs;
}
