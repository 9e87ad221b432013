/* What is said of class loaders: which should be gone, by what holds them. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/heap_loaders.h"
#include "cli/heap_loaders_write.h"
#include "core/err.h"
#include "tests/support/test.h"
#include "tests/unit/report/schema.h"

#define INNER "groovy.lang.GroovyClassLoader$InnerLoader"

enum {
    STATIC = 1,
    FIELD = 3,
    ELEMENT = 4,
    CLASS = 5,
    SOFT = 6,
    BOUNDED = 7
};

/* A report: pricing.groovy 60 of which 55 are held; cached.groovy 20, softly; discount.groovy 30 of
 * which one is held; Script*.groovy 40 of 31 texts; rules.groovy 9 of which 4 are held. */
struct fixture {
    Umig__V1__SearchStatus search;
    Umig__V1__LoaderReport report;
    Umig__V1__LoaderKind kinds[6], *kind_at[6];
    Umig__V1__LoaderWay ways[8], *way_at[8];
    Umig__V1__WayStep steps[32], *step_at[32];
    size_t steps_used;
    struct umig_heap_loaders_row rows[6];
    struct umig_heap_loaders loaders;
    struct umig_jvm jvm;
};

static struct fixture g_fixture;

static void add_kind(struct fixture *fixture,
                     const char *source,
                     uint32_t loaders,
                     uint32_t needed,
                     uint32_t group)
{
    Umig__V1__LoaderKind *kind = &fixture->kinds[fixture->report.n_kind];
    umig__v1__loader_kind__init(kind);
    kind->loader_class = (char *)(uintptr_t)INNER;
    kind->source = (char *)(uintptr_t)source;
    kind->class_name = (char *)(uintptr_t) "Script*";
    kind->loaders = loaders;
    kind->classes = 2 * loaders;
    kind->needed = needed;
    kind->is_by_text = needed > 1;
    kind->group = group;
    kind->kinds = 1;
    fixture->kind_at[fixture->report.n_kind++] = kind;
}

static void add_way(struct fixture *fixture, uint32_t group, uint64_t loaders)
{
    Umig__V1__LoaderWay *way = &fixture->ways[fixture->report.n_ways];
    umig__v1__loader_way__init(way);
    way->group = group;
    way->loaders = loaders;
    way->classes = 2 * loaders;
    way->steps = &fixture->step_at[fixture->steps_used];
    fixture->way_at[fixture->report.n_ways++] = way;
}

static void add_step(struct fixture *fixture, uint32_t edge, const char *class, const char *name)
{
    Umig__V1__WayStep *step = &fixture->steps[fixture->steps_used];
    umig__v1__way_step__init(step);
    step->edge = edge;
    step->class_name = (char *)(uintptr_t) class;
    step->name = (char *)(uintptr_t)name;
    fixture->step_at[fixture->steps_used++] = step;
    fixture->way_at[fixture->report.n_ways - 1]->n_steps++;
}

static void fill(struct fixture *fixture)
{
    add_kind(fixture, "pricing.groovy", 60, 1, 1);
    add_way(fixture, 1, 50);
    add_step(fixture, STATIC, "svc.Rules", "COMPILED");
    add_step(fixture, FIELD, "java.util.ArrayList", "elementData");
    add_step(fixture, ELEMENT, "java.lang.Object[]", "");
    add_step(fixture, CLASS, "pricing", "");
    add_step(fixture, FIELD, "java.lang.Class", "classLoader");
    add_way(fixture, 1, 5); /* all other ways */
    add_kind(fixture, "cached.groovy", 20, 1, 2);
    add_way(fixture, 2, 12);
    add_step(fixture, STATIC, "svc.Rules", "SOFT");
    add_step(fixture, SOFT, "java.lang.ref.SoftReference", "");
    add_way(fixture, 2, 8);
    add_step(fixture, STATIC, "svc.Rules", "LRU");
    add_step(fixture, BOUNDED, "svc.Lru", "table");
    add_kind(fixture, "discount.groovy", 30, 1, 3);
    add_way(fixture, 3, 1);
    add_step(fixture, STATIC, "svc.Rules", "CURRENT");
    add_kind(fixture, "Script*.groovy", 40, 31, 4);
    add_way(fixture, 4, 40);
    add_step(fixture, STATIC, "svc.Rules", "SHELLS");
    add_kind(fixture, "rules.groovy", 9, 1, 5);
    add_way(fixture, 5, 4);
    add_step(fixture, STATIC, "svc.Rules", "FEW");
    add_kind(fixture, "alone.groovy", 1, 1, 0);
}

static int set_up(void **state)
{
    struct fixture *fixture = &g_fixture;
    memset(fixture, 0, sizeof *fixture);
    umig__v1__search_status__init(&fixture->search);
    umig__v1__loader_report__init(&fixture->report);
    fixture->report.kind = fixture->kind_at;
    fixture->report.ways = fixture->way_at;
    fixture->report.loaders = 170;
    fixture->report.classes = 9000;
    fixture->report.kinds = 9;
    fixture->search.loaders = &fixture->report;
    fixture->search.end = 1;
    fill(fixture);
    fixture->loaders = (struct umig_heap_loaders){
        .search = &fixture->search, .rows = fixture->rows, .bytes = 1 << 20};
    for (size_t i = 0; i < fixture->report.n_kind; i++) {
        fixture->rows[i].kind = fixture->kind_at[i];
        umig_heap_loaders_judge(&fixture->report, &fixture->rows[i]);
        fixture->loaders.surplus += fixture->rows[i].surplus;
    }
    fixture->jvm.pid = 4242;
    *state = fixture;
    return 0;
}

static void test_what_is_held_and_not_needed_should_be_gone(void **state)
{
    const struct fixture *fixture = *state;
    static const struct {
        uint64_t held, softly, surplus;
    } rows[] = {{55, 0, 54}, {0, 20, 0}, {1, 0, 0}, {40, 0, 9}, {4, 0, 0}, {0, 0, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(fixture->rows[i].held, rows[i].held);
        assert_int_equal(fixture->rows[i].softly, rows[i].softly);
        assert_int_equal(fixture->rows[i].surplus, rows[i].surplus);
    }
}

static void test_estimates_are_no_more_than_there_are(void **state)
{
    struct fixture *fixture = *state;
    fixture->way_at[0]->loaders = 70; /* of a long array */
    umig_heap_loaders_judge(&fixture->report, &fixture->rows[0]);
    assert_int_equal(fixture->rows[0].held, 60);
    assert_int_equal(fixture->rows[0].surplus, 59);
}

static char *text_of(const struct fixture *fixture, bool wants_json)
{
    char *text = NULL;
    size_t len = 0;
    struct umig_err err = UMIG_ERR_INIT;
    const struct umig_heap_loaders_view view = {.jvm = &fixture->jvm, .loaders = &fixture->loaders};
    FILE *out = open_memstream(&text, &len);
    assert_int_equal(wants_json ? umig_heap_loaders_write_json(&view, out, &err)
                                : umig_heap_loaders_write_text(&view, out, &err),
                     UMIG_OK);
    fclose(out);
    return text;
}

static void test_text_names_the_source_and_the_holder(void **state)
{
    char *text = text_of(*state, false);
    assert_non_null(strstr(text, "63 of them should be gone"));
    assert_non_null(
        strstr(text, "pricing.groovy: 55 of 60 loaders are held, of which 1 is needed"));
    assert_non_null(
        strstr(text, "held by static svc.Rules.COMPILED > ArrayList > class pricing (50 of them)"));
    assert_non_null(strstr(text, "Script*.groovy, 31 different texts: 40 of 40"));
    assert_null(strstr(text, "cached.groovy: "));
    assert_null(strstr(text, "discount.groovy: "));
    assert_null(strstr(text, "rules.groovy: "));
    assert_non_null(strstr(text, "3 more kinds, of 10 loaders."));
    assert_null(strstr(text, "not whole"));
    free(text);
}

static void test_search_that_is_not_whole_is_told(void **state)
{
    struct fixture *fixture = *state;
    fixture->search.end = 2;
    char *text = text_of(fixture, false);
    assert_non_null(strstr(text, "The search is not whole: its CPU time was over (--cpu)."));
    free(text);
}

/* What was short is named, and not what might have been. */
static void test_search_without_room_says_what_was_short(void **state)
{
    static const struct {
        uint32_t lacks;
        uint64_t memory_bytes;
        const char *says;
    } cases[] = {
        {4, 2 << 20,
         "not whole: not all objects had room in 2.0 MiB, which is what sessions left of "
         "the agent's bound; 19.0 MiB are usual: end sessions, or load the agent with a "
         "larger memory=. More may"},
        {3, 19 << 20,
         "not whole: not all loaders and classes had room in 19.0 MiB, which is all "
         "that a search may have. More may"},
        {0, 0, "not whole: not all loaders or classes or objects had room in the agent's memory. "},
    };
    struct fixture *fixture = *state;
    fixture->search.end = 5;
    fixture->search.usual_bytes = 19 << 20;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fixture->search.lacks = cases[i].lacks;
        fixture->search.memory_bytes = cases[i].memory_bytes;
        char *text = text_of(fixture, false);
        if (strstr(text, cases[i].says) == NULL) {
            fail_msg("%s", text);
        }
        free(text);
    }
}

static void test_json_is_as_its_schema_says(void **state)
{
    char *text = text_of(*state, true);
    json_t *root = json_loads(text, 0, NULL);
    assert_non_null(root);
    umig_schema_expect(UMIG_TEST_SCHEMA, root);
    json_decref(root);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_what_is_held_and_not_needed_should_be_gone, set_up),
        cmocka_unit_test_setup(test_estimates_are_no_more_than_there_are, set_up),
        cmocka_unit_test_setup(test_text_names_the_source_and_the_holder, set_up),
        cmocka_unit_test_setup(test_search_that_is_not_whole_is_told, set_up),
        cmocka_unit_test_setup(test_search_without_room_says_what_was_short, set_up),
        cmocka_unit_test_setup(test_json_is_as_its_schema_says, set_up),
    };
    return cmocka_run_group_tests_name("cli.heap_loaders", tests, NULL, NULL);
}
