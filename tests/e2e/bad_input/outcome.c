#include "tests/e2e/bad_input/outcome.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "tests/support/test.h"

enum {
    COMMAND_BYTES = 8192
};

/* A JVM of its own size and speed: what is tested is not how Java runs. */
#define QUICK "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx32m"

static char g_classes[] = "/tmp/umig-programs-XXXXXX";

static void read_back(const struct umig_rig *rig, const char *name, char *text, size_t room)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", rig->dir, name);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    text[fread(text, 1, room - 1, file)] = '\0';
    fclose(file);
    unlink(path);
}

static void run(struct umig_rig *rig, struct outcome *outcome, const char *command)
{
    char whole[COMMAND_BYTES];
    const int len =
        snprintf(whole, sizeof whole, "export UMIG_RUNTIME_DIR=%s; exec >%s/o 2>%s/e; %s", rig->dir,
                 rig->dir, rig->dir, command);
    assert_in_range(len, 1, sizeof whole - 1);
    const int status = system(whole);
    const uint64_t end_ns = umig_clock_monotonic_ns();
    outcome->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    read_back(rig, "o", outcome->out, sizeof outcome->out);
    read_back(rig, "e", outcome->err, sizeof outcome->err);
    const char *ran = strstr(outcome->out, "ran ");
    outcome->delay_ms =
        ran != NULL ? (double)(end_ns - strtoull(ran + 4, NULL, 10)) / UMIG_NS_PER_MS : -1;
}

void run_program(struct umig_rig *rig, struct outcome *outcome, const char *format, ...)
{
    char command[COMMAND_BYTES];
    va_list args;
    va_start(args, format);
    assert_in_range(vsnprintf(command, sizeof command, format, args), 1, sizeof command - 1);
    va_end(args);
    run(rig, outcome, command);
}

void run_brief(struct umig_rig *rig,
               struct outcome *outcome,
               const char *options,
               const char *words,
               ...)
{
    char more[2048];
    va_list args;
    va_start(args, words);
    assert_in_range(vsnprintf(more, sizeof more, words, args), 0, sizeof more - 1);
    va_end(args);
    run_program(rig, outcome, "%s%s/bin/java %s '-agentpath:" UMIG_AGENT "%s%s' %s -cp %s Brief",
                UMIG_JAVA_ENV, rig->jdk.home, QUICK, options[0] != '\0' ? "=" : "", options, more,
                g_classes);
}

size_t count_lines(const char *text)
{
    size_t count = 0;
    for (const char *at = text; (at = strchr(at, '\n')) != NULL; at++) {
        count++;
    }
    return count;
}

void expect_unharmed(const struct outcome *outcome)
{
    if (outcome->code != 0 || strstr(outcome->out, "ran ") == NULL) {
        fail_msg("exit code %d; %s%s", outcome->code, outcome->out, outcome->err);
    }
}

void expect_line(const struct outcome *outcome, const char *text)
{
    if (count_lines(outcome->err) != 1 || strncmp(outcome->err, "umig: ", 6) != 0 ||
        strstr(outcome->err, text) == NULL) {
        fail_msg("not one line with \"%s\": %s", text, outcome->err);
    }
}

bool is_profiled(struct umig_rig *rig, const char *service)
{
    json_t *list = NULL;
    bool is_found = false;
    assert_int_equal(umig_rig_command(rig, &list, "sessions --json"), 0);
    size_t i;
    json_t *session;
    json_array_foreach(json_object_get(list, "sessions"), i, session)
    {
        is_found = is_found || (strcmp(umig_json_text_at(session, "service"), service) == 0 &&
                                umig_rig_has_ended(session) && umig_rig_has_samples(session));
    }
    json_decref(list);
    return is_found;
}

int compile_programs(void **state)
{
    (void)state;
    char command[1024];
    if (mkdtemp(g_classes) == NULL) {
        return -1;
    }
    snprintf(command, sizeof command,
             "set -- $(%s/tests/support/jdks.sh | head -n 1); test -z \"$2\" || "
             "$2/bin/javac -d %s %s/tests/e2e/bad_input/*.java",
             UMIG_SOURCE_DIR, g_classes, UMIG_SOURCE_DIR);
    return system(command);
}

int remove_programs(void **state)
{
    (void)state;
    char command[64];
    snprintf(command, sizeof command, "rm -rf '%s'", g_classes);
    return system(command);
}

const char *programs_path(void)
{
    return g_classes;
}
