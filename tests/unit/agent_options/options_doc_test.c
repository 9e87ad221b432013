/* docs/options.md is made of the option table; UMIG_UPDATE_GOLDEN=1 writes it anew. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/options.h"
#include "core/buf.h"
#include "core/kind_options.h"
#include "tests/support/test.h"

static const char g_head[] =
    "# Options of the agent\n"
    "\n"
    "<!-- Made of the table in agent/options.c by unit.agent.options_doc; UMIG_UPDATE_GOLDEN=1\n"
    "     writes it anew. -->\n"
    "\n"
    "```\n"
    "java -agentpath:/usr/lib/umig/libumigagent.so -jar orders.jar\n"
    "java -agentpath:/usr/lib/umig/libumigagent.so=service=orders,start=cpu:10ms,gc,duration=30s "
    "-jar orders.jar\n"
    "```\n"
    "\n"
    "Without options the agent is idle: it waits for `umig start` at its control socket and uses\n"
    "the collector that is there. Options are divided by commas, so no value holds one. `start=`\n"
    "takes the items after it that are kinds: in `start=cpu:10ms,gc,memory=16m` the item `gc`\n"
    "belongs to `start=`.\n"
    "\n"
    "A wrong option: one line on standard error names it and the right form, and the JVM starts\n"
    "without profiling; with `strict` it does not start.\n"
    "\n"
    "| option | value | range | default | meaning | example |\n"
    "|---|---|---|---|---|---|\n";

/* A '|' would end the cell. */
static void put_cell(struct umig_buf *out, const char *text, const char *quote)
{
    umig_buf_printf(out, " %s", quote);
    for (; *text != '\0'; text++) {
        umig_buf_text(out, *text == '|' ? "\\" : "");
        umig_buf_byte(out, *text);
    }
    umig_buf_printf(out, "%s |", quote);
}

static void put_options(struct umig_buf *out)
{
    const struct umig_option_doc *doc = NULL;
    for (size_t i = 0; (doc = umig_option_doc(i)) != NULL; i++) {
        umig_buf_text(out, "|");
        put_cell(out, doc->form, "`");
        put_cell(out, doc->unit, "");
        put_cell(out, doc->range, "");
        put_cell(out, doc->default_value, "");
        put_cell(out, doc->meaning, "");
        put_cell(out, doc->example, "`");
        umig_buf_text(out, "\n");
    }
}

static void put_kinds(struct umig_buf *out)
{
    umig_buf_text(out, "\n## Kinds\n\n| kind | interval | default | range |\n|---|---|---|---|\n");
    for (int kind = 1; kind < UMIG_KIND_COUNT; kind++) {
        const struct umig_kind_rule *rule = umig_kind_rule((enum umig_kind)kind);
        assert_non_null(rule);
        char def[UMIG_INTERVAL_TEXT_BYTES] = "none";
        char min[UMIG_INTERVAL_TEXT_BYTES];
        char max[UMIG_INTERVAL_TEXT_BYTES];
        umig_kind_interval_text(rule, rule->min_ns, min);
        umig_kind_interval_text(rule, rule->max_ns, max);
        if (rule->default_ns == 0) {
            umig_buf_printf(out, "| `%s` | none: %s | | |\n", rule->name, rule->meaning);
            continue;
        }
        umig_kind_interval_text(rule, rule->default_ns, def);
        umig_buf_printf(out, "| `%s` | %s | %s | %s to %s |\n", rule->name, rule->meaning, def, min,
                        max);
    }
}

static void test_docs_options_md_is_what_the_table_says(void **state)
{
    (void)state;
    struct umig_buf want = UMIG_BUF_INIT(64 * 1024);
    umig_buf_text(&want, g_head);
    put_options(&want);
    put_kinds(&want);
    assert_int_equal(want.failed, UMIG_OK);
    if (getenv("UMIG_UPDATE_GOLDEN") != NULL) {
        FILE *file = fopen(UMIG_OPTIONS_DOC, "w");
        assert_non_null(file);
        assert_int_equal(fwrite(want.bytes, 1, want.len, file), want.len);
        assert_int_equal(fclose(file), 0);
    }
    static char is[64 * 1024];
    FILE *file = fopen(UMIG_OPTIONS_DOC, "r");
    assert_non_null(file);
    const size_t len = fread(is, 1, sizeof is - 1, file);
    fclose(file);
    is[len] = '\0';

    assert_string_equal(is, umig_buf_str(&want));

    umig_buf_fini(&want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_docs_options_md_is_what_the_table_says),
    };
    return cmocka_run_group_tests_name("options_doc", tests, NULL, NULL);
}
