/* What the sections of the text report share: headings, cells, notes. Used by report/text*.c only.
 */
#ifndef UMIG_REPORT_TEXT_PAGE_H
#define UMIG_REPORT_TEXT_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "include/umig/kinds.h"
#include "report/figures.h"

/** A page under way. */
struct umig_text_page {
    const struct umig_figures *figures;
    struct umig_buf *out;
    size_t width;
    size_t line_width; /* with a long name in it; width on a terminal, more off it */
    bool colour;
};

/** Frees a part of the page, which may be used again; what failed in it has failed for the page. */
void umig_text_done(struct umig_text_page *page, struct umig_buf *part);

/** Begins a section: an empty line, its name, a rule to the margin. */
void umig_text_heading(struct umig_text_page *page, const char *name);

/** A line of small print at the indent. */
void umig_text_note(struct umig_text_page *page, const char *text);

/** The heads of columns, dimmed; the text is trusted. */
void umig_text_heads(struct umig_text_page *page, const char *text);

/** "  34 %" in 8 columns. */
void umig_text_share(struct umig_text_page *page, uint64_t part, uint64_t whole);

/** "   1.2 s" in 12 columns. */
void umig_text_value(struct umig_text_page *page, enum umig_kind kind, uint64_t value);

/** "   12,345" in 10 columns. */
void umig_text_number(struct umig_text_page *page, uint64_t number);

/** A bar of eighths of a block, whole at part = whole, in so many columns and one of space. */
void umig_text_bar(struct umig_text_page *page, uint64_t part, uint64_t whole, size_t columns);

/**
 * Ends a list that was cut, so that nobody takes it for the whole: "and 3 more (7.1 %)". Nothing
 * if count is 0; no share if whole is 0.
 */
void umig_text_rest(struct umig_text_page *page, size_t count, uint64_t part, uint64_t whole);

/** Prose made harmless, broken into lines after an indent; see umig_cells_wrap(). */
void umig_text_wrap(struct umig_text_page *page,
                    const char *text,
                    const char *separator,
                    size_t indent);

/** Gives the page its width; 0: none is known, which is 100 columns, 200 with a long name. */
void umig_text_set_width(struct umig_text_page *page, size_t width);

/** Raises columns to what a name takes, but not above most. */
void umig_text_widen(struct umig_text_page *page, const char *name, size_t most, size_t *columns);

/** A name in so many columns, made harmless, its middle left out where it is longer; then a space.
 */
void umig_text_name(struct umig_text_page *page, const char *name, size_t columns);

/** The last name of a line in so many columns at most, as umig_text_name(), and the line's end. */
void umig_text_last(struct umig_text_page *page, const char *name, size_t columns);

/** Appends the class that a method of a frame of an object names; "unknown class" for 0. */
void umig_text_put_class(const struct umig_profile *profile,
                         uint32_t class_method,
                         struct umig_buf *out);

/** Appends a frame, or what to say for 0. */
void umig_text_put_frame(const struct umig_profile *profile,
                         uint32_t frame,
                         const char *unknown,
                         struct umig_buf *out);

/** The heaviest ways: report/text_paths.c. */
void umig_text_paths(struct umig_text_page *page);

/** What was allocated: report/text_allocation.c. */
void umig_text_allocation(struct umig_text_page *page);

/** What stays alive: report/text_survivors.c. */
void umig_text_survivors(struct umig_text_page *page);

/** Who holds objects of a class, by the latest search: report/text_retained.c. */
void umig_text_ways(struct umig_text_page *page, uint32_t class_name);

/** How that search went. */
void umig_text_search(struct umig_text_page *page);

/** Lists ways of a kind that has so much value in all, under what was said of them. */
void umig_text_list_paths(struct umig_text_page *page,
                          const struct umig_paths *paths,
                          enum umig_kind kind,
                          uint64_t value);

/** Wall time: report/text_wall.c. */
void umig_text_wall(struct umig_text_page *page);

/** Pools of threads and of connections: report/text_pools.c. */
void umig_text_pools(struct umig_text_page *page);

/** Virtual threads: report/text_virtual.c. */
void umig_text_virtual_threads(struct umig_text_page *page);

/** Collections: report/text_gc.c. */
void umig_text_gc(struct umig_text_page *page);

/** Safepoints and who was late to them: report/text_gc.c. */
void umig_text_safepoints(struct umig_text_page *page);

/** Sections that need no stacks: report/text_runtime.c. */
void umig_text_threads(struct umig_text_page *page);
/** See umig_text_threads(). */
void umig_text_contention(struct umig_text_page *page);
/** See umig_text_threads(). */
void umig_text_heap(struct umig_text_page *page);
/** See umig_text_threads(). */
void umig_text_jvm(struct umig_text_page *page);
/** See umig_text_threads(). */
void umig_text_quality(struct umig_text_page *page);
/** What the agent itself took: report/text_cost.c. */
void umig_text_cost(struct umig_text_page *page);

#endif
