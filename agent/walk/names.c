#include "agent/walk/names.h"

#include "agent/signal/probe.h"
#include "agent/signal/sigsafe_only.h"
#include "agent/walk/lines.h"

/*
 * A packed frame: method entry + 1 (20 bits) | bci + 16 (17) | kind (5) | line (22). Two frames are
 * the same if all but the line are; the line follows from the rest. (A class file has 16 bits for a
 * line.)
 */
enum {
    LINE_BITS = 22,
    KIND_BITS = 5,
    BCI_BITS = 17,
    BCI_BIAS = 16,
    PROBES = 64
};

#define LINE_MASK ((UINT64_C(1) << LINE_BITS) - 1)

/* Measured on dynamic Groovy services: 2 to 3 places of a method are seen, names take 60 bytes. */
enum {
    FRAMES_PER_METHOD = 4,
    TEXT_PER_METHOD = 96
};

static size_t tables_bytes(uint32_t method_count)
{
    return method_count * (sizeof(struct umig_name_method) + FRAMES_PER_METHOD * sizeof(uint64_t));
}

uint32_t umig_names_frame_count(uint32_t method_count)
{
    return method_count * FRAMES_PER_METHOD;
}

size_t umig_names_bytes(uint32_t method_count)
{
    return tables_bytes(method_count) + (size_t)method_count * TEXT_PER_METHOD;
}

void umig_names_init(struct umig_names *names,
                     const struct umig_hotspot *hotspot,
                     void *memory,
                     uint32_t method_count)
{
    memset(names, 0, sizeof *names);
    names->hotspot = hotspot;
    names->memory = memory;
    names->methods = memory;
    names->method_count = method_count;
    names->frames = (void *)((char *)memory + method_count * sizeof *names->methods);
    names->frame_count = umig_names_frame_count(method_count);
    names->arena = (char *)memory + tables_bytes(method_count);
    names->arena_bytes = method_count * TEXT_PER_METHOD;
    names->generation = 1;
}

void umig_names_reset(struct umig_names *names, uint32_t generation)
{
    memset(names->memory, 0, tables_bytes(names->method_count));
    atomic_store(&names->methods_used, 0);
    atomic_store(&names->frames_used, 0);
    atomic_store(&names->arena_used, 0);
    names->generation = generation;
}

bool umig_names_nearly_full(const struct umig_names *names)
{
    return atomic_load(&names->methods_used) > names->method_count / 4 * 3 ||
           atomic_load(&names->frames_used) > names->frame_count / 4 * 3 ||
           atomic_load(&names->arena_used) > names->arena_bytes / 4 * 3;
}

/* Everything that identifies a method, read from the JVM. */
struct identity {
    uintptr_t const_method, constants, holder, class_symbol, name_symbol;
    uint32_t class_ident, name_ident;
};

/* The upper half of the first word is the identity hash; the lower half is a reference count. */
static uint32_t symbol_ident(const struct umig_hotspot *hs, uintptr_t symbol)
{
    return (umig_hs_u32(symbol, hs->symbol_hash) & 0xffff0000u) ^
           umig_hs_u16(symbol, hs->symbol_length);
}

static uintptr_t pool_symbol(const struct umig_hotspot *hs, uintptr_t constants, uint32_t index)
{
    return umig_hs_ptr(constants + hs->pool_bytes, (int32_t)(index * sizeof(uintptr_t)));
}

static bool read_identity(const struct umig_hotspot *hs, uintptr_t method, struct identity *out)
{
    if (!umig_hs_plausible(method)) {
        return false;
    }
    out->const_method = umig_hs_ptr(method, hs->method_const);
    if (!umig_hs_plausible(out->const_method)) {
        return false;
    }
    out->constants = umig_hs_ptr(out->const_method, hs->const_constants);
    if (!umig_hs_plausible(out->constants)) {
        return false;
    }
    out->holder = umig_hs_ptr(out->constants, hs->pool_holder);
    const uint32_t name_index = umig_hs_u16(out->const_method, hs->const_name_index);
    out->name_symbol = pool_symbol(hs, out->constants, name_index);
    if (!umig_hs_plausible(out->holder) || !umig_hs_plausible(out->name_symbol)) {
        return false;
    }
    out->class_symbol = umig_hs_ptr(out->holder, hs->klass_name);
    if (!umig_hs_plausible(out->class_symbol)) {
        return false;
    }
    out->class_ident = symbol_ident(hs, out->class_symbol);
    out->name_ident = symbol_ident(hs, out->name_symbol);
    return true;
}

/* Of a class by itself: what only methods have is 0. */
static bool read_class_identity(const struct umig_hotspot *hs,
                                uintptr_t klass,
                                struct identity *out)
{
    *out = (struct identity){.holder = klass};
    if (!umig_hs_plausible(klass)) {
        return false;
    }
    out->class_symbol = umig_hs_ptr(klass, hs->klass_name);
    if (!umig_hs_plausible(out->class_symbol)) {
        return false;
    }
    out->class_ident = symbol_ident(hs, out->class_symbol);
    return true;
}

/* Follows a pointer that need not be one; 0 where it leads nowhere. */
static uintptr_t probe(uintptr_t base, int32_t offset)
{
    uintptr_t pointer = 0;
    const bool is_there = umig_hs_plausible(base) &&
                          umig_probe_word(base + (uintptr_t)(intptr_t)offset, &pointer) &&
                          umig_hs_plausible(pointer);
    return is_there ? pointer : 0;
}

/* Symbols share a word with what stands before their body: the length is its own 16 bits. */
static bool is_symbol(const struct umig_hotspot *hs, uintptr_t symbol)
{
    uintptr_t word;
    const uintptr_t at = symbol + (uintptr_t)hs->symbol_length;
    return symbol != 0 && umig_probe_word(at & ~(uintptr_t)7, &word) &&
           umig_hs_u16(symbol, hs->symbol_length) > 0;
}

bool umig_names_is_method(const struct umig_hotspot *hotspot, uintptr_t method)
{
    const struct umig_hotspot *hs = hotspot;
    const uintptr_t const_method = probe(method, hs->method_const);
    const uintptr_t constants = probe(const_method, hs->const_constants);
    const uintptr_t holder = probe(constants, hs->pool_holder);
    if (!is_symbol(hs, probe(holder, hs->klass_name))) {
        return false;
    }
    /* It has constants and a holder: its name's index can be read. */
    const uint32_t index = umig_hs_u16(const_method, hs->const_name_index);
    return is_symbol(hs, probe(constants + hs->pool_bytes, (int32_t)(index * sizeof(uintptr_t))));
}

static bool is_same(const struct umig_name_method *entry, const struct identity *id)
{
    return entry->const_method == id->const_method && entry->constants == id->constants &&
           entry->holder == id->holder && entry->class_symbol == id->class_symbol &&
           entry->name_symbol == id->name_symbol && entry->class_ident == id->class_ident &&
           entry->name_ident == id->name_ident;
}

/* Copies a symbol's bytes to the arena; returns how many, 0 when there is no room. */
static uint16_t copy_symbol(struct umig_names *names, uintptr_t symbol, uint32_t at)
{
    const struct umig_hotspot *hs = names->hotspot;
    uint32_t length = umig_hs_u16(symbol, hs->symbol_length);
    length = length < UMIG_NAME_MAX_BYTES ? length : UMIG_NAME_MAX_BYTES;
    if (at + length > names->arena_bytes) {
        return 0;
    }
    memcpy(names->arena + at, (const void *)(symbol + (uintptr_t)hs->symbol_body), length);
    return (uint16_t)length;
}

static uintptr_t source_symbol(const struct umig_hotspot *hs, const struct identity *id)
{
    if (hs->pool_source_file < 0 || id->constants == 0) {
        return 0;
    }
    /* The pool of a method handle linker is short, but has the index of the class it imitates. */
    const uint32_t index = umig_hs_u16(id->constants, hs->pool_source_file);
    const bool is_there = index != 0 && index < umig_hs_u32(id->constants, hs->pool_length);
    const uintptr_t symbol = is_there ? pool_symbol(hs, id->constants, index) : 0;
    return umig_hs_plausible(symbol) ? symbol : 0;
}

static uint32_t clamped_length(const struct umig_hotspot *hs, uintptr_t symbol)
{
    const uint32_t length = symbol != 0 ? umig_hs_u16(symbol, hs->symbol_length) : 0;
    return length < UMIG_NAME_MAX_BYTES ? length : UMIG_NAME_MAX_BYTES;
}

static bool fill(struct umig_names *names,
                 struct umig_name_method *entry,
                 const struct identity *id)
{
    const struct umig_hotspot *hs = names->hotspot;
    const uintptr_t source = source_symbol(hs, id);
    const uint32_t need = clamped_length(hs, id->class_symbol) +
                          clamped_length(hs, id->name_symbol) + clamped_length(hs, source);
    const uint32_t at = atomic_fetch_add(&names->arena_used, need);
    if (at + need > names->arena_bytes) {
        return false;
    }
    entry->const_method = id->const_method;
    entry->constants = id->constants;
    entry->holder = id->holder;
    entry->class_symbol = id->class_symbol;
    entry->name_symbol = id->name_symbol;
    entry->class_ident = id->class_ident;
    entry->name_ident = id->name_ident;
    entry->text_at = at;
    entry->class_bytes = copy_symbol(names, id->class_symbol, at);
    entry->name_bytes =
        id->name_symbol != 0 ? copy_symbol(names, id->name_symbol, at + entry->class_bytes) : 0;
    entry->file_bytes =
        source != 0 ? copy_symbol(names, source, at + entry->class_bytes + entry->name_bytes) : 0;
    /* Release: pairs with the acquire in find_entry(). */
    atomic_store_explicit(&entry->is_ready, true, memory_order_release);
    return true;
}

static uint32_t hash_pointer(uintptr_t pointer)
{
    return (uint32_t)(((uint64_t)pointer >> 3) * UINT64_C(0x9e3779b97f4a7c15) >> 32);
}

/*
 * Finds or makes the entry of a method or a class; its index + 1, 0 when there is no room. An entry
 * that another thread is just filling is passed by: a second entry with the same content does no
 * harm, waiting in a handler would.
 */
static uint32_t find_entry(struct umig_names *names, uintptr_t key, const struct identity *id)
{
    const uint32_t home = hash_pointer(key);
    for (uint32_t i = 0; i < PROBES; i++) {
        const uint32_t at = (home + i) & (names->method_count - 1);
        struct umig_name_method *entry = &names->methods[at];
        uintptr_t seen = atomic_load_explicit(&entry->method, memory_order_relaxed);
        if (seen == 0 && atomic_compare_exchange_strong(&entry->method, &seen, key)) {
            atomic_fetch_add(&names->methods_used, 1);
            return fill(names, entry, id) ? at + 1 : 0;
        }
        if (seen == key && atomic_load_explicit(&entry->is_ready, memory_order_acquire) &&
            is_same(entry, id)) {
            return at + 1;
        }
    }
    return 0;
}

/* The line of a frame; a class has none. */
static uint64_t line_of(const struct umig_names *names, uint32_t entry, int32_t bci)
{
    const uintptr_t const_method = names->methods[entry - 1].const_method;
    return const_method != 0 ? umig_lines_of_bci(names->hotspot, const_method, bci) & LINE_MASK : 0;
}

/* Finds or makes the frame of an entry; 0: there is none. */
static uint32_t find_frame(struct umig_names *names, uint32_t entry, int32_t bci, uint32_t kind)
{
    if (entry == 0) {
        atomic_fetch_add(&names->refused, 1);
        return UMIG_FRAME_NONE;
    }
    const int32_t clamped = bci < -BCI_BIAS || bci > 65535 ? -1 : bci;
    const uint64_t key =
        ((((uint64_t)entry << BCI_BITS) | (uint64_t)(uint32_t)(clamped + BCI_BIAS)) << KIND_BITS |
         kind)
        << LINE_BITS;
    const uint32_t home = hash_pointer((uintptr_t)(key >> LINE_BITS << 3));
    uint64_t fresh = 0;
    for (uint32_t i = 0; i < PROBES; i++) {
        const uint32_t at = (home + i) & (names->frame_count - 1);
        uint64_t seen = atomic_load_explicit(&names->frames[at], memory_order_relaxed);
        if (seen == 0) {
            if (fresh == 0) {
                fresh = key | line_of(names, entry, clamped);
            }
            if (atomic_compare_exchange_strong(&names->frames[at], &seen, fresh)) {
                atomic_fetch_add(&names->frames_used, 1);
                return at + 1;
            }
        }
        if ((seen & ~LINE_MASK) == key) {
            return at + 1;
        }
    }
    atomic_fetch_add(&names->refused, 1);
    return UMIG_FRAME_NONE;
}

uint32_t umig_names_frame(struct umig_names *names, uintptr_t method, int32_t bci, uint32_t kind)
{
    struct identity id;
    const bool is_there = read_identity(names->hotspot, method, &id);
    return find_frame(names, is_there ? find_entry(names, method, &id) : 0, bci, kind);
}

uint32_t umig_names_class(struct umig_names *names, uintptr_t klass, uint32_t kind)
{
    struct identity id;
    const bool is_there = read_class_identity(names->hotspot, klass, &id);
    return find_frame(names, is_there ? find_entry(names, klass, &id) : 0, -1, kind);
}

bool umig_names_read(const struct umig_names *names, uint32_t id, struct umig_name_frame *out_frame)
{
    if (id == UMIG_FRAME_NONE || id > names->frame_count) {
        return false;
    }
    const uint64_t packed = atomic_load_explicit(&names->frames[id - 1], memory_order_relaxed);
    const uint32_t entry = (uint32_t)(packed >> (LINE_BITS + KIND_BITS + BCI_BITS));
    if (entry == 0 || entry > names->method_count) {
        return false;
    }
    const struct umig_name_method *method = &names->methods[entry - 1];
    if (!atomic_load_explicit(&method->is_ready, memory_order_acquire)) {
        return false;
    }
    out_frame->class_text = names->arena + method->text_at;
    out_frame->name_text = out_frame->class_text + method->class_bytes;
    out_frame->file_text = out_frame->name_text + method->name_bytes;
    out_frame->class_bytes = method->class_bytes;
    out_frame->name_bytes = method->name_bytes;
    out_frame->file_bytes = method->file_bytes;
    out_frame->kind = (uint32_t)(packed >> LINE_BITS) & ((1u << KIND_BITS) - 1);
    out_frame->line = (uint32_t)(packed & LINE_MASK);
    return true;
}
