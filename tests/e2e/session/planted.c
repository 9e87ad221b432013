#include "tests/e2e/session/planted.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/test.h"

#define ROUND_MS 11000

static void start(struct umig_rig *rig, const char *agent, const char *flags, int seed)
{
    char words[1024];
    snprintf(words, sizeof words,
             "%s-XX:CompileCommand=quiet -XX:CompileCommand=dontinline,Blocks::shallow "
             "-XX:CompileCommand=inline,Blocks::inlined "
             "-XX:CompileCommand=exclude,Blocks::interpreted "
             "-cp @groovy4 Planted %d %d GroovyBlocks",
             flags, ROUND_MS, seed);
    umig_rig_start_jvm(rig, agent, words);
}

void planted_start(struct umig_rig *rig, int seed)
{
    start(rig, "", "", seed);
}

void planted_start_with(struct umig_rig *rig, const char *flags, int seed)
{
    start(rig, "", flags, seed);
}

void planted_start_without_agent(struct umig_rig *rig, int seed)
{
    start(rig, NULL, "-XX:+UseSerialGC -Xms192m -Xmx192m -XX:+AlwaysPreTouch ", seed);
}

json_t *planted_burn(struct umig_rig *rig, const char *session, double wanted)
{
    json_t *truth = NULL;
    double samples = 0;
    while (samples < wanted) {
        json_decref(truth);
        umig_rig_tell_jvm(rig, "go");
        truth = umig_rig_read_jvm(rig);
        json_t *report = planted_report(rig, session);
        samples = planted_threads(report, "samples");
        json_decref(report);
    }
    return truth;
}

void planted_end(struct umig_rig *rig)
{
    umig_rig_tell_jvm(rig, "end");
    assert_int_equal(umig_rig_wait_jvm(rig), 0);
}

json_t *planted_report(struct umig_rig *rig, const char *session)
{
    json_t *report = NULL;
    assert_int_equal(umig_rig_command(rig, &report, "report %s --format json", session), 0);
    return report;
}

double planted_threads(const json_t *report, const char *key)
{
    double sum = 0;
    size_t i;
    json_t *pool;
    json_array_foreach(json_object_get(json_object_get(report, "cpu"), "pools"), i, pool)
    {
        if (strncmp(umig_json_text_at(pool, "pool"), "burner-", 7) == 0) {
            sum += umig_json_number_at(pool, key);
        }
    }
    return sum;
}

double planted_method(const json_t *report, const char *name, const char *key)
{
    size_t i;
    json_t *method;
    json_array_foreach(json_object_get(json_object_get(report, "cpu"), "methods"), i, method)
    {
        const json_t *class_name = json_object_get(method, "class");
        char full[512];
        snprintf(full, sizeof full, "%s.%s",
                 json_is_string(class_name) ? json_string_value(class_name) : "",
                 umig_json_text_at(method, "method"));
        if (strcmp(full, name) == 0) {
            return umig_json_number_at(method, key);
        }
    }
    return 0;
}
