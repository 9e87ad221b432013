#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jni.h>

#include "agent/vm/unified_log.h"
#include "tests/support/test.h"

/* A JVM of ours: as much of JNI as a diagnostic command takes. Strings are C strings. */
static char g_command[256];
static const char *g_answer = "";
static bool g_throws;

static jstring JNICALL new_string(JNIEnv *env, const char *text)
{
    (void)env;
    snprintf(g_command, sizeof g_command, "%s", text);
    return (jstring)(void *)g_command;
}

static const char *JNICALL string_chars(JNIEnv *env, jstring text, jboolean *is_copy)
{
    (void)env;
    (void)is_copy;
    return (const char *)text;
}

static void JNICALL release_chars(JNIEnv *env, jstring text, const char *chars)
{
    (void)env;
    (void)text;
    (void)chars;
}

static void JNICALL delete_ref(JNIEnv *env, jobject reference)
{
    (void)env;
    (void)reference;
}

static jboolean JNICALL exception_check(JNIEnv *env)
{
    (void)env;
    return g_throws ? JNI_TRUE : JNI_FALSE;
}

static void JNICALL exception_clear(JNIEnv *env)
{
    (void)env;
    g_throws = false;
}

static jstring JNICALL execute(JNIEnv *env, jstring command)
{
    (void)env;
    (void)command;
    return (jstring)(uintptr_t)g_answer;
}

static const struct JNINativeInterface_ g_functions = {
    .NewStringUTF = new_string,
    .GetStringUTFChars = string_chars,
    .ReleaseStringUTFChars = release_chars,
    .DeleteLocalRef = delete_ref,
    .ExceptionCheck = exception_check,
    .ExceptionClear = exception_clear,
};
static JNIEnv g_env = &g_functions;

static struct umig_unified_log g_log;

static int setup(void **state)
{
    memset(&g_log, 0, sizeof g_log);
    g_log.fd = -1;
    atomic_store(&g_log.since_ns, UINT64_MAX);
    *(jstring(JNICALL **)(JNIEnv *, jstring)) & g_log.execute = execute;
    g_answer = "";
    g_throws = false;
    *state = &g_log;
    return 0;
}

static int teardown(void **state)
{
    umig_unified_log_close(*state);
    return 0;
}

static void start(struct umig_unified_log *log)
{
    assert_int_equal(umig_unified_log_start(log, &g_env, "gc=info", NULL), UMIG_OK);
}

static void append(struct umig_unified_log *log, const char *text)
{
    assert_int_equal(write(log->fd, text, strlen(text)), strlen(text));
}

static void test_start_runs_the_command_and_counts_from_now(void **state)
{
    struct umig_unified_log *log = *state;
    char expected[160];
    assert_int_equal(umig_unified_log_since(log), UINT64_MAX);

    start(log);

    snprintf(expected, sizeof expected,
             "VM.log output=/proc/self/fd/%d what=gc=info decorators=timenanos,tags "
             "output_options=filecount=0",
             log->fd);
    assert_string_equal(g_command, expected);
    assert_true(umig_unified_log_since(log) < UINT64_MAX);
}

static void test_stop_switches_the_output_off_once(void **state)
{
    struct umig_unified_log *log = *state;
    char expected[128];
    start(log);

    g_answer = "Output options for existing outputs are ignored.\n";
    assert_int_equal(umig_unified_log_stop(log, &g_env, NULL), UMIG_OK);
    snprintf(expected, sizeof expected,
             "VM.log output=/proc/self/fd/%d what=all=off output_options=filecount=0", log->fd);
    assert_string_equal(g_command, expected);
    assert_int_equal(umig_unified_log_since(log), UINT64_MAX);

    g_command[0] = '\0';
    assert_int_equal(umig_unified_log_stop(log, &g_env, NULL), UMIG_OK);
    assert_string_equal(g_command, "");
}

static void test_start_refused_by_the_jvm_says_its_words(void **state)
{
    struct umig_unified_log *log = *state;
    struct umig_err err = UMIG_ERR_INIT;
    g_answer = "Invalid output";

    assert_int_equal(umig_unified_log_start(log, &g_env, "gc=info", &err), UMIG_E_JVM);

    assert_string_equal(err.text, "VM.log answered: Invalid output");
    assert_int_equal(umig_unified_log_since(log), UINT64_MAX);
}

static void test_start_with_an_exception_clears_it(void **state)
{
    struct umig_unified_log *log = *state;
    g_throws = true;

    assert_int_equal(umig_unified_log_start(log, &g_env, "gc=info", NULL), UMIG_E_JVM);

    assert_false(g_throws);
}

static void test_start_with_a_selection_that_does_not_fit_is_refused(void **state)
{
    struct umig_unified_log *log = *state;
    char what[300];
    memset(what, 'g', sizeof what - 1);
    what[sizeof what - 1] = '\0';

    assert_int_equal(umig_unified_log_start(log, &g_env, what, NULL), UMIG_E_ARG);
}

static void test_start_on_an_unknown_jvm_is_unsupported(void **state)
{
    struct umig_unified_log *log = *state;
    const struct umig_libjvm libjvm = {.handle = dlopen(NULL, RTLD_LAZY)};

    assert_int_equal(umig_unified_log_open(log, &libjvm, NULL), UMIG_E_UNSUPPORTED);
    assert_int_equal(umig_unified_log_start(log, &g_env, "gc=info", NULL), UMIG_E_UNSUPPORTED);
    assert_null(umig_unified_log_line(log));
    dlclose(libjvm.handle);
}

static void test_line_before_the_first_start_is_none(void **state)
{
    assert_null(umig_unified_log_line(*state));
}

static void test_line_comes_when_it_is_complete(void **state)
{
    struct umig_unified_log *log = *state;
    start(log);
    append(log, "first\nsec");

    assert_string_equal(umig_unified_log_line(log), "first");
    assert_null(umig_unified_log_line(log));
    append(log, "ond\n\n");
    assert_string_equal(umig_unified_log_line(log), "second");
    assert_string_equal(umig_unified_log_line(log), "");
    assert_null(umig_unified_log_line(log));
}

static void test_line_after_stop_is_still_read(void **state)
{
    struct umig_unified_log *log = *state;
    start(log);
    append(log, "last\n");
    assert_int_equal(umig_unified_log_stop(log, &g_env, NULL), UMIG_OK);

    assert_string_equal(umig_unified_log_line(log), "last");
}

static void test_line_too_long_does_not_stop_the_next(void **state)
{
    struct umig_unified_log *log = *state;
    char text[3 * UMIG_UNIFIED_LOG_LINE_BYTES];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    start(log);
    append(log, text);
    append(log, "tail\nnext\n");

    assert_non_null(umig_unified_log_line(log)); /* what was left of it */
    assert_string_equal(umig_unified_log_line(log), "next");
    assert_null(umig_unified_log_line(log));
}

/* The JVM empties a file that it opens anew. */
static void test_restart_begins_at_the_front(void **state)
{
    struct umig_unified_log *log = *state;
    start(log);
    append(log, "one\ntwo\nhal");
    assert_string_equal(umig_unified_log_line(log), "one");
    assert_int_equal(ftruncate(log->fd, 0), 0);
    assert_int_equal(lseek(log->fd, 0, SEEK_SET), 0);
    start(log);
    append(log, "three\n");

    assert_string_equal(umig_unified_log_line(log), "three");
    assert_null(umig_unified_log_line(log));
}

static void test_lines_read_take_no_memory(void **state)
{
    struct umig_unified_log *log = *state;
    char line[1000];
    memset(line, 'x', sizeof line - 2);
    line[sizeof line - 2] = '\n';
    line[sizeof line - 1] = '\0';
    start(log);
    for (int i = 0; i < 5000; i++) {
        append(log, line);
        assert_non_null(umig_unified_log_line(log));
    }
    struct stat info;
    assert_int_equal(fstat(log->fd, &info), 0);

    assert_true(info.st_size > 4000000);
    assert_true(info.st_blocks * 512 < 200000);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_start_runs_the_command_and_counts_from_now),
        CASE(test_stop_switches_the_output_off_once),
        CASE(test_start_refused_by_the_jvm_says_its_words),
        CASE(test_start_with_an_exception_clears_it),
        CASE(test_start_with_a_selection_that_does_not_fit_is_refused),
        CASE(test_start_on_an_unknown_jvm_is_unsupported),
        CASE(test_line_before_the_first_start_is_none),
        CASE(test_line_comes_when_it_is_complete),
        CASE(test_line_after_stop_is_still_read),
        CASE(test_line_too_long_does_not_stop_the_next),
        CASE(test_restart_begins_at_the_front),
        CASE(test_lines_read_take_no_memory),
    };
    return cmocka_run_group_tests_name("unified_log_test", tests, NULL, NULL);
}
