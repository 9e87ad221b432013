#include "tests/unit/collector/stored.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/support/test.h"
#include "tests/support/tree.h"
#include "umig/v1/control.pb-c.h"

void stored_open(struct stored *stored)
{
    snprintf(stored->dir, sizeof stored->dir, "/tmp/umig-test-XXXXXX");
    assert_non_null(mkdtemp(stored->dir));
    assert_int_equal(umig_store_open(stored->dir, &stored->store, NULL), UMIG_OK);
    assert_int_equal(
        umig_folder_open(stored->dir, umig_store_id(stored->store), &stored->folder, NULL),
        UMIG_OK);
}

void stored_close(struct stored *stored)
{
    umig_folder_close(stored->folder);
    umig_store_close(stored->store);
    umig_tree_remove(stored->dir);
}

int stored_set_up(void **state)
{
    struct stored *stored = calloc(1, sizeof *stored);
    assert_non_null(stored);
    stored_open(stored);
    *state = stored;
    return 0;
}

int stored_tear_down(void **state)
{
    stored_close(*state);
    free(*state);
    return 0;
}

size_t stored_pack_hello(uint8_t *out, size_t room)
{
    Umig__V1__Process process = UMIG__V1__PROCESS__INIT;
    Umig__V1__ClockAnchor anchor = UMIG__V1__CLOCK_ANCHOR__INIT;
    Umig__V1__Hello hello = UMIG__V1__HELLO__INIT;
    process.service = (char[]){"orders"};
    anchor.monotonic_ns = 1;
    anchor.unix_ns = 1;
    hello.process = &process;
    hello.anchor = &anchor;
    assert_true(umig__v1__hello__get_packed_size(&hello) <= room);
    return umig__v1__hello__pack(&hello, out);
}
