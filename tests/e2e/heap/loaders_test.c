/*
 * Class loaders that should be gone: a Groovy program compiles scripts again and again and keeps
 * their generations in the ways that leak, which are named, by source and holder, with how many
 * there are; and in ways that do not, which are not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/e2e/bad_input/outcome.h"
#include "tests/support/jvm.h"
#include "tests/support/test.h"
#include "tests/unit/report/schema.h"

/* Quick to start: what compiles the scripts runs once. */
#define QUICKLY "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto -cp @groovy4 Generations"

/* What is planted, and how its holder is told. */
static const struct {
    const char *name;
    int should_be_gone;
    const char *way; /* is in the way that holds most of them */
} g_planted[] = {
    {"pricing.groovy", 19, "static Generations.RULES > ArrayList > class pricing"},
    {"Script*.groovy", 11, "static Generations.SHELLS > ArrayList > class Script"},
    {"Rule", 9, "static Generations.LOADED > LinkedHashMap"},
    {"tariff.groovy", 7, "thread tariffs-* > context class loader"},
    {"audit.groovy", 8, "thread auditor > ThreadLocal > ArrayList > class audit"},
    {"rates.groovy", 9, "ClassInfo.strongMetaClass > groovy.lang.ExpandoMetaClass."},
};

static const char *const g_look_alikes[] = {"discount.groovy", "cached.groovy", "Script_*.groovy"};

static struct outcome g_outcome;

static const json_t *row_of(const json_t *found, const char *name)
{
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(found, "kinds"), i, row)
    {
        if (strcmp(umig_json_text_at(row, "name"), name) == 0) {
            return row;
        }
    }
    return NULL;
}

static void expect_planted(const json_t *found)
{
    double all = 0;
    for (size_t i = 0; i < sizeof g_planted / sizeof g_planted[0]; i++) {
        const json_t *row = row_of(found, g_planted[i].name);
        assert_non_null(row);
        const json_t *most = json_array_get(json_object_get(row, "held_by"), 0);
        assert_non_null(most);
        print_message("  %-16s %2.0f should be gone: %s\n", g_planted[i].name,
                      umig_json_number_at(row, "should_be_gone"), umig_json_text_at(most, "way"));
        assert_int_equal((int)umig_json_number_at(row, "should_be_gone"),
                         g_planted[i].should_be_gone);
        assert_non_null(strstr(umig_json_text_at(most, "way"), g_planted[i].way));
        assert_string_equal(umig_json_text_at(row, "loader_class"),
                            "groovy.lang.GroovyClassLoader$InnerLoader");
        assert_true(umig_json_number_at(row, "metaspace_bytes") > 0);
        all += g_planted[i].should_be_gone;
    }
    assert_true(umig_json_number_at(found, "should_be_gone/loaders") == all);
    assert_true(umig_json_number_at(found, "should_be_gone/metaspace_bytes") > 0);
    /* some 4,000 classes: in words, as JDK 17 tells them, it would be 2 MB */
    assert_true(umig_json_number_at(found, "metaspace_bytes") > 6e6);
}

/* They may be gone already, or there, but nobody is blamed for them. */
static void expect_no_look_alike(const json_t *found)
{
    for (size_t i = 0; i < sizeof g_look_alikes / sizeof g_look_alikes[0]; i++) {
        const json_t *row = row_of(found, g_look_alikes[i]);
        assert_true(row == NULL || umig_json_number_at(row, "should_be_gone") == 0);
    }
}

static void expect_text(struct umig_rig *rig)
{
    run_program(rig, &g_outcome, UMIG_COMMAND " heap loaders %d --no-metaspace", (int)rig->jvm.pid);
    assert_int_equal(g_outcome.code, 0);
    assert_string_equal(g_outcome.err, "");
    assert_non_null(strstr(g_outcome.out, " of CPU; nothing was stopped."));
    assert_non_null(strstr(g_outcome.out, "63 of them should be gone, with 91 classes:"));
    assert_non_null(
        strstr(g_outcome.out, "pricing.groovy: 20 of 20 loaders are held, of which 1 is needed"));
    assert_non_null(
        strstr(g_outcome.out, "held by static Generations.RULES > ArrayList > class pricing (20 "));
}

/* A session that follows what stays alive has what was found on its page. */
static void expect_page(struct umig_rig *rig)
{
    char *page = umig_rig_text(rig, "report alive --format html");
    const char *section = strstr(page, "id=\"loaders\"");
    assert_non_null(section);
    assert_non_null(strstr(section, " should be gone, with 91 classes."));
    for (size_t i = 0; i < sizeof g_planted / sizeof g_planted[0]; i++) {
        assert_non_null(strstr(section, g_planted[i].name));
    }
    assert_non_null(strstr(section, "static Generations.RULES &#62; ArrayList"));
    free(page);
}

static bool is_there(const json_t *session)
{
    return session != NULL;
}

static void measure(struct umig_rig *rig)
{
    json_t *found = NULL;
    umig_rig_start_collector(rig);
    umig_rig_start_jvm(rig, "", QUICKLY);
    assert_int_equal(umig_rig_command(rig, NULL, "start %d --live --name alive", (int)rig->jvm.pid),
                     0);
    json_decref(umig_rig_await_session(rig, "alive", is_there));
    const int pid = (int)rig->jvm.pid;
    assert_int_equal(umig_rig_command(rig, &found, "heap loaders %d --json", pid), 0);
    umig_schema_expect(UMIG_SOURCE_DIR "/docs/heap-loaders.schema.json", found);
    assert_string_equal(umig_json_text_at(found, "search/end"), "whole");
    expect_planted(found);
    expect_no_look_alike(found);
    json_decref(found);
    expect_text(rig);
    assert_int_equal(umig_rig_command(rig, NULL, "heap loaders %d svc.Rule", pid), 2);
    assert_int_equal(umig_rig_command(rig, NULL, "heap loaders %d --watch 1m", pid), 2);
    assert_int_equal(umig_rig_command(rig, NULL, "stop %d --name alive", pid), 0);
    json_decref(umig_rig_await_session(rig, "alive", umig_rig_has_ended));
    expect_page(rig);
    umig_rig_tell_jvm(rig, "");
    assert_int_equal(umig_rig_wait_jvm(rig), 0);
    umig_rig_stop_collector(rig);
}

static void test_loaders_that_should_be_gone_are_named(void **state)
{
    (void)state;
    umig_rig_each_jdk(measure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_loaders_that_should_be_gone_are_named, umig_rig_teardown),
    };
    return cmocka_run_group_tests_name("e2e.heap.loaders", tests, NULL, NULL);
}
