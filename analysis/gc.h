/* Stop-the-world pauses: how many, how long, why, and what the heap holds after them. */
#ifndef UMIG_ANALYSIS_GC_H
#define UMIG_ANALYSIS_GC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/profile.h"
#include "core/buf.h"

/** The pauses with one kind of collection and one cause. */
struct umig_gc_row {
    uint32_t collection; /* string; 0 unknown */
    uint32_t cause;      /* string; 0 unknown */
    uint64_t count;
    uint64_t total_ns;
    uint64_t longest_ns;
    uint64_t after_bytes;     /* heap after the latest that freed some; or UMIG_BYTES_UNKNOWN */
    uint64_t reclaimed_bytes; /* by those */
};

/** All pauses of a session. */
struct umig_gc {
    uint64_t count;
    uint64_t total_ns;
    uint64_t longest_ns;
    uint64_t median_ns;
    uint64_t p99_ns;          /* nearest rank; the longest when there are fewer than 100 */
    uint64_t session_ns;      /* 0 unknown */
    uint64_t reclaimed_bytes; /* over the pauses that know before and after */
    struct umig_gc_row *rows; /* by total, greatest first */
    size_t row_count;

    /* Heap after a pause, over the pauses that freed some: others say nothing of what is left. */
    uint64_t after_count;
    uint64_t after_first_bytes, after_last_bytes, after_highest_bytes;
    bool has_trend;           /* at least 8 points over at least 10 s */
    double trend_bytes_per_s; /* least squares through the points */
    double trend_fit;         /* r squared, 0 to 1 */
};

/** Adds up; free with umig_gc_fini(). UMIG_OK, UMIG_E_NOMEM. */
UMIG_NODISCARD int umig_gc_read(const struct umig_profile *profile,
                                struct umig_gc *out_gc,
                                struct umig_err *err);

/** Appends kind and cause of a row as far as they are known: "Pause Young (Normal): System.gc()".
 */
void umig_gc_put_what(const struct umig_profile *profile,
                      const struct umig_gc_row *row,
                      struct umig_buf *out);

/** Sentence for a session without a pause; where its end is missing it says so. */
const char *umig_gc_none(const struct umig_profile *profile);

/** Frees the rows. */
void umig_gc_fini(struct umig_gc *gc);

#endif
