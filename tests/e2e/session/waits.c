#include "tests/e2e/session/waits.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/test.h"

static const json_t *list_of(const json_t *report, const char *list)
{
    return json_object_get(json_object_get(report, "contention"), list);
}

static bool is_of_class(const json_t *row, const char *class_name)
{
    const char *name = json_string_value(json_object_get(row, "monitor_class"));
    return name != NULL && strcmp(name, class_name) == 0;
}

const json_t *waits_row(const json_t *report, const char *list, const char *class_name)
{
    size_t i;
    json_t *row;
    json_array_foreach(list_of(report, list), i, row)
    {
        if (is_of_class(row, class_name)) {
            return row;
        }
    }
    return NULL;
}

bool waits_is_held_in(const json_t *report, const char *class_name, const char *method)
{
    size_t i;
    size_t j;
    json_t *row;
    json_t *frame;
    json_array_foreach(list_of(report, "holding"), i, row)
    {
        json_array_foreach(json_object_get(row, "stack"), j, frame)
        {
            if (is_of_class(row, class_name) &&
                strcmp(umig_json_text_at(frame, "method"), method) == 0) {
                return true;
            }
        }
    }
    return false;
}

/* Waits count from the session's begin on. */
static bool has_begun(const json_t *session)
{
    return session != NULL;
}

void waits_measure(struct umig_rig *rig,
                   const char *program,
                   int rounds,
                   void (*check)(const json_t *truth, const json_t *report))
{
    char words[64];
    umig_rig_start_collector(rig);
    snprintf(words, sizeof words, "-cp @java %s %d", program, rounds);
    umig_rig_start_jvm(rig, "", words);
    assert_int_equal(umig_rig_command(rig, NULL, "start %d --locks 1ms --name waits", rig->jvm.pid),
                     0);
    json_decref(umig_rig_await_session(rig, "waits", has_begun));
    umig_rig_tell_jvm(rig, "go");
    json_t *truth = umig_rig_read_jvm(rig);
    assert_int_equal(umig_rig_command(rig, NULL, "stop %d --name waits", rig->jvm.pid), 0);
    json_decref(umig_rig_await_session(rig, "waits", umig_rig_has_ended));
    json_t *report = NULL;
    assert_int_equal(umig_rig_command(rig, &report, "report waits --format json"), 0);
    check(truth, report);
    json_decref(report);
    json_decref(truth);
    umig_rig_tell_jvm(rig, "!");
    assert_int_equal(umig_rig_wait_jvm(rig), 0);
    umig_rig_stop_collector(rig);
}
