#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/walk/lines.h"
#include "agent/walk/names.h"
#include "include/umig/kinds.h"
#include "tests/support/test.h"
#include "tests/unit/agent/fake_hotspot.h"

enum {
    METHODS = 256
};

static int setup(void **state)
{
    struct umig_names *names = calloc(1, sizeof *names);
    umig_names_init(names, &fake_hotspot, calloc(1, umig_names_bytes(METHODS)), METHODS);
    *state = names;
    return 0;
}

static int teardown(void **state)
{
    struct umig_names *names = *state;
    free(names->memory);
    free(names);
    return 0;
}

static uintptr_t address_of(const struct fake_method *method)
{
    return (uintptr_t)method;
}

static void assert_frame(const struct umig_names *names,
                         uint32_t id,
                         const char *class_name,
                         const char *name,
                         uint32_t line)
{
    struct umig_name_frame frame;
    assert_true(umig_names_read(names, id, &frame));
    assert_int_equal(frame.class_bytes, strlen(class_name));
    assert_memory_equal(frame.class_text, class_name, frame.class_bytes);
    assert_int_equal(frame.name_bytes, strlen(name));
    assert_memory_equal(frame.name_text, name, frame.name_bytes);
    assert_int_equal(frame.line, line);
}

static void test_names_same_place_gives_same_id(void **state)
{
    struct umig_names *names = *state;
    struct fake_method *method = fake_method_new("a/B", "run", "B.groovy", NULL, 0);

    const uint32_t id = umig_names_frame(names, address_of(method), 3, UMIG_FRAME_JAVA);

    assert_int_not_equal(id, UMIG_FRAME_NONE);
    assert_int_equal(umig_names_frame(names, address_of(method), 3, UMIG_FRAME_JAVA), id);
    assert_int_not_equal(umig_names_frame(names, address_of(method), 4, UMIG_FRAME_JAVA), id);
    assert_frame(names, id, "a/B", "run", 0);
    struct umig_name_frame frame;
    assert_true(umig_names_read(names, id, &frame));
    assert_memory_equal(frame.file_text, "B.groovy", frame.file_bytes);
    assert_int_equal(frame.kind, UMIG_FRAME_JAVA);
    fake_method_free(method);
}

/* The JVM unloads a class and puts another one at the same address: the old id keeps its name. */
static void test_names_reused_address_gives_new_entry(void **state)
{
    struct umig_names *names = *state;
    struct fake_method *method = fake_method_new("Script1", "run", NULL, NULL, 0);
    const uint32_t before = umig_names_frame(names, address_of(method), 0, UMIG_FRAME_JAVA);

    fake_method_rename(method, "Script2", "run");
    const uint32_t after = umig_names_frame(names, address_of(method), 0, UMIG_FRAME_JAVA);

    assert_int_not_equal(before, after);
    assert_frame(names, before, "Script1", "run", 0);
    assert_frame(names, after, "Script2", "run", 0);
    fake_method_free(method);
}

static uintptr_t klass_of(const struct fake_method *method)
{
    const struct umig_hotspot *hs = &fake_hotspot;
    const uintptr_t const_method = umig_hs_ptr(address_of(method), hs->method_const);
    return umig_hs_ptr(umig_hs_ptr(const_method, hs->const_constants), hs->pool_holder);
}

/* A class that stands for an object, beside a method of it. */
static void test_names_class_has_its_name_and_nothing_else(void **state)
{
    struct umig_names *names = *state;
    struct fake_method *method = fake_method_new("[La/B;", "run", "B.groovy", NULL, 0);
    const uint32_t frame = umig_names_frame(names, address_of(method), 3, UMIG_FRAME_JAVA);

    const uint32_t id = umig_names_class(names, klass_of(method), UMIG_FRAME_HUMONGOUS);

    assert_int_not_equal(id, UMIG_FRAME_NONE);
    assert_int_not_equal(id, frame);
    assert_int_equal(umig_names_class(names, klass_of(method), UMIG_FRAME_HUMONGOUS), id);
    assert_int_not_equal(umig_names_class(names, klass_of(method), UMIG_FRAME_OUTSIDE), id);
    assert_frame(names, id, "[La/B;", "", 0);
    struct umig_name_frame read;
    assert_true(umig_names_read(names, id, &read));
    assert_int_equal(read.kind, UMIG_FRAME_HUMONGOUS);
    assert_int_equal(read.file_bytes, 0);
    fake_method_rename(method, "C", "run");
    assert_frame(names, umig_names_class(names, klass_of(method), UMIG_FRAME_HUMONGOUS), "C", "",
                 0);
    assert_int_equal(umig_names_class(names, 0, UMIG_FRAME_ALLOCATED), UMIG_FRAME_NONE);
    fake_method_free(method);
}

static void test_names_full_refuses_counts_and_reset_helps(void **state)
{
    struct umig_names *names = *state;
    struct fake_method *methods[2 * METHODS];
    uint32_t refused = 0;
    bool was_nearly_full = false;
    for (int i = 0; i < 2 * METHODS; i++) {
        char name[32];
        snprintf(name, sizeof name, "Class%d", i);
        methods[i] = fake_method_new(name, "run", NULL, NULL, 0);
        refused +=
            umig_names_frame(names, address_of(methods[i]), 0, UMIG_FRAME_JAVA) == UMIG_FRAME_NONE;
        was_nearly_full = was_nearly_full || umig_names_nearly_full(names);
    }
    assert_true(refused > 0);
    assert_int_equal(atomic_load(&names->refused), refused);
    assert_true(was_nearly_full);

    umig_names_reset(names, 7);

    assert_int_equal(names->generation, 7);
    assert_false(umig_names_nearly_full(names));
    const uint32_t id = umig_names_frame(names, address_of(methods[511]), 0, UMIG_FRAME_JAVA);
    assert_frame(names, id, "Class511", "run", 0);
    for (int i = 0; i < 2 * METHODS; i++) {
        fake_method_free(methods[i]);
    }
}

static void test_names_long_name_is_cut(void **state)
{
    struct umig_names *names = *state;
    char name[1090];
    memset(name, 'x', sizeof name);
    name[sizeof name - 1] = '\0';
    struct fake_method *method = fake_method_new(name, "run", NULL, NULL, 0);

    struct umig_name_frame frame;
    assert_true(umig_names_read(
        names, umig_names_frame(names, address_of(method), 0, UMIG_FRAME_JAVA), &frame));

    assert_int_equal(frame.class_bytes, UMIG_NAME_MAX_BYTES);
    fake_method_free(method);
}

/* A method handle linker imitates another class's index, beyond the end of its own pool. */
static void test_names_source_file_behind_the_pool_is_unknown(void **state)
{
    struct umig_names *names = *state;
    struct fake_method *method = fake_method_new("a/B", "linkTo", "B.java", NULL, 0);
    fake_method_cut_pool(method, 2); /* the file is entry 2 */

    struct umig_name_frame frame;
    assert_true(umig_names_read(
        names, umig_names_frame(names, address_of(method), 0, UMIG_FRAME_JAVA), &frame));

    assert_int_equal(frame.file_bytes, 0);
    assert_frame(names, umig_names_frame(names, address_of(method), 0, UMIG_FRAME_JAVA), "a/B",
                 "linkTo", 0);
    fake_method_free(method);
}

static void test_names_rejects_what_is_no_method(void **state)
{
    struct umig_names *names = *state;
    static uint64_t zeros[64];

    assert_int_equal(umig_names_frame(names, 0, 0, UMIG_FRAME_JAVA), UMIG_FRAME_NONE);
    assert_int_equal(umig_names_frame(names, 0x1003, 0, UMIG_FRAME_JAVA), UMIG_FRAME_NONE);
    assert_int_equal(umig_names_frame(names, (uintptr_t)zeros, 0, UMIG_FRAME_JAVA),
                     UMIG_FRAME_NONE);
    assert_false(umig_names_is_method(&fake_hotspot, (uintptr_t)zeros));
    struct umig_name_frame frame;
    assert_false(umig_names_read(names, UMIG_FRAME_NONE, &frame));
    assert_false(umig_names_read(names, 99999999, &frame));
}

/* One byte per step of bci << 3 | line; then an escape to two signed numbers. */
static void test_lines_short_steps_and_escape(void **state)
{
    (void)state;
    /* (0, 7), (4, 9), escape: bci +6 = 10, line +200 = 209. 6 << 1 = 12; 200 << 1 = 400:
     * 400 - 192 = 208 = 192 + 16 in the first byte's terms: 192 + 16 = 208, then (400 - 208) >> 6 =
     * 3 */
    static const uint8_t table[] = {0 << 3 | 7, 4 << 3 | 2, 0xff, 12, 208, 3, 0};
    struct fake_method *method = fake_method_new("A", "b", NULL, table, sizeof table);
    const uintptr_t const_method = umig_hs_ptr(address_of(method), fake_hotspot.method_const);

    assert_int_equal(umig_lines_of_bci(&fake_hotspot, const_method, 0), 7);
    assert_int_equal(umig_lines_of_bci(&fake_hotspot, const_method, 3), 7);
    assert_int_equal(umig_lines_of_bci(&fake_hotspot, const_method, 4), 9);
    assert_int_equal(umig_lines_of_bci(&fake_hotspot, const_method, 9), 9);
    assert_int_equal(umig_lines_of_bci(&fake_hotspot, const_method, 10), 209);
    assert_int_equal(umig_lines_of_bci(&fake_hotspot, const_method, 15), 209);
    assert_int_equal(umig_lines_of_bci(&fake_hotspot, const_method, -3), 0);
    fake_method_free(method);
}

static void test_lines_negative_step_and_no_table(void **state)
{
    (void)state;
    /* (0, 7), escape: bci +2, line -3: signed numbers 4 and 5. */
    static const uint8_t table[] = {7, 0xff, 4, 5, 0};
    struct fake_method *method = fake_method_new("A", "b", NULL, table, sizeof table);
    struct fake_method *bare = fake_method_new("A", "b", NULL, NULL, 0);

    assert_int_equal(umig_lines_of_bci(&fake_hotspot,
                                       umig_hs_ptr(address_of(method), fake_hotspot.method_const),
                                       2),
                     4);
    assert_int_equal(umig_lines_of_bci(&fake_hotspot,
                                       umig_hs_ptr(address_of(bare), fake_hotspot.method_const), 2),
                     0);
    fake_method_free(method);
    fake_method_free(bare);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_names_same_place_gives_same_id, setup, teardown),
        cmocka_unit_test_setup_teardown(test_names_reused_address_gives_new_entry, setup, teardown),
        cmocka_unit_test_setup_teardown(test_names_class_has_its_name_and_nothing_else, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_names_full_refuses_counts_and_reset_helps, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_names_long_name_is_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(test_names_source_file_behind_the_pool_is_unknown, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_names_rejects_what_is_no_method, setup, teardown),
        cmocka_unit_test(test_lines_short_steps_and_escape),
        cmocka_unit_test(test_lines_negative_step_and_no_table),
    };
    return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
