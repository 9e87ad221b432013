#include "tests/e2e/company/company.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "tests/support/test.h"

json_t *company_status(struct umig_rig *rig)
{
    json_t *status = NULL;
    assert_int_equal(umig_rig_command(rig, &status, "status %d --json", rig->jvm.pid), 0);
    json_t *agent = json_incref(json_array_get(json_object_get(status, "agents"), 0));
    assert_non_null(agent);
    json_decref(status);
    return agent;
}

double company_counter(const json_t *agent, const char *name)
{
    const json_t *value = json_object_get(json_object_get(agent, "counters"), name);
    if (!json_is_number(value)) {
        fail_msg("no counter %s", name);
    }
    return json_number_value(value);
}

json_t *company_await(struct umig_rig *rig, const char *counter, double value)
{
    const uint64_t end_ns = umig_clock_monotonic_ns() + UMIG_RIG_PATIENCE_MS * UMIG_NS_PER_MS;
    json_t *agent = company_status(rig);
    while (company_counter(agent, counter) < value) {
        if (umig_clock_monotonic_ns() > end_ns) {
            fail_msg("%s is %.0f, not %.0f", counter, company_counter(agent, counter), value);
        }
        json_decref(agent);
        agent = company_status(rig);
    }
    return agent;
}

void company_await_samples(struct umig_rig *rig, double count)
{
    json_t *agent = company_status(rig);
    const double before = company_counter(agent, "engine.records");
    json_decref(agent);
    json_decref(company_await(rig, "engine.records", before + count));
}

void company_start_session(struct umig_rig *rig, const char *name, const char *words)
{
    assert_int_equal(
        umig_rig_command(rig, NULL, "start %d --name %s %s", rig->jvm.pid, name, words), 0);
}

json_t *company_stop_session(struct umig_rig *rig, const char *name)
{
    json_t *report = NULL;
    assert_int_equal(umig_rig_command(rig, NULL, "stop %d --name %s", rig->jvm.pid, name), 0);
    json_decref(umig_rig_await_session(rig, name, umig_rig_has_ended));
    assert_int_equal(umig_rig_command(rig, &report, "report %s --format json", name), 0);
    return report;
}

void company_expect(const char *where, const char *text, const char *words)
{
    if (strstr(text, words) == NULL) {
        fail_msg("%s does not say '%s': %s", where, words, text);
    }
}

void company_expect_status(struct umig_rig *rig, const char *words)
{
    char *text = umig_rig_text(rig, "status %d", rig->jvm.pid);
    company_expect("the status", text, words);
    free(text);
}

const char *company_errors(const struct umig_rig *rig)
{
    static char text[16384];
    FILE *file = fopen(rig->jvm.errors, "re");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

void company_limit(const struct umig_rig *rig, enum __rlimit_resource resource, rlim_t value)
{
    const struct rlimit limit = {.rlim_cur = value, .rlim_max = value};
    assert_int_equal(prlimit(rig->jvm.pid, resource, &limit, NULL), 0);
}

json_t *company_end(struct umig_rig *rig)
{
    umig_rig_tell_jvm(rig, "end");
    json_t *said = umig_rig_read_jvm(rig);
    assert_int_equal(umig_rig_wait_jvm(rig), 0);
    return said;
}
