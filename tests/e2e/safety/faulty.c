/*
 * The test's part of agent/signal/testpoint.h: real faults at the places named in the variable
 * UMIG_FAULTY ("native,walk,sample"), at every sample that comes by. Every other one is a fault of
 * the C library, as of a copy of a name that is not there.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "agent/signal/testpoint.h"

static bool g_faults[UMIG_TESTPOINT_SAMPLE + 1];

__attribute__((constructor)) static void read_places(void)
{
    static const char *const names[] = {"native", "walk", "sample"};
    const char *places = getenv("UMIG_FAULTY");
    for (size_t i = 0; places != NULL && i < sizeof names / sizeof names[0]; i++) {
        g_faults[i] = strstr(places, names[i]) != NULL;
    }
}

__attribute__((no_sanitize("address", "undefined"))) void umig_testpoint(enum umig_testpoint at)
{
    static const int *volatile const nowhere = (const int *)64;
    static void *(*volatile const copy)(void *, const void *, size_t) = memcpy;
    static atomic_uint turn;
    char name[64];
    if (!g_faults[at]) {
        return;
    }
    if (atomic_fetch_add(&turn, 1) % 2 == 0) {
        (void)*(const volatile int *)nowhere;
    } else {
        copy(name, nowhere, sizeof name);
    }
}
