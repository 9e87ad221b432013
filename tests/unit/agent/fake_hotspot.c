#include "tests/unit/agent/fake_hotspot.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
    POOL_ENTRIES = 4,
    BYTECODES = 16,
    LINES_MAX = 256,
    NAME_MAX_BYTES = 1100
};

struct fake_symbol {
    uint32_t hash_and_refcount;
    uint16_t length;
    char body[NAME_MAX_BYTES];
} __attribute__((aligned(8)));

struct fake_klass {
    void *vtable;
    struct fake_symbol *name;
};

struct fake_pool {
    struct fake_klass *holder;
    uint16_t source_file;
    uint32_t length;
    void *entries[POOL_ENTRIES] __attribute__((aligned(8)));
};

struct fake_const_method {
    struct fake_pool *constants;
    uint16_t name_index;
    uint16_t code_size;
    uint16_t flags;
    uint8_t bytecodes[BYTECODES + LINES_MAX];
};

struct fake_method {
    void *vtable;
    struct fake_const_method *const_method;
    struct fake_const_method const_memory;
    struct fake_pool pool;
    struct fake_klass klass;
    struct fake_symbol class_name, name, file;
};

_Static_assert(sizeof(struct fake_method) <= FAKE_METHOD_BYTES, "a method fits where it is put");

const struct umig_hotspot fake_hotspot = {
    .method_const = offsetof(struct fake_method, const_method),
    .const_constants = offsetof(struct fake_const_method, constants),
    .const_name_index = offsetof(struct fake_const_method, name_index),
    .const_code_size = offsetof(struct fake_const_method, code_size),
    .const_flags = offsetof(struct fake_const_method, flags),
    .const_flags_bytes = 2,
    .const_has_lines = 1,
    .const_bytes = offsetof(struct fake_const_method, bytecodes),
    .pool_holder = offsetof(struct fake_pool, holder),
    .pool_source_file = offsetof(struct fake_pool, source_file),
    .pool_length = offsetof(struct fake_pool, length),
    .pool_bytes = offsetof(struct fake_pool, entries),
    .klass_name = offsetof(struct fake_klass, name),
    .symbol_hash = offsetof(struct fake_symbol, hash_and_refcount),
    .symbol_length = offsetof(struct fake_symbol, length),
    .symbol_body = offsetof(struct fake_symbol, body),
    .can_name = true,
};

static void set_symbol(struct fake_symbol *symbol, const char *text)
{
    static uint32_t next_hash;
    symbol->hash_and_refcount = ++next_hash << 16 | 1;
    symbol->length = (uint16_t)strlen(text);
    memcpy(symbol->body, text, symbol->length);
}

struct fake_method *fake_method_at(void *memory, const char *class_name, const char *name)
{
    struct fake_method *method = memory;
    memset(method, 0, sizeof *method);
    method->const_method = &method->const_memory;
    method->const_memory.constants = &method->pool;
    method->const_memory.name_index = 1;
    method->const_memory.code_size = BYTECODES;
    method->pool.holder = &method->klass;
    method->pool.length = POOL_ENTRIES;
    method->pool.entries[1] = &method->name;
    method->klass.name = &method->class_name;
    set_symbol(&method->class_name, class_name);
    set_symbol(&method->name, name);
    return method;
}

struct fake_method *fake_method_new(const char *class_name,
                                    const char *name,
                                    const char *file,
                                    const uint8_t *lines,
                                    uint32_t lines_bytes)
{
    struct fake_method *method =
        fake_method_at(aligned_alloc(16, FAKE_METHOD_BYTES), class_name, name);
    if (file != NULL) {
        set_symbol(&method->file, file);
        method->pool.source_file = 2;
        method->pool.entries[2] = &method->file;
    }
    if (lines != NULL) {
        method->const_memory.flags = 1;
        memcpy(method->const_memory.bytecodes + BYTECODES, lines, lines_bytes);
    }
    return method;
}
void fake_method_rename(struct fake_method *method, const char *class_name, const char *name)
{
    set_symbol(&method->class_name, class_name);
    set_symbol(&method->name, name);
}

void fake_method_set_code_bytes(struct fake_method *method, uint16_t byte_count)
{
    method->const_memory.code_size = byte_count;
}

void fake_method_cut_pool(struct fake_method *method, uint32_t entries)
{
    method->pool.length = entries;
}

void fake_method_free(struct fake_method *method)
{
    free(method);
}
