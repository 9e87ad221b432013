/* What a search for class loaders found, as its samples would be. */
#include <string.h>

#include "analysis/loaders.h"
#include "analysis/survivors.h"
#include "tests/support/profile_stack.h"
#include "tests/support/test.h"

enum {
    STATIC = 1, /* edges, as the agent has them */
    FIELD = 3,
    SOFT = 6
};

static uint32_t push(struct umig_profile *profile, uint32_t parent, const char *name, uint32_t line)
{
    return umig_test_push(profile, parent, UMIG_FRAME_HELD, "", name, line);
}

static void add(struct umig_profile *profile,
                uint32_t block,
                uint32_t stack,
                uint64_t count,
                uint64_t value)
{
    const struct umig_profile_sample sample = {
        .kind = UMIG_KIND_LIVE, .block = block, .stack = stack, .count = count, .value = value};
    assert_int_equal(umig_profile_add_sample(profile, &sample), UMIG_OK);
}

static void add_head(struct umig_profile *profile, uint32_t block, uint64_t loaders, uint32_t end)
{
    add(profile, block, push(profile, 0, "[loaders]", end), loaders, 1);
}

/* figures: loaders, classes, needed, group */
static void add_kind(struct umig_profile *profile,
                     uint32_t block,
                     const char *root,
                     const char *source,
                     const uint64_t figures[4])
{
    uint32_t stack = push(profile, 0, root, (uint32_t)figures[3]);
    stack = push(profile, stack, "groovy.lang.GroovyClassLoader$InnerLoader", 0);
    stack = push(profile, stack, "pricing", 0);
    stack = push(profile, stack, source, (uint32_t)figures[2]);
    add(profile, block, stack, figures[0], figures[1]);
}

static void add_way(struct umig_profile *profile,
                    uint32_t block,
                    uint32_t group,
                    uint32_t edge,
                    const char *field,
                    uint64_t loaders)
{
    uint32_t stack = 0;
    if (edge != 0) {
        stack = umig_test_push(profile, 0, UMIG_FRAME_HELD, "svc.Rules", field, STATIC);
        stack = umig_test_push(profile, stack, UMIG_FRAME_HELD, "svc.Rule", "it", edge);
    }
    add(profile, block, push(profile, stack, "[group]", group), loaders, 1);
}

static struct umig_profile *new_profile(void)
{
    struct umig_profile *profile = NULL;
    struct umig_err err = UMIG_ERR_INIT;
    assert_int_equal(umig_profile_create(1 << 20, &profile, &err), UMIG_OK);
    return profile;
}

static void test_loaders_that_are_held_and_not_needed_should_be_gone(void **state)
{
    (void)state;
    struct umig_profile *profile = new_profile();
    static struct umig_loaders all;
    add_head(profile, 3, 90, UMIG_RETAINED_WHOLE);
    add_kind(profile, 3, "[kind]", "few.groovy", (uint64_t[]){5, 5, 2, 2});
    add_kind(profile, 3, "[kind]", "pricing.groovy", (uint64_t[]){20, 40, 1, 1});
    add_kind(profile, 3, "[kinds]", "?", (uint64_t[]){60, 60, 60, 0});
    add_way(profile, 3, 1, FIELD, "OLD", 4);
    add_way(profile, 3, 1, FIELD, "ALL", 10);
    add_way(profile, 3, 1, FIELD + 6, "ALL", 3); /* another edge, and the same words */
    add_way(profile, 3, 1, SOFT, "CACHE", 9);    /* three of them are held otherwise, too */
    add_way(profile, 3, 2, FIELD, "FEW", 5);
    umig_loaders_read(profile, &all);

    assert_int_equal(all.end, UMIG_RETAINED_WHOLE);
    assert_int_equal(all.loaders, 90);
    assert_int_equal(all.count, 3);
    assert_int_equal(all.surplus, 16);
    assert_int_equal(all.surplus_classes, 32);
    assert_string_equal(umig_profile_text(profile, all.rows[0].name), "pricing.groovy");
    assert_string_equal(umig_profile_text(profile, all.rows[0].loader_class),
                        "groovy.lang.GroovyClassLoader$InnerLoader");
    assert_int_equal(all.rows[0].held, 17);
    assert_int_equal(all.rows[0].softly, 3);
    assert_int_equal(all.rows[0].surplus, 16);
    assert_int_equal(all.rows[0].way_loaders, 13);
    assert_string_equal(umig_profile_text(profile, all.rows[1].name), "pricing"); /* its class */
    assert_true(all.rows[1].has_others);
    assert_int_equal(all.rows[1].surplus, 0);
    assert_int_equal(all.rows[2].held, 5); /* three too many may be at work still */
    assert_int_equal(all.rows[2].surplus, 0);
    umig_profile_destroy(profile);
}

static void test_the_latest_search_counts_and_ways_without_steps_hold(void **state)
{
    (void)state;
    struct umig_profile *profile = new_profile();
    static struct umig_loaders all;
    add_head(profile, 1, 50, UMIG_RETAINED_WHOLE);
    add_kind(profile, 1, "[kind]", "old.groovy", (uint64_t[]){50, 50, 1, 1});
    add_way(profile, 1, 1, FIELD, "OLD", 50);
    add_head(profile, 4, 30, UMIG_RETAINED_NO_CPU);
    add_kind(profile, 4, "[kind]", "new.groovy", (uint64_t[]){30, 30, 1, 1});
    add_way(profile, 4, 1, 0, "", 30);
    umig_loaders_read(profile, &all);

    assert_int_equal(all.end, UMIG_RETAINED_NO_CPU);
    assert_int_equal(all.count, 1);
    assert_string_equal(umig_profile_text(profile, all.rows[0].name), "new.groovy");
    assert_int_equal(all.rows[0].surplus, 29);
    assert_int_equal(all.rows[0].way, 0);
    umig_profile_destroy(profile);
}

/* Neither are they what a search for objects found, nor what a snapshot has of them. */
static void test_loaders_are_no_objects(void **state)
{
    (void)state;
    struct umig_profile *profile = new_profile();
    static struct umig_loaders all;
    struct umig_retained retained;
    struct umig_survivors survivors;
    umig_loaders_read(profile, &all);
    assert_int_equal(all.end, UMIG_RETAINED_NEVER);

    add_head(profile, 3, 90, UMIG_RETAINED_WHOLE);
    add_kind(profile, 3, "[kind]", "pricing.groovy", (uint64_t[]){20, 40, 1, 1});
    add_way(profile, 3, 1, FIELD, "ALL", 20);
    umig_retained_read(profile, &retained);
    assert_int_equal(retained.end, UMIG_RETAINED_NEVER);
    assert_int_equal(umig_survivors_read(profile, &survivors, NULL), UMIG_OK);
    assert_int_equal(survivors.snapshots, 0);
    umig_survivors_fini(&survivors);
    umig_profile_destroy(profile);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loaders_that_are_held_and_not_needed_should_be_gone),
        cmocka_unit_test(test_the_latest_search_counts_and_ways_without_steps_hold),
        cmocka_unit_test(test_loaders_are_no_objects),
    };
    return cmocka_run_group_tests_name("unit.analysis.loaders", tests, NULL, NULL);
}
