/* The rows of one session in a day file: samples, totals, pauses, heap, waits, books. */
#include <string.h>

#include "collector/store/load_private.h"
#include "collector/store/schema.h"
#include "collector/store/time.h"
#include "collector/store/varint.h"

/* The block of a slot; what lies outside of the session belongs to its edges. */
static uint32_t block_of(const struct umig_blocks *blocks, int64_t slot)
{
    if (blocks->slots == 0) {
        return 0;
    }
    if (slot <= blocks->first_slot) {
        return 1;
    }
    const int64_t block = (slot - blocks->first_slot) / blocks->slots;
    return (uint32_t)(block < blocks->count ? block + 1 : blocks->count);
}

/* Snapshots are told apart always: what is alive in one and in the next is not more for it. */
static uint32_t snapshot_of(const struct umig_blocks *blocks, int64_t slot)
{
    return slot <= blocks->first_slot ? 1 : (uint32_t)(slot - blocks->first_slot) + 1;
}

static int add_cell(struct umig_loader *loader, sqlite3_stmt *statement)
{
    struct umig_profile_sample sample = {.kind = (enum umig_kind)umig_loader_number(statement, 0),
                                         .outcome =
                                             (enum umig_outcome)umig_loader_number(statement, 2)};
    const uint32_t group = umig_loader_number(statement, 1);
    const int64_t slot = sqlite3_column_int64(statement, 4);
    sample.block = sample.kind == UMIG_KIND_LIVE ? snapshot_of(&loader->blocks, slot)
                                                 : block_of(&loader->blocks, slot);
    if (sample.kind == 0 || sample.kind >= UMIG_KIND_COUNT ||
        sample.outcome >= UMIG_OUTCOME_COUNT) {
        return umig_loader_damaged(loader, "a cell of an unknown kind");
    }
    loader->cell.count = 0;
    int rc = umig_cell_unpack(&loader->cell, sqlite3_column_blob(statement, 3),
                              (size_t)sqlite3_column_bytes(statement, 3));
    if (rc != UMIG_OK) {
        return rc == UMIG_E_NOMEM ? umig_loader_out_of_memory(loader)
                                  : umig_loader_damaged(loader, "a cell is damaged");
    }
    rc = umig_loader_string(loader, group, &sample.group);
    for (size_t i = 0; rc == UMIG_OK && i < loader->cell.count; i++) {
        const struct umig_cell_entry *entry = &loader->cell.items[i];
        sample.count = entry->count;
        sample.value = entry->value;
        loader->profile->tallies[sample.kind].stored += entry->value;
        rc = umig_loader_stack(loader, entry->stack, &sample.stack);
        if (rc == UMIG_OK && umig_profile_add_sample(loader->profile, &sample) != UMIG_OK) {
            rc = umig_loader_out_of_memory(loader);
        }
    }
    return rc;
}

static int add_total(struct umig_loader *loader, sqlite3_stmt *statement)
{
    struct umig_profile_thread_total total = {.kind =
                                                  (enum umig_kind)umig_loader_number(statement, 0),
                                              .count = umig_loader_wide(statement, 2),
                                              .value = umig_loader_wide(statement, 3)};
    if (total.kind == 0 || total.kind >= UMIG_KIND_COUNT) {
        return umig_loader_damaged(loader, "a total of an unknown kind");
    }
    const int rc = umig_loader_thread(loader, umig_loader_number(statement, 1), &total.thread);
    if (rc == UMIG_OK && umig_profile_add_thread_total(loader->profile, &total) != UMIG_OK) {
        return umig_loader_out_of_memory(loader);
    }
    return rc;
}

static uint64_t bytes_or_unknown(uint64_t stored)
{
    return stored == 0 ? UMIG_BYTES_UNKNOWN : stored - 1;
}

static int add_pause(struct umig_loader *loader, sqlite3_stmt *statement)
{
    struct umig_profile_pause pause = {
        .start_unix_ns = umig_loader_wide(statement, 0),
        .duration_ns = umig_loader_wide(statement, 1),
        .before_bytes = bytes_or_unknown(umig_loader_wide(statement, 4)),
        .after_bytes = bytes_or_unknown(umig_loader_wide(statement, 5))};
    int rc = umig_loader_string(loader, umig_loader_number(statement, 2), &pause.collection);
    rc = rc != UMIG_OK ? rc
                       : umig_loader_string(loader, umig_loader_number(statement, 3), &pause.cause);
    if (rc == UMIG_OK && umig_profile_add_pause(loader->profile, &pause) != UMIG_OK) {
        return umig_loader_out_of_memory(loader);
    }
    loader->profile->tallies[UMIG_KIND_GC].stored++;
    return rc;
}

static int add_pool(struct umig_loader *loader, const struct umig_profile_pool_point *point)
{
    return umig_profile_add_pool_point(loader->profile, point) == UMIG_OK
               ? UMIG_OK
               : umig_loader_out_of_memory(loader);
}

static int add_heap_point(struct umig_loader *loader, sqlite3_stmt *statement)
{
    const uint64_t unix_ns = umig_loader_wide(statement, 0);
    const uint64_t rss = umig_loader_wide(statement, 1);
    struct umig_varint_reader reader = {.at = sqlite3_column_blob(statement, 2)};
    reader.end = reader.at + sqlite3_column_bytes(statement, 2);
    int rc = UMIG_OK;
    while (rc == UMIG_OK && reader.at < reader.end) {
        uint64_t pool = 0;
        uint64_t maximum = 0;
        struct umig_profile_pool_point point = {.unix_ns = unix_ns};
        /* Of a counter: 0, its number, its value, 0. */
        if (!umig_varint_get(&reader, &pool) || !umig_varint_get(&reader, &point.used_bytes) ||
            !umig_varint_get(&reader, &point.committed_bytes) ||
            !umig_varint_get(&reader, &maximum) || pool > UINT32_MAX) {
            return umig_loader_damaged(loader, "a heap point is damaged");
        }
        if (pool == 0) {
            umig_profile_set_jvm_counter(loader->profile, point.used_bytes, unix_ns,
                                         point.committed_bytes);
            continue;
        }
        point.maximum_bytes = bytes_or_unknown(maximum);
        rc = umig_loader_string(loader, (uint32_t)pool, &point.pool);
        rc = rc != UMIG_OK ? rc : add_pool(loader, &point);
    }
    if (rc == UMIG_OK && rss > 0) {
        struct umig_profile_pool_point point = {.unix_ns = unix_ns,
                                                .used_bytes = rss,
                                                .committed_bytes = rss,
                                                .maximum_bytes = UMIG_BYTES_UNKNOWN};
        rc = umig_profile_string(loader->profile, "RSS", 3, &point.pool) != UMIG_OK
                 ? umig_loader_out_of_memory(loader)
                 : add_pool(loader, &point);
    }
    loader->profile->tallies[UMIG_KIND_HEAP].stored++;
    return rc;
}

/* Numbers of one pool as they stand in the row: collector/store/schema.c. */
enum pool_number {
    POOL_NUMBER,
    POOL_KIND,
    POOL_NAME,
    POOL_SIZE,
    POOL_MAXIMUM,
    POOL_ACTIVE,
    POOL_QUEUED,
    POOL_COMPLETED,
    POOL_NUMBERS
};

static uint64_t figure_of(uint64_t stored)
{
    return stored == 0 ? UMIG_POOL_UNKNOWN : stored - 1;
}

static int add_pool_row(struct umig_loader *loader,
                        uint64_t unix_ns,
                        const uint64_t numbers[POOL_NUMBERS])
{
    if (numbers[POOL_KIND] == 0 || numbers[POOL_KIND] >= UMIG_POOL_KINDS ||
        numbers[POOL_NAME] > UINT32_MAX || numbers[POOL_NUMBER] > UINT32_MAX) {
        return umig_loader_damaged(loader, "a reading of pools is damaged");
    }
    struct umig_profile_work_row row = {
        .unix_ns = unix_ns,
        .number = (uint32_t)numbers[POOL_NUMBER],
        .kind = (enum umig_pool_kind)numbers[POOL_KIND],
        .figures = {.size = numbers[POOL_SIZE],
                    .maximum = figure_of(numbers[POOL_MAXIMUM]),
                    .active = numbers[POOL_ACTIVE],
                    .queued = figure_of(numbers[POOL_QUEUED]),
                    .completed = figure_of(numbers[POOL_COMPLETED])}};
    const int rc = umig_loader_string(loader, (uint32_t)numbers[POOL_NAME], &row.name);
    if (rc != UMIG_OK) {
        return rc;
    }
    loader->profile->tallies[UMIG_KIND_POOLS].stored++;
    return umig_profile_add_work_row(loader->profile, &row) == UMIG_OK
               ? UMIG_OK
               : umig_loader_out_of_memory(loader);
}

static int add_pool_reading(struct umig_loader *loader, sqlite3_stmt *statement)
{
    const uint64_t unix_ns = umig_loader_wide(statement, 0);
    struct umig_varint_reader reader = {.at = sqlite3_column_blob(statement, 1)};
    reader.end = reader.at + sqlite3_column_bytes(statement, 1);
    int rc = UMIG_OK;
    while (rc == UMIG_OK && reader.at < reader.end) {
        uint64_t numbers[POOL_NUMBERS];
        bool is_whole = true;
        for (int i = 0; i < POOL_NUMBERS && is_whole; i++) {
            is_whole = umig_varint_get(&reader, &numbers[i]);
        }
        rc = is_whole ? add_pool_row(loader, unix_ns, numbers)
                      : umig_loader_damaged(loader, "a reading of pools is damaged");
    }
    return rc;
}

static int add_wait(struct umig_loader *loader, sqlite3_stmt *statement)
{
    const uint64_t holder = umig_loader_wide(statement, 2); /* collector/store/schema.c */
    const uint64_t class = umig_loader_wide(statement, 3);
    struct umig_profile_wait wait = {.unix_ns = umig_loader_wide(statement, 0),
                                     .wait_ns = umig_loader_wide(statement, 5),
                                     .count = umig_loader_wide(statement, 6),
                                     .deadlock = (uint32_t)(class >> 32)};
    int rc = umig_loader_thread(loader, umig_loader_number(statement, 1), &wait.thread);
    rc = rc != UMIG_OK ? rc : umig_loader_thread(loader, (uint32_t)holder, &wait.holder);
    rc = rc != UMIG_OK ? rc : umig_loader_string(loader, (uint32_t) class, &wait.monitor_class);
    rc = rc != UMIG_OK || holder >> 32 == 0
             ? rc
             : umig_loader_stack(loader, (uint32_t)(holder >> 32), &wait.holder_stack);
    rc = rc != UMIG_OK ? rc
                       : umig_loader_stack(loader, umig_loader_number(statement, 4), &wait.stack);
    if (rc == UMIG_OK && umig_profile_add_wait(loader->profile, &wait) != UMIG_OK) {
        return umig_loader_out_of_memory(loader);
    }
    loader->profile->tallies[UMIG_KIND_LOCKS].stored += wait.wait_ns;
    return rc;
}

/* Days come in order: the last one's books are the newest. */
static int add_tally(struct umig_loader *loader, sqlite3_stmt *statement)
{
    const uint32_t kind = umig_loader_number(statement, 0);
    if (kind == 0 || kind >= UMIG_KIND_COUNT) {
        return umig_loader_damaged(loader, "books of an unknown kind");
    }
    struct umig_profile_tally *tally = &loader->profile->tallies[kind];
    struct umig_profile_session *session = &loader->profile->session;
    tally->present = true;
    tally->produced = umig_loader_wide(statement, 1);
    memset(tally->dropped, 0, sizeof tally->dropped);
    struct umig_varint_reader reader = {.at = sqlite3_column_blob(statement, 2)};
    reader.end = reader.at + sqlite3_column_bytes(statement, 2);
    while (reader.at < reader.end) {
        uint64_t cause = 0;
        uint64_t value = 0;
        if (!umig_varint_get(&reader, &cause) || !umig_varint_get(&reader, &value) ||
            cause >= UMIG_DROP_COUNT) {
            return umig_loader_damaged(loader, "books are damaged");
        }
        tally->dropped[cause] += value;
    }
    const uint64_t agent_cpu_ns = umig_loader_wide(statement, 3);
    if (agent_cpu_ns >= session->agent_cpu_ns) {
        session->agent_cpu_ns = agent_cpu_ns;
        session->agent_memory_bytes = umig_loader_wide(statement, 4);
        session->process_cpu_ns = umig_loader_wide(statement, 5);
    }
    return UMIG_OK;
}

static int add_cost(struct umig_loader *loader, sqlite3_stmt *statement)
{
    struct umig_profile_cost cost = {.unix_ns = umig_loader_wide(statement, 0),
                                     .process_cpu_ns = umig_loader_wide(statement, 1),
                                     .memory_bytes = umig_loader_wide(statement, 2)};
    struct umig_profile_session *session = &loader->profile->session;
    session->budget_ppm = umig_loader_wide(statement, 3);
    session->budget_memory_bytes = umig_loader_wide(statement, 4);
    struct umig_varint_reader reader = {.at = sqlite3_column_blob(statement, 5)};
    reader.end = reader.at + sqlite3_column_bytes(statement, 5);
    while (reader.at < reader.end) {
        uint64_t kind = 0;
        uint64_t cpu_ns = 0;
        uint64_t divisor = 0;
        if (!umig_varint_get(&reader, &kind) || !umig_varint_get(&reader, &cpu_ns) ||
            !umig_varint_get(&reader, &divisor) || kind >= UMIG_KIND_COUNT) {
            return umig_loader_damaged(loader, "a cost of the agent is damaged");
        }
        cost.kind_cpu_ns[kind] = cpu_ns;
        cost.divisors[kind] = divisor < UINT32_MAX ? (uint32_t)divisor : UINT32_MAX;
    }
    umig_profile_add_cost(loader->profile, &cost);
    return UMIG_OK;
}

/* The statement's second parameter, where it has one, is where time begins: a slot, or ns. */
static void bind_from(const struct umig_loader *loader,
                      int statement_index,
                      sqlite3_stmt *statement)
{
    if (sqlite3_bind_parameter_count(statement) > 1) {
        const int64_t from = statement_index == UMIG_VIEW_CELLS
                                 ? umig_store_slot_of(loader->from_unix_ns)
                                 : (int64_t)loader->from_unix_ns;
        sqlite3_bind_int64(statement, 2, from);
    }
}

static int add_rows(struct umig_loader *loader,
                    int statement_index,
                    int (*add)(struct umig_loader *loader, sqlite3_stmt *statement))
{
    sqlite3_stmt *statement = umig_db_statement(&loader->db, statement_index);
    sqlite3_bind_int64(statement, 1, loader->session);
    bind_from(loader, statement_index, statement);
    int rc = UMIG_OK;
    while ((rc = umig_db_step(&loader->db, statement, loader->err)) == UMIG_OK) {
        rc = add(loader, statement);
        if (rc != UMIG_OK) {
            break;
        }
    }
    sqlite3_reset(statement);
    return rc == UMIG_END ? UMIG_OK : rc;
}

int umig_loader_rows(struct umig_loader *loader)
{
    int rc = add_rows(loader, UMIG_VIEW_CELLS, add_cell);
    rc = rc != UMIG_OK ? rc : add_rows(loader, UMIG_VIEW_TOTALS, add_total);
    rc = rc != UMIG_OK ? rc : add_rows(loader, UMIG_VIEW_PAUSES, add_pause);
    rc = rc != UMIG_OK ? rc : add_rows(loader, UMIG_VIEW_GC_EVENTS, umig_loader_add_gc_events);
    rc = rc != UMIG_OK ? rc : add_rows(loader, UMIG_VIEW_HEAP, add_heap_point);
    rc = rc != UMIG_OK ? rc : add_rows(loader, UMIG_VIEW_POOLS, add_pool_reading);
    rc = rc != UMIG_OK ? rc : add_rows(loader, UMIG_VIEW_WAITS, add_wait);
    rc = rc != UMIG_OK ? rc : add_rows(loader, UMIG_VIEW_COSTS, add_cost);
    return rc != UMIG_OK ? rc : add_rows(loader, UMIG_VIEW_TALLIES, add_tally);
}
