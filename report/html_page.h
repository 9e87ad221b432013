/* What the sections of the HTML page share; used by report/html*.c only. */
#ifndef UMIG_REPORT_HTML_PAGE_H
#define UMIG_REPORT_HTML_PAGE_H

#include "core/buf.h"
#include "report/figures.h"

/** A page under way. */
struct umig_html_page {
    const struct umig_figures *figures;
    const uint32_t *frame_of_method; /* 1 + frame of the data block by method; 0: none */
    const struct umig_buf *data;     /* the data block */
    struct umig_buf *out;
};

/** Appends the text of one mark; a section without data says so. */
typedef void umig_html_mark(struct umig_html_page *page);

umig_html_mark umig_html_hot_note, umig_html_hot_rows;
umig_html_mark umig_html_paths_note, umig_html_paths;
umig_html_mark umig_html_threads_note, umig_html_thread_rows;
umig_html_mark umig_html_wall_note, umig_html_wall_states, umig_html_wall_pools;
umig_html_mark umig_html_wall_places, umig_html_wall_paths;
umig_html_mark umig_html_alloc_note, umig_html_alloc_classes, umig_html_alloc_places;
umig_html_mark umig_html_alloc_lines, umig_html_alloc_paths;
umig_html_mark umig_html_site_note, umig_html_site_rows;
umig_html_mark umig_html_gc_note, umig_html_gc_rows, umig_html_gc_steps;
umig_html_mark umig_html_safepoints_note, umig_html_safepoints_rows, umig_html_late_rows;
umig_html_mark umig_html_lock_note, umig_html_lock_rows, umig_html_holder_rows;
umig_html_mark umig_html_heap_note, umig_html_heap_chart, umig_html_heap_rows;
umig_html_mark umig_html_pools_note, umig_html_pools_rows;
umig_html_mark umig_html_virtual_note, umig_html_pin_rows;
umig_html_mark umig_html_loaders_note, umig_html_loader_rows;
umig_html_mark umig_html_live_note, umig_html_suspect_rows, umig_html_live_rows;
umig_html_mark umig_html_jvm_note, umig_html_jvm_rows;
umig_html_mark umig_html_quality_note, umig_html_quality_rows;
umig_html_mark umig_html_cost_note, umig_html_cost_rows;

/**
 * Appends a row that stands for a section without any. One a section: tables beside it that have
 * nothing either stay without a row, and hide themselves.
 */
void umig_html_no_rows(struct umig_html_page *page, const char *why);

/** Why there is no CPU time: not asked for, or no sample came. */
const char *umig_html_no_cpu(const struct umig_html_page *page);

/** Appends part of whole in percent, as text. */
void umig_html_share_text(struct umig_html_page *page, uint64_t part, uint64_t whole);

/** Appends a frame's method, which opens its frames in the flame graph, and its line. */
void umig_html_frame(struct umig_html_page *page, uint32_t frame);

/**
 * Appends the heaviest ways as items of a list, and how many more there are.
 *
 * @param kind   of the values
 * @param whole  what shares are of
 * @return how many ways there are; 0: nothing was appended
 */
size_t umig_html_list_paths(struct umig_html_page *page,
                            const struct umig_paths *paths,
                            enum umig_kind kind,
                            uint64_t whole);

/** The bundled template, from report/html/ by bundle.cmake; NUL-terminated. */
extern const char umig_html_template[];

/** The template of a comparison's page, likewise. */
extern const char umig_html_diff_template[];

#endif
