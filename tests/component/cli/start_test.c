/* umig start and umig stop: what the agent is asked for, and what is said of it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/component/cli/fake_agent.h"
#include "tests/support/test.h"

static void test_start_sends_a_condition_and_refuses_what_is_none(void **state)
{
    (void)state;
    run_on_fake_agent("start", " --cpu 2ms --when heap>90% --before 2m --duration 30s --name full");
    assert_int_equal(g_run.code, 0);
    assert_string_equal(g_fake_agent.started,
                        "full 30000000000 when heap>90% before 120000000000 times 1 1:2000000");
    assert_wrote(g_run.out, "Session full is armed in @ (pid ");
    assert_non_null(strstr(g_run.out,
                           "It fires when heap>90%, and has the 2 min 0 s before. It ends by "
                           "itself after 30 s. Read it with 'umig report full'."));
    assert_string_equal(g_run.err, "");

    run_on_fake_agent("start", " --cpu --when heap>90% --name older");
    assert_non_null(strstr(g_run.err, "is older than this command: session older runs now"));
}

static void test_start_sends_what_was_asked_for(void **state)
{
    (void)state;
    run_on_fake_agent("start",
                      " --cpu 2ms --gc --heap --duration 30s --name load-7 --label build=1=2");

    assert_int_equal(g_run.code, 0);
    assert_string_equal(g_fake_agent.started,
                        "load-7 30000000000 1:2000000 2:0 3:1000000000 build=1=2");
    assert_wrote(g_run.out, "Session load-7 runs in @ (pid ");
    assert_non_null(strstr(g_run.out, "cpu every 2ms, gc, heap every 1s."));
    assert_non_null(
        strstr(g_run.out, "It ends by itself in 30 s. Read it with 'umig report load-7'."));
}

static void test_start_names_the_collector_that_a_report_would_not_find(void **state)
{
    (void)state;
    snprintf(g_fake_agent.address, sizeof g_fake_agent.address, "tcp:10.0.0.7:7070");

    run_on_fake_agent("start", " --cpu --name far");
    assert_int_equal(g_run.code, 0);
    assert_non_null(
        strstr(g_run.out, " Read it with 'umig report far --collector tcp:10.0.0.7:7070'.\n"));

    run_on_fake_agent("stop", "");
    assert_int_equal(g_run.code, 0);
    assert_non_null(
        strstr(g_run.out, "Read each with 'umig report ID --collector tcp:10.0.0.7:7070'.\n"));
}

/* A collector that says of itself, beside every answer, that its disk is full. */
static void answer_full(const struct umig_frame_header *header,
                        const uint8_t *payload,
                        struct umig_buf *out)
{
    (void)payload;
    assert_int_equal(header->type, UMIG_FRAME_QUERY);
    put_frame(out, UMIG_FRAME_QUERY_NOTE, 0, "\x0a\x14the disk of /x: full", 22);
    put_frame(out, UMIG_FRAME_QUERY_DATA, UMIG_FRAME_LAST, "", 0);
}

static void test_start_says_that_the_collector_has_no_room(void **state)
{
    (void)state;
    atomic_store(&g_fake_agent.is_disk_full, true);
    run_on_fake_agent("start", " --cpu --name full");
    atomic_store(&g_fake_agent.is_disk_full, false);
    assert_int_equal(g_run.code, 0);
    assert_non_null(strstr(g_run.err,
                           " keeps up to its memory bound while its collector has no "
                           "room: the collector waits: the collector's disk is full.\n"));

    /* An agent that sent nothing of late does not know. */
    struct fake_peer collector = {.answer = answer_full};
    fake_peer_start(&collector, "collector.sock");
    run_on_fake_agent("start", " --cpu --name full");
    fake_peer_stop(&collector);
    assert_int_equal(g_run.code, 0);
    assert_non_null(strstr(g_run.err, " has no room: the disk of /x: full.\n"));
}

static void test_start_sends_a_clock_and_refuses_what_is_none(void **state)
{
    (void)state;
    run_on_fake_agent("start", " --cpu 2ms --clock wall --name by-wall");
    assert_int_equal(g_run.code, 0);
    assert_string_equal(g_fake_agent.started, "by-wall 0 clock 3 1:2000000");

    run_on_fake_agent("start", " --cpu --clock sundial");
    assert_int_equal(g_run.code, 2);
    assert_non_null(strstr(g_run.err, "auto, perf, cputime or wall"));

    run_on_fake_agent("start", " --gc --clock perf");
    assert_int_equal(g_run.code, 2);
    assert_non_null(strstr(g_run.err, "add --cpu"));
}

static void test_start_confirms_native_frames_and_says_if_they_are_not_to_be_had(void **state)
{
    (void)state;
    run_on_fake_agent("start", " --cpu 2ms --gc --native on --name deep");
    assert_int_equal(g_run.code, 0);
    assert_string_equal(g_fake_agent.started, "deep 0 native 1:2000000 2:0");
    assert_wrote(g_run.out, " in @ (pid ");
    assert_non_null(strstr(g_run.out, "): cpu every 2ms with native frames, gc.\n"));
    assert_non_null(strstr(g_run.err, "umig start: session deep in JVM "));
    assert_non_null(strstr(g_run.err, " does not get all of it: native frames (no memory)\n"));

    run_on_fake_agent("start", " --cpu --native leaf --json");
    assert_non_null(strstr(g_run.out, "\"problem\":\"native frames (no memory)\"}]"));
    assert_string_equal(g_run.err, "");

    run_on_fake_agent("start", " --cpu --name plain");
    assert_string_equal(g_run.err, "");
}

static void test_start_by_service_without_kinds_takes_all_and_the_made_name(void **state)
{
    (void)state;
    run_on_fake_service("start", " --json");

    assert_int_equal(g_run.code, 0);
    assert_string_equal(g_fake_agent.started, " 0 1:10000000 2:0 3:1000000000 4:1000000");
    assert_wrote(g_run.out, "\"service\":\"@\",\"session\":\"made-1\",\"problem\":null}]");
}

static void test_service_that_no_agent_has_is_told_with_those_that_are(void **state)
{
    (void)state;
    run_umig("start nosuch", &g_run);

    assert_int_equal(g_run.code, 3);
    const char *there = strstr(g_run.err, "has the service name 'nosuch'; there ");
    assert_non_null(there);
    assert_wrote(there, "@"); /* and whatever else runs on this host */
    assert_null(strstr(strstr(there, g_fake_agent.service) + 1, g_fake_agent.service));
}

static void test_start_that_the_agent_refuses_is_a_failure(void **state)
{
    (void)state;
    run_on_fake_agent("start", " --name taken");

    assert_int_equal(g_run.code, 3);
    assert_non_null(strstr(g_run.err, "a session named 'taken' runs already"));
}

static void test_stop_by_name_knows_what_runs(void **state)
{
    (void)state;
    atomic_store(&g_fake_agent.stop_count, 0);

    run_on_fake_agent("stop", " --name other");
    assert_int_equal(g_run.code, 3);
    assert_non_null(strstr(g_run.err, "no session 'other' runs there"));
    assert_int_equal(atomic_load(&g_fake_agent.stop_count), 0);

    run_on_fake_agent("stop", "");
    assert_int_equal(g_run.code, 0);
    assert_int_equal(atomic_load(&g_fake_agent.stop_count), 1);
    assert_wrote(g_run.out, "Stopped load-7 other in @ (pid ");
    assert_non_null(strstr(g_run.out, ").\nRead each with 'umig report ID'.\n"));

    run_on_fake_agent("stop", " --json");
    assert_int_equal(g_run.code, 0);
    assert_non_null(strstr(g_run.out, "\"sessions\":[\"load-7\",\"other\"],\"unfired\":[]}]\n"));
}

static void test_what_several_agents_started_is_stopped_by_one_command(void **state)
{
    (void)state;
    char pid[32];
    snprintf(pid, sizeof pid, "(pid %d)", (int)g_fake_agent.second_pid);

    run_on_fake_service("start", " --name nightly");
    assert_int_equal(g_run.code, 0);
    assert_non_null(strstr(g_run.out, pid));
    assert_wrote(g_run.out, "They run until 'umig stop @ --name nightly'. Read each by its number "
                            "in 'umig sessions': umig report '#N'.\n");

    run_on_fake_service("start", ""); /* each agent makes an id of its own */
    assert_wrote(g_run.out, "They run until 'umig stop @', which stops whatever commands started "
                            "there; with --name ID only one. Read each with 'umig report ID'.\n");

    run_on_fake_service("start", " --duration 30s --name nightly");
    assert_non_null(strstr(g_run.out, "They end by themselves in 30 s. "));
    assert_null(strstr(g_run.out, "umig stop"));

    run_on_fake_service("stop", "");
    assert_int_equal(g_run.code, 0);
    assert_non_null(strstr(g_run.out, pid));
    assert_non_null(strstr(g_run.out, ").\nRead each with 'umig report ID'.\n"));
}

static void test_name_that_is_taken_anywhere_starts_nothing(void **state)
{
    (void)state;
    g_fake_agent.started[0] = '\0';
    snprintf(g_fake_agent.running_id, sizeof g_fake_agent.running_id, "load-8");
    run_on_fake_service("start", " --cpu --name load-8");
    snprintf(g_fake_agent.running_id, sizeof g_fake_agent.running_id, "load-7\x1b");
    assert_int_equal(g_run.code, 3);
    assert_string_equal(g_run.out, "");
    assert_string_equal(g_fake_agent.started, "");
    assert_non_null(strstr(g_run.err, "a session 'load-8' is already running in JVM "));
    assert_non_null(strstr(g_run.err, "; nothing was started in any\n"));
}

static void test_start_that_fails_in_one_of_two_says_in_which(void **state)
{
    (void)state;
    char pid[64];
    run_on_fake_service("start", " --cpu --name half");
    assert_int_equal(g_run.code, 3);
    snprintf(pid, sizeof pid, "not started in JVM %d: a session named",
             (int)g_fake_agent.second_pid);
    assert_non_null(strstr(g_run.err, pid));
    assert_non_null(strstr(g_run.err, "umig start: started in 1 of 2 JVMs\n"));
    snprintf(pid, sizeof pid, "(pid %d)", (int)getpid());
    assert_wrote(g_run.out, "Session half runs in @ (pid ");
    assert_non_null(strstr(g_run.out, pid));
}

#define WITH_AGENT(name) cmocka_unit_test_setup_teardown(name, fake_agent_start, fake_agent_stop)
#define WITH_TWO(name) \
 cmocka_unit_test_setup_teardown(name, fake_agent_start_two, fake_agent_stop_two)

int main(void)
{
    fake_agent_init();
    const struct CMUnitTest start_test[] = {
        WITH_AGENT(test_start_sends_a_condition_and_refuses_what_is_none),
        WITH_AGENT(test_start_sends_what_was_asked_for),
        WITH_AGENT(test_start_names_the_collector_that_a_report_would_not_find),
        WITH_AGENT(test_start_says_that_the_collector_has_no_room),
        WITH_AGENT(test_start_sends_a_clock_and_refuses_what_is_none),
        WITH_AGENT(test_start_confirms_native_frames_and_says_if_they_are_not_to_be_had),
        WITH_AGENT(test_start_by_service_without_kinds_takes_all_and_the_made_name),
        WITH_TWO(test_service_that_no_agent_has_is_told_with_those_that_are),
        WITH_AGENT(test_start_that_the_agent_refuses_is_a_failure),
        WITH_AGENT(test_stop_by_name_knows_what_runs),
        WITH_TWO(test_what_several_agents_started_is_stopped_by_one_command),
        WITH_TWO(test_name_that_is_taken_anywhere_starts_nothing),
        WITH_TWO(test_start_that_fails_in_one_of_two_says_in_which),
    };
    return cmocka_run_group_tests(start_test, NULL, NULL);
}
