#include "agent/vm/loader_kinds.h"

#include <string.h>

#include "core/mix.h"

#define FNV_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

#define MD5_DIGITS 32u

/* --- kinds --- */

static uint32_t find_or_add(struct umig_loader_kinds *kinds, const struct umig_loader_facts *facts)
{
    const uint64_t key = umig_mix64(facts->name ^ umig_mix64(facts->loader_class));
    uint32_t *bucket = &kinds->buckets[key & (kinds->room - 1)];
    for (uint32_t at = *bucket; at != 0; at = kinds->items[at].next) {
        const struct umig_loader_kind *kind = &kinds->items[at];
        if (kind->name == facts->name && kind->loader_class == facts->loader_class) {
            return at;
        }
    }
    if (kinds->count == kinds->room) {
        return 0;
    }
    kinds->items[kinds->count] = (struct umig_loader_kind){
        .name = facts->name,
        .loader_class = facts->loader_class,
        .top = facts->top,
        .is_by_text = facts->is_by_text,
        .next = *bucket,
    };
    *bucket = kinds->count;
    return kinds->count++;
}

/* Is it the first of its kind with this text? Without room for it each counts as one. */
static bool is_new_text(struct umig_loader_kinds *kinds, uint32_t number, uint64_t text)
{
    const uint64_t key = umig_mix64(text ^ umig_mix64(number)) | 1;
    uint32_t at = (uint32_t)(key >> 32) & (kinds->text_room - 1);
    for (; kinds->texts[at] != 0; at = (at + 1) & (kinds->text_room - 1)) {
        if (kinds->texts[at] == key) {
            return false;
        }
    }
    if (kinds->text_count < kinds->text_room / 4 * 3) {
        kinds->texts[at] = key;
        kinds->text_count++;
    }
    return true;
}

uint32_t umig_loader_kinds_add(struct umig_loader_kinds *kinds,
                               const struct umig_loader_facts *facts)
{
    const uint32_t number = find_or_add(kinds, facts);
    if (number != 0) {
        struct umig_loader_kind *kind = &kinds->items[number];
        kind->loaders++;
        kind->classes += facts->classes;
        kind->texts += is_new_text(kinds, number, facts->text);
    }
    return number;
}

uint32_t umig_loader_kinds_needed(const struct umig_loader_kind *kind)
{
    return kind->is_by_text ? kind->texts : 1;
}

static uint32_t surplus_of(const struct umig_loader_kind *kind)
{
    return kind->loaders - umig_loader_kinds_needed(kind);
}

static bool comes_before(const struct umig_loader_kind *a, const struct umig_loader_kind *b)
{
    if (surplus_of(a) != surplus_of(b)) {
        return surplus_of(a) > surplus_of(b);
    }
    return a->loaders != b->loaders ? a->loaders > b->loaders : a->classes > b->classes;
}

size_t umig_loader_kinds_rank(const struct umig_loader_kinds *kinds,
                              uint32_t *out_numbers,
                              size_t room)
{
    size_t count = 0;
    for (uint32_t i = 1; i < kinds->count; i++) {
        size_t at = count < room ? count++ : room;
        for (; at > 0 && comes_before(&kinds->items[i], &kinds->items[out_numbers[at - 1]]); at--) {
            if (at < room) {
                out_numbers[at] = out_numbers[at - 1];
            }
        }
        if (at < room) {
            out_numbers[at] = i;
        }
    }
    return count;
}

/* Each group is of the kind that stands before all that have none yet. */
uint32_t umig_loader_kinds_group(struct umig_loader_kinds *kinds, uint32_t group_max)
{
    uint32_t groups = 0;
    while (groups < group_max) {
        struct umig_loader_kind *best = NULL;
        for (uint32_t i = 1; i < kinds->count; i++) {
            struct umig_loader_kind *kind = &kinds->items[i];
            if (kind->group == 0 && surplus_of(kind) >= UMIG_LOADER_SURPLUS &&
                (best == NULL || comes_before(kind, best))) {
                best = kind;
            }
        }
        if (best == NULL) {
            return groups;
        }
        best->group = ++groups;
    }
    for (uint32_t i = 1; i < kinds->count; i++) {
        struct umig_loader_kind *kind = &kinds->items[i];
        if (kind->group == 0 && surplus_of(kind) >= UMIG_LOADER_SURPLUS) {
            kind->group = group_max;
        }
    }
    return groups;
}

/* --- names and texts --- */

static bool is_hex(const char *text, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if ((text[i] < '0' || text[i] > '9') && (text[i] < 'a' || text[i] > 'f')) {
            return false;
        }
    }
    return true;
}

size_t umig_loader_fold(char *name, size_t len)
{
    static const char by_text[] = "Script_";
    const size_t head = sizeof by_text - 1;
    if (len < head + MD5_DIGITS || memcmp(name, by_text, head) != 0 ||
        !is_hex(name + head, MD5_DIGITS)) {
        return len;
    }
    name[head] = '*';
    memmove(name + head + 1, name + head + MD5_DIGITS, len - head - MD5_DIGITS);
    return len - MD5_DIGITS + 1;
}

bool umig_loader_is_dealt(const char *name, size_t len)
{
    return memchr(name, '*', len) != NULL;
}

/* Bytes behind the tag of an entry that is no text; 0: no such tag. */
static size_t bytes_of(uint8_t tag)
{
    switch (tag) {
    case 3: /* Integer */
    case 4: /* Float */
    case 9: /* Fieldref, Methodref, InterfaceMethodref, NameAndType */
    case 10:
    case 11:
    case 12:
    case 17: /* Dynamic, InvokeDynamic */
    case 18:
        return 4;
    case 5: /* Long */
    case 6: /* Double */
        return 8;
    case 7: /* Class, String, MethodType, Module, Package */
    case 8:
    case 16:
    case 19:
    case 20:
        return 2;
    case 15: /* MethodHandle */
        return 3;
    default:
        return 0;
    }
}

static uint64_t hash_on(uint64_t hash, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ bytes[i]) * FNV_PRIME;
    }
    return hash;
}

uint64_t umig_loader_text_add(uint64_t text, const uint8_t *bytes, size_t len)
{
    return umig_mix64(hash_on(text, bytes, len));
}

uint64_t umig_loader_text(const uint8_t *pool, size_t len, const char *own, size_t own_len)
{
    uint64_t hash = FNV_BASIS;
    for (size_t at = 0; at < len;) {
        const bool is_text = pool[at] == 1 && at + 3 <= len;
        const size_t head = is_text ? 3 : 1;
        const size_t body = is_text ? (size_t)pool[at + 1] << 8 | pool[at + 2] : bytes_of(pool[at]);
        if ((body == 0 && !is_text) || body > len - at - head) {
            return umig_mix64(hash); /* what is behind cannot be told apart */
        }
        const bool has_own =
            is_text && own_len > 0 && memmem(pool + at + head, body, own, own_len) != NULL;
        hash = hash_on(hash, pool + at, has_own ? 1 : head + body);
        at += head + body;
    }
    return umig_mix64(hash);
}
