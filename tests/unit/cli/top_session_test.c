/* Whose session of umig top it is, and whether they are there still. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/top_doc.h"
#include "cli/top_session.h"
#include "tests/support/test.h"

static void test_who_looks_is_not_left_behind(void **state)
{
    (void)state;
    char mark[UMIG_TOP_SESSION_BYTES];
    umig_top_session_mark(mark);
    assert_false(umig_top_session_is_left(mark));
}

/* The child tells its mark and is gone. */
static void test_who_was_killed_is_left_behind(void **state)
{
    (void)state;
    char mark[UMIG_TOP_SESSION_BYTES] = "";
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    const pid_t pid = fork();
    if (pid == 0) {
        umig_top_session_mark(mark);
        _exit(write(ends[1], mark, sizeof mark) == (ssize_t)sizeof mark ? 0 : 1);
    }
    assert_int_equal(read(ends[0], mark, sizeof mark), sizeof mark);
    siginfo_t gone;
    assert_int_equal(waitid(P_PID, (id_t)pid, &gone, WEXITED | WNOWAIT), 0);
    assert_true(umig_top_process_has_ended(pid)); /* before its parent has noticed, too */
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_true(umig_top_process_has_ended(pid));
    assert_false(umig_top_process_has_ended(getpid()));
    close(ends[0]);
    close(ends[1]);
    assert_true(umig_top_session_is_left(mark));
}

static void test_process_with_the_same_pid_is_another(void **state)
{
    (void)state;
    char mark[UMIG_TOP_SESSION_BYTES];
    umig_top_session_mark(mark);
    char *start = strrchr(mark, '.');
    snprintf(start, sizeof mark - (size_t)(start - mark), ".1");
    assert_true(umig_top_session_is_left(mark));
}

static void test_marks_of_elsewhere_are_left_alone(void **state)
{
    (void)state;
    static const char *const marks[] = {"",      "1",      "1.2",          "x.y.z",
                                        "1.2.3", "-1.2.3", "999999999.1.1"};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        assert_false(umig_top_session_is_left(marks[i]));
    }
}

static void test_sessions_of_an_agent_are_a_panel(void **state)
{
    (void)state;
    Umig__V1__SessionStatus session = UMIG__V1__SESSION_STATUS__INIT;
    Umig__V1__SessionStatus *sessions[] = {&session, &session};
    Umig__V1__AgentStatus agent = UMIG__V1__AGENT_STATUS__INIT;
    struct umig_buf text = UMIG_BUF_INIT(1 << 16);
    struct umig_top_doc *doc = NULL;
    session.id = (char[]){"a\tb\nend"};
    session.age_ns = 7;
    session.when = (char[]){"heap > 90%"};
    agent.sessions = sessions;
    agent.n_sessions = 2;
    umig_top_session_list(&agent, &text);
    assert_int_equal(umig_top_doc_read(umig_buf_str(&text), text.len, &doc, NULL), UMIG_OK);
    assert_int_equal(doc->panels[0].row_count, 2);
    assert_int_equal(umig_top_row(&doc->panels[0], 1)[0].number, 7);
    assert_string_equal(umig_top_row(&doc->panels[0], 1)[2].text, "armed, heap > 90%: ");
    umig_top_doc_destroy(doc);
    umig_buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_looks_is_not_left_behind),
        cmocka_unit_test(test_who_was_killed_is_left_behind),
        cmocka_unit_test(test_process_with_the_same_pid_is_another),
        cmocka_unit_test(test_marks_of_elsewhere_are_left_alone),
        cmocka_unit_test(test_sessions_of_an_agent_are_a_panel),
    };
    return cmocka_run_group_tests_name("unit.cli.top_session", tests, NULL, NULL);
}
