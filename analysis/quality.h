/* What the figures are worth: failed samples by cause, drops by cause, and whether the books close.
 */
#ifndef UMIG_ANALYSIS_QUALITY_H
#define UMIG_ANALYSIS_QUALITY_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/profile.h"
#include "core/buf.h"

/** The books of one kind: produced = stored + remainder + dropped + missing - surplus. */
struct umig_quality_kind {
    bool present;
    uint64_t produced;
    uint64_t stored;
    uint64_t dropped;   /* all causes but REMAINDER */
    uint64_t remainder; /* waits that never added up to an interval: no sample of them is lost */
    uint64_t missing;   /* produced, not stored, not counted as dropped */
    uint64_t surplus;   /* stored and dropped add up to more than was produced */
};

/** Everything about the data of a session that a reader must know to trust it. */
struct umig_quality {
    struct umig_quality_kind kinds[UMIG_KIND_COUNT];
    uint64_t java_samples;   /* CPU samples that hit a Java thread */
    uint64_t failed_samples; /* of these: the stack could not be read whole */
    uint64_t failed[UMIG_OUTCOME_COUNT];
    uint64_t vm_samples; /* CPU samples of threads without Java frames */
    bool is_complete;    /* nothing dropped, missing, lost, no surplus; kinds without books too; the
                            JVM told the session's end */
    bool is_running;     /* the session has not ended: what is under way is missing yet */
};

/** Reads the books of a profile; cannot fail. */
void umig_quality_read(const struct umig_profile *profile, struct umig_quality *out_quality);

/** Appends "Complete: ..." or what is missing and why, what was not to be had, and how stacks were
 * read. */
void umig_quality_sentence(const struct umig_profile *profile,
                           const struct umig_quality *quality,
                           struct umig_buf *out);

/** Appends an amount of a kind's books: a time where they are kept in time (cpu, locks, wall), else
 * a count of records. */
void umig_quality_put_amount(enum umig_kind kind, uint64_t amount, struct umig_buf *out);

/** Key of an outcome, a drop, a kind: "unknown_java", "ring_full", "cpu"; "?" for a bad number. */
const char *umig_quality_outcome_key(enum umig_outcome outcome);
/** See umig_quality_outcome_key(). */
const char *umig_quality_drop_key(enum umig_drop drop);
/** See umig_quality_outcome_key(). */
const char *umig_quality_kind_key(enum umig_kind kind);
/** See umig_quality_outcome_key(): why a session ended, "vm-exit"; "unknown" for a bad number. */
const char *umig_quality_end_key(enum umig_end end);
/** See umig_quality_outcome_key(): native frames asked for, "leaf". */
const char *umig_quality_native_key(enum umig_native native);
/** Sentence that explains an outcome. */
const char *umig_quality_outcome_text(enum umig_outcome outcome);

#endif
