/*
 * What a process that the JVM starts has of the agent: nothing. Its descriptors and masks are those
 * it has without the agent; it has no timers, and nothing ends it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/e2e/company/company.h"
#include "tests/support/test.h"

static void start(struct umig_rig *rig, const char *agent)
{
    char words[512];
    snprintf(words, sizeof words, "-cp @java Children %s %s", UMIG_CHILDREN, UMIG_PROBE);
    umig_rig_start_jvm(rig, agent, words);
}

static json_t *start_children(struct umig_rig *rig)
{
    umig_rig_tell_jvm(rig, "go");
    return umig_rig_read_jvm(rig);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* "pipe:[4711];/dev/null;" as "/dev/null;pipe:[]": numbers and order are chance. */
static void put_in_order(const char *files, char *out, size_t room)
{
    char copy[8192];
    char *names[256];
    size_t count = 0;
    char *rest = NULL;
    snprintf(copy, sizeof copy, "%s", files);
    for (char *name = strtok_r(copy, ";", &rest); name != NULL && count < 256;
         name = strtok_r(NULL, ";", &rest)) {
        name[strcspn(name, "[")] = '\0';
        names[count++] = name;
    }
    qsort(names, count, sizeof *names, by_text);
    out[0] = '\0';
    for (size_t i = 0, used = 0; i < count && used < room; i++) {
        used += (size_t)snprintf(out + used, room - used, "%s;", names[i]);
    }
}

static void compare_files(const json_t *without, const json_t *with)
{
    char before[8192];
    char now[8192];
    put_in_order(umig_json_text_at(without, "said/files"), before, sizeof before);
    put_in_order(umig_json_text_at(with, "said/files"), now, sizeof now);
    if (strcmp(before, now) != 0) {
        fail_msg("%s: it has the files '%s', without the agent '%s'",
                 umig_json_text_at(with, "how"), now, before);
    }
}

/* After fork() alone everything is there; what is said of the other children must not differ. */
static void compare(const json_t *without, const json_t *with)
{
    static const char *const masks[] = {"said/SigPnd", "said/ShdPnd", "said/SigBlk", "said/SigIgn"};
    const char *how = umig_json_text_at(with, "how");
    assert_string_equal(umig_json_text_at(without, "how"), how);
    if (umig_json_number_at(with, "status") != 0) {
        fail_msg("%s: the child ended with %.0f", how, umig_json_number_at(with, "status"));
    }
    assert_true(umig_json_number_at(with, "said/timers") <= 0);
    if (strcmp(how, "fork only") != 0) {
        compare_files(without, with);
    }
    for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++) {
        const char *before = umig_json_text_at(without, masks[i]);
        const char *now = umig_json_text_at(with, masks[i]);
        if (strcmp(before, now) != 0) {
            fail_msg("%s: %s is '%s', without the agent '%s'", how, masks[i], now, before);
        }
    }
}

static void compare_all(const json_t *without, const json_t *with)
{
    const json_t *before = json_object_get(without, "children");
    const json_t *now = json_object_get(with, "children");
    assert_int_equal(json_array_size(before), json_array_size(now));
    assert_true(json_array_size(now) > 0);
    for (size_t i = 0; i < json_array_size(now); i++) {
        compare(json_array_get(before, i), json_array_get(now, i));
    }
}

/* Kernel frames have descriptors and rings a thread, cputime has timers. */
static void sample_by(struct umig_rig *rig,
                      const char *name,
                      const char *words,
                      const json_t *plain)
{
    company_start_session(rig, name, words);
    company_await_samples(rig, 20);
    json_t *with = start_children(rig);
    compare_all(plain, with);
    json_decref(with);
    json_t *agent = company_status(rig);
    print_message("  %s: %zu children; %.0f threads by perf, %.0f by timers\n", name,
                  json_array_size(json_object_get(plain, "children")),
                  company_counter(agent, "engine.threads_perf"),
                  company_counter(agent, "engine.threads_cputime"));
    json_decref(agent);
    json_decref(company_stop_session(rig, name));
}

void company_children(struct umig_rig *rig)
{
    umig_rig_start_collector(rig);
    start(rig, NULL);
    json_t *plain = start_children(rig);
    umig_rig_tell_jvm(rig, "end");
    assert_int_equal(umig_rig_wait_jvm(rig), 0);
    compare_all(plain, plain);

    start(rig, "");
    sample_by(rig, "native", "--cpu 1ms --native on --gc --heap 100ms --locks", plain);
    sample_by(rig, "timers", "--cpu 1ms --clock cputime", plain);
    umig_rig_tell_jvm(rig, "end");
    assert_int_equal(umig_rig_wait_jvm(rig), 0);
    json_decref(plain);
    umig_rig_stop_collector(rig);
}
