/* Sessions in words. */
#ifndef UMIG_CLI_SESSION_TEXT_H
#define UMIG_CLI_SESSION_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"
#include "umig/v1/control.pb-c.h"

/** Is this a name a session may have? UMIG_OK, or UMIG_E_ARG saying what is right. */
UMIG_NODISCARD int umig_session_name_check(const char *name, struct umig_err *err);

/** May a new session be called so? As umig_session_name_check(), and "latest" is taken. */
UMIG_NODISCARD int umig_session_new_name_check(const char *name, struct umig_err *err);

/**
 * Can this mean a stored session: a name, the beginning of one, "latest", or "#N" with N its number
 * in the store? UMIG_OK, or UMIG_E_ARG saying what is right.
 */
UMIG_NODISCARD int umig_session_selector_check(const char *selector, struct umig_err *err);

/** What a session measures; as in the messages. */
struct umig_session_kinds {
    Umig__V1__KindOption *const *items;
    size_t count;
    uint32_t native; /* enum umig_native, as asked for */
    uint32_t mutexes;
};

/** Appends what a session measures: "cpu every 10ms with native frames, gc, heap every 1s". */
void umig_session_kinds_text(const struct umig_session_kinds *kinds, struct umig_buf *out);

/** What a status says of a session; borrowed. */
struct umig_session_kinds umig_session_kinds_of(const Umig__V1__SessionStatus *session);

/**
 * Appends how many stacks were walked, and what part failed, by cause: "10000, 1.00 % failed:
 * unknown_java 100"; nothing before the first.
 *
 * @return how many failed
 */
uint64_t umig_session_stacks_text(const Umig__V1__SessionStatus *session, struct umig_buf *out);

#endif
