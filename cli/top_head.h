/* The lines above the table: whose figures they are, the sums, and what is wrong. */
#ifndef UMIG_CLI_TOP_HEAD_H
#define UMIG_CLI_TOP_HEAD_H

#include "cli/top_view.h"

/** Whose figures these are, and of when. */
void umig_top_head_title(const struct umig_top_model *model,
                         size_t width,
                         struct umig_top_line *line);

/** Sums: CPU, heap, collections. */
void umig_top_head_sums(const struct umig_top_model *model,
                        size_t width,
                        struct umig_top_line *line);

/** More sums: allocation, waits, dispatch, the agent's own cost. */
void umig_top_head_more(const struct umig_top_model *model,
                        size_t width,
                        struct umig_top_line *line);

/**
 * What is wrong: deadlocks, what the session does not get, what is missing from the figures.
 *
 * @param index  from 0
 * @return false: nothing more is
 */
bool umig_top_head_trouble(const struct umig_top_model *model,
                           size_t index,
                           enum umig_top_look *out_look,
                           char out_text[UMIG_TOP_MESSAGE_BYTES]);

/** The panels there are, the one that is looked at marked. */
void umig_top_head_panels(const struct umig_top_model *model,
                          size_t width,
                          struct umig_top_line *line);

#endif
