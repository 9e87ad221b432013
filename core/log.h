/*
 * One line to a file descriptor per event: "umig: TEXT", made harmless as core/clean.h has it; in a
 * file behind the time (UTC) and the PID: "2026-11-28T09:12:07.041Z 4242 umig: TEXT". Programs log;
 * libraries return errors.
 */
#ifndef UMIG_CORE_LOG_H
#define UMIG_CORE_LOG_H

#include <stdbool.h>

#include "include/umig/attr.h"
#include "include/umig/status.h"

enum umig_log_level {
    UMIG_LOG_ERROR = 0,
    UMIG_LOG_WARN = 1,
    UMIG_LOG_INFO = 2,
    UMIG_LOG_DEBUG = 3,
};

/**
 * Sets where lines go and from which level on. Call once, before other threads log.
 *
 * @param fd     a file's descriptor that stays open; -1 for standard error, whose lines have no
 *               time and no PID: it is somebody else's
 * @param level  the least urgent level that is written
 */
void umig_log_open(int fd, enum umig_log_level level);

/**
 * Writes one line with one write(). At most 10 lines a second of WARN and ERROR together pass; how
 * many were held back is said by the next line that passes.
 *
 * Signal: never from a handler.
 */
void umig_log(enum umig_log_level level, const char *format, ...) UMIG_PRINTF(2, 3);

/** Logs an error with the path it took. */
void umig_log_err(enum umig_log_level level, const char *what, const struct umig_err *err);

/** The level of a name (error, warn, info, debug); -1 for another. */
int umig_log_level_of(const char *name);

/** The name of a level. */
const char *umig_log_level_name(enum umig_log_level level);

#endif
