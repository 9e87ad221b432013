/* A full disk, as RLIMIT_FSIZE makes one: nothing can be stored, what is there can be read. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "collector/query/query.h"
#include "tests/support/collector_talk.h"
#include "tests/support/test.h"
#include "umig/v1/control.pb-c.h"

enum {
    FLUSH_MS = 20000
};

static void test_folder_on_a_full_disk_is_told(void **state)
{
    struct umig_collector_process *p = *state;
    struct umig_emitter *e = umig_small_emitter(67, "full");
    static char text[1 << 20];
    struct rlimit before;
    umig_collector_process_start(p);
    umig_emitter_make_batch(e);
    umig_deliver(e, p);
    umig_emitter_destroy(e);
    umig_collector_process_kill(p); /* acknowledged and not folded */
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    const struct rlimit none = {1, before.rlim_max};
    (void)signal(SIGXFSZ, SIG_IGN);

    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    const int rc = umig_read_folder(p, UMIG_QUERY_LIST_SESSIONS, text, sizeof text);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(rc, UMIG_E_LIMIT);
    assert_non_null(strstr(text, p->data));
    assert_non_null(strstr(text, " is full: "));
    assert_non_null(strstr(text, "copy it elsewhere and read that with --data"));

    /* With room it is folded. */
    assert_int_equal(umig_read_folder(p, UMIG_QUERY_LIST_SESSIONS, text, sizeof text), UMIG_OK);
    assert_non_null(strstr(text, "full"));
}

static void test_answers_say_that_nothing_can_be_stored(void **state)
{
    struct umig_collector_process *p = *state;
    struct umig_emitter *e = umig_small_emitter(35, "full");
    const uint32_t status = UMIG__V1__QUERY_VERB__QUERY_STATUS;
    char note[2048];
    char text[8192];
    struct umig_err err = UMIG_ERR_INIT;
    p->file_size_limit = 1 << 20; /* as a full disk */
    umig_collector_process_start(p);
    umig_emitter_make_batch(e);
    umig_deliver(e, p);
    assert_true(umig_ask_noted(p, status, note, sizeof note, text, sizeof text));
    assert_string_equal(note, "");

    int rc = UMIG_OK;
    for (int i = 0; rc == UMIG_OK && i < 2000; i++) {
        umig_emitter_make_batch(e);
        rc = umig_emitter_flush(e, FLUSH_MS, &err);
    }
    assert_int_equal(rc, UMIG_E_LIMIT);
    assert_true(umig_ask_noted(p, status, note, sizeof note, text, sizeof text));
    assert_non_null(strstr(note, "the collector has stored nothing for "));
    assert_non_null(strstr(note, p->data));
    assert_non_null(strstr(note, " is full; agents keep what they can"));

    const struct rlimit lifted = {RLIM_INFINITY, RLIM_INFINITY};
    assert_int_equal(prlimit(p->pid, RLIMIT_FSIZE, &lifted, NULL), 0);
    umig_deliver(e, p);
    assert_true(umig_ask_noted(p, status, note, sizeof note, text, sizeof text));
    assert_string_equal(note, "");
    umig_emitter_destroy(e);
}

int main(void)
{
#define TEST(name) \
 cmocka_unit_test_setup_teardown(name, umig_collector_set_up, umig_collector_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_folder_on_a_full_disk_is_told),
        TEST(test_answers_say_that_nothing_can_be_stored),
    };
#undef TEST
    return cmocka_run_group_tests_name("component.collector.full_disk", tests, NULL, NULL);
}
