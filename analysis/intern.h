/*
 * A hash index from content to the id of the item that holds it. The items live elsewhere: the
 * index keeps (hash, id) pairs, open addressing with linear probing, at most 3/4 full. Nothing is
 * ever taken out.
 */
#ifndef UMIG_ANALYSIS_INTERN_H
#define UMIG_ANALYSIS_INTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "include/umig/attr.h"

struct umig_intern_slot {
    uint32_t hash;
    uint32_t id; /* 0: free */
};

struct umig_intern {
    struct umig_intern_slot *slots; /* NULL while empty */
    size_t slot_count;              /* power of two */
    size_t used;
};

/** Does the item with this id have the content that is looked for? */
typedef bool umig_intern_same(const void *items, uint32_t id, const void *key);

/** Frees the slots. */
void umig_intern_fini(struct umig_intern *index);

/** Bytes that the next umig_intern_put() would take on top of what is held; often 0. */
size_t umig_intern_next_bytes(const struct umig_intern *index);

/** Makes room for one more. false: out of memory, nothing has changed. */
UMIG_NODISCARD bool umig_intern_reserve(struct umig_intern *index);

/** Id of the item with this hash and content; 0 if there is none. */
uint32_t umig_intern_find(const struct umig_intern *index,
                          uint32_t hash,
                          umig_intern_same *same,
                          const void *items,
                          const void *key);

/** Enters an id after umig_intern_reserve(). The content must not be there yet. */
void umig_intern_put(struct umig_intern *index, uint32_t hash, uint32_t id);

/** Hash of bytes: FNV-1a over 64 bits, finished as splitmix64 does, folded to 32. */
uint32_t umig_intern_hash(const void *bytes, size_t byte_count);

#endif
