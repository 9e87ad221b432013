#include "tests/support/check_ledger.h"

#include <stdlib.h>
#include <string.h>

#include "collector/query/query.h"
#include "collector/store/reader.h"
#include "tests/support/test.h"

static int note_key(void *context, const struct umig_session_row *row)
{
    int64_t *key = context;
    assert_int_equal(*key, 0); /* one session only */
    *key = row->key;
    return UMIG_OK;
}

struct umig_profile *umig_load_only_session(const char *data_dir)
{
    struct umig_err err = UMIG_ERR_INIT;
    struct umig_buf list = UMIG_BUF_INIT(1 << 20);
    struct umig_buf note = UMIG_BUF_INIT(1 << 10);
    const struct umig_query query = {.verb = UMIG_QUERY_LIST_SESSIONS,
                                     .session = "",
                                     .format = "json",
                                     .service = "",
                                     .viewer = UMIG_VIEWER_ALL};
    if (umig_query_folder(data_dir, &query, &list, &note, &err) != UMIG_OK) {
        fail_msg("%s", err.text);
    }
    umig_buf_fini(&note);
    umig_buf_fini(&list);
    struct umig_reader *reader = NULL;
    struct umig_profile *profile = NULL;
    int64_t key = 0;
    assert_int_equal(umig_reader_open(data_dir, &reader, &err), UMIG_OK);
    assert_int_equal(umig_reader_sessions(reader, note_key, &key, &err), UMIG_OK);
    assert_int_equal(umig_profile_create(256 << 20, &profile, &err), UMIG_OK);
    if (umig_reader_load(reader, key, NULL, profile, &err) != UMIG_OK) {
        fail_msg("%s", err.text);
    }
    umig_reader_close(reader);
    return profile;
}

/* The emitter's number of a stack, by the names on its path from the root. */
static uint32_t number_of(const struct umig_profile *profile, uint32_t stack)
{
    uint32_t path[64];
    size_t depth = 0;
    for (uint32_t at = stack; at != 0; at = profile->stacks.items[at].parent) {
        assert_true(depth < 64);
        path[depth++] = at;
    }
    uint32_t number = 0;
    while (depth > 0) {
        const uint32_t frame = profile->stacks.items[path[--depth]].frame;
        const uint32_t method = profile->frames.items[frame].method;
        const uint32_t name = profile->methods.items[method].name;
        number = umig_emitter_stack_of(number, umig_profile_text(profile, name));
        assert_int_not_equal(number, 0);
    }
    return number;
}

static void check_stacks(const struct umig_profile *profile, const struct umig_ledger *ledger)
{
    uint64_t *counts = calloc(UMIG_EMITTER_MAX_STACKS + 1, sizeof *counts);
    uint64_t *values = calloc(UMIG_EMITTER_MAX_STACKS + 1, sizeof *values);
    assert_non_null(counts);
    assert_non_null(values);
    for (size_t i = 0; i < profile->samples.count; i++) {
        const struct umig_profile_sample *sample = &profile->samples.items[i];
        assert_int_equal(sample->kind, UMIG_KIND_CPU);
        const char *group = umig_profile_text(profile, sample->group);
        assert_true(strcmp(group, "worker-*-*") == 0);
        const uint32_t number = number_of(profile, sample->stack);
        counts[number] += sample->count;
        values[number] += sample->value;
    }
    for (size_t i = 1; i <= UMIG_EMITTER_MAX_STACKS; i++) {
        assert_int_equal(counts[i], ledger->stack_count[i]);
        assert_int_equal(values[i], ledger->stack_value[i]);
    }
    free(counts);
    free(values);
}

static void check_threads(const struct umig_profile *profile, const struct umig_ledger *ledger)
{
    uint64_t counts[UMIG_EMITTER_THREADS + 1] = {0};
    uint64_t values[UMIG_EMITTER_THREADS + 1] = {0};
    for (size_t i = 0; i < profile->thread_totals.count; i++) {
        const struct umig_profile_thread_total *total = &profile->thread_totals.items[i];
        if (total->kind == UMIG_KIND_CPU) {
            const uint32_t tid = profile->threads.items[total->thread].tid;
            assert_in_range(tid, 1001, 1000 + UMIG_EMITTER_THREADS);
            counts[tid - 1000] += total->count;
            values[tid - 1000] += total->value;
        }
    }
    for (size_t i = 1; i <= UMIG_EMITTER_THREADS; i++) {
        assert_int_equal(counts[i], ledger->thread_count[i]);
        assert_int_equal(values[i], ledger->thread_value[i]);
    }
}

static void check_events(const struct umig_profile *profile, const struct umig_ledger *ledger)
{
    uint64_t pause_ns = 0;
    uint64_t wait_ns = 0;
    for (size_t i = 0; i < profile->pauses.count; i++) {
        pause_ns += profile->pauses.items[i].duration_ns;
    }
    for (size_t i = 0; i < profile->waits.count; i++) {
        wait_ns += profile->waits.items[i].wait_ns;
    }
    uint64_t events = 0;
    uint64_t event_ns = 0;
    for (size_t i = 0; i < profile->gc_sums.count; i++) {
        events += profile->gc_sums.items[i].count;
        event_ns += profile->gc_sums.items[i].total_ns;
    }
    assert_int_equal(events, ledger->gc_events);
    assert_int_equal(event_ns, ledger->gc_event_ns);
    assert_int_equal(profile->pauses.count, ledger->pauses);
    assert_int_equal(pause_ns, ledger->pause_ns);
    assert_int_equal(profile->waits.count, ledger->waits);
    assert_int_equal(wait_ns, ledger->wait_ns);
    assert_int_equal(profile->pool_points.count, 2 * ledger->heap_points); /* Eden and RSS */
}

void umig_check_ledger(const struct umig_profile *profile, const struct umig_ledger *ledger)
{
    check_stacks(profile, ledger);
    check_threads(profile, ledger);
    check_events(profile, ledger);
    const struct umig_profile_tally *cpu = &profile->tallies[UMIG_KIND_CPU];
    assert_int_equal(cpu->stored, ledger->sent_value);
    assert_int_equal(cpu->produced, ledger->produced_value);
    assert_int_equal(cpu->dropped[UMIG_DROP_SPOOL_FULL], ledger->dropped_value);
    assert_int_equal(cpu->produced, cpu->stored + cpu->dropped[UMIG_DROP_SPOOL_FULL]);
    assert_int_equal(profile->tallies[UMIG_KIND_LOCKS].stored, ledger->wait_ns);
    assert_int_equal(profile->tallies[UMIG_KIND_GC].stored, ledger->pauses + ledger->gc_events);
    assert_int_equal(profile->tallies[UMIG_KIND_HEAP].stored, ledger->heap_points);
}
