/* What agents are told to be by umig jvms and umig status, and how they are asked. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/agent_client.h"
#include "tests/component/cli/fake_agent.h"
#include "tests/support/test.h"

static int g_refusal_count;

static void answer_garbage(const struct umig_frame_header *header,
                           const uint8_t *payload,
                           struct umig_buf *out)
{
    (void)header;
    (void)payload;
    umig_buf_text(out, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
}

static void answer_empty(const struct umig_frame_header *header,
                         const uint8_t *payload,
                         struct umig_buf *out)
{
    (void)header;
    (void)payload;
    put_frame(out, UMIG_FRAME_CONTROL_REPLY, 0, "", 0);
}

static void answer_refusal(const struct umig_frame_header *header,
                           const uint8_t *payload,
                           struct umig_buf *out)
{
    (void)header;
    (void)payload;
    put_frame(out, UMIG_FRAME_REFUSE, 0, "\x08\x03\x12\x07not you", 11);
}

static void answer_nothing(const struct umig_frame_header *header,
                           const uint8_t *payload,
                           struct umig_buf *out)
{
    (void)header;
    (void)payload;
    (void)out; /* the connection is closed */
}

/* Refuses for now: "\x18\x14" is retry_after_ms 20. */
static void answer_busy(const struct umig_frame_header *header,
                        const uint8_t *payload,
                        struct umig_buf *out)
{
    (void)header;
    (void)payload;
    g_refusal_count += g_fake_agent.peer.is_asked_by_us;
    put_frame(out, UMIG_FRAME_REFUSE, 0, "\x08\x05\x12\x08too much\x18\x14", 14);
}

static void answer_after_refusals(const struct umig_frame_header *header,
                                  const uint8_t *payload,
                                  struct umig_buf *out)
{
    if (g_refusal_count < 3) {
        answer_busy(header, payload, out);
    } else {
        fake_agent_answer(header, payload, out);
    }
}

static void test_jvms_shows_agent_service_and_sessions(void **state)
{
    (void)state;
    char pid[32];
    snprintf(pid, sizeof pid, "\"pid\":%d,", (int)getpid());

    run_umig("jvms --json", &g_run);

    assert_int_equal(g_run.code, 0);
    const char *me = strstr(g_run.out, pid);
    assert_non_null(me);
    assert_non_null(strstr(me, "\"jdk\":\"21.0.4\",\"agent\":true,"));
    assert_wrote(me, "\"service\":\"@\",\"problem\":null,\"sessions\":[\"load-7\\u001b\"]");
    run_umig("jvms", &g_run);
    assert_wrote(g_run.out, "@");
}

static void test_status_tells_cost_quality_and_sessions(void **state)
{
    (void)state;
    run_on_fake_agent("status", "");

    assert_int_equal(g_run.code, 0);
    assert_string_equal(g_run.err, "");
    assert_wrote(g_run.out, "@  pid ");
    assert_non_null(strstr(g_run.out, "JDK 21"));
    assert_non_null(strstr(g_run.out, "/collector.sock, connected, everything stored"));
    assert_non_null(strstr(
        g_run.out, "0.50 % of one CPU (500 ms), 4.0 MiB of memory (6.0 MiB of 32.0 MiB reserved)"));
    assert_non_null(strstr(g_run.out, "load-7\xE2\x90\x9B, runs for 12 s, ends in 18 s"));
    assert_non_null(strstr(g_run.out, "cpu every 10ms with the native function that ran\n"));
    assert_non_null(strstr(g_run.out, "lacks      native frames (no memory)\n"));
    assert_non_null(strstr(g_run.out, "labels     build=1\\u{202E}4\n"));
    assert_non_null(strstr(g_run.out, "walker     agct\n"));
    assert_non_null(strstr(g_run.out, "signal     SIGRTMIN+8\n"));
    assert_non_null(strstr(g_run.out, "clock      cputime\n"));
    assert_non_null(strstr(g_run.out, "measured   cpu 12.3 s in 1230 samples\n"));
    assert_non_null(strstr(g_run.out, "dropped    cpu.ring_full 20 ms"));
    assert_non_null(strstr(g_run.out, "10000, 1.00 % failed: unknown_java 100"));
    assert_non_null(strstr(g_run.out, "counters   novelty 7"));
}

static void test_status_of_an_idle_agent_does_not_say_that_it_takes_nothing(void **state)
{
    (void)state;
    atomic_store(&g_fake_agent.is_untouched, true);
    run_on_fake_agent("status", "");
    atomic_store(&g_fake_agent.is_untouched, false);
    assert_non_null(
        strstr(g_run.out, "(500 ms), 6.0 MiB of 32.0 MiB of memory reserved, nothing of it touched "
                          "yet\n"));
}

static void test_status_shows_what_is_armed_and_what_is_planned(void **state)
{
    (void)state;
    atomic_store(&g_fake_agent.is_armed, true);
    run_on_fake_agent("status", "");
    assert_non_null(strstr(g_run.out, "load-7\xE2\x90\x9B, armed for 12 s\n"));
    assert_non_null(strstr(g_run.out, "fires      when heap > 90%; now: heap 41.2 %\n"));
    assert_non_null(strstr(g_run.out, "keeps      the last 60 s, so far 12 s: 1230 rows\n"));
    assert_non_null(
        strstr(g_run.out, "plan       night: every 1h, 3 times; started 1, next in 30 min 0 s\n"));
    assert_null(strstr(g_run.out, "measured"));

    run_on_fake_agent("status", " --json");
    assert_non_null(strstr(g_run.out, "\"state\":\"armed\",\"when\":\"heap > 90%\""));
    assert_non_null(strstr(g_run.out, "\"plans\":[{\"id\":\"night\","));
    atomic_store(&g_fake_agent.is_armed, false);
}

static void test_status_json_has_every_counter(void **state)
{
    (void)state;
    run_on_fake_service("status", " --json");

    assert_int_equal(g_run.code, 0);
    assert_non_null(strstr(g_run.out, "\"dropped.cpu.ring_full\":20000000"));
    assert_non_null(strstr(g_run.out, "\"walker\":\"agct\",\"signal\":\"SIGRTMIN+8\""));
    assert_non_null(strstr(g_run.out, "\"native\":\"leaf\",\"mutexes\":false,\"clock\":\"perf\","
                                      "\"problem\":\"native"));
    assert_non_null(strstr(g_run.out, "\"signal\":\"SIGRTMIN+8\",\"clock\":\"cputime\""));
    assert_non_null(strstr(g_run.out, "\"own_cost\":{\"cpu_ns\":500000000,"));
}

static void test_status_failures_are_shown_where_asked_for(void **state)
{
    (void)state;
    run_on_fake_service("status", " --failures");
    assert_int_equal(g_run.code, 0);
    assert_non_null(strstr(
        g_run.out, "stacks of load-7\xE2\x90\x9B: 10000, 1.00 % failed: unknown_java 100\n"));
    assert_null(strstr(g_run.out, "own cost"));

    run_on_fake_service("status", " --failures --json");
    assert_int_equal(g_run.code, 0);
    assert_non_null(strstr(g_run.out, "\"failures\":[]}"));

    run_on_fake_service("status", " --json");
    assert_null(strstr(g_run.out, "\"failures\""));
}

static void test_status_and_stop_say_what_the_collector_waits_for(void **state)
{
    (void)state;
    atomic_store(&g_fake_agent.is_disk_full, true);
    run_on_fake_agent("status", "");
    assert_non_null(strstr(g_run.out, "collector.sock, connected, 3 batches not stored yet: the "
                                      "collector waits: the collector's disk is full\n"));

    run_on_fake_agent("stop", "");
    atomic_store(&g_fake_agent.is_disk_full, false);
    assert_int_equal(g_run.code, 0);
    assert_non_null(strstr(g_run.err,
                           "umig stop: 3 batches are in the agent's memory and not stored: "
                           "the collector waits: the collector's disk is full\n"));
}

/* A heap is one JVM's. */
static void test_heap_takes_the_service_of_one_jvm(void **state)
{
    (void)state;
    static char by_pid[sizeof g_run.err];
    char words[96];
    run_on_fake_agent("heap histogram", ""); /* it has no door: that is told of the right JVM */
    memcpy(by_pid, g_run.err, sizeof by_pid);
    assert_int_equal(g_run.code, 3);

    run_on_fake_service("heap histogram", "");
    assert_int_equal(g_run.code, 3);
    assert_string_equal(g_run.err, by_pid);

    snprintf(words, sizeof words, "heap loaders no-%s", g_fake_agent.service);
    run_umig(words, &g_run);
    assert_int_equal(g_run.code, 3);
    assert_wrote(g_run.err, "no agent of this host has the service name 'no-@'");
}

static void test_heap_does_not_choose_among_jvms(void **state)
{
    (void)state;
    run_on_fake_service("heap suspects", "");

    assert_int_equal(g_run.code, 3);
    assert_wrote(g_run.err, "umig heap: 2 JVMs have the service name '@': name one by its PID (");
}

static void test_bad_answers_are_told_from_each_other(void **state)
{
    (void)state;
    static const struct {
        void (*answer)(const struct umig_frame_header *, const uint8_t *, struct umig_buf *);
        const char *says;
    } cases[] = {
        {answer_garbage, "not a UMIG frame"},
        {answer_empty, "its status is empty"},
        {answer_refusal, ": not you"},
        {answer_nothing, "closed the connection without an answer"},
    };
    char pid[32];
    snprintf(pid, sizeof pid, "JVM %d", (int)getpid());
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        g_fake_agent.peer.answer = cases[i].answer;
        run_on_fake_agent("status", "");
        if (g_run.code != 3 || strstr(g_run.err, cases[i].says) == NULL) {
            fail_msg("case %zu exited %d and said: %s", i, g_run.code, g_run.err);
        }
        assert_non_null(strstr(g_run.err, pid));
    }
}

static void test_agent_that_refuses_for_now_is_asked_again(void **state)
{
    (void)state;
    g_refusal_count = 0;
    g_fake_agent.peer.answer = answer_after_refusals;

    run_on_fake_agent("status", "");

    assert_int_equal(g_run.code, 0);
    assert_string_equal(g_run.err, "");
    assert_int_equal(g_refusal_count, 3);
}

static void test_agent_that_refuses_on_and_on_is_given_up(void **state)
{
    (void)state;
    g_refusal_count = 0;
    g_fake_agent.peer.answer = answer_busy;

    run_on_fake_agent("status", "");

    assert_int_equal(g_run.code, 3);
    assert_non_null(strstr(g_run.err, " is asked too much: too much; try again later\n"));
    assert_in_range(g_refusal_count, 2, 41);
}

static void test_jvm_without_agent_says_how_to_load_it(void **state)
{
    (void)state;
    run_on_fake_agent("start", "");

    assert_int_equal(g_run.code, 3);
    assert_non_null(
        strstr(g_run.err, "runs without the UMIG agent; start it with java -agentpath:/"));
}

/* It was there when JVMs were looked for. */
static void test_jvm_that_has_ended_is_told(void **state)
{
    (void)state;
    const pid_t pid = fork();
    if (pid == 0) {
        _exit(0);
    }
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    struct umig_jvm jvm = {.pid = pid, .uid = geteuid(), .has_agent = true, .has_socket = true};
    struct umig_err err = UMIG_ERR_INIT;
    struct umig_agent_reply reply = {.message = NULL};
    char wanted[64];
    snprintf(wanted, sizeof wanted, "JVM %d has ended", (int)pid);

    assert_int_not_equal(umig_agent_status(&jvm, 1000, &reply, &err), UMIG_OK);

    assert_string_equal(err.text, wanted);
}

/* Other tests have agents on this host: one that does not answer may have the name. */
static bool has_answered_no(void)
{
    return g_run.code == 1 || (g_run.code == 3 && strstr(g_run.err, " did not answer (") != NULL);
}

static void test_status_without_any_agent_answers_no(void **state)
{
    (void)state;
    run_on_fake_service("status", "");
    assert_wrote(g_run.err, "'@'");
    assert_true(has_answered_no());

    run_on_fake_service("status", " --json");
    assert_true(has_answered_no());
    if (g_run.code == 1) {
        assert_wrote(g_run.out, "{\"agents\":[],\"silent\":");
    }
}

#define WITH_AGENT(name) cmocka_unit_test_setup_teardown(name, fake_agent_start, fake_agent_stop)
#define WITH_TWO(name) \
 cmocka_unit_test_setup_teardown(name, fake_agent_start_two, fake_agent_stop_two)
#define WITHOUT(name) \
 cmocka_unit_test_setup_teardown(name, fake_agent_become_jvm, fake_agent_end_jvm)

int main(void)
{
    fake_agent_init();
    const struct CMUnitTest agent_test[] = {
        WITH_AGENT(test_jvms_shows_agent_service_and_sessions),
        WITH_AGENT(test_status_tells_cost_quality_and_sessions),
        WITH_AGENT(test_status_of_an_idle_agent_does_not_say_that_it_takes_nothing),
        WITH_AGENT(test_status_shows_what_is_armed_and_what_is_planned),
        WITH_AGENT(test_status_json_has_every_counter),
        WITH_AGENT(test_status_failures_are_shown_where_asked_for),
        WITH_AGENT(test_status_and_stop_say_what_the_collector_waits_for),
        WITH_AGENT(test_heap_takes_the_service_of_one_jvm),
        WITH_TWO(test_heap_does_not_choose_among_jvms),
        WITH_AGENT(test_bad_answers_are_told_from_each_other),
        WITH_AGENT(test_agent_that_refuses_for_now_is_asked_again),
        WITH_AGENT(test_agent_that_refuses_on_and_on_is_given_up),
        cmocka_unit_test(test_jvm_that_has_ended_is_told),
        WITHOUT(test_jvm_without_agent_says_how_to_load_it),
        WITHOUT(test_status_without_any_agent_answers_no),
    };
    return cmocka_run_group_tests(agent_test, NULL, NULL);
}
