/* Rows for virtual threads: few of many, the pool always right. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/session/virtual.h"
#include "core/units.h"
#include "tests/support/test.h"

struct fixture {
    struct umig_memory memory;
    struct umig_virtual_threads threads;
    struct umig_slot carrier;
    struct umig_virtual_row row;
    uint64_t now_ns;
};

static int setup(void **state)
{
    struct fixture *fx = calloc(1, sizeof *fx);
    fx->memory.limit_bytes = 1 << 20;
    fx->now_ns = UMIG_NS_PER_S;
    umig_slot_set_name(&fx->carrier, "worker-1");
    atomic_store(&fx->carrier.tid, 77);
    umig_virtual_threads_init(&fx->threads, &fx->memory);
    *state = fx;
    return 0;
}

static int teardown(void **state)
{
    free(*state);
    return 0;
}

static void place(struct fixture *fx, enum umig_record_thread who, uint64_t id, const char *name)
{
    _Alignas(8) uint8_t bytes[sizeof(struct umig_record) + UMIG_VIRTUAL_TEXT_BYTES] = {0};
    struct umig_record *record = (struct umig_record *)(void *)bytes;
    record->thread = (uint8_t)who;
    record->virtual_id = id;
    record->text_bytes = (uint8_t)strlen(name);
    memcpy(record + 1, name, record->text_bytes);
    umig_virtual_threads_place(&fx->threads, record, &fx->carrier, fx->now_ns, &fx->row);
}

static void named(struct fixture *fx, uint64_t id, const char *name)
{
    place(fx, UMIG_RECORD_VIRTUAL_LATIN1, id, name);
}

static void assert_row(const struct fixture *fx, const char *name, uint64_t id, uint32_t tid)
{
    assert_string_equal(fx->row.name, name);
    assert_int_equal(fx->row.name_bytes, strlen(name));
    assert_int_equal(fx->row.id, id);
    assert_int_equal(fx->row.tid, tid);
}

static void test_a_named_thread_has_a_row(void **state)
{
    struct fixture *fx = *state;
    named(fx, 42, "orders-17");
    assert_row(fx, "orders-17", 42, 0);
    named(fx, 42, "renamed");
    assert_row(fx, "renamed", 42, 0);
}

static void test_threads_without_memory_share_their_carriers(void **state)
{
    struct fixture *fx = *state;
    fx->memory.limit_bytes = 64 << 10; /* less than the tables */

    for (int i = 0; i < 2 * UMIG_ADMISSION_EVIDENCE; i++) {
        named(fx, 42, "orders-17");
        assert_row(fx, "virtual on worker-1", 0, 77);
    }

    assert_int_equal(fx->threads.shared_samples, 2 * UMIG_ADMISSION_EVIDENCE);
    assert_int_equal(fx->memory.used_bytes, 0);
}

static void test_no_thread_takes_no_memory(void **state)
{
    struct fixture *fx = *state;
    assert_int_equal(fx->memory.used_bytes, 0);
}

static void test_threads_without_names_share_their_carriers(void **state)
{
    struct fixture *fx = *state;
    for (uint64_t id = 1; id < 100; id++) {
        named(fx, id, "");
        assert_row(fx, "virtual on worker-1", 0, 77);
    }
    for (int i = 0; i < UMIG_ADMISSION_EVIDENCE; i++) {
        named(fx, 500, "");
    }
    assert_row(fx, "virtual on worker-1", 500, 0); /* one that was seen often */
}

static void test_what_could_not_be_read_is_marked(void **state)
{
    struct fixture *fx = *state;
    place(fx, UMIG_RECORD_VIRTUAL, 0, "");
    assert_row(fx, "virtual (unread) on worker-1", 0, 77);
    place(fx, UMIG_RECORD_VIRTUAL_ID, 42, "");
    assert_row(fx, "virtual (unread) on worker-1", 0, 77);
    assert_int_equal(fx->threads.unread_samples, 2);
}

static void test_a_name_is_remembered_for_when_it_cannot_be_read(void **state)
{
    struct fixture *fx = *state;
    named(fx, 42, "orders-17");
    named(fx, 43, "");
    place(fx, UMIG_RECORD_VIRTUAL_ID, 42, "");
    assert_row(fx, "orders-17", 42, 0);
    place(fx, UMIG_RECORD_VIRTUAL_ID, 43, "");
    assert_row(fx, "virtual on worker-1", 0, 77);
    named(fx, 42, "orders-18");
    place(fx, UMIG_RECORD_VIRTUAL_ID, 42, "");
    assert_row(fx, "orders-18", 42, 0);
    assert_int_equal(fx->threads.unread_samples, 0);
}

/* A million threads of one sample each: the rows are bounded, the pool is right. */
static void test_a_million_threads_take_the_rows_there_are(void **state)
{
    struct fixture *fx = *state;
    uint32_t own = 0;
    for (uint64_t id = 1; id <= 1000000; id++) {
        char name[32];
        (void)snprintf(name, sizeof name, "orders-%llu", (unsigned long long)id);
        named(fx, id, name);
        own += fx->row.id != 0;
        if (fx->row.id == 0) {
            assert_row(fx, "orders-*", 0, 0);
        }
    }
    assert_int_equal(own, UMIG_VIRTUAL_THREADS_MAX / 2);
    assert_int_equal(fx->threads.shared_samples, 1000000 - own);

    for (int i = 0; i < UMIG_ADMISSION_EVIDENCE; i++) { /* the other half is for these */
        named(fx, 2000000, "busy-1");
    }
    assert_row(fx, "busy-1", 2000000, 0);
}

static void test_rows_come_back_with_time(void **state)
{
    struct fixture *fx = *state;
    for (uint64_t id = 1; id <= 100000; id++) {
        named(fx, id, "orders-1");
    }
    named(fx, 200000, "late-1");
    assert_row(fx, "late-*", 0, 0);
    fx->now_ns += 2 * UMIG_VIRTUAL_THREAD_REFILL;
    named(fx, 200001, "late-1");
    assert_row(fx, "late-1", 200001, 0);
}

/* Names without a pattern are bounded, too. */
static void test_names_without_end_share_one_row(void **state)
{
    struct fixture *fx = *state;
    uint32_t pools = 0;
    for (uint64_t id = 1; id <= 10000; id++) {
        char name[32];
        (void)snprintf(name, sizeof name, "%c%c%c%c", (char)('a' + id % 26),
                       (char)('a' + id / 26 % 26), (char)('a' + id / 676 % 26),
                       (char)('a' + id / 17576));
        named(fx, id, name);
        pools += strcmp(fx->row.name, "virtual (more names)") != 0;
    }
    assert_int_equal(pools, UMIG_VIRTUAL_POOLS_MAX / 2);
    assert_int_equal(fx->threads.nameless_samples, 10000 - pools);
    assert_row(fx, "virtual (more names)", 0, 0);
}

static void test_the_longest_names_fit(void **state)
{
    struct fixture *fx = *state;
    uint16_t wide[UMIG_VIRTUAL_NAME_CHARS + 1];
    _Alignas(8) uint8_t bytes[sizeof(struct umig_record) + sizeof wide] = {0};
    struct umig_record *record = (struct umig_record *)(void *)bytes;
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++) {
        wide[i] = 0x4e2d;
    }
    record->thread = UMIG_RECORD_VIRTUAL_UTF16;
    record->virtual_id = 1;
    record->text_bytes = sizeof wide;
    memcpy(record + 1, wide, sizeof wide);
    umig_virtual_threads_place(&fx->threads, record, &fx->carrier, fx->now_ns, &fx->row);
    assert_int_equal(fx->row.name_bytes, 3 * (UMIG_VIRTUAL_NAME_CHARS + 1));
    char name[UMIG_THREAD_NAME_BYTES + 1] = {0};
    memset(name, 'c', sizeof name - 1); /* cut when it was copied */
    umig_slot_set_name(&fx->carrier, name);
    place(fx, UMIG_RECORD_VIRTUAL, 0, "");
    assert_int_equal(fx->row.name_bytes,
                     strlen("virtual (unread) on ") + UMIG_THREAD_NAME_BYTES - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_named_thread_has_a_row, setup, teardown),
        cmocka_unit_test_setup_teardown(test_threads_without_memory_share_their_carriers, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_no_thread_takes_no_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(test_threads_without_names_share_their_carriers, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_what_could_not_be_read_is_marked, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_name_is_remembered_for_when_it_cannot_be_read, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_million_threads_take_the_rows_there_are, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_rows_come_back_with_time, setup, teardown),
        cmocka_unit_test_setup_teardown(test_names_without_end_share_one_row, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_longest_names_fit, setup, teardown),
    };
    return cmocka_run_group_tests_name("unit.agent.virtual", tests, NULL, NULL);
}
