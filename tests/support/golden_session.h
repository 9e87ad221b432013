/* The golden session of tests/data/wire: its maker and its bytes. */
#ifndef UMIG_TESTS_SUPPORT_GOLDEN_SESSION_H
#define UMIG_TESTS_SUPPORT_GOLDEN_SESSION_H

#include "core/buf.h"
#include "tests/support/emitter.h"

/** The emitter that makes the golden session: HELLO, three batches in two generations, end, BYE. */
struct umig_emitter *umig_golden_emitter(void);

/** Reads tests/data/wire/session.umig; with UMIG_UPDATE_GOLDEN=1 writes it first. */
void umig_golden_read(struct umig_buf *out);

#endif
