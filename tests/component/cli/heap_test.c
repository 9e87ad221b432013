/*
 * "umig heap" against a JVM whose answers are chosen: what no JVM would say is refused in a
 * sentence, and nothing is left of a dump that is none.
 */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/component/cli/fake_jvm.h"
#include "tests/component/cli/run.h"
#include "tests/support/test.h"

static const char g_histogram[] = "0\n num     #instances         #bytes  class name (module)\n"
                                  "-------------------------------------------------------\n"
                                  "   1:            10           1000  [B (java.base@25)\n"
                                  "   2:             2             48  Script1\n"
                                  "   3:             1             24  Script2\n"
                                  "Total            13           1072\n";

static const char g_info[] = "0\n garbage-first heap   total 262144K, used 4026K [0x0, 0x1)\n";

static struct run g_run;
static struct fake_jvm_seen g_seen;

static void heap_by(const struct fake_jvm_plan *plan, const char *word, const char *rest)
{
    char words[256];
    snprintf(words, sizeof words, "heap %s %d --wait 1s %s", word, (int)getpid(), rest);
    fake_jvm_run(plan, words, &g_run, &g_seen);
}

static void test_histogram_is_asked_for_by_the_protocol(void **state)
{
    (void)state;
    heap_by(&(struct fake_jvm_plan){.replies = {g_histogram}, .answers_slowly = true}, "histogram",
            "--top 1");
    assert_int_equal(g_run.code, 0);
    assert_string_equal(g_seen.request, "1|inspectheap|-live|||");
    assert_non_null(strstr(g_run.out, "after a full collection made for it"));
    assert_non_null(strstr(g_run.out, "byte[]"));
    assert_non_null(strstr(g_run.out, "2 more classes"));
    assert_non_null(strstr(g_run.out, "all: 3 classes"));
    assert_int_equal(g_run.err[0], '\0');
    heap_by(&(struct fake_jvm_plan){.replies = {g_histogram}}, "histogram", "--all");
    assert_string_equal(g_seen.request, "1|inspectheap|-all|||");
    assert_non_null(strstr(g_run.out, "Script* (2 classes)"));
    heap_by(&(struct fake_jvm_plan){.replies = {g_histogram}}, "histogram", "--unfold");
    assert_null(strstr(g_run.out, "Script*"));
}

static void test_answers_that_are_none_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *reply;
        const char *says;
    } cases[] = {
        {"0\n", "is no histogram, or half of one"},
        {"0\n   1:            10           1000  [B (java.base@25)\n", "half of one"},
        {"-1\nOperation inspectheap not recognized!", "refused: Operation inspectheap not"},
        {"-1\n", "refused: it does not say why"},
        {"HTTP/1.1 400 Bad Request\r\n\r\n", "none of the attach protocol"},
        {NULL, "hung up without an answer"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        heap_by(&(struct fake_jvm_plan){.replies = {cases[i].reply}}, "histogram", "");
        expect_failed(&g_run, 3, cases[i].says);
    }
    heap_by(&(struct fake_jvm_plan){.keeps_shut = true}, "histogram", "");
    expect_failed(&g_run, 3, "did not open its attach socket in time");
}

static void make_path(char *path, size_t room, const char *name)
{
    snprintf(path, room, "%s/%s", g_runtime_dir, name);
}

/* Is the folder as it was: nothing whose name begins so? */
static void expect_nothing_like(const char *beginning)
{
    DIR *dir = opendir(g_runtime_dir);
    assert_non_null(dir);
    for (struct dirent *it = NULL; (it = readdir(dir)) != NULL;) {
        if (strncmp(it->d_name, beginning, strlen(beginning)) == 0) {
            fail_msg("left behind: %s", it->d_name);
        }
    }
    closedir(dir);
}

static void dump_by(const struct fake_jvm_plan *plan, const char *name)
{
    char rest[160];
    char path[128];
    make_path(path, sizeof path, name);
    snprintf(rest, sizeof rest, "-o %s", path);
    heap_by(plan, "dump", rest);
    expect_nothing_like(".umig-heap");
}

static void test_dumps_that_are_none_leave_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *reply;
        const char *says;
    } cases[] = {
        {"0\nDumping heap to x ...\nHeap dump file created [4711 bytes in 0.1 secs]\n",
         "says that it wrote a dump of 4711 bytes, and that is not what is there"},
        {"0\nDumping heap to x ...\nDump file is incomplete: No space left on device\n",
         "could not write the dump: No space left on device"},
        {"-1\nOperation dumpheap not recognized!", "refused: Operation dumpheap not"},
        {"0\n", "could not write the dump"},
        {"", "hung up without an answer"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dump_by(&(struct fake_jvm_plan){.replies = {g_info, cases[i].reply}}, "x.hprof");
        expect_failed(&g_run, 3, cases[i].says);
        assert_int_equal(g_seen.request_count, 2);
        assert_memory_equal(g_seen.request, "1|dumpheap|/", 12);
        assert_non_null(strstr(g_seen.request, "/heap.hprof|-live||"));
    }
    expect_nothing_like("x.hprof");
}

static void test_places_that_do_not_do_are_told_before_anything_is_asked(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *says;
    } cases[] = {
        {"none/x.hprof", "No such file or directory"},
        {"libjvm.so", "libjvm.so is there: choose another name, or --overwrite"},
        {"folder", "/folder is there and no file: choose another name"},
        {"link", "/link is there and no file"},
    };
    char path[128];
    make_path(path, sizeof path, "folder");
    assert_int_equal(mkdir(path, 0700), 0);
    make_path(path, sizeof path, "link");
    assert_int_equal(symlink("/dev/null", path), 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dump_by(&(struct fake_jvm_plan){.replies = {g_info}}, cases[i].name);
        expect_failed(&g_run, 3, cases[i].says);
        assert_int_equal(g_seen.request_count, 0);
    }
    dump_by(&(struct fake_jvm_plan){.replies = {g_info}}, "folder/");
    expect_failed(&g_run, 2, "this is a folder; name a file in it");
    unlink(path);
    make_path(path, sizeof path, "folder");
    rmdir(path);
}

static void test_dump_that_cannot_fit_is_refused_with_both_numbers(void **state)
{
    (void)state;
    static const char huge[] = "0\n garbage-first heap   total 9T, used 999999G [0x0, 0x1)\n";
    dump_by(&(struct fake_jvm_plan){.replies = {huge}}, "x.hprof");
    expect_failed(&g_run, 3,
                  "976.6 TiB of the heap are used, and the JVM puts it together of pieces");
    assert_non_null(strstr(g_run.err, "needs about 1.9 PiB of space"));
    assert_non_null(strstr(g_run.err, "the free space there is "));
    assert_int_equal(g_seen.request_count, 1);
}

static void test_processes_that_are_no_jvm_are_named(void **state)
{
    (void)state;
    char words[64];
    const pid_t dead = fork();
    if (dead == 0) {
        _exit(0);
    }
    assert_int_equal(waitpid(dead, NULL, 0), dead);
    snprintf(words, sizeof words, "heap histogram %d", (int)dead);
    run_umig(words, &g_run);
    expect_failed(&g_run, 3, "there is no process");
    snprintf(words, sizeof words, "heap dump %d -o /tmp/x.hprof", (int)getppid());
    run_umig(words, &g_run);
    assert_int_equal(g_run.code, 3);
    if (strstr(g_run.err, "is no JVM") == NULL && strstr(g_run.err, "look at") == NULL) {
        fail_msg("%s", g_run.err);
    }
}

static void test_wrong_words_are_told_before_anything_is_asked(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        const char *says;
    } cases[] = {
        {"heap", "loaders PID|SERVICE, holders PID|SERVICE CLASS... is missing"},
        {"heap 1", "loaders PID|SERVICE, holders PID|SERVICE CLASS... is missing"},
        {"heap leaks 1", "'leaks' is neither histogram, dump, suspects, holders nor loaders"},
        {"heap holders 1", "whose? Give a class: umig heap holders PID CLASS"},
        {"heap suspects 1 svc.Session", "'umig heap suspects' takes a PID and no more"},
        {"heap suspects 1 --top 3", "--top is for 'umig heap histogram'"},
        {"heap histogram 1 --cpu 1s", "--cpu is for 'umig heap suspects' and 'umig heap holders'"},
        {"heap suspects 1 --watch 1s", "--watch 1s: it must be 1m to 12h"},
        {"heap histogram a/b", "'a/b' is neither a PID (1 to 4194304) nor a service name"},
        {"heap histogram 0", "'0' is no PID"},
        {"heap histogram 1 -o x", "--output is for 'umig heap dump'"},
        {"heap histogram 1 --force", "--force is for 'umig heap dump'"},
        {"heap histogram 1 --top many", "--top many: write a whole number, 0 for all"},
        {"heap histogram 1 --format pdf", "'pdf' is no format; write text or json"},
        {"heap histogram 1 --json --format text", "--json and --format text exclude each other"},
        {"heap histogram 1 --wait 1ms", "--wait 1ms: it must be 1s to 10m"},
        {"heap dump 1", "where to? -o FILE is missing"},
        {"heap dump 1 -o x --unfold", "--unfold is for 'umig heap histogram'"},
        {"heap dump 1 -o x --gzip 0", "--gzip 0: it must be 1 to 9"},
        {"heap dump 1 -o x --gzip 10", "--gzip 10: it must be 1 to 9"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run_umig(cases[i].words, &g_run);
        expect_failed(&g_run, 2, cases[i].says);
    }
}

static void test_progress_on_a_terminal_and_interrupt_leave_nothing(void **state)
{
    (void)state;
    struct running running;
    char words[64];
    char text[512];
    snprintf(words, sizeof words, "heap histogram %d", (int)getpid());
    fake_jvm_start(&(struct fake_jvm_plan){.ignores_request = true});
    start_umig_noting_on_terminal(words, &running);
    read_until(running.out_fd, "the JVM counts its objects", text, sizeof text);
    assert_int_equal(stop_umig(&running, SIGINT), -1); /* by the signal, as a shell wants it */
    fake_jvm_stop(&g_seen);
    assert_false(g_seen.was_file_there_at_the_end);
}

#define IN_JVM(name) cmocka_unit_test_setup_teardown(name, fake_jvm_map, fake_jvm_unmap)

int main(void)
{
#ifdef __SANITIZE_THREAD__
    print_message("skipped: its runtime holds SIGQUIT back while a thread waits in poll()\n");
    return 77;
#endif
    const struct CMUnitTest tests[] = {
        IN_JVM(test_histogram_is_asked_for_by_the_protocol),
        IN_JVM(test_answers_that_are_none_are_refused),
        IN_JVM(test_dumps_that_are_none_leave_nothing),
        IN_JVM(test_places_that_do_not_do_are_told_before_anything_is_asked),
        IN_JVM(test_dump_that_cannot_fit_is_refused_with_both_numbers),
        IN_JVM(test_processes_that_are_no_jvm_are_named),
        IN_JVM(test_wrong_words_are_told_before_anything_is_asked),
        IN_JVM(test_progress_on_a_terminal_and_interrupt_leave_nothing),
    };
    return cmocka_run_group_tests_name("component.cli.heap", tests, NULL, NULL);
}
