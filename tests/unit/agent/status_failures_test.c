/* A ring of failures as an agent's status carries it, read back with protobuf-c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <umig/v1/control.pb-c.h>

#include "agent/status_failures.h"
#include "core/units.h"
#include "tests/support/test.h"

/* The linker's. */
extern const char __ehdr_start[] __attribute__((visibility("hidden")));

enum {
    SLOTS = UMIG_SLOT_WINDOW,
    FIELD = 15, /* AgentStatus.failures */
    ROOM = 32 << 10,
};

static const struct umig_status_now g_now = {
    .monotonic_ns = 500 * UMIG_NS_PER_S,
    .unix_ns = 2000 * UMIG_NS_PER_S,
};

struct fixture {
    struct umig_sampler sampler;
    struct umig_slot slots[SLOTS];
    uint8_t bytes[ROOM];
    struct umig_pb_writer writer;
    Umig__V1__AgentStatus *status;
};

static int setup(void **state)
{
    struct fixture *fx = calloc(1, sizeof *fx);
    umig_slots_init(&fx->sampler.slots, fx->slots, SLOTS);
    umig_pb_writer_init(&fx->writer, fx->bytes, sizeof fx->bytes);
    *state = fx;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fx = *state;
    if (fx->status != NULL) {
        umig__v1__agent_status__free_unpacked(fx->status, NULL);
    }
    free(fx);
    return 0;
}

/* A row as the handler leaves it. */
static struct umig_evidence *put_row(struct fixture *fx, int32_t tid)
{
    struct umig_evidence_ring *ring = &fx->sampler.failures;
    const uint32_t at = atomic_fetch_add(&ring->next, 1) % UMIG_EVIDENCE_ROWS;
    struct umig_evidence *row = &ring->rows[at].evidence;
    memset(row, 0, sizeof *row);
    row->tid = tid;
    row->time_ns = g_now.monotonic_ns;
    row->outcome = UMIG_OUTCOME_STUB;
    atomic_fetch_add(&ring->rows[at].version, 2);
    return row;
}

/* A row in which every number is as long as it can be. */
static void put_long_row(struct fixture *fx, int32_t tid)
{
    struct umig_evidence *row = put_row(fx, tid);
    memset(&row->leaf, 0xff, sizeof row->leaf);
    memset(&row->regs, 0xff, sizeof row->regs);
    memset(row->stack, 0xff, sizeof row->stack);
    memset(row->leaf_name, 'n', sizeof row->leaf_name - 1);
    memset(row->code_name, 'n', sizeof row->code_name - 1);
    row->code_offset = UINT64_MAX;
    row->fault_address = UINTPTR_MAX;
    row->fault_pc = (uintptr_t)&umig_status_failures_write;
    row->frames = UINT32_MAX;
    row->frame_words = INT32_MIN;
    row->frame_complete = INT32_MIN;
    row->thread_state = INT32_MIN;
}

static void name_thread(struct fixture *fx, int tid, const char *name)
{
    struct umig_slots *slots = &fx->sampler.slots;
    pthread_mutex_lock(&slots->mutex);
    struct umig_slot *slot = umig_slots_register_locked(slots, tid);
    assert_non_null(slot);
    umig_slot_set_name(slot, name);
    pthread_mutex_unlock(&slots->mutex);
}

static Umig__V1__AgentStatus *write_and_read(struct fixture *fx)
{
    umig_status_failures_write(&fx->sampler, g_now, &fx->writer, FIELD);
    assert_false(fx->writer.is_full);
    fx->status = umig__v1__agent_status__unpack(NULL, fx->writer.len, fx->bytes);
    assert_non_null(fx->status);
    return fx->status;
}

static void fill_code(uint8_t *code, uint8_t first)
{
    for (uint8_t i = 0; i < UMIG_EVIDENCE_CODE_BYTES; i++) {
        code[i] = (uint8_t)(first + i);
    }
}

static void put_full_row(struct fixture *fx)
{
    struct umig_evidence *row = put_row(fx, 4711);
    row->time_ns = g_now.monotonic_ns - 3 * UMIG_NS_PER_S;
    row->frames = 7;
    row->thread_state = 8;
    row->is_leaf = true;
    row->leaf = (struct umig_regs){.pc = 1, .sp = 2, .fp = 3, .result = 4, .method = 5};
    row->leaf.sender_sp = 6;
    snprintf(row->leaf_name, sizeof row->leaf_name, "nmethod");
    fill_code(row->leaf_code, 1);
    row->regs = (struct umig_regs){.pc = 11, .sp = 12, .fp = 13, .result = 14, .method = 15};
    row->regs.sender_sp = UINTPTR_MAX;
    snprintf(row->code_name, sizeof row->code_name, "StubRoutines (2)");
    row->code_offset = 0x2c;
    fill_code(row->code, 100);
    row->frame_words = 12;
    row->frame_complete = -1;
    row->fault_address = 0xd68;
    row->fault_pc = (uintptr_t)&umig_status_failures_write + 5;
    row->stack[0] = 0x7f00dead;
    row->stack[UMIG_EVIDENCE_STACK_WORDS - 1] = UINTPTR_MAX;
}

static void test_failure_carries_every_field(void **state)
{
    struct fixture *fx = *state;
    put_full_row(fx);
    name_thread(fx, 4711, "http-nio-1");

    assert_int_equal(write_and_read(fx)->n_failures, 1);
    const Umig__V1__WalkFailure *failure = fx->status->failures[0];

    assert_int_equal(failure->unix_ns, 1997 * UMIG_NS_PER_S);
    assert_int_equal(failure->tid, 4711);
    assert_string_equal(failure->thread, "http-nio-1");
    assert_string_equal(failure->outcome, "stub");
    assert_int_equal(failure->frames, 7);
    assert_int_equal(failure->thread_state, 8);
    assert_int_equal(failure->is_leaf, 1);
    assert_int_equal(failure->fault_address, 0xd68);
    assert_int_equal(failure->fault_offset,
                     (uintptr_t)&umig_status_failures_write + 5 - (uintptr_t)__ehdr_start);
    assert_int_equal(failure->n_stack, UMIG_EVIDENCE_STACK_WORDS);
    assert_int_equal(failure->stack[0], 0x7f00dead);
    assert_int_equal(failure->stack[1], 0);
    assert_true(failure->stack[UMIG_EVIDENCE_STACK_WORDS - 1] == UINT64_MAX);
}

static void test_failure_tells_where_it_was_taken_and_where_lost(void **state)
{
    struct fixture *fx = *state;
    put_full_row(fx);

    assert_int_equal(write_and_read(fx)->n_failures, 1);
    const Umig__V1__CodePlace *taken = fx->status->failures[0]->taken;
    const Umig__V1__CodePlace *lost = fx->status->failures[0]->lost;

    assert_int_equal(taken->pc, 1);
    assert_int_equal(taken->sp, 2);
    assert_int_equal(taken->fp, 3);
    assert_int_equal(taken->result, 4);
    assert_int_equal(taken->method, 5);
    assert_int_equal(taken->sender_sp, 6);
    assert_string_equal(taken->name, "nmethod");
    assert_int_equal(taken->code.len, UMIG_EVIDENCE_CODE_BYTES);
    assert_int_equal(taken->code.data[0], 1);
    assert_int_equal(lost->pc, 11);
    assert_true(lost->sender_sp == UINT64_MAX);
    assert_string_equal(lost->name, "StubRoutines (2)");
    assert_int_equal(lost->offset, 0x2c);
    assert_int_equal(lost->code.data[UMIG_EVIDENCE_CODE_BYTES - 1], 131);
    assert_int_equal(lost->frame_words, 12);
    assert_int_equal(lost->frame_complete, -1);
}

static void test_thread_that_is_gone_has_no_name(void **state)
{
    struct fixture *fx = *state;
    put_row(fx, 4711);
    put_row(fx, 4712);
    name_thread(fx, 4711, "ended");
    name_thread(fx, 4712, "lives");
    atomic_store(&umig_slots_find(&fx->sampler.slots, 4711)->state, UMIG_SLOT_ENDED);

    assert_int_equal(write_and_read(fx)->n_failures, 2);

    assert_string_equal(fx->status->failures[0]->thread, "lives");
    assert_string_equal(fx->status->failures[1]->thread, "");
}

static void test_outcome_without_a_key_is_empty(void **state)
{
    struct fixture *fx = *state;
    put_row(fx, 1)->outcome = UMIG_OUTCOME_COUNT;

    assert_string_equal(write_and_read(fx)->failures[0]->outcome, "");
}

static void test_no_failure_writes_nothing(void **state)
{
    struct fixture *fx = *state;
    umig_status_failures_write(&fx->sampler, g_now, &fx->writer, FIELD);
    assert_int_equal(fx->writer.len, 0);
}

static void test_newest_come_first_without_the_one_being_written(void **state)
{
    struct fixture *fx = *state;
    const int32_t last = UMIG_EVIDENCE_ROWS + 3;
    for (int32_t tid = 1; tid <= last; tid++) {
        put_row(fx, tid);
    }
    atomic_fetch_or(&fx->sampler.failures.rows[1].version, 1); /* of the row before the newest */

    assert_int_equal(write_and_read(fx)->n_failures, UMIG_EVIDENCE_ROWS - 1);

    assert_int_equal(fx->status->failures[0]->tid, last);
    assert_int_equal(fx->status->failures[1]->tid, last - 2);
    assert_int_equal(fx->status->failures[UMIG_EVIDENCE_ROWS - 2]->tid, 4);
}

static void test_longest_rows_take_less_than_32_kib(void **state)
{
    struct fixture *fx = *state;
    for (int32_t tid = 1; tid <= UMIG_EVIDENCE_ROWS; tid++) {
        put_long_row(fx, tid);
    }

    assert_int_equal(write_and_read(fx)->n_failures, UMIG_EVIDENCE_ROWS);
}

static void test_oldest_are_left_out_where_the_room_ends(void **state)
{
    struct fixture *fx = *state;
    for (int32_t tid = 1; tid <= UMIG_EVIDENCE_ROWS; tid++) {
        put_long_row(fx, tid);
    }
    umig_status_failures_write(&fx->sampler, g_now, &fx->writer, FIELD);
    const size_t row_bytes = fx->writer.len / UMIG_EVIDENCE_ROWS;
    umig_pb_writer_init(&fx->writer, fx->bytes, 5 * row_bytes - 1);

    assert_int_equal(write_and_read(fx)->n_failures, 4);

    assert_int_equal(fx->status->failures[0]->tid, UMIG_EVIDENCE_ROWS);
    assert_int_equal(fx->status->failures[3]->tid, UMIG_EVIDENCE_ROWS - 3);
}

static void test_writer_that_was_full_before_stays_full(void **state)
{
    struct fixture *fx = *state;
    put_row(fx, 1);
    umig_pb_writer_init(&fx->writer, fx->bytes, 1);
    umig_pb_str(&fx->writer, 2, "too long");

    umig_status_failures_write(&fx->sampler, g_now, &fx->writer, FIELD);

    assert_true(fx->writer.is_full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_failure_carries_every_field),
        TEST(test_failure_tells_where_it_was_taken_and_where_lost),
        TEST(test_thread_that_is_gone_has_no_name),
        TEST(test_outcome_without_a_key_is_empty),
        TEST(test_no_failure_writes_nothing),
        TEST(test_newest_come_first_without_the_one_being_written),
        TEST(test_longest_rows_take_less_than_32_kib),
        TEST(test_oldest_are_left_out_where_the_room_ends),
        TEST(test_writer_that_was_full_before_stays_full),
    };
    return cmocka_run_group_tests_name("unit.agent.status_failures", tests, NULL, NULL);
}
