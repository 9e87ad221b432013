/* Which sessions a JVM had on while one ran: of its stream, and overlapping. */
#include <stdio.h>
#include <stdlib.h>

#include "collector/store/reader.h"
#include "collector/store/store_private.h"
#include "core/buf.h"
#include "tests/support/test.h"
#include "tests/unit/collector/stored.h"
#include "umig/v1/control.pb-c.h"

#define TEXT_LIMIT_BYTES 65536

static void put_hello(struct umig_buf *sql)
{
    uint8_t bytes[512];
    const size_t count = stored_pack_hello(bytes, sizeof bytes);
    for (size_t i = 0; i < count; i++) {
        umig_buf_printf(sql, "%02x", bytes[i]);
    }
}

/* A session of a stream; to is 0 while it runs, its last data came at 900 then. */
static void add(const struct stored *f, int stream, int number, const char *id, int from, int to)
{
    struct umig_buf sql = UMIG_BUF_INIT(TEXT_LIMIT_BYTES);
    umig_buf_printf(&sql,
                    "INSERT INTO sessions(stream, number, name, uid, start_unix_ns, end_unix_ns, "
                    "last_unix_ns, end_reason, start, hello) VALUES(%d, %d, '%s', 0, %d, %d, %d, "
                    "%d, x'', x'",
                    stream, number, id, from, to, to == 0 ? 900 : to, to == 0 ? 0 : 1);
    put_hello(&sql);
    umig_buf_text(&sql, "')");
    assert_int_equal(umig_db_exec(&f->store->main, umig_buf_str(&sql), NULL), UMIG_OK);
    umig_buf_fini(&sql);
}

static void expect_others(const struct stored *f, int64_t key, const char *want)
{
    struct umig_reader *reader = NULL;
    struct umig_profile *profile = NULL;
    struct umig_buf text = UMIG_BUF_INIT(TEXT_LIMIT_BYTES);
    struct umig_err err = UMIG_ERR_INIT;
    assert_int_equal(umig_reader_open(f->dir, &reader, NULL), UMIG_OK);
    assert_int_equal(umig_profile_create(1 << 20, &profile, NULL), UMIG_OK);
    if (umig_reader_load(reader, key, NULL, profile, &err) != UMIG_OK) {
        fail_msg("%s", err.text);
    }
    for (size_t i = 0; i < profile->others.count; i++) {
        umig_buf_printf(&text, "%s%s", i > 0 ? " " : "",
                        umig_profile_text(profile, profile->others.items[i]));
    }
    assert_string_equal(umig_buf_str(&text), want);
    umig_buf_fini(&text);
    umig_profile_destroy(profile);
    umig_reader_close(reader);
}

static void test_others_are_of_the_same_jvm_and_overlap(void **state)
{
    const struct stored *f = *state;
    add(f, 1, 1, "always-on", 100, 0);
    add(f, 1, 2, "before", 150, 200);
    add(f, 1, 3, "one", 200, 300);
    add(f, 1, 4, "within", 250, 260);
    add(f, 1, 5, "after", 300, 400);
    add(f, 2, 1, "elsewhere", 200, 300);

    expect_others(f, 3, "always-on within"); /* who ends as it begins is no other */
    expect_others(f, 1, "before one within after");
    expect_others(f, 6, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_others_are_of_the_same_jvm_and_overlap, stored_set_up,
                                        stored_tear_down),
    };
    return cmocka_run_group_tests_name("unit.collector.others", tests, NULL, NULL);
}
