/*
 * "umig attach" against a JVM whose answers are chosen. What it may never do: send SIGQUIT to who
 * does not expect it, or leave a file behind.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/socket.h"
#include "tests/component/cli/fake_jvm.h"
#include "tests/component/cli/run.h"
#include "tests/support/test.h"

#define ATTACH "attach %d --wait 1s"

static const char good[] = "0\nreturn code: 0\n";
static struct run g_run;
static struct fake_jvm_seen g_seen;

static void attach_with(const char *rest)
{
    char words[256];
    snprintf(words, sizeof words, ATTACH "%s", (int)getpid(), rest);
    run_umig(words, &g_run);
}

static void attach_by(const struct fake_jvm_plan *plan, const char *rest)
{
    char words[256];
    snprintf(words, sizeof words, ATTACH "%s", (int)getpid(), rest);
    fake_jvm_run(plan, words, &g_run, &g_seen);
}

static void test_agent_is_loaded_by_the_protocol(void **state)
{
    (void)state;
    attach_by(&(struct fake_jvm_plan){.has_agent_after = true, .replies = {good}},
              " service=orders label.a=b");

    assert_int_equal(g_run.code, 0);
    assert_non_null(strstr(g_run.out, "Attached to late (pid "));
    assert_non_null(strstr(g_run.out, "It had run for 2 h"));
    assert_int_equal(g_seen.quit_count, 1);
    assert_int_equal(g_seen.request_count, 1);
    assert_memory_equal(g_seen.request, "1|load|/", 8);
    assert_non_null(strstr(g_seen.request, "/libumigagent.so|true|service=orders,label.a=b|"));
}

static void test_reply_in_pieces_is_put_together(void **state)
{
    (void)state;
    attach_by(
        &(struct fake_jvm_plan){.has_agent_after = true, .answers_slowly = true, .replies = {good}},
        "");
    assert_int_equal(g_run.code, 0);
}

static void test_jvm_that_is_still_starting_is_asked_again(void **state)
{
    (void)state;
    attach_by(
        &(struct fake_jvm_plan){
            .has_agent_after = true,
            .replies = {"0\nDynamic agent loading is only permitted in the live phase\n", good}},
        "");
    assert_int_equal(g_run.code, 0);
    assert_int_equal(g_seen.quit_count, 1); /* the door was open by then */
    assert_int_equal(g_seen.request_count, 2);
}

static void test_refusals_are_told_from_each_other(void **state)
{
    (void)state;
    static const struct {
        const char *reply;
        const char *says;
    } cases[] = {
        {"-1\nx.so was not loaded.\nx.so: no such file\n", "x.so was not loaded.; x.so: no such"},
        {"-1\n", "-XX:-EnableDynamicAgentLoading"},
        {"0\nreturn code: 104\n", "the system refused it memory or a thread"},
        {"0\nreturn code: 7\n", "refused with code 7"},
        {"0\nretu", "half of one"},
        {"HTTP/1.1 400 Bad Request\r\n\r\n", "none of the attach protocol"},
        {NULL, "hung up without an answer"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        attach_by(&(struct fake_jvm_plan){.replies = {cases[i].reply}}, "");
        expect_failed(&g_run, 3, cases[i].says);
    }
}

static void test_endless_reply_is_cut_off(void **state)
{
    (void)state;
    static char endless[200000];
    memset(endless, 'x', sizeof endless);
    attach_by(&(struct fake_jvm_plan){.replies = {endless}, .reply_bytes = sizeof endless}, "");
    expect_failed(&g_run, 3, "answered with more than 65536 bytes");
}

static void test_jvm_that_does_not_answer_is_given_up(void **state)
{
    (void)state;
    attach_by(&(struct fake_jvm_plan){.ignores_request = true}, "");
    expect_failed(&g_run, 3, "did not answer in time");
    attach_by(&(struct fake_jvm_plan){.keeps_shut = true}, "");
    expect_failed(&g_run, 3, "did not open its attach socket in time");
    assert_int_equal(g_seen.quit_count, 1);
}

static void test_process_that_does_not_expect_sigquit_gets_none(void **state)
{
    (void)state;
    attach_with(""); /* it would end this test */
    expect_failed(&g_run, 3, "does not handle SIGQUIT");
    assert_int_not_equal(access(fake_jvm_request_path(), F_OK), 0);
}

static void test_stopped_process_gets_none(void **state)
{
    (void)state;
    char words[64];
    const pid_t child = fork(); /* it has libjvm.so mapped, too */
    if (child == 0) {
        (void)signal(SIGQUIT, SIG_DFL);
        raise(SIGSTOP);
        _exit(0);
    }
    assert_int_equal(waitpid(child, NULL, WUNTRACED), child);
    snprintf(words, sizeof words, "attach %d", (int)child);
    run_umig(words, &g_run);
    expect_failed(&g_run, 3, "is stopped (SIGSTOP, or a debugger)");
    kill(child, SIGCONT);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void test_request_of_another_tool_is_used_and_left(void **state)
{
    (void)state;
    const int fd = open(fake_jvm_request_path(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    fake_jvm_start(&(struct fake_jvm_plan){.has_agent_after = true, .replies = {good}});
    attach_with("");
    fake_jvm_stop(&g_seen);
    assert_int_equal(g_run.code, 0);
    assert_true(g_seen.was_file_there_at_the_end);
    unlink(fake_jvm_request_path());
}

static void test_what_is_in_the_way_is_named(void **state)
{
    (void)state;
    assert_int_equal(mkdir(fake_jvm_request_path(), 0700), 0);
    fake_jvm_start(&(struct fake_jvm_plan){.replies = {good}});
    attach_with("");
    fake_jvm_stop(&g_seen);
    expect_failed(&g_run, 3, "is in the way: .attach_pid");
    assert_int_equal(g_seen.quit_count, 0);
    assert_int_equal(rmdir(fake_jvm_request_path()), 0);
}

/* Somebody else listens where the JVM would. */
static void test_impostor_at_the_door_is_told_nothing(void **state)
{
    (void)state;
    int ready[2];
    char byte = 0;
    char door[64];
    snprintf(door, sizeof door, "%s", fake_jvm_door_path());
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    const pid_t child = fork();
    if (child == 0) {
        struct umig_address address = {.is_unix = true};
        int listener = -1;
        snprintf(address.path, sizeof address.path, "%s", door);
        (void)signal(SIGQUIT, SIG_IGN);
        if (umig_socket_listen(&address, 0600, &listener, NULL) != UMIG_OK ||
            fcntl(listener, F_SETFL, 0) != 0 || write(ready[1], "r", 1) != 1) {
            _exit(99);
        }
        const int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        _exit(fd >= 0 && read(fd, &byte, 1) == 0 ? 0 : 1); /* 1: it was told something */
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    fake_jvm_start(&(struct fake_jvm_plan){.replies = {good}});
    attach_with("");
    fake_jvm_stop(&g_seen);
    expect_failed(&g_run, 3, "listens at the attach socket of JVM");
    assert_int_equal(g_seen.quit_count, 0);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void test_wrong_words_are_told_before_anything_is_sent(void **state)
{
    (void)state;
    static const struct {
        const char *rest;
        const char *says;
    } cases[] = {
        {" memroy=64m", "memroy"},
        {" start=cpu:1us", "1ms"},
        {" --wait 0s", "1s to 10m"},
        {" --wait soon", "soon"},
        {" --agent /etc/hostname", "libumigagent.so"},
    };
    fake_jvm_start(&(struct fake_jvm_plan){.replies = {good}});
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        attach_with(cases[i].rest);
        expect_failed(&g_run, 2, cases[i].says);
    }
    attach_with(" --agent /no/such/libumigagent.so");
    expect_failed(&g_run, 3, "/no/such/libumigagent.so");
    fake_jvm_stop(&g_seen);
    assert_int_equal(g_seen.quit_count, 0);
}

static void test_progress_on_a_terminal_and_interrupt_leave_nothing(void **state)
{
    (void)state;
    struct running running;
    char words[64];
    char text[512];
    snprintf(words, sizeof words, "attach %d --wait 60s", (int)getpid());
    fake_jvm_start(&(struct fake_jvm_plan){.keeps_shut = true});
    start_umig_noting_on_terminal(words, &running);
    read_until(running.out_fd, "waiting for the JVM to open its attach socket", text, sizeof text);
    assert_int_equal(access(fake_jvm_request_path(), F_OK), 0);
    assert_int_equal(stop_umig(&running, SIGINT), -1); /* by the signal, as a shell wants it */
    fake_jvm_stop(&g_seen);
    assert_false(g_seen.was_file_there_at_the_end);

    fake_jvm_start(&(struct fake_jvm_plan){.ignores_request = true});
    start_umig_noting_on_terminal(words, &running);
    read_until(running.out_fd, "waiting for the JVM to load the agent", text, sizeof text);
    assert_int_equal(stop_umig(&running, SIGTERM), -1);
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
        IN_JVM(test_process_that_does_not_expect_sigquit_gets_none),
        IN_JVM(test_stopped_process_gets_none),
        IN_JVM(test_agent_is_loaded_by_the_protocol),
        IN_JVM(test_reply_in_pieces_is_put_together),
        IN_JVM(test_jvm_that_is_still_starting_is_asked_again),
        IN_JVM(test_refusals_are_told_from_each_other),
        IN_JVM(test_endless_reply_is_cut_off),
        IN_JVM(test_jvm_that_does_not_answer_is_given_up),
        IN_JVM(test_request_of_another_tool_is_used_and_left),
        IN_JVM(test_what_is_in_the_way_is_named),
        IN_JVM(test_impostor_at_the_door_is_told_nothing),
        IN_JVM(test_wrong_words_are_told_before_anything_is_sent),
        IN_JVM(test_progress_on_a_terminal_and_interrupt_leave_nothing),
    };
    return cmocka_run_group_tests_name("component.cli.attach", tests, NULL, NULL);
}
