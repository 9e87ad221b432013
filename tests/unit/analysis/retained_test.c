/* What a search found, as its samples would be. */
#include <string.h>

#include "analysis/retained.h"
#include "analysis/survivors.h"
#include "tests/support/profile_stack.h"
#include "tests/support/test.h"

enum {
    STATIC = 1, /* edges, as the agent has them */
    THREAD,
    FIELD,
    ELEMENT,
    CLASS,
    SOFT,
    BOUNDED,
};

/* A step of a way, outermost first; edge 0 ends it. */
struct step {
    uint32_t edge;
    const char *class_name;
    const char *name;
};

static uint32_t push(struct umig_profile *profile,
                     uint32_t parent,
                     const char *class_name,
                     const char *name,
                     uint32_t line)
{
    return umig_test_push(profile, parent, UMIG_FRAME_HELD, class_name, name, line);
}

static void add(struct umig_profile *profile, uint32_t block, uint32_t stack, uint64_t bytes)
{
    const struct umig_profile_sample sample = {.kind = UMIG_KIND_LIVE,
                                               .block = block,
                                               .stack = stack,
                                               .count = bytes / 16,
                                               .value = bytes};
    assert_int_equal(umig_profile_add_sample(profile, &sample), UMIG_OK);
}

static uint32_t way_of(struct umig_profile *profile, const struct step *steps)
{
    uint32_t stack = 0;
    for (; steps->edge != 0; steps++) {
        stack = push(profile, stack, steps->class_name, steps->name, steps->edge);
    }
    return stack;
}

static struct umig_profile *new_profile(void)
{
    struct umig_profile *profile = NULL;
    struct umig_err err = UMIG_ERR_INIT;
    assert_int_equal(umig_profile_create(1 << 20, &profile, &err), UMIG_OK);
    return profile;
}

static void expect_way(const struct step *steps, const char *text)
{
    struct umig_profile *profile = new_profile();
    struct umig_buf out = UMIG_BUF_INIT(4096);
    umig_retained_put_way(profile, way_of(profile, steps), &out);
    assert_string_equal(umig_buf_str(&out), text);
    umig_buf_fini(&out);
    umig_profile_destroy(profile);
}

static void test_ways_are_told_without_the_insides_of_collections(void **state)
{
    (void)state;
    expect_way((const struct step[]){{STATIC, "svc.Cache", "ENTRIES"},
                                     {FIELD, "java.util.HashMap", "table"},
                                     {ELEMENT, "java.util.HashMap$Node[]", "[]"},
                                     {FIELD, "java.util.HashMap$Node", "value"},
                                     {0}},
               "static svc.Cache.ENTRIES > HashMap");
    expect_way((const struct step[]){{STATIC, "svc.Bean", "it"},
                                     {FIELD, "svc.Bean", "sessions"},
                                     {FIELD, "java.util.HashMap", "table"},
                                     {ELEMENT, "java.util.HashMap$Node[]", "[]"},
                                     {FIELD, "java.util.HashMap$Node", "value"},
                                     {FIELD, "java.util.ArrayList", "elementData"},
                                     {ELEMENT, "java.lang.Object[]", "[]"},
                                     {FIELD, "svc.Session", "log"},
                                     {FIELD, "java.util.ArrayList", "elementData"},
                                     {ELEMENT, "java.lang.Object[]", "[]"},
                                     {0}},
               "static svc.Bean.it > svc.Bean.sessions > HashMap > ArrayList > svc.Session.log > "
               "ArrayList");
    expect_way(
        (const struct step[]){{THREAD, "", "pool-*-thread-*"},
                              {FIELD, "org.apache.TaskThread", "threadLocals"},
                              {FIELD, "java.lang.ThreadLocal$ThreadLocalMap", "table"},
                              {ELEMENT, "java.lang.ThreadLocal$ThreadLocalMap$Entry[]", "[]"},
                              {FIELD, "java.lang.ThreadLocal$ThreadLocalMap$Entry", "value"},
                              {0}},
        "thread pool-*-thread-* > ThreadLocal");
    expect_way((const struct step[]){{STATIC, "a.B", "c"},
                                     {ELEMENT, "a.D[]", "[]"},
                                     {CLASS, "Script*", "class"},
                                     {STATIC, "Script*", "kept"},
                                     {0}},
               "static a.B.c > a.D[] > class Script* > static Script*.kept");
    /* with another collection's table */
    expect_way((const struct step[]){{STATIC, "svc.Cache", "LATEST"},
                                     {FIELD, "java.util.LinkedHashMap", "table"},
                                     {ELEMENT, "java.util.HashMap$Node[]", "[]"},
                                     {FIELD, "java.util.LinkedHashMap$Entry", "next"},
                                     {FIELD, "java.util.LinkedHashMap$Entry", "value"},
                                     {FIELD, "java.util.HashMap", "table"},
                                     {0}},
               "static svc.Cache.LATEST > LinkedHashMap > HashMap");
    /* of whatever class the thread is, a collection's package included */
    expect_way((const struct step[]){{THREAD, "", "ForkJoinPool-*-worker-*"},
                                     {FIELD, "java.util.concurrent.ForkJoinWorkerThread",
                                      "contextClassLoader"},
                                     {0}},
               "thread ForkJoinPool-*-worker-* > context class loader");
}

static void test_the_latest_search_counts(void **state)
{
    (void)state;
    struct umig_profile *profile = new_profile();
    struct umig_retained retained;
    umig_retained_read(profile, &retained);
    assert_int_equal(retained.end, UMIG_RETAINED_NEVER);
    assert_int_equal(retained.moment, 0);
    const uint32_t small = way_of(profile, (const struct step[]){{STATIC, "A", "a"}, {0}});
    const uint32_t large = way_of(profile, (const struct step[]){{STATIC, "B", "b"}, {0}});
    for (uint32_t block = 3; block <= 4; block++) {
        add(profile, block, push(profile, 0, "", "[search]", block - 2), 1);
        add(profile, block, push(profile, small, "svc.X", "", 0), 160);
        add(profile, block, push(profile, large, "svc.X", "", 0), 1600 * block);
        add(profile, block, push(profile, 0, "svc.X", "", 0), 320);
        add(profile, block, push(profile, large, "svc.A", "", 0), 16);
    }
    umig_retained_read(profile, &retained);
    assert_int_equal(retained.end, UMIG_RETAINED_NO_CPU);
    assert_int_equal(retained.moment, 5);
    assert_int_equal(retained.count, 4);
    uint32_t classes[UMIG_RETAINED_MAX];
    assert_int_equal(umig_retained_classes(profile, &retained, classes), 2);
    assert_string_equal(umig_profile_text(profile, classes[0]), "svc.A");
    struct umig_retained_way ways[3];
    struct umig_retained_way all;
    assert_int_equal(umig_retained_of(&retained, classes[1], ways, 3, &all), 2);
    assert_int_equal(ways[0].stack, large);
    assert_int_equal(ways[0].bytes, 6400);
    assert_int_equal(ways[1].stack, small);
    assert_int_equal(all.bytes, 6400 + 160 + 320);
    assert_int_equal(all.objects, 400 + 10 + 20);
    assert_int_equal(umig_retained_of(&retained, classes[1], ways, 1, &all), 1);
    assert_int_equal(umig_retained_of(&retained, 0, ways, 3, &all), 0);
    umig_profile_destroy(profile);
}

static enum umig_retained_hold hold_on(struct umig_profile *profile,
                                       const struct umig_retained *retained,
                                       const char *class_name)
{
    return umig_retained_hold_on(profile, retained, umig_test_string(profile, class_name));
}

static void test_what_soft_references_or_bounded_collections_hold_is_not_held_firmly(void **state)
{
    (void)state;
    struct umig_profile *profile = new_profile();
    struct umig_retained retained;
    const uint32_t soft = way_of(
        profile, (const struct step[]){
                     {STATIC, "A", "a"}, {SOFT, "java.lang.ref.SoftReference", "referent"}, {0}});
    const uint32_t strong = way_of(profile, (const struct step[]){{STATIC, "B", "b"}, {0}});
    const uint32_t bounded = way_of(
        profile, (const struct step[]){{STATIC, "C", "c"}, {BOUNDED, "svc.Lru", "table"}, {0}});
    add(profile, 3, push(profile, 0, "", "[search]", 1), 1);
    add(profile, 3, push(profile, soft, "svc.Soft", "", 0), 160);
    add(profile, 3, push(profile, soft, "svc.Both", "", 0), 160);
    add(profile, 3, push(profile, strong, "svc.Both", "", 0), 16);
    add(profile, 3, push(profile, bounded, "svc.Bounded", "", 0), 160);
    umig_retained_read(profile, &retained);
    assert_int_equal(umig_retained_hold_of(profile, soft), UMIG_HOLD_SOFT);
    assert_int_equal(umig_retained_hold_of(profile, strong), UMIG_HOLD_FIRM);
    assert_int_equal(hold_on(profile, &retained, "svc.Soft"), UMIG_HOLD_SOFT);
    assert_int_equal(hold_on(profile, &retained, "svc.Bounded"), UMIG_HOLD_BOUNDED);
    assert_int_equal(hold_on(profile, &retained, "svc.Both"), UMIG_HOLD_FIRM);
    assert_int_equal(hold_on(profile, &retained, "svc.Unknown"), UMIG_HOLD_FIRM);
    umig_profile_destroy(profile);
}

/* They are of the same kind as what is alive, and of the same moment perhaps. */
static void test_a_search_is_no_snapshot(void **state)
{
    (void)state;
    struct umig_profile *profile = new_profile();
    struct umig_survivors survivors;
    struct umig_err err = UMIG_ERR_INIT;
    add(profile, 3, push(profile, 0, "", "[search]", 1), 1);
    add(profile, 3, push(profile, 0, "svc.X", "", 0), 320);
    assert_int_equal(umig_survivors_read(profile, &survivors, &err), UMIG_OK);
    assert_int_equal(survivors.snapshots, 0);
    assert_int_equal(survivors.all.bytes, 0);
    umig_survivors_fini(&survivors);
    umig_profile_destroy(profile);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ways_are_told_without_the_insides_of_collections),
        cmocka_unit_test(test_the_latest_search_counts),
        cmocka_unit_test(test_what_soft_references_or_bounded_collections_hold_is_not_held_firmly),
        cmocka_unit_test(test_a_search_is_no_snapshot),
    };
    return cmocka_run_group_tests_name("retained", tests, NULL, NULL);
}
