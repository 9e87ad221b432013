#include "agent/session/virtual.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "core/thread_group.h"

#define SHARED_NAMES "virtual (more names)"

enum {
    THREAD_ENTRIES = 4096,
    POOL_ENTRIES = 1024,
    NAME_ENTRIES = 1024,
};

void umig_virtual_threads_init(struct umig_virtual_threads *threads, struct umig_memory *memory)
{
    threads->memory = memory;
}

/* Most JVMs have no virtual threads, and no tables for them. */
static bool has_tables(struct umig_virtual_threads *threads)
{
    if (threads->names.entries != NULL || threads->is_refused) {
        return !threads->is_refused;
    }
    const size_t entry_bytes =
        (THREAD_ENTRIES + POOL_ENTRIES) * sizeof(struct umig_admission_entry);
    struct umig_admission_entry *entries = umig_memory_take(threads->memory, entry_bytes);
    threads->names.entries =
        umig_memory_take(threads->memory, NAME_ENTRIES * sizeof *threads->names.entries);
    threads->names.entry_count = NAME_ENTRIES;
    threads->is_refused = entries == NULL || threads->names.entries == NULL;
    if (threads->is_refused) {
        umig_memory_give(threads->memory, entries, entry_bytes);
        return false;
    }
    umig_admission_init(&threads->threads, entries, THREAD_ENTRIES, UMIG_VIRTUAL_THREADS_MAX,
                        UMIG_VIRTUAL_THREAD_REFILL);
    umig_admission_init(&threads->pools, entries + THREAD_ENTRIES, POOL_ENTRIES,
                        UMIG_VIRTUAL_POOLS_MAX, UMIG_VIRTUAL_POOL_REFILL);
    return true;
}

/* FNV-1a (Fowler, Noll, Vo), 64 bits. */
static uint64_t hash(uint64_t begin, const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ begin * UINT64_C(0x9e3779b97f4a7c15);
    for (; *text != '\0'; text++) {
        hash = (hash ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static void name_row(struct umig_virtual_row *row, const char *text)
{
    row->name_bytes = strnlen(text, sizeof row->name - 1);
    memmove(row->name, text, row->name_bytes);
    row->name[row->name_bytes] = '\0';
}

/* A row of the carrier's; the thread's own if it was seen often. */
static void place_on_carrier(struct umig_virtual_threads *threads,
                             const struct umig_record *record,
                             const struct umig_slot *carrier,
                             bool is_unread,
                             uint64_t now_ns,
                             struct umig_virtual_row *row)
{
    char name[UMIG_THREAD_NAME_BYTES];
    umig_slot_name(carrier, name);
    threads->unread_samples += is_unread;
    row->tid = (uint32_t)atomic_load(&carrier->tid);
    row->name_bytes = (size_t)snprintf(row->name, sizeof row->name, "virtual %son %s",
                                       is_unread ? "(unread) " : "", name);
    if (!is_unread && !threads->is_refused &&
        umig_admission_see(&threads->threads, hash(record->virtual_id, row->name), true, now_ns)) {
        row->id = record->virtual_id;
        row->tid = 0;
    }
}

/* A row by name; row->name holds it. */
static void place_by_name(struct umig_virtual_threads *threads,
                          const struct umig_record *record,
                          uint64_t now_ns,
                          struct umig_virtual_row *row)
{
    char pool[sizeof row->name];
    umig_thread_group(row->name, pool);
    if (!umig_admission_see(&threads->pools, hash(0, pool), false, now_ns)) {
        threads->nameless_samples++;
        name_row(row, SHARED_NAMES);
    } else if (umig_admission_see(&threads->threads, hash(record->virtual_id, row->name), false,
                                  now_ns)) {
        row->id = record->virtual_id;
    } else {
        name_row(row, pool);
    }
}

/*
 * Writes the name of a record's thread, or as it was last if it could not be read; false: unknown.
 * A name in sight is remembered.
 */
static bool name_of(struct umig_virtual_threads *threads,
                    const struct umig_record *record,
                    struct umig_virtual_row *row)
{
    const uint8_t *text =
        (const uint8_t *)(record + 1) + (size_t)record->frame_count * sizeof(uint32_t);
    if (record->thread == UMIG_RECORD_VIRTUAL_LATIN1 ||
        record->thread == UMIG_RECORD_VIRTUAL_UTF16) {
        row->name_bytes =
            umig_java_text(text, record->text_bytes, record->thread == UMIG_RECORD_VIRTUAL_UTF16,
                           UMIG_VIRTUAL_NAME_CHARS, row->name);
        umig_thread_names_put(&threads->names, record->virtual_id, row->name);
        return true;
    }
    const char *last = umig_thread_names_get(&threads->names, record->virtual_id);
    name_row(row, last != NULL ? last : "");
    return last != NULL;
}

void umig_virtual_threads_place(struct umig_virtual_threads *threads,
                                const struct umig_record *record,
                                const struct umig_slot *carrier,
                                uint64_t now_ns,
                                struct umig_virtual_row *out_row)
{
    out_row->tid = 0;
    out_row->id = 0;
    out_row->name_bytes = 0;
    const bool is_known = !has_tables(threads) || name_of(threads, record, out_row);
    if (out_row->name_bytes > 0) {
        place_by_name(threads, record, now_ns, out_row);
    } else {
        place_on_carrier(threads, record, carrier, !is_known, now_ns, out_row);
    }
    threads->samples++;
    threads->shared_samples += out_row->id == 0;
}
