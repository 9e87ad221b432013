/* What the JVM's log said of collections and safepoints, out of a day file. */
#include "collector/store/load_private.h"
#include "collector/store/varint.h"

/* Numbers of one event as they stand in the row: collector/store/schema.c. */
enum event_number {
    EVENT_AGO,
    EVENT_KIND,
    EVENT_DURATION,
    EVENT_NAME,
    EVENT_DETAIL,
    EVENT_BEFORE,
    EVENT_AFTER,
    EVENT_THREAD,
    EVENT_STACK,
    EVENT_NUMBERS
};

static bool is_sound(const uint64_t numbers[EVENT_NUMBERS], uint64_t latest_ns)
{
    return numbers[EVENT_AGO] <= latest_ns && numbers[EVENT_KIND] > 0 &&
           numbers[EVENT_KIND] < UMIG_GC_EVENT_KINDS && numbers[EVENT_NAME] <= UINT32_MAX &&
           numbers[EVENT_DETAIL] <= UINT32_MAX && numbers[EVENT_THREAD] <= UINT32_MAX &&
           numbers[EVENT_STACK] <= UINT32_MAX;
}

static int add_event(struct umig_loader *loader,
                     uint64_t latest_ns,
                     const uint64_t numbers[EVENT_NUMBERS])
{
    if (!is_sound(numbers, latest_ns)) {
        return umig_loader_damaged(loader, "what the log said of collections is damaged");
    }
    struct umig_profile_gc_event event = {
        .kind = (enum umig_gc_event_kind)numbers[EVENT_KIND],
        .start_unix_ns = latest_ns - numbers[EVENT_AGO],
        .duration_ns = numbers[EVENT_DURATION],
        .before = numbers[EVENT_BEFORE],
        .after = numbers[EVENT_AFTER],
    };
    if (event.start_unix_ns < loader->from_unix_ns) {
        return UMIG_OK;
    }
    int rc = umig_loader_string(loader, (uint32_t)numbers[EVENT_NAME], &event.name);
    rc = rc != UMIG_OK ? rc
                       : umig_loader_string(loader, (uint32_t)numbers[EVENT_DETAIL], &event.detail);
    rc = rc != UMIG_OK ? rc
                       : umig_loader_thread(loader, (uint32_t)numbers[EVENT_THREAD], &event.thread);
    rc = rc != UMIG_OK ? rc
                       : umig_loader_stack(loader, (uint32_t)numbers[EVENT_STACK], &event.stack);
    if (rc == UMIG_OK && umig_profile_add_gc_event(loader->profile, &event) != UMIG_OK) {
        return umig_loader_out_of_memory(loader);
    }
    loader->profile->tallies[UMIG_KIND_GC].stored++;
    return rc;
}

int umig_loader_add_gc_events(struct umig_loader *loader, sqlite3_stmt *statement)
{
    const uint64_t latest_ns = umig_loader_wide(statement, 0);
    struct umig_varint_reader reader = {.at = sqlite3_column_blob(statement, 1)};
    reader.end = reader.at + sqlite3_column_bytes(statement, 1);
    int rc = UMIG_OK;
    while (rc == UMIG_OK && reader.at < reader.end) {
        uint64_t numbers[EVENT_NUMBERS];
        bool is_whole = true;
        for (int i = 0; i < EVENT_NUMBERS && is_whole; i++) {
            is_whole = umig_varint_get(&reader, &numbers[i]);
        }
        rc = is_whole ? add_event(loader, latest_ns, numbers)
                      : umig_loader_damaged(loader, "what the log said of collections is damaged");
    }
    return rc;
}
