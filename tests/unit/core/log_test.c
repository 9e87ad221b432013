#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/log.h"
#include "core/utf8.h"
#include "tests/support/test.h"

static int g_pipe[2]; /* the log keeps its descriptor for the life of the process */

static int open_pipe(void **state)
{
    (void)state;
    if (pipe(g_pipe) != 0) {
        return -1;
    }
    umig_log_open(g_pipe[1], UMIG_LOG_INFO);
    return 0;
}

static int close_pipe(void **state)
{
    (void)state;
    umig_log_open(-1, UMIG_LOG_INFO);
    close(g_pipe[0]);
    close(g_pipe[1]);
    return 0;
}

static const char *read_log(char text[4096])
{
    const ssize_t n = read(g_pipe[0], text, 4095);
    assert_true(n >= 0);
    text[n] = '\0';
    return text;
}

/* What follows the time and the PID, which are checked. */
static const char *behind_stamp(const char *line)
{
    char want[64];
    int pid = 0;
    int end = 0;
    struct tm parts = {.tm_year = 0};
    const char *millis = strptime(line, "%Y-%m-%dT%H:%M:%S", &parts);
    assert_non_null(millis);
    assert_true(parts.tm_year >= 120);
    assert_int_equal(sscanf(millis, ".%*3[0-9]Z %d %n", &pid, &end), 1);
    assert_int_equal(pid, getpid());
    snprintf(want, sizeof want, "Z %d umig: ", pid);
    assert_memory_equal(millis + 4, want, strlen(want));
    return millis + end;
}

static void test_line_has_prefix_and_no_control_characters(void **state)
{
    (void)state;
    char text[4096];

    umig_log(UMIG_LOG_DEBUG, "below the level");
    umig_log(UMIG_LOG_INFO, "name %s", "a\nb\x1b\xFF\xC2\x9B\xE2\x81\xA6");

    assert_string_equal(behind_stamp(read_log(text)),
                        "umig: name a\xE2\x90\x8A"
                        "b\xE2\x90\x9B\xEF\xBF\xBD\\u{9B}\\u{2066}\n");
}

static void test_long_line_is_cut_and_ends_in_newline(void **state)
{
    (void)state;
    char text[4096];
    char longer[2000];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';

    umig_log(UMIG_LOG_INFO, "%s", longer);

    const size_t len = strlen(read_log(text));
    assert_true(len > 500 && len < 1000);
    assert_int_equal(text[len - 1], '\n');
}

static void test_long_line_of_strangers_is_cut_between_characters(void **state)
{
    (void)state;
    char text[4096];
    char longer[2000];
    for (size_t i = 0; i + 3 < sizeof longer; i += 3) {
        memcpy(longer + i, "\xE5\x90\x8D", 4);
    }
    for (int lead = 0; lead < 3; lead++) {
        umig_log(UMIG_LOG_INFO, "%.*s%s", lead, "xx", longer);

        const size_t len = strlen(read_log(text));
        assert_true(len > 500 && len < 1000);
        assert_int_equal(text[len - 1], '\n');
        assert_int_equal(umig_utf8_whole(text, len - 1), len - 1);
        assert_null(strstr(text, UMIG_UTF8_REPLACEMENT));
    }
}

static void test_flood_of_errors_is_held_back_and_said(void **state)
{
    (void)state;
    char text[4096];
    struct umig_err err = {.status = UMIG_E_IO, .text = "disk on fire"};

    for (int i = 0; i < 50; i++) {
        umig_log_err(UMIG_LOG_ERROR, "store", &err);
    }
    umig_log(UMIG_LOG_INFO, "next");

    read_log(text);
    size_t lines = 0;
    for (const char *at = text; *at != '\0'; at++) {
        lines += *at == '\n';
    }
    /* 10 a second and the last one; a slow machine may cross a second on the way. */
    assert_in_range(lines, 11, 40);
    assert_non_null(strstr(text, "umig: store: disk on fire\n"));
    assert_non_null(strstr(text, "lines held back) next\n"));
}

static void test_standard_error_has_no_stamp(void **state)
{
    (void)state;
    char text[4096];
    const int kept = dup(STDERR_FILENO);
    dup2(g_pipe[1], STDERR_FILENO);
    umig_log_open(-1, UMIG_LOG_INFO);

    umig_log(UMIG_LOG_INFO, "hello");

    dup2(kept, STDERR_FILENO);
    close(kept);
    umig_log_open(g_pipe[1], UMIG_LOG_INFO);
    assert_string_equal(read_log(text), "umig: hello\n");
}

static void test_level_names(void **state)
{
    (void)state;

    assert_int_equal(umig_log_level_of("error"), UMIG_LOG_ERROR);
    assert_int_equal(umig_log_level_of("debug"), UMIG_LOG_DEBUG);
    assert_int_equal(umig_log_level_of("loud"), -1);
    assert_string_equal(umig_log_level_name(UMIG_LOG_WARN), "warn");
}

int main(void)
{
    const struct CMUnitTest log_test[] = {
        cmocka_unit_test(test_line_has_prefix_and_no_control_characters),
        cmocka_unit_test(test_long_line_is_cut_and_ends_in_newline),
        cmocka_unit_test(test_long_line_of_strangers_is_cut_between_characters),
        cmocka_unit_test(test_flood_of_errors_is_held_back_and_said),
        cmocka_unit_test(test_standard_error_has_no_stamp),
        cmocka_unit_test(test_level_names),
    };
    return cmocka_run_group_tests(log_test, open_pipe, close_pipe);
}
