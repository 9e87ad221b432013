/* The dictionary against protobuf-c: what is written as deltas adds up to what was interned. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <umig/v1/stream.pb-c.h>

#include "agent/symbol/dictionary.h"
#include "include/umig/kinds.h"
#include "tests/support/test.h"

enum {
    STACKS = 4096,
    PAYLOAD_BYTES = 1 << 20
};

struct fixture {
    struct umig_dictionary dictionary;
    uint8_t payload[PAYLOAD_BYTES];
    void *memory;
};

static int setup(void **state)
{
    struct fixture *fx = calloc(1, sizeof *fx);
    fx->memory = calloc(1, umig_dictionary_bytes(STACKS));
    umig_dictionary_init(&fx->dictionary, fx->memory, STACKS);
    *state = fx;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fx = *state;
    free(fx->memory);
    free(fx);
    return 0;
}

static uint32_t string(struct fixture *fx, const char *text)
{
    return umig_dictionary_string(&fx->dictionary, text, strlen(text));
}

/* The delta as a message; freed by the caller. NULL when there is none. */
static Umig__V1__Batch *take_delta(struct fixture *fx)
{
    struct umig_pb_writer writer;
    umig_pb_writer_init(&writer, fx->payload, sizeof fx->payload);
    umig_dictionary_write_delta(&fx->dictionary, &writer, 3);
    assert_false(writer.is_full);
    assert_true(writer.len <= umig_dictionary_delta_bytes(&fx->dictionary));
    umig_dictionary_mark_sent(&fx->dictionary);
    return umig__v1__batch__unpack(NULL, writer.len, writer.bytes);
}

static void test_dictionary_equal_content_has_one_id(void **state)
{
    struct fixture *fx = *state;
    struct umig_dictionary *d = &fx->dictionary;

    assert_int_equal(string(fx, "a"), 1);
    assert_int_equal(string(fx, "b"), 2);
    assert_int_equal(string(fx, "a"), 1);
    assert_int_equal(string(fx, ""), 0);
    assert_int_equal(umig_dictionary_method(d, 1, 2, 0), 1);
    assert_int_equal(umig_dictionary_method(d, 1, 2, 0), 1);
    assert_int_equal(umig_dictionary_frame(d, 3, 1, 42), 1);
    assert_int_equal(umig_dictionary_stack(d, 0, 1), 1);
    assert_int_equal(umig_dictionary_stack(d, 1, 1), 2);
    assert_int_equal(umig_dictionary_stack(d, 0, 1), 1);
    assert_int_equal(umig_dictionary_thread(d, 77, 1, 1, 0), 1);
}

static void test_dictionary_delta_holds_what_is_new_and_no_more(void **state)
{
    struct fixture *fx = *state;
    struct umig_dictionary *d = &fx->dictionary;
    const uint32_t class_name = string(fx, "orders.Pricing");
    umig_dictionary_method(d, class_name, string(fx, "total"), 0);
    umig_dictionary_stack(d, 0, umig_dictionary_frame(d, 1, 1, 10));

    Umig__V1__Batch *batch = take_delta(fx);
    const Umig__V1__Dictionary *delta = batch->dictionary;
    assert_int_equal(delta->first_string, 1);
    assert_int_equal(delta->n_strings, 2);
    assert_string_equal(delta->strings[0], "orders.Pricing");
    assert_int_equal(delta->n_method_class, 1);
    assert_int_equal(delta->method_name[0], 2);
    assert_int_equal(delta->n_frame_line, 1);
    assert_int_equal(delta->frame_line[0], 10);
    assert_int_equal(delta->n_chain_parent, 1);
    assert_int_equal(delta->chain_parent[0], 0);
    umig__v1__batch__free_unpacked(batch, NULL);

    umig_dictionary_stack(d, 1, 1);
    batch = take_delta(fx);
    assert_int_equal(batch->dictionary->n_strings, 0);
    assert_int_equal(batch->dictionary->first_stack, 2);
    assert_int_equal(batch->dictionary->n_stack_frame, 1);
    assert_int_equal(batch->dictionary->chain_parent[0], 1);
    assert_int_equal(batch->dictionary->chain_length[0], 1);
    umig__v1__batch__free_unpacked(batch, NULL);

    batch = take_delta(fx);
    assert_null(batch->dictionary);
    umig__v1__batch__free_unpacked(batch, NULL);
}

static void test_dictionary_ids_of_virtual_threads_go_out_where_there_are_some(void **state)
{
    struct fixture *fx = *state;
    struct umig_dictionary *d = &fx->dictionary;
    const uint32_t name = string(fx, "orders-1");
    umig_dictionary_thread(d, 77, UMIG_THREAD_JAVA, name, 0);

    Umig__V1__Batch *batch = take_delta(fx);
    assert_int_equal(batch->dictionary->n_thread_tid, 1);
    assert_int_equal(batch->dictionary->n_thread_virtual_id, 0);
    umig__v1__batch__free_unpacked(batch, NULL);

    const uint64_t far = UINT64_C(0x123456789a);
    assert_int_equal(umig_dictionary_thread(d, 0, UMIG_THREAD_VIRTUAL, name, 42), 2);
    assert_int_equal(umig_dictionary_thread(d, 0, UMIG_THREAD_VIRTUAL, name, far), 3);
    assert_int_equal(umig_dictionary_thread(d, 0, UMIG_THREAD_VIRTUAL, name, 42), 2);
    batch = take_delta(fx);
    assert_int_equal(batch->dictionary->first_thread, 2);
    assert_int_equal(batch->dictionary->n_thread_virtual_id, 2);
    assert_true(batch->dictionary->thread_virtual_id[0] == 42);
    assert_true(batch->dictionary->thread_virtual_id[1] == far);
    umig__v1__batch__free_unpacked(batch, NULL);
}

static void test_dictionary_stacks_go_out_by_chain(void **state)
{
    struct fixture *fx = *state;
    struct umig_dictionary *d = &fx->dictionary;
    const uint32_t root = umig_dictionary_stack(d, 0, 1);
    const uint32_t branch = umig_dictionary_stack(d, root, 2);
    umig_dictionary_stack(d, branch, 3);
    umig_dictionary_stack(d, branch, 4); /* another callee: a chain of its own */
    umig_dictionary_stack(d, 0, 2);      /* another root */

    Umig__V1__Batch *batch = take_delta(fx);

    const Umig__V1__Dictionary *delta = batch->dictionary;
    static const uint32_t parents[] = {0, 2, 0};
    static const uint32_t lengths[] = {3, 1, 1};
    assert_int_equal(delta->n_stack_frame, 5);
    assert_int_equal(delta->n_chain_parent, 3);
    assert_int_equal(delta->n_chain_length, 3);
    assert_memory_equal(delta->chain_parent, parents, sizeof parents);
    assert_memory_equal(delta->chain_length, lengths, sizeof lengths);
    umig__v1__batch__free_unpacked(batch, NULL);
}

/* What a delta may take is known before it is written, whatever the shape of the stacks. */
static void test_dictionary_delta_bytes_is_a_bound(void **state)
{
    struct fixture *fx = *state;
    struct umig_dictionary *d = &fx->dictionary;
    while (!umig_dictionary_nearly_full(d)) {
        umig_dictionary_stack(d, d->stacks.count > 1 ? d->stacks.count - 1 : 0,
                              UINT32_MAX - d->stacks.count);
    }
    struct umig_pb_writer writer;

    umig_pb_writer_init(&writer, fx->payload, umig_dictionary_delta_bytes(d));
    umig_dictionary_write_delta(d, &writer, 3);

    assert_true(d->stacks.count > STACKS / 2);
    assert_false(writer.is_full);
}

static void test_dictionary_jvm_strings_arrive_as_utf8(void **state)
{
    struct fixture *fx = *state;
    /* Modified UTF-8: NUL as C0 80, a lone surrogate. */
    umig_dictionary_string(&fx->dictionary,
                           "a\xc0\x80"
                           "b\xed\xa0\x80",
                           7);

    Umig__V1__Batch *batch = take_delta(fx);

    assert_non_null(batch);
    assert_int_equal(batch->dictionary->n_strings, 1);
    umig__v1__batch__free_unpacked(batch, NULL);
}

static void test_dictionary_full_says_so_and_next_generation_begins_empty(void **state)
{
    struct fixture *fx = *state;
    struct umig_dictionary *d = &fx->dictionary;
    uint32_t parent = 0;
    bool was_nearly_full = false;
    while (!d->is_full) {
        const uint32_t next = umig_dictionary_stack(d, parent, 1);
        parent = next != 0 ? next : parent;
        was_nearly_full = was_nearly_full || (umig_dictionary_nearly_full(d) && !d->is_full);
    }
    assert_int_equal(parent, STACKS);
    assert_true(was_nearly_full);

    umig_dictionary_begin_generation(d);

    assert_false(d->is_full);
    assert_int_equal(d->generation, 2);
    assert_int_equal(umig_dictionary_stack(d, 0, 9), 1);
    assert_int_equal(umig_dictionary_unsent(d), 1);
}

static void test_dictionary_text_room_is_bounded(void **state)
{
    struct fixture *fx = *state;
    char name[1024];
    memset(name, 'x', sizeof name);

    for (int i = 0; i < 100000 && !fx->dictionary.is_full; i++) {
        snprintf(name, 12, "%011d", i);
        name[11] = 'x';
        umig_dictionary_string(&fx->dictionary, name, sizeof name);
    }

    assert_true(fx->dictionary.is_full);
    assert_true(fx->dictionary.text_used <= fx->dictionary.text_room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_dictionary_equal_content_has_one_id, setup, teardown),
        cmocka_unit_test_setup_teardown(test_dictionary_delta_holds_what_is_new_and_no_more, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            test_dictionary_ids_of_virtual_threads_go_out_where_there_are_some, setup, teardown),
        cmocka_unit_test_setup_teardown(test_dictionary_stacks_go_out_by_chain, setup, teardown),
        cmocka_unit_test_setup_teardown(test_dictionary_delta_bytes_is_a_bound, setup, teardown),
        cmocka_unit_test_setup_teardown(test_dictionary_jvm_strings_arrive_as_utf8, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            test_dictionary_full_says_so_and_next_generation_begins_empty, setup, teardown),
        cmocka_unit_test_setup_teardown(test_dictionary_text_room_is_bounded, setup, teardown),
    };
    return cmocka_run_group_tests_name("dictionary", tests, NULL, NULL);
}
