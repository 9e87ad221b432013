/* When a session of 'umig start' starts: by a condition, by the clock, or now. */
#ifndef UMIG_CLI_START_SCHEDULE_H
#define UMIG_CLI_START_SCHEDULE_H

#include <stdint.h>

#include "cli/args.h"
#include "core/buf.h"
#include "core/trigger.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"
#include "umig/v1/control.pb-c.h"

/**
 * Reads --when, --before, --repeat, --cooldown, --at, --every and --times.
 *
 * @param now_unix_ns  --at is the next moment after it that local clocks show so
 * @param start        its duration has been read; what is read is put in
 * @param when         memory for the condition
 * @return UMIG_OK, or UMIG_E_ARG
 */
UMIG_NODISCARD int umig_start_schedule_read(const struct umig_args *args,
                                            uint64_t now_unix_ns,
                                            Umig__V1__StartSession *start,
                                            struct umig_trigger *when,
                                            struct umig_err *err);

/** Appends how often a plan starts: "every 1h, 3 times", "once". */
void umig_plan_often_text(uint64_t every_ns, uint32_t times, struct umig_buf *out);

/** Appends a moment as local clocks show it: "02:30:00 on 2026-11-29". */
void umig_local_time_text(uint64_t unix_ns, struct umig_buf *out);

#endif
