/* A collector and an emitter over a real socket: what is sent is what is read. */
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "tests/support/check_ledger.h"
#include "tests/support/collector_process.h"
#include "tests/support/emitter.h"
#include "tests/support/test.h"

static int set_up(void **state)
{
    struct umig_collector_process *p = malloc(sizeof *p);
    umig_collector_process_init(p);
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    umig_collector_process_fini(*state);
    free(*state);
    return 0;
}

static struct umig_emitter *make_emitter(uint64_t epoch, const char *session)
{
    const struct umig_emitter_options options = {
        .epoch = epoch,
        .seed = (uint32_t)epoch,
        .session = session,
        .service = "orders",
        .samples_per_batch = 200,
        .stacks_per_batch = 40,
        .batches_per_generation = 7,
        .anchor_unix_ns = umig_clock_unix_ns(),
    };
    return umig_emitter_create(&options);
}

static void must(int rc, const struct umig_err *err)
{
    if (rc != UMIG_OK) {
        fail_msg("status %d: %s", rc, err->text);
    }
}

static void test_collector_stores_exactly_what_was_sent(void **state)
{
    struct umig_collector_process *p = *state;
    struct umig_err err = UMIG_ERR_INIT;
    struct umig_emitter *e = make_emitter(11, "s-1");
    umig_collector_process_start(p);
    must(umig_emitter_connect(e, &p->address, &err), &err);

    for (int i = 0; i < 20; i++) {
        umig_emitter_make_batch(e);
    }
    umig_emitter_make_end(e);
    must(umig_emitter_flush(e, 5000, &err), &err);
    must(umig_emitter_bye(e, &err), &err);
    assert_int_equal(umig_collector_process_stop(p), 0);

    struct umig_profile *profile = umig_load_only_session(p->data);
    umig_check_ledger(profile, umig_emitter_ledger(e));
    assert_int_equal(profile->session.end, UMIG_END_STOPPED);
    umig_profile_destroy(profile);
    umig_emitter_destroy(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_collector_stores_exactly_what_was_sent, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("component.collector.ingest", tests, NULL, NULL);
}
