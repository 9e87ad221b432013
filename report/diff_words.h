/* Words and choices that text, JSON and page of a comparison share; used by report/diff*.c only. */
#ifndef UMIG_REPORT_DIFF_WORDS_H
#define UMIG_REPORT_DIFF_WORDS_H

#include "analysis/diff.h"
#include "core/buf.h"
#include "report/diff.h"

/** The figure of a method that a list is about. */
const struct umig_diff_figure *umig_diff_figure_of(const struct umig_diff_method *method,
                                                   bool is_total);

/** "+5.1 %", "-12 %", "x 3.4" (a factor from 2 on). */
void umig_diff_put_change(double ratio, struct umig_buf *out);

/** "+3.2 to +7.0 %": the interval of a ratio. */
void umig_diff_put_interval(const struct umig_diff_figure *figure, struct umig_buf *out);

/** "4.1 %": how far a ratio above 1 is from it; "x 3" from 2 on; "any" for one that is not known.
 */
void umig_diff_put_least(double least, struct umig_buf *out);

/**
 * What a method cost on one side, as it is compared: its share of the CPU, or CPU for one unit of
 * work or second.
 */
void umig_diff_put_cost(const struct umig_diff *diff,
                        const struct umig_diff_figure *figure,
                        enum umig_change_side side,
                        struct umig_buf *out);

/** What is compared with, after "than" or "beside": "per request", "beside what did not change". */
void umig_diff_put_basis(const struct umig_diff *diff,
                         const struct umig_diff_wording *wording,
                         struct umig_buf *out);

/** First sentence: what changed. Methods are named by put, so that a page may mark them. */
void umig_diff_put_answer(const struct umig_diff *diff,
                          const struct umig_diff_wording *wording,
                          struct umig_buf *out);

/** Second sentence: all CPU of both. */
void umig_diff_put_whole(const struct umig_diff *diff,
                         const struct umig_diff_wording *wording,
                         struct umig_buf *out);

/** Third sentence: what could not have been seen. */
void umig_diff_put_blind(const struct umig_diff *diff, struct umig_buf *out);

/** What makes the two hard to compare: another JDK, interval, walker ...; nothing if nothing. */
void umig_diff_put_doubts(const struct umig_diff *diff, struct umig_buf *out);

/** "session cpu-1 of orders, 60 s from 2026-11-28 04:04:54 UTC, 14,043 samples". */
void umig_diff_put_side(const struct umig_diff *diff,
                        enum umig_change_side side,
                        struct umig_buf *out);

/** Small print: level, noise, how uneven the load was. */
void umig_diff_put_terms(const struct umig_diff *diff, struct umig_buf *out);

/**
 * Lists methods, those that changed the bill most first.
 *
 * @param state  only figures of this state
 * @param out    indexes of diff->methods; room for method_count
 * @return how many
 */
size_t umig_diff_list(const struct umig_diff *diff,
                      bool is_total,
                      enum umig_diff_state state,
                      size_t *out);

#endif
