/* Class loaders by kind: which are generations of one script. */
#include <stdlib.h>
#include <string.h>

#include "agent/vm/loader_kinds.h"
#include "tests/support/test.h"

enum {
    KINDS = 64,
    TEXTS = 256
};

struct fixture {
    struct umig_loader_kinds kinds;
    struct umig_loader_kind items[KINDS];
    uint32_t buckets[KINDS];
    uint64_t texts[TEXTS];
};

static struct fixture g_fixture;

static int set_up(void **state)
{
    memset(&g_fixture, 0, sizeof g_fixture);
    g_fixture.kinds = (struct umig_loader_kinds){
        .items = g_fixture.items,
        .buckets = g_fixture.buckets,
        .texts = g_fixture.texts,
        .room = KINDS,
        .text_room = TEXTS,
        .count = 1,
    };
    *state = &g_fixture.kinds;
    return 0;
}

static uint32_t add(struct umig_loader_kinds *kinds, uint64_t name, uint64_t text, bool is_by_text)
{
    return umig_loader_kinds_add(kinds, &(struct umig_loader_facts){.name = name,
                                                                    .text = text,
                                                                    .loader_class = 7,
                                                                    .top = 1,
                                                                    .classes = 2,
                                                                    .is_by_text = is_by_text});
}

static void test_one_generation_of_a_named_script_is_needed(void **state)
{
    struct umig_loader_kinds *kinds = *state;
    uint32_t number = 0;
    for (uint64_t edit = 0; edit < 10; edit++) {
        number = add(kinds, 100, edit, false);
    }
    const struct umig_loader_kind *kind = &kinds->items[number];
    assert_int_equal(kinds->count, 2);
    assert_int_equal(kind->loaders, 10);
    assert_int_equal(kind->classes, 20);
    assert_int_equal(kind->texts, 10);
    assert_int_equal(umig_loader_kinds_needed(kind), 1);
}

static void test_of_names_that_were_dealt_out_each_text_is_needed(void **state)
{
    struct umig_loader_kinds *kinds = *state;
    uint32_t number = 0;
    for (uint64_t i = 0; i < 30; i++) {
        number = add(kinds, 100, i % 3, true);
    }
    assert_int_equal(umig_loader_kinds_needed(&kinds->items[number]), 3);
}

static void test_loaders_of_other_classes_are_of_another_kind(void **state)
{
    struct umig_loader_kinds *kinds = *state;
    const uint32_t one = add(kinds, 100, 1, false);
    const uint32_t other =
        umig_loader_kinds_add(kinds, &(struct umig_loader_facts){.name = 100, .loader_class = 8});
    assert_int_not_equal(one, other);
    assert_int_equal(kinds->items[one].texts, 1);
    assert_int_equal(kinds->items[other].texts, 1);
}

static void test_without_room_a_loader_has_no_kind(void **state)
{
    struct umig_loader_kinds *kinds = *state;
    for (uint64_t name = 1; name < KINDS; name++) {
        assert_int_not_equal(add(kinds, name, 0, false), 0);
    }
    assert_int_equal(add(kinds, KINDS, 0, false), 0);
    assert_int_not_equal(add(kinds, 5, 0, false), 0); /* one that is there */
}

/* Kinds 1 to 4: 3, 12, 6 and 9 loaders of one script each; 20 of different texts. */
static void fill(struct umig_loader_kinds *kinds)
{
    static const unsigned counts[] = {3, 12, 6, 9};
    for (unsigned i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        for (unsigned k = 0; k < counts[i]; k++) {
            (void)add(kinds, i + 1, 0, false);
        }
    }
    for (unsigned k = 0; k < 20; k++) {
        (void)add(kinds, 99, k, true);
    }
}

static void test_groups_are_of_kinds_with_more_than_is_needed(void **state)
{
    struct umig_loader_kinds *kinds = *state;
    fill(kinds);
    assert_int_equal(umig_loader_kinds_group(kinds, 8), 3);
    static const uint32_t groups[] = {0, 0, 1, 3, 2, 0};
    for (uint32_t i = 1; i < kinds->count; i++) {
        assert_int_equal(kinds->items[i].group, groups[i]);
    }
}

static void test_kinds_beyond_the_last_group_share_it(void **state)
{
    struct umig_loader_kinds *kinds = *state;
    fill(kinds);
    assert_int_equal(umig_loader_kinds_group(kinds, 2), 2);
    static const uint32_t groups[] = {0, 0, 1, 2, 2, 0};
    for (uint32_t i = 1; i < kinds->count; i++) {
        assert_int_equal(kinds->items[i].group, groups[i]);
    }
}

static void test_rank_begins_with_what_is_not_needed(void **state)
{
    struct umig_loader_kinds *kinds = *state;
    fill(kinds);
    static const uint32_t order[] = {2, 4, 3, 1, 5};
    uint32_t numbers[KINDS];
    assert_int_equal(umig_loader_kinds_rank(kinds, numbers, KINDS), 5);
    assert_memory_equal(numbers, order, sizeof order);
    assert_int_equal(umig_loader_kinds_rank(kinds, numbers, 2), 2);
    assert_memory_equal(numbers, order, 2 * sizeof order[0]);
}

static void test_names_that_were_dealt_out_are_known(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *folded;
        bool is_dealt;
    } rows[] = {
        {"Script*", "Script*", true},
        {"script*.groovy", "script*.groovy", true},
        {"Script_0123456789abcdef0123456789abcdef.groovy", "Script_*.groovy", true},
        {"Script_0123456789abcdef0123456789abcdef", "Script_*", true},
        {"Script_0123456789abcdef0123456789abcde", "Script_0123456789abcdef0123456789abcde", false},
        {"Script_pricing_of_a_name_that_is_long.groovy",
         "Script_pricing_of_a_name_that_is_long.groovy", false},
        {"pricing.groovy", "pricing.groovy", false},
        {"jdk.internal.reflect.GeneratedMethodAccessor*",
         "jdk.internal.reflect.GeneratedMethodAccessor*", true},
        {"", "", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char name[64];
        memcpy(name, rows[i].name, strlen(rows[i].name));
        const size_t len = umig_loader_fold(name, strlen(rows[i].name));
        assert_int_equal(len, strlen(rows[i].folded));
        assert_memory_equal(name, rows[i].folded, len);
        assert_int_equal(umig_loader_is_dealt(name, len), rows[i].is_dealt);
    }
}

/* A pool of two texts, a class and a number. */
static size_t write_pool(uint8_t *out, const char *own, const char *text, uint8_t number)
{
    size_t len = 0;
    const char *const texts[] = {own, text};
    for (size_t i = 0; i < 2; i++) {
        out[len++] = 1;
        out[len++] = 0;
        out[len++] = (uint8_t)strlen(texts[i]);
        memcpy(out + len, texts[i], strlen(texts[i]));
        len += strlen(texts[i]);
    }
    const uint8_t rest[] = {7, 0, 1, 3, 0, 0, 0, number, 5, 0, 0, 0, 0, 0, 0, 0, 9};
    memcpy(out + len, rest, sizeof rest);
    return len + sizeof rest;
}

static uint64_t text_of(const char *own, const char *text, uint8_t number)
{
    uint8_t pool[256];
    const size_t len = write_pool(pool, own, text, number);
    return umig_loader_text(pool, len, own, strlen(own));
}

static void test_text_of_a_class_is_without_its_own_name(void **state)
{
    (void)state;
    assert_true(text_of("Script1", "total", 2) == text_of("Script12", "total", 2));
    assert_true(text_of("Script1", "total", 2) != text_of("Script1", "sum", 2));
    assert_true(text_of("Script1", "total", 2) != text_of("Script1", "total", 3));
    const uint8_t code[] = {0x05, 0xac}; /* iconst_2, ireturn */
    assert_true(umig_loader_text_add(1, code, 2) != umig_loader_text_add(1, code, 1));
}

static void test_broken_pool_is_read_up_to_where_it_breaks(void **state)
{
    (void)state;
    uint8_t pool[256];
    const size_t len = write_pool(pool, "Script1", "total", 2);
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *exact = malloc(cut + 1);
        memcpy(exact, pool, cut);
        (void)umig_loader_text(exact, cut, "Script1", 7); /* asan watches */
        free(exact);
    }
    const uint8_t unknown[] = {99, 0, 0};
    assert_true(umig_loader_text(unknown, sizeof unknown, "", 0) ==
                umig_loader_text(unknown, 0, "", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_one_generation_of_a_named_script_is_needed, set_up),
        cmocka_unit_test_setup(test_of_names_that_were_dealt_out_each_text_is_needed, set_up),
        cmocka_unit_test_setup(test_loaders_of_other_classes_are_of_another_kind, set_up),
        cmocka_unit_test_setup(test_without_room_a_loader_has_no_kind, set_up),
        cmocka_unit_test_setup(test_groups_are_of_kinds_with_more_than_is_needed, set_up),
        cmocka_unit_test_setup(test_kinds_beyond_the_last_group_share_it, set_up),
        cmocka_unit_test_setup(test_rank_begins_with_what_is_not_needed, set_up),
        cmocka_unit_test(test_names_that_were_dealt_out_are_known),
        cmocka_unit_test(test_text_of_a_class_is_without_its_own_name),
        cmocka_unit_test(test_broken_pool_is_read_up_to_where_it_breaks),
    };
    return cmocka_run_group_tests_name("agent_vm.loader_kinds", tests, NULL, NULL);
}
