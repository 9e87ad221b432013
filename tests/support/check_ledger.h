/* Compares a session as a store tells it with the books of the emitter that made it. */
#ifndef UMIG_TESTS_SUPPORT_CHECK_LEDGER_H
#define UMIG_TESTS_SUPPORT_CHECK_LEDGER_H

#include "analysis/profile.h"
#include "tests/support/emitter.h"

/** Loads the only session of a data folder at rest, folding what waits. Destroy the profile. */
struct umig_profile *umig_load_only_session(const char *data_dir);

/**
 * Asserts that every figure is the ledger's: stacks, threads, pauses, waits, heap points, and that
 * the books balance: produced = stored + dropped.
 */
void umig_check_ledger(const struct umig_profile *profile, const struct umig_ledger *ledger);

#endif
