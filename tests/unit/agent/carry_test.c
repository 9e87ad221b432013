/* Stacks that are kept in one dictionary and told in another. */
#include <stdlib.h>
#include <string.h>

#include "agent/symbol/carry.h"
#include "include/umig/kinds.h"
#include "tests/support/test.h"

enum {
    STACK_ROOM = 600
};

struct fixture {
    struct umig_dictionary from, to;
    struct umig_carry carry;
    void *memory[3];
};

static int setup(void **state)
{
    struct fixture *fx = calloc(1, sizeof *fx);
    for (int i = 0; i < 2; i++) {
        fx->memory[i] = calloc(1, umig_dictionary_bytes(STACK_ROOM));
        umig_dictionary_init(i == 0 ? &fx->from : &fx->to, fx->memory[i], STACK_ROOM);
    }
    fx->memory[2] = calloc(1, umig_carry_bytes(STACK_ROOM));
    umig_carry_init(&fx->carry, &fx->from, &fx->to, fx->memory[2]);
    *state = fx;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fx = *state;
    for (int i = 0; i < 3; i++) {
        free(fx->memory[i]);
    }
    free(fx);
    return 0;
}

static uint32_t push(struct umig_dictionary *dictionary,
                     uint32_t parent,
                     const char *class_name,
                     const char *name,
                     uint32_t line)
{
    const uint32_t method = umig_dictionary_method(
        dictionary, umig_dictionary_string(dictionary, class_name, strlen(class_name)),
        umig_dictionary_string(dictionary, name, strlen(name)), 0);
    return umig_dictionary_stack(dictionary, parent,
                                 umig_dictionary_frame(dictionary, UMIG_FRAME_JAVA, method, line));
}

static void test_carry_gives_the_stack_of_the_same_frames(void **state)
{
    struct fixture *fx = *state;
    const uint32_t other = push(&fx->to, 0, "a.Other", "run", 1); /* ids are not the same */
    const uint32_t root = push(&fx->from, 0, "java.lang.Thread", "run", 3);
    const uint32_t leaf = push(&fx->from, root, "svc.Orders", "all", 44);

    const uint32_t carried = umig_carry_stack(&fx->carry, leaf);

    const uint32_t want_root = push(&fx->to, 0, "java.lang.Thread", "run", 3);
    assert_int_equal(carried, push(&fx->to, want_root, "svc.Orders", "all", 44));
    assert_int_not_equal(carried, other);
    assert_int_equal(umig_carry_stack(&fx->carry, leaf), carried);
    assert_int_equal(umig_carry_stack(&fx->carry, root), want_root);
    assert_int_equal(umig_carry_stack(&fx->carry, 0), 0);
}

static void test_carry_after_a_generation_carries_anew(void **state)
{
    struct fixture *fx = *state;
    const uint32_t stack = push(&fx->from, 0, "svc.Orders", "all", 44);
    assert_int_not_equal(umig_carry_stack(&fx->carry, stack), 0);
    umig_dictionary_begin_generation(&fx->to);
    push(&fx->to, 0, "a.Other", "run", 1);

    const uint32_t carried = umig_carry_stack(&fx->carry, stack);

    assert_int_equal(carried, push(&fx->to, 0, "svc.Orders", "all", 44));
    umig_dictionary_begin_generation(&fx->from);
    const uint32_t again = push(&fx->from, 0, "svc.Bills", "all", 9); /* with the id of the first */
    assert_int_equal(again, stack);
    assert_int_equal(umig_carry_stack(&fx->carry, again), push(&fx->to, 0, "svc.Bills", "all", 9));
}

static void test_carry_without_room_gives_none_and_works_again_with_room(void **state)
{
    struct fixture *fx = *state;
    const uint32_t stack = push(&fx->from, 0, "svc.Orders", "all", 44);
    for (uint32_t line = 1; fx->to.frames.count < fx->to.frames.room; line++) {
        push(&fx->to, 0, "a.Other", "run", line);
    }

    assert_int_equal(umig_carry_stack(&fx->carry, stack), 0);
    assert_true(umig_dictionary_nearly_full(&fx->to));

    umig_dictionary_begin_generation(&fx->to);
    assert_int_not_equal(umig_carry_stack(&fx->carry, stack), 0);
}

static void test_carry_too_deep_gives_none(void **state)
{
    struct fixture *fx = *state;
    struct umig_dictionary from;
    const uint32_t room = 4 * UMIG_CARRY_FRAMES_MAX;
    void *memory = calloc(1, umig_dictionary_bytes(room));
    void *became = calloc(1, umig_carry_bytes(room));
    umig_dictionary_init(&from, memory, room);
    umig_carry_init(&fx->carry, &from, &fx->to, became);
    uint32_t stack = 0;
    for (uint32_t i = 0; i <= UMIG_CARRY_FRAMES_MAX; i++) {
        stack = push(&from, stack, "svc.Deep", "down", 5);
    }

    assert_int_equal(umig_carry_stack(&fx->carry, stack), 0);

    free(became);
    free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_carry_gives_the_stack_of_the_same_frames, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_carry_after_a_generation_carries_anew, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            test_carry_without_room_gives_none_and_works_again_with_room, setup, teardown),
        cmocka_unit_test_setup_teardown(test_carry_too_deep_gives_none, setup, teardown),
    };
    return cmocka_run_group_tests_name("carry", tests, NULL, NULL);
}
