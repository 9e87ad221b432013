/* A store in a folder of its own, for one test. Every step that does not work fails the test. */
#ifndef UMIG_TESTS_UNIT_COLLECTOR_STORED_H
#define UMIG_TESTS_UNIT_COLLECTOR_STORED_H

#include <stddef.h>
#include <stdint.h>

#include "collector/store/fold.h"
#include "collector/store/store.h"

struct stored {
    char dir[64];
    struct umig_store *store;
    struct umig_folder *folder;
};

/** Makes an empty one. */
void stored_open(struct stored *stored);

/** Closes it and removes the folder. */
void stored_close(struct stored *stored);

/** cmocka's setup: *state is a struct stored. */
int stored_set_up(void **state);

/** cmocka's teardown of that. */
int stored_tear_down(void **state);

/** Packs the Hello of a service "orders" whose clocks began at 1; returns its bytes. */
size_t stored_pack_hello(uint8_t *out, size_t room);

#endif
