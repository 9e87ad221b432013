/*
 * A JVM as a container runtime would start it: PID and mount namespaces of its own, a /tmp of its
 * own, users mapped if wanted. Needs root.
 */
#ifndef UMIG_TESTS_E2E_ATTACH_CONTAINER_H
#define UMIG_TESTS_E2E_ATTACH_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "tests/support/jvm.h"

struct container_plan {
    bool maps_users;     /* root inside is user 100000 outside; the JVM is user 5 inside */
    bool hides_library;  /* what the agent's library lies in is empty inside */
    unsigned tmp_inodes; /* that /tmp may have; 0: any number */
};

struct container {
    pid_t keeper; /* 0: none */
    pid_t jvm;    /* as this side numbers it */
};

/** What a /tmp holds when the program Wait is ready: itself, Wait.class, hsperfdata_X, its file. */
#define CONTAINER_TMP_INODES 4

/** Starts the program Wait (bad_input) and returns when it is ready. */
void container_start(const struct umig_rig *rig,
                     const struct container_plan *plan,
                     struct container *container);

/** Is there a file in its /tmp whose name begins so? */
bool container_has(const struct container *container, const char *beginning);

/** Ends it. Takes one that was not started. */
void container_stop(struct container *container);

/** Can namespaces be had? Not in a chroot: its root is no mount, and users are not mapped in one.
 */
bool container_may_be(bool maps_users);

#endif
