/*
 * Armed sessions on their way through the pump, read as a collector would: names by what batches
 * brought of them, in order.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <umig/v1/stream.pb-c.h>

#include "agent/session/backlog.h"
#include "agent/session/pump.h"
#include "core/units.h"
#include "tests/support/test.h"

enum {
    STACK_ROOM = 2048,
    SPOOL_BYTES = 4 << 20,
    NAMES_MAX = 4096,
    ROWS_MAX = 8192,
};

#define INTERVAL_NS (10 * UMIG_NS_PER_MS)

/* What a collector knows of a stream. */
struct reader {
    uint32_t generation;
    char strings[NAMES_MAX][32];
    uint32_t method_name[NAMES_MAX];
    uint32_t frame_method[NAMES_MAX];
    uint32_t stack_frame[NAMES_MAX];
    uint32_t string_count, method_count, frame_count, stack_count, thread_count;
    uint64_t sequence; /* read so far */
    uint32_t last_session;
    /* Of the session that is looked at. */
    char id[16];
    uint32_t number;
    uint64_t start_ns, fired_ns;
    char because[64];
    uint32_t rows;
    char leaves[ROWS_MAX][32]; /* name of each row's innermost frame, in order */
    uint64_t times[ROWS_MAX];
    uint64_t produced, dropped;
    uint32_t end_reason;
};

struct fixture {
    struct umig_memory memory;
    struct umig_sessions sessions;
    struct umig_uplink uplink;
    struct umig_pump pump;
    struct umig_cost cost;
    uint8_t *spool;
    uint32_t thread;
    struct reader reader;
};

static int setup(void **state)
{
    struct fixture *fx = calloc(1, sizeof *fx);
    struct umig_uplink_opts opts = {.epoch = 1, .spool_size = SPOOL_BYTES};
    fx->memory.limit_bytes = 16 << 20;
    fx->spool = calloc(1, SPOOL_BYTES);
    opts.spool_bytes = fx->spool;
    opts.addresses.count = 1;
    struct umig_address *address = &opts.addresses.items[0].address;
    address->is_unix = true;
    snprintf(address->path, sizeof address->path, "/nowhere");
    assert_int_equal(umig_uplink_init(&fx->uplink, &opts, NULL), UMIG_OK);
    umig_sessions_init(&fx->sessions, &fx->memory, 1);
    assert_int_equal(umig_pump_init(&fx->pump, &fx->memory, STACK_ROOM, NULL), UMIG_OK);
    fx->pump.sessions = &fx->sessions;
    fx->pump.uplink = &fx->uplink;
    fx->pump.cost = &fx->cost;
    snprintf(fx->reader.id, sizeof fx->reader.id, "armed");
    *state = fx;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fx = *state;
    for (int i = 0; i < UMIG_SESSIONS_MAX; i++) {
        if (fx->sessions.session[i].is_open) {
            umig_session_close(&fx->sessions.session[i]);
        }
    }
    umig_uplink_fini(&fx->uplink);
    free(fx->spool);
    free(fx);
    return 0;
}

static struct umig_session *open_session(struct fixture *fx, const char *id, const char *when)
{
    struct umig_session_spec spec = {.before_ns = 60 * UMIG_NS_PER_S,
                                     .duration_ns = 5 * UMIG_NS_PER_S};
    struct umig_session *session = NULL;
    snprintf(spec.id, sizeof spec.id, "%s", id);
    spec.kinds.has_kind[UMIG_KIND_CPU] = true;
    spec.kinds.interval_ns[UMIG_KIND_CPU] = INTERVAL_NS;
    if (when != NULL) {
        assert_int_equal(umig_trigger_parse(umig_span_of(when), &spec.when, NULL), UMIG_OK);
    }
    assert_int_equal(umig_sessions_open(&fx->sessions, &spec, 5, &session, NULL), UMIG_OK);
    umig_session_begin(&fx->sessions, session, UMIG_NS_PER_S);
    if (session->backlog != NULL) {
        umig_backlog_begin(session->backlog, &fx->cost, UMIG_NS_PER_S);
    }
    return session;
}

static uint32_t stack_of(struct fixture *fx, const char *leaf)
{
    struct umig_dictionary *wire = &fx->pump.dictionary;
    uint32_t stack = 0;
    const char *const names[] = {"run", leaf};
    for (int i = 0; i < 2; i++) {
        const uint32_t name = umig_dictionary_string(wire, names[i], strlen(names[i]));
        const uint32_t frame = umig_dictionary_frame(wire, UMIG_FRAME_JAVA,
                                                     umig_dictionary_method(wire, 0, name, 0), 1);
        stack = umig_dictionary_stack(wire, stack, frame);
    }
    assert_int_not_equal(stack, 0);
    return stack;
}

/* As the pump takes a record. */
static void add_sample(struct fixture *fx,
                       struct umig_session *session,
                       uint64_t time_ns,
                       const char *leaf)
{
    assert_true(umig_pump_make_room(&fx->pump, time_ns));
    struct umig_dictionary *wire = &fx->pump.dictionary;
    const uint32_t stack = stack_of(fx, leaf);
    session->tallies[UMIG_KIND_CPU].produced += INTERVAL_NS;
    session->tallies[UMIG_KIND_CPU].samples++;
    fx->pump.batch->samples[fx->pump.batch->sample_count++] = (struct umig_batch_sample){
        .session = session->number,
        .kind = UMIG_KIND_CPU,
        .time_ns = time_ns,
        .thread = umig_dictionary_thread(wire, 7, UMIG_THREAD_JAVA,
                                         umig_dictionary_string(wire, "main", 4), 0),
        .stack = stack,
        .value = INTERVAL_NS,
    };
}

/* --- the collector's side --- */

static void read_names(struct reader *reader, const Umig__V1__Dictionary *delta)
{
    for (size_t i = 0; i < delta->n_strings; i++) {
        snprintf(reader->strings[++reader->string_count], 32, "%s", delta->strings[i]);
    }
    for (size_t i = 0; i < delta->n_method_name; i++) {
        reader->method_name[++reader->method_count] = delta->method_name[i];
    }
    for (size_t i = 0; i < delta->n_frame_method; i++) {
        reader->frame_method[++reader->frame_count] = delta->frame_method[i];
    }
    for (size_t i = 0; i < delta->n_stack_frame; i++) {
        reader->stack_frame[++reader->stack_count] = delta->stack_frame[i];
    }
    reader->thread_count += (uint32_t)delta->n_thread_tid;
}

static void read_samples(struct reader *reader, const Umig__V1__Samples *samples)
{
    uint64_t time_ns = samples->base_ns;
    for (size_t i = 0; i < samples->n_stack; i++) {
        const uint32_t stack = samples->stack[i];
        assert_in_range(stack, 1, reader->stack_count);
        assert_in_range(samples->thread[i], 1, reader->thread_count);
        const uint32_t method = reader->frame_method[reader->stack_frame[stack]];
        time_ns += (uint64_t)samples->time_delta_ms[i] * UMIG_NS_PER_MS;
        if (samples->session == reader->number) {
            assert_in_range(reader->rows, 0, ROWS_MAX - 1);
            memcpy(reader->leaves[reader->rows], reader->strings[reader->method_name[method]], 32);
            reader->times[reader->rows++] = time_ns;
        }
    }
}

static void read_start(struct reader *reader, const Umig__V1__SessionStart *start)
{
    assert_true(start->session > reader->last_session);
    reader->last_session = start->session;
    if (strcmp(start->id, reader->id) == 0) {
        reader->number = start->session;
        reader->start_ns = start->start_ns;
        reader->fired_ns = start->fired_ns;
        snprintf(reader->because, sizeof reader->because, "%s", start->because);
    }
}

static void read_books(struct reader *reader, const Umig__V1__Batch *batch)
{
    for (size_t i = 0; i < batch->n_tallies; i++) {
        const Umig__V1__Tally *tally = batch->tallies[i];
        assert_true(tally->session <= reader->last_session);
        if (tally->session == reader->number && tally->kind == UMIG_KIND_CPU) {
            reader->produced = tally->produced;
            reader->dropped = 0;
            for (size_t at = 0; at < tally->n_drop_value; at++) {
                reader->dropped += tally->drop_value[at];
            }
        }
    }
    for (size_t i = 0; i < batch->n_ends; i++) {
        if (batch->ends[i]->session == reader->number) {
            reader->end_reason = batch->ends[i]->reason;
        }
    }
}

static void read_batch(struct reader *reader, const struct umig_spool_frame *frame)
{
    Umig__V1__Batch *batch = umig__v1__batch__unpack(NULL, frame->len - UMIG_FRAME_HEADER_BYTES,
                                                     frame->bytes + UMIG_FRAME_HEADER_BYTES);
    assert_non_null(batch);
    if (batch->generation != reader->generation) {
        assert_int_equal(batch->generation, reader->generation + 1);
        reader->generation = batch->generation;
        reader->string_count = reader->method_count = reader->frame_count = 0;
        reader->stack_count = reader->thread_count = 0;
    }
    if (batch->dictionary != NULL) {
        read_names(reader, batch->dictionary);
    }
    for (size_t i = 0; i < batch->n_starts; i++) {
        read_start(reader, batch->starts[i]);
    }
    for (size_t i = 0; i < batch->n_samples; i++) {
        read_samples(reader, batch->samples[i]);
    }
    read_books(reader, batch);
    umig__v1__batch__free_unpacked(batch, NULL);
}

/* Reads what is new in the spool and acknowledges it. Returns how many batches that were. */
static uint32_t collect(struct fixture *fx)
{
    struct umig_spool_frame frame;
    uint32_t count = 0;
    while (umig_spool_first(&fx->uplink.spool, &frame) == UMIG_OK) {
        read_batch(&fx->reader, &frame);
        assert_int_equal(umig_spool_ack(&fx->uplink.spool, frame.sequence), UMIG_OK);
        count++;
    }
    return count;
}

static void assert_whole(const struct reader *reader)
{
    assert_int_equal(reader->produced, reader->rows * INTERVAL_NS + reader->dropped);
}

static void assert_in_order(const struct reader *reader)
{
    for (uint32_t i = 1; i < reader->rows; i++) {
        assert_true(reader->times[i] >= reader->times[i - 1]);
    }
}

/* --- tests --- */

static void test_armed_session_sends_nothing(void **state)
{
    struct fixture *fx = *state;
    struct umig_session *armed = open_session(fx, "armed", "heap > 90%");

    for (uint64_t second = 2; second < 10; second++) {
        add_sample(fx, armed, second * UMIG_NS_PER_S, "early");
        umig_pump_flush(&fx->pump, second * UMIG_NS_PER_S, true);
    }

    assert_int_equal(collect(fx), 0);
    assert_int_equal(armed->backlog->rows, 8);
}

static void test_fired_session_has_what_was_kept_and_what_comes(void **state)
{
    struct fixture *fx = *state;
    struct umig_session *armed = open_session(fx, "armed", "heap > 90%");
    struct umig_session *plain = open_session(fx, "plain", NULL);
    for (uint64_t second = 2; second <= 100; second++) {
        add_sample(fx, armed, second * UMIG_NS_PER_S, second % 2 == 0 ? "even" : "odd");
        add_sample(fx, plain, second * UMIG_NS_PER_S, "beside");
        umig_pump_flush(&fx->pump, second * UMIG_NS_PER_S, true);
    }
    assert_true(collect(fx) > 0);
    assert_int_equal(fx->reader.number, 0);

    snprintf(armed->because, sizeof armed->because, "heap was 92.3 %%");
    armed->fired_ns = 100 * UMIG_NS_PER_S;
    umig_pump_fire(&fx->pump, armed, 100 * UMIG_NS_PER_S);
    add_sample(fx, armed, 101 * UMIG_NS_PER_S, "late");
    umig_pump_flush(&fx->pump, 101 * UMIG_NS_PER_S, true);
    collect(fx);

    const struct reader *reader = &fx->reader;
    assert_true(reader->number > 0);
    assert_string_equal(reader->because, "heap was 92.3 %");
    assert_int_equal(reader->fired_ns, 100 * UMIG_NS_PER_S);
    assert_int_equal(reader->start_ns, 39 * UMIG_NS_PER_S);
    assert_int_equal(reader->rows, 61 + 1);
    assert_int_equal(reader->times[0], 40 * UMIG_NS_PER_S);
    assert_string_equal(reader->leaves[0], "even");
    assert_string_equal(reader->leaves[1], "odd");
    assert_string_equal(reader->leaves[61], "late");
    assert_in_order(reader);
    assert_whole(reader);
    assert_int_equal(armed->end_ns, 105 * UMIG_NS_PER_S);
    assert_null(armed->backlog);
}

/* Names fill the dictionary three times over; what is kept keeps its names. */
static void test_kept_rows_outlive_generations_of_the_dictionary(void **state)
{
    struct fixture *fx = *state;
    struct umig_session *armed = open_session(fx, "armed", "heap > 90%");
    struct umig_session *plain = open_session(fx, "plain", NULL);
    add_sample(fx, armed, 2 * UMIG_NS_PER_S, "first");
    for (uint32_t i = 0; fx->pump.dictionary.generation < 4; i++) {
        char name[32];
        snprintf(name, sizeof name, "name-%u", i);
        add_sample(fx, plain, 2 * UMIG_NS_PER_S + i, name);
        if (i % 50 == 0) {
            add_sample(fx, armed, 2 * UMIG_NS_PER_S + i * UMIG_NS_PER_MS, "again");
            umig_pump_flush(&fx->pump, 2 * UMIG_NS_PER_S + i * UMIG_NS_PER_MS, true);
            collect(fx);
        }
    }

    umig_pump_fire(&fx->pump, armed, 5 * UMIG_NS_PER_S);
    collect(fx);

    assert_string_equal(fx->reader.leaves[0], "first");
    for (uint32_t i = 1; i < fx->reader.rows; i++) {
        assert_string_equal(fx->reader.leaves[i], "again");
    }
    assert_true(fx->reader.rows > 3);
    assert_int_equal(fx->reader.dropped, 0);
    assert_whole(&fx->reader);
}

/* The collector lost the stream: what is kept was never sent, so nothing of it is lost. */
static void test_kept_rows_outlive_the_stream(void **state)
{
    struct fixture *fx = *state;
    struct umig_session *armed = open_session(fx, "armed", "heap > 90%");
    add_sample(fx, armed, 2 * UMIG_NS_PER_S, "early");
    umig_pump_flush(&fx->pump, 2 * UMIG_NS_PER_S, true);
    (void)umig_uplink_begin_epoch(&fx->uplink, 2, 3 * UMIG_NS_PER_S);
    umig_pump_restart(&fx->pump, 3 * UMIG_NS_PER_S);

    umig_pump_fire(&fx->pump, armed, 4 * UMIG_NS_PER_S);
    collect(fx);

    assert_int_equal(fx->reader.rows, 1);
    assert_string_equal(fx->reader.leaves[0], "early");
    assert_int_equal(fx->reader.start_ns, UMIG_NS_PER_S);
    assert_whole(&fx->reader);
}

/* What the spool does not take follows when it does, and the end comes last. */
static void test_fired_session_waits_for_room_in_the_spool(void **state)
{
    struct fixture *fx = *state;
    struct umig_session *armed = open_session(fx, "armed", "heap > 90%");
    static const uint8_t filler[UMIG_FRAME_MAX_BYTES];
    for (uint64_t second = 2; second <= 20; second++) {
        add_sample(fx, armed, second * UMIG_NS_PER_S, "early");
        umig_pump_flush(&fx->pump, second * UMIG_NS_PER_S, true);
    }
    while (umig_uplink_room(&fx->uplink) >= UMIG_BATCH_MAX_BYTES) {
        const size_t room = umig_uplink_room(&fx->uplink);
        assert_int_equal(umig_uplink_submit(&fx->uplink, filler, room, NULL), UMIG_OK);
    }

    umig_pump_fire(&fx->pump, armed, 21 * UMIG_NS_PER_S);
    assert_true(armed->is_held);
    armed->ended = UMIG_END_DURATION;
    armed->end_ns = 26 * UMIG_NS_PER_S;
    umig_pump_flush(&fx->pump, 26 * UMIG_NS_PER_S, true);
    assert_true(armed->is_open);
    struct umig_spool_frame frame;
    while (umig_spool_first(&fx->uplink.spool, &frame) == UMIG_OK) {
        assert_int_equal(umig_spool_ack(&fx->uplink.spool, frame.sequence), UMIG_OK);
    }
    umig_pump_flush(&fx->pump, 27 * UMIG_NS_PER_S, true);
    collect(fx);

    assert_int_equal(fx->reader.rows, 19);
    assert_int_equal(fx->reader.end_reason, UMIG_END_DURATION);
    assert_in_order(&fx->reader);
    assert_whole(&fx->reader);
    assert_false(armed->is_open);
}

static void test_disarmed_session_leaves_nothing(void **state)
{
    struct fixture *fx = *state;
    const size_t used = atomic_load(&fx->memory.used_bytes);
    struct umig_session *armed = open_session(fx, "armed", "heap > 90%");
    add_sample(fx, armed, 2 * UMIG_NS_PER_S, "early");

    armed->ended = UMIG_END_STOPPED;
    umig_pump_disarm(&fx->pump, armed, 3 * UMIG_NS_PER_S);
    umig_pump_flush(&fx->pump, 4 * UMIG_NS_PER_S, true);

    assert_int_equal(collect(fx), 0);
    assert_int_equal(atomic_load(&fx->memory.used_bytes), used);
    /* Whoever comes next has its names. */
    struct umig_session *plain = open_session(fx, "plain", NULL);
    snprintf(fx->reader.id, sizeof fx->reader.id, "plain");
    add_sample(fx, plain, 5 * UMIG_NS_PER_S, "early");
    umig_pump_flush(&fx->pump, 5 * UMIG_NS_PER_S, true);
    assert_int_equal(collect(fx), 1);
    assert_string_equal(fx->reader.leaves[0], "early");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_armed_session_sends_nothing),
        TEST(test_fired_session_has_what_was_kept_and_what_comes),
        TEST(test_kept_rows_outlive_generations_of_the_dictionary),
        TEST(test_kept_rows_outlive_the_stream),
        TEST(test_fired_session_waits_for_room_in_the_spool),
        TEST(test_disarmed_session_leaves_nothing),
    };
    return cmocka_run_group_tests_name("pump_backlog", tests, NULL, NULL);
}
