/*
 * Status codes and the error object shared by every module.
 *
 * Positive: an outcome the caller must handle, documented per function, never forwarded.
 * Zero: done. Negative: a failure, forwarded unchanged (umig_err_trace in core/err.h).
 */
#ifndef UMIG_STATUS_H
#define UMIG_STATUS_H

#include <stdint.h>

/* X(name, value, sentence): one row makes the enum constant, its name and its text. */
#define UMIG_STATUS_TABLE(X)                              \
 X(AGAIN, 1, "try again later")                           \
 X(NOT_FOUND, 2, "no such thing")                         \
 X(TRUNCATED, 3, "cut short")                             \
 X(DUPLICATE, 4, "already there")                         \
 X(END, 5, "the peer or the data has ended")              \
 X(OK, 0, "done")                                         \
 X(E_NOMEM, -1, "out of memory or over the memory bound") \
 X(E_ARG, -2, "a value is not of the form asked for")     \
 X(E_IO, -3, "a system call failed")                      \
 X(E_PROTO, -4, "the peer broke the wire protocol")       \
 X(E_DB, -5, "the database refused")                      \
 X(E_JVM, -6, "the JVM refused")                          \
 X(E_UNSUPPORTED, -7, "not available here")               \
 X(E_LIMIT, -8, "a bound was reached")                    \
 X(E_BUSY, -9, "somebody else holds it")                  \
 X(E_DENIED, -10, "not allowed")                          \
 X(E_BUG, -11, "a fault in UMIG itself")

enum umig_status {
#define UMIG_STATUS_ENUM(name, value, text) UMIG_##name = (value),
    UMIG_STATUS_TABLE(UMIG_STATUS_ENUM)
#undef UMIG_STATUS_ENUM
};

/** One place an error passed through. */
struct umig_err_hop {
    const char *func;
    int line;
};

/** Lives on the caller's stack; a NULL pointer to one means "not interested". */
struct umig_err {
    enum umig_status status;
    int cause;                   /* errno, SQLite extended code or jvmtiError, by status */
    char text[256];              /* one line, no newline, names the thing that failed */
    struct umig_err_hop hops[4]; /* origin first */
    uint8_t hop_count;
};

/* clang-format off */
#define UMIG_ERR_INIT { .status = UMIG_OK }
/* clang-format on */

#endif
