/* The memory of a search for what holds objects. */
#include <stdlib.h>
#include <string.h>

#include "agent/vm/retainers.h"
#include "tests/support/test.h"

enum {
    SCALE = 4,
};

struct fixture {
    struct umig_retainers retainers;
    void *memory;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->memory = calloc(1, umig_retainers_bytes(SCALE));
    umig_retainers_init(&fixture->retainers, fixture->memory, SCALE);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    free(fixture->memory);
    free(fixture);
    return 0;
}

static struct umig_retainers_step field(uint32_t class_index, uint32_t number)
{
    return (struct umig_retainers_step){
        .edge = UMIG_EDGE_FIELD, .class_index = class_index, .field = number};
}

static struct umig_retainers_step inside(uint32_t class_index)
{
    return (struct umig_retainers_step){
        .edge = UMIG_EDGE_FIELD, .class_index = class_index, .is_inside = true};
}

static void test_an_object_is_seen_once(void **state)
{
    struct fixture *fixture = *state;
    const uint32_t many = fixture->retainers.seen_room / 2;
    unsigned missed = 0;
    for (uint32_t i = 0; i < many; i++) {
        missed += !umig_retainers_see(&fixture->retainers, i * 2654435761u, 3);
    }
    assert_true(missed <= 1);
    for (uint32_t i = 0; i < many; i++) {
        assert_false(umig_retainers_see(&fixture->retainers, i * 2654435761u, 3));
    }
    assert_true(umig_retainers_see(&fixture->retainers, 0, 4)); /* of another class */
}

static void test_without_room_nothing_more_is_seen(void **state)
{
    struct fixture *fixture = *state;
    uint32_t seen = 0;
    for (uint32_t i = 0; i < 2 * fixture->retainers.seen_room; i++) {
        seen += umig_retainers_see(&fixture->retainers, i, 1);
    }
    assert_true(seen > fixture->retainers.seen_room / 2 && seen < fixture->retainers.seen_room);
    assert_int_equal(seen + fixture->retainers.overflowed, 2 * fixture->retainers.seen_room);
}

static void test_the_same_way_has_one_shape(void **state)
{
    struct fixture *fixture = *state;
    const uint32_t a = umig_retainers_go(&fixture->retainers, 0, field(1, 1));
    const uint32_t b = umig_retainers_go(&fixture->retainers, a, field(2, 2));
    assert_int_not_equal(a, 0);
    assert_int_not_equal(b, a);
    assert_int_equal(umig_retainers_go(&fixture->retainers, 0, field(1, 1)), a);
    assert_int_equal(umig_retainers_go(&fixture->retainers, a, field(2, 2)), b);
    assert_int_not_equal(umig_retainers_go(&fixture->retainers, a, field(2, 3)), b);
    assert_int_not_equal(umig_retainers_go(&fixture->retainers, 0, field(2, 2)), b);
}

/* A tree: left and right by turns, however deep. */
static void test_a_step_that_was_made_leads_back(void **state)
{
    struct fixture *fixture = *state;
    const uint32_t root = umig_retainers_go(&fixture->retainers, 0, field(1, 1));
    uint32_t at = root;
    for (int i = 0; i < 1000; i++) {
        at = umig_retainers_go(&fixture->retainers, at, field(2, (uint32_t)i % 2));
    }
    assert_int_equal(fixture->retainers.shape_count, 4); /* none, root, left, right of left */
}

/* A list of plugins, each with a list: not one list. Lists of lists are. */
static void test_collections_lead_back_only_to_themselves(void **state)
{
    struct umig_retainers *retainers = &((struct fixture *)*state)->retainers;
    const uint32_t root = umig_retainers_go(retainers, 0, field(1, 1));
    const uint32_t list = umig_retainers_go(retainers, root, inside(2));
    const uint32_t array = umig_retainers_go(retainers, list, inside(3));
    assert_int_equal(umig_retainers_go(retainers, array, inside(2)), list);
    const uint32_t plugin = umig_retainers_go(retainers, array, field(4, 4));
    const uint32_t its_list = umig_retainers_go(retainers, plugin, inside(2));
    assert_int_not_equal(its_list, list);
    const uint32_t its_array = umig_retainers_go(retainers, its_list, inside(3));
    assert_int_not_equal(its_array, array);
    assert_int_equal(umig_retainers_go(retainers, its_array, field(4, 4)), plugin);
}

static void test_without_room_there_is_no_way(void **state)
{
    struct fixture *fixture = *state;
    for (uint32_t i = 1; i < fixture->retainers.shape_room; i++) {
        assert_int_not_equal(umig_retainers_go(&fixture->retainers, 0, field(i, i)), 0);
    }
    assert_int_equal(umig_retainers_go(&fixture->retainers, 0, field(0, 0)), 0);
    assert_int_not_equal(umig_retainers_go(&fixture->retainers, 0, field(7, 7)), 0);
}

static void test_ways_are_told_by_what_they_hold(void **state)
{
    struct fixture *fixture = *state;
    struct umig_retainers_hit hits[2];
    struct umig_retainers_hit all;
    for (uint32_t way = 1; way <= 5; way++) {
        for (uint32_t i = 0; i < way; i++) {
            umig_retainers_hit(&fixture->retainers, way, 3, 10, 16);
        }
    }
    umig_retainers_hit(&fixture->retainers, 5, 4, 1, 1 << 20); /* of another class */
    assert_int_equal(umig_retainers_rank(&fixture->retainers, 3, hits, 2, &all), 2);
    assert_int_equal(hits[0].shape, 5);
    assert_int_equal(hits[0].found, 5);
    assert_true(hits[0].objects == 50 && hits[0].bytes == 800);
    assert_int_equal(hits[1].shape, 4);
    assert_int_equal(all.found, 15);
    assert_true(all.objects == 150);
    assert_int_equal(umig_retainers_rank(&fixture->retainers, 9, hits, 2, &all), 0);
}

static uint32_t pop(struct umig_retainers *retainers)
{
    struct umig_retainers_pending pending;
    assert_true(umig_retainers_pop(retainers, &pending));
    return pending.class_index;
}

/* First come, first served, until there are many. */
static void test_near_ones_come_first_and_many_do_not_become_more(void **state)
{
    struct fixture *fixture = *state;
    struct umig_retainers *retainers = &fixture->retainers;
    struct umig_retainers_pending pending = {.class_index = 0};
    assert_false(umig_retainers_pop(retainers, &pending));
    for (uint32_t i = 0; i < retainers->pending_room; i++) {
        pending.class_index = i;
        assert_true(umig_retainers_push(retainers, &pending));
    }
    assert_false(umig_retainers_push(retainers, &pending));
    assert_int_equal(retainers->overflowed, 1);
    assert_int_equal(pop(retainers), retainers->pending_room - 1);
    while (retainers->pending_count > retainers->pending_room / 2) {
        (void)pop(retainers);
    }
    for (uint32_t i = 0; i < 10; i++) {
        assert_int_equal(pop(retainers), i);
    }
}

/* What is not kept is given back, and those that are kept stand for it. */
static void test_soft_ones_are_kept_by_chance(void **state)
{
    struct fixture *fixture = *state;
    struct umig_retainers *retainers = &fixture->retainers;
    static char objects[10000];
    struct umig_retainers_pending pending = {.weight = 2};
    unsigned given_back = 0;
    for (size_t i = 0; i < sizeof objects; i++) {
        pending.object = &objects[i];
        given_back += umig_retainers_put_soft(retainers, &pending) != NULL;
    }
    double weight = 0;
    unsigned late = 0;
    unsigned taken = 0;
    while (umig_retainers_take_soft(retainers, &pending)) {
        weight += pending.weight;
        late += (char *)pending.object >= objects + sizeof objects / 2;
        taken++;
    }
    assert_int_equal(taken, retainers->soft.room);
    assert_int_equal(taken + given_back, sizeof objects);
    assert_true(weight > 19999 && weight < 20001);
    assert_true(late > taken / 3 && late < taken / 3 * 2);
}

static void test_elements_are_spread_over_an_array(void **state)
{
    (void)state;
    static const uint32_t lengths[] = {1, 2, 4095, 4096, 4097, 1000003};
    assert_int_equal(umig_retainers_elements(0), 0);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        const uint32_t count = umig_retainers_elements(lengths[i]);
        assert_int_equal(count, lengths[i] < 4096 ? lengths[i] : 4096);
        uint32_t next = 0;
        for (uint32_t n = 0; n < count; n++) {
            const uint32_t at = umig_retainers_element(lengths[i], n);
            assert_true(at >= next && at < lengths[i]);
            assert_true(at - next <= 2 * (lengths[i] / count));
            next = at + 1;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_an_object_is_seen_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_without_room_nothing_more_is_seen, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_collections_lead_back_only_to_themselves, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_the_same_way_has_one_shape, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_step_that_was_made_leads_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_without_room_there_is_no_way, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ways_are_told_by_what_they_hold, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_near_ones_come_first_and_many_do_not_become_more,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_soft_ones_are_kept_by_chance, set_up, tear_down),
        cmocka_unit_test(test_elements_are_spread_over_an_array),
    };
    return cmocka_run_group_tests_name("retainers", tests, NULL, NULL);
}
