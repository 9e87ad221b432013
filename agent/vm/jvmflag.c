#include "agent/vm/jvmflag.h"

#include <string.h>

/* More flags than any JVM has: a wrong layout must not make us walk for ever. */
#define MAX_FLAGS 10000u

#define MAX_FLAG_NAME 128u

struct flag_table {
    uintptr_t first;
    uint64_t count;
    uint64_t stride;
    int64_t name_at;
    int64_t value_at;
};

static bool open_table(const struct umig_libjvm *libjvm, struct flag_table *table)
{
    const void *first = umig_vmstructs_static(libjvm, "JVMFlag", "flags");
    const void *count = umig_vmstructs_static(libjvm, "JVMFlag", "numFlags");
    table->stride = umig_vmstructs_size(libjvm, "JVMFlag");
    table->name_at = umig_vmstructs_offset(libjvm, "JVMFlag", "_name");
    table->value_at = umig_vmstructs_offset(libjvm, "JVMFlag", "_addr");
    return first != NULL && count != NULL && table->stride != 0 &&
           table->name_at != UMIG_VM_NO_FIELD && table->value_at != UMIG_VM_NO_FIELD &&
           umig_vm_peek(first, &table->first, sizeof table->first) &&
           umig_vm_peek(count, &table->count, sizeof table->count) && table->count <= MAX_FLAGS;
}

static const void *read_pointer(uintptr_t at)
{
    const void *pointer;
    memcpy(&pointer, (const void *)at, sizeof pointer);
    return pointer;
}

/* Address of the flag's value. The table and its names live as long as the JVM. */
static const void *find_flag(const struct umig_libjvm *libjvm, const char *name)
{
    struct flag_table table;
    if (!open_table(libjvm, &table)) {
        return NULL;
    }
    for (uint64_t i = 0; i < table.count; i++) {
        const uintptr_t flag = table.first + i * table.stride;
        const char *flag_name = read_pointer(flag + (uintptr_t)table.name_at);
        if (flag_name != NULL && strncmp(flag_name, name, MAX_FLAG_NAME) == 0) {
            return read_pointer(flag + (uintptr_t)table.value_at);
        }
    }
    return NULL;
}

bool umig_jvmflag_is_on(const struct umig_libjvm *libjvm, const char *name)
{
    const void *value = find_flag(libjvm, name);
    unsigned char is_on = 0;
    return value != NULL && umig_vm_peek(value, &is_on, sizeof is_on) && is_on != 0;
}

bool umig_jvmflag_number(const struct umig_libjvm *libjvm, const char *name, uint64_t *out_value)
{
    const void *value = find_flag(libjvm, name);
    uint64_t number;
    if (value == NULL || !umig_vm_peek(value, &number, sizeof number)) {
        return false;
    }
    *out_value = number;
    return true;
}

bool umig_jvmflag_text(const struct umig_libjvm *libjvm, const char *name, char *out, size_t room)
{
    uint64_t text = 0;
    size_t len = 0;
    if (umig_jvmflag_number(libjvm, name, &text) && text != 0) {
        while (len + 1 < room &&
               umig_vm_peek((const void *)((uintptr_t)text + len), out + len, 1) &&
               out[len] != '\0') {
            len++;
        }
    }
    out[len] = '\0';
    return len > 0;
}

bool umig_jvmflag_turn_on(const struct umig_libjvm *libjvm, const char *name)
{
    const void *value = find_flag(libjvm, name);
    if (value == NULL) {
        return false;
    }
    /* A one-byte store to a flag that compilers read when they begin a method. */
    *(volatile unsigned char *)(uintptr_t)value = 1;
    return true;
}
