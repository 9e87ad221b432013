#include <string.h>

#include "analysis/fold.h"
#include "analysis/survivors.h"
#include "core/units.h"
#include "tests/support/profile_stack.h"
#include "tests/support/test.h"

#define MIB (1024ull * 1024ull)

static void add(struct umig_profile *profile,
                uint32_t block,
                uint32_t stack,
                uint64_t objects,
                uint64_t bytes)
{
    const struct umig_profile_sample sample = {
        .kind = UMIG_KIND_LIVE, .block = block, .stack = stack, .count = objects, .value = bytes};
    assert_int_equal(umig_profile_add_sample(profile, &sample), UMIG_OK);
}

static void begin(struct umig_profile *profile, uint32_t block, uint32_t shift)
{
    add(profile, block, umig_test_push(profile, 0, UMIG_FRAME_LIVE, "", "[snapshot]", shift + 1), 1,
        1);
}

static void add_live(struct umig_profile *profile,
                     uint32_t block,
                     uint32_t where,
                     const char *class_name,
                     unsigned age,
                     uint64_t mib)
{
    add(profile, block, umig_test_push(profile, where, UMIG_FRAME_LIVE, class_name, "", age + 1),
        10 * mib, mib * MIB);
}

/* Three snapshots: entries pile up and get older, arrays come and go. */
static struct umig_profile *make(void)
{
    struct umig_profile *profile = NULL;
    assert_int_equal(umig_profile_create(4 * MIB, &profile, NULL), UMIG_OK);
    profile->session.has_kind[UMIG_KIND_LIVE] = true;
    const uint32_t run = umig_test_push(profile, 0, UMIG_FRAME_JAVA, "svc.Orders", "run", 7);
    const uint32_t put =
        umig_test_push(profile, run, UMIG_FRAME_JAVA, "java.util.HashMap", "put", 600);
    begin(profile, 2, 0);
    add_live(profile, 2, put, "java.util.HashMap$Node", 1, 1);
    begin(profile, 4, 0);
    add_live(profile, 4, put, "java.util.HashMap$Node", 1, 2);
    add_live(profile, 4, put, "java.util.HashMap$Node", 3, 1);
    add_live(profile, 4, run, "long[]", 0, 5);
    begin(profile, 7, 2);
    add_live(profile, 7, put, "java.util.HashMap$Node", 0, 2);
    add_live(profile, 7, put, "java.util.HashMap$Node", 3, 2);
    add_live(profile, 7, put, "java.util.HashMap$Node", 6, 2);
    add_live(profile, 7, run, "byte[]", 0, 4);
    return profile;
}

static const char *class_of(const struct umig_profile *profile,
                            const struct umig_survivors_row *row)
{
    return umig_profile_text(profile, profile->methods.items[row->class_method].class_name);
}

static const char *method_at(const struct umig_profile *profile,
                             const struct umig_survivors_row *row)
{
    const uint32_t method = profile->frames.items[row->frame].method;
    return umig_profile_text(profile, profile->methods.items[method].name);
}

static void test_survivors_are_those_of_the_last_snapshot(void **state)
{
    (void)state;
    struct umig_profile *stored = make();
    struct umig_profile *profile = NULL;
    struct umig_survivors live;
    assert_int_equal(umig_fold(stored, NULL, &profile, NULL), UMIG_OK);

    assert_int_equal(umig_survivors_read(profile, &live, NULL), UMIG_OK);

    assert_int_equal(live.snapshots, 3);
    assert_int_equal(live.share, 4);
    assert_int_equal(live.all.bytes, 10 * MIB);
    assert_int_equal(live.all.objects, 100);
    assert_int_equal(live.all.half_way_bytes, 8 * MIB);
    assert_int_equal(live.class_count, 2); /* the long[] are gone */
    assert_string_equal(class_of(profile, &live.classes[0]), "java.util.HashMap$Node");
    assert_int_equal(live.classes[0].bytes, 6 * MIB);
    assert_int_equal(live.classes[0].half_way_bytes, 3 * MIB);
    assert_int_equal(live.classes[0].by_age[6], 2 * MIB);
    assert_int_equal(live.place_count, 2);
    assert_string_equal(method_at(profile, &live.places[0]), "put");
    assert_int_equal(live.line_count, 1);
    assert_string_equal(method_at(profile, &live.lines[0]), "run");
    assert_int_equal(live.lines[0].bytes, 10 * MIB);
    umig_survivors_fini(&live);
    umig_profile_destroy(profile);
    umig_profile_destroy(stored);
}

static void test_survivors_words_say_how_much_how_old_and_how_sampled(void **state)
{
    (void)state;
    struct umig_profile *profile = make();
    struct umig_survivors live;
    struct umig_buf text = UMIG_BUF_INIT(1024);
    assert_int_equal(umig_survivors_read(profile, &live, NULL), UMIG_OK);

    umig_survivors_sentence(&live, &text);

    assert_string_equal(umig_buf_str(&text),
                        "10.0 MiB in some 100 objects, allocated in this session, had not been "
                        "collected at its last snapshot; 20 % of it has survived 8 collections or "
                        "more. Half-way it was 8.0 MiB. Estimated from samples, of which one in 4 "
                        "was followed for want of room.");
    umig_buf_fini(&text);
    umig_survivors_fini(&live);
    umig_profile_destroy(profile);
}

static void test_survivors_span_leaves_stragglers_out(void **state)
{
    (void)state;
    static const struct {
        uint64_t by_age[UMIG_SURVIVORS_AGES];
        const char *span;
    } cases[] = {
        {{[0] = 100}, "0"},
        {{[1] = 100}, "1"},
        {{[2] = 50, [5] = 50}, "2 to 31"},
        {{[0] = 4, [4] = 92, [9] = 4}, "8 to 15"},
        {{[0] = 50, [15] = 50}, "0 or more"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct umig_survivors_row row = {.bytes = 100};
        struct umig_buf text = UMIG_BUF_INIT(64);
        memcpy(row.by_age, cases[i].by_age, sizeof row.by_age);

        umig_survivors_span(&row, &text);

        assert_string_equal(umig_buf_str(&text), cases[i].span);
        umig_buf_fini(&text);
    }
}

static void test_survivors_of_an_empty_snapshot_are_none(void **state)
{
    (void)state;
    struct umig_profile *profile = NULL;
    struct umig_survivors live;
    struct umig_buf text = UMIG_BUF_INIT(256);
    assert_int_equal(umig_profile_create(4 * MIB, &profile, NULL), UMIG_OK);
    assert_int_equal(umig_survivors_read(profile, &live, NULL), UMIG_OK);
    umig_survivors_sentence(&live, &text);
    assert_int_equal(text.len, 0);

    begin(profile, 1, 0);
    add_live(profile, 1, 0, "byte[]", 0, 3);
    begin(profile, 2, 0); /* all of it was collected */
    assert_int_equal(umig_survivors_read(profile, &live, NULL), UMIG_OK);

    assert_int_equal(live.snapshots, 2);
    assert_int_equal(live.all.bytes, 0);
    assert_int_equal(live.class_count, 0);
    umig_survivors_sentence(&live, &text);
    assert_non_null(strstr(umig_buf_str(&text), "Nothing"));
    umig_survivors_fini(&live);
    umig_buf_fini(&text);
    umig_profile_destroy(profile);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_survivors_are_those_of_the_last_snapshot),
        cmocka_unit_test(test_survivors_words_say_how_much_how_old_and_how_sampled),
        cmocka_unit_test(test_survivors_span_leaves_stragglers_out),
        cmocka_unit_test(test_survivors_of_an_empty_snapshot_are_none),
    };
    return cmocka_run_group_tests_name("unit.analysis.survivors", tests, NULL, NULL);
}
