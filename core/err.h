/* Fills and forwards the error object of include/umig/status.h. */
#ifndef UMIG_CORE_ERR_H
#define UMIG_CORE_ERR_H

#include "include/umig/attr.h"
#include "include/umig/status.h"

/**
 * Records a failure and gives its status back, so that a caller can `return umig_err_set(...)`.
 *
 * @param err     filled in; NULL: nothing is recorded
 * @param status  a negative enum umig_status
 * @param format  one line that names the thing that failed and what would be right; what has no
 *                room in the text is cut, which "..." at the end shows; made harmless as
 * core/clean.h has it
 * @return status
 */
#define umig_err_set(err, status, ...) \
 umig_err_fill((err), (status), 0, __func__, __LINE__, __VA_ARGS__)

/** As umig_err_set(), with the errno, SQLite code or jvmtiError that caused it. */
#define umig_err_set_cause(err, status, cause, ...) \
 umig_err_fill((err), (status), (cause), __func__, __LINE__, __VA_ARGS__)

/** Adds the calling place to the error's path and gives rc back. */
#define umig_err_trace(err, rc) umig_err_hop_add((err), (rc), __func__, __LINE__)

/** Behind umig_err_set(). */
int umig_err_fill(struct umig_err *err,
                  int status,
                  int cause,
                  const char *func,
                  int line,
                  const char *format,
                  ...) UMIG_PRINTF(6, 7);

/** Behind umig_err_trace(). */
int umig_err_hop_add(struct umig_err *err, int rc, const char *func, int line);

/** Name of a status: "E_IO". Never NULL. */
const char *umig_status_name(int status);

/** Sentence of a status. Never NULL. */
const char *umig_status_text(int status);

/** Text of an errno; thread-safe, static storage. */
const char *umig_errno_text(int error_number);

#endif
