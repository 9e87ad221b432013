#include "analysis/label.h"
#include "analysis/virtual_threads.h"
#include "report/cells.h"
#include "report/text_page.h"

#define LINE_LIMIT_BYTES (1u << 20)
#define GROUPS_MAX       12
#define CLASSES_MAX      6
#define SITES_MAX        8
#define HOLDERS_MAX      4
#define OPEN_MAX         8
#define HOLDING_MAX      6
#define FRAMES_MAX       12 /* of a deadlocked thread; the whole stack is in JSON */
#define FIGURE_COLUMNS   12 /* of umig_text_value() */

static const char *text_or_unknown(const struct umig_profile *profile, uint32_t text)
{
    return text != 0 ? umig_profile_text(profile, text) : "unknown";
}

static size_t at_most(size_t count, size_t limit)
{
    return count < limit ? count : limit;
}

/* How much is not shown, so that nobody takes a list for the whole. */
static void write_rest(struct umig_text_page *page, size_t count, size_t shown, const char *what)
{
    if (count > shown) {
        struct umig_buf line = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
        umig_buf_printf(&line, "and %zu more %s", count - shown, what);
        umig_text_note(page, umig_buf_str(&line));
        umig_text_done(page, &line);
    }
}

void umig_text_threads(struct umig_text_page *page)
{
    const struct umig_hot *cpu = page->figures->cpu;
    if (cpu->group_count == 0) {
        return;
    }
    const size_t shown = at_most(cpu->group_count, GROUPS_MAX);
    umig_text_heading(page, "Threads");
    umig_text_heads(page, "     CPU         CPU           threads  pool");
    for (size_t i = 0; i < shown; i++) {
        const struct umig_hot_group *group = &cpu->groups[i];
        umig_text_share(page, group->value, cpu->value);
        umig_text_value(page, UMIG_KIND_CPU, group->value);
        umig_buf_byte(page->out, ' ');
        umig_text_bar(page, group->value, cpu->groups[0].value, 7);
        if (group->threads > 0) {
            umig_text_number(page, group->threads);
        } else {
            umig_cells_put("-", 10, UMIG_CELLS_RIGHT, page->out);
        }
        umig_buf_text(page->out, "  ");
        umig_text_last(page, text_or_unknown(page->figures->profile, group->group),
                       page->line_width - 41);
    }
    uint64_t left_value = 0;
    for (size_t i = shown; i < cpu->group_count; i++) {
        left_value += cpu->groups[i].value;
    }
    umig_text_rest(page, cpu->group_count - shown, left_value, cpu->value);
    struct umig_buf line = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
    umig_virtual_threads_put(page->figures->profile, cpu->value, &line);
    if (line.len > 0) {
        umig_text_wrap(page, umig_buf_str(&line), " ", 2);
    }
    umig_text_done(page, &line);
}

static void write_wait(struct umig_text_page *page,
                       const struct umig_contention_row *row,
                       const char *what)
{
    umig_text_value(page, UMIG_KIND_LOCKS, row->wait_ns);
    umig_text_number(page, row->count);
    umig_text_value(page, UMIG_KIND_LOCKS, row->longest_ns);
    umig_buf_text(page->out, "  ");
    umig_text_last(page, what, page->line_width - 36);
}

static void write_site(const struct umig_profile *profile,
                       const struct umig_contention_row *row,
                       struct umig_buf *what)
{
    if (row->frame != 0) {
        umig_label_frame(profile, row->frame, false, what);
    } else {
        umig_buf_text(what, "unknown place");
    }
    umig_buf_printf(what, " (%s)", text_or_unknown(profile, row->monitor_class));
}

static void write_wait_sites(struct umig_text_page *page)
{
    const struct umig_profile *profile = page->figures->profile;
    const struct umig_contention *waits = &page->figures->contention;
    const size_t shown = at_most(waits->site_count, SITES_MAX);
    umig_text_heads(page, "      waited     waits     longest  where, and for which class");
    for (size_t i = 0; i < shown; i++) {
        const struct umig_contention_row *row = &waits->sites[i];
        struct umig_buf what = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
        write_site(profile, row, &what);
        write_wait(page, row, umig_buf_str(&what));
        umig_text_done(page, &what);
    }
    write_rest(page, waits->site_count, shown, "places");
}

/* A hang: its waits are the ones that end last, or never. */
static void write_open_waits(struct umig_text_page *page)
{
    const struct umig_profile *profile = page->figures->profile;
    const struct umig_contention *waits = &page->figures->contention;
    const size_t shown = at_most(waits->open_count, OPEN_MAX);
    struct umig_buf line = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
    if (waits->open_count == 0) {
        return;
    }
    umig_contention_open_sentence(profile, waits, &line);
    umig_text_wrap(page, umig_buf_str(&line), " ", 2);
    umig_text_done(page, &line);
    umig_text_heads(page, "      waited   threads     longest  still waiting where, and held by");
    for (size_t i = 0; i < shown; i++) {
        const struct umig_contention_row *row = &waits->open[i];
        struct umig_buf what = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
        write_site(profile, row, &what);
        umig_buf_printf(&what, ", held by %s",
                        row->holder_group != 0 ? umig_profile_text(profile, row->holder_group)
                                               : "an unknown thread");
        write_wait(page, row, umig_buf_str(&what));
        umig_text_done(page, &what);
    }
    write_rest(page, waits->open_count, shown, "places");
}

static void write_frames(struct umig_text_page *page, uint32_t stack)
{
    const struct umig_profile *profile = page->figures->profile;
    size_t shown = 0;
    for (uint32_t at = stack; at != 0 && shown < FRAMES_MAX; shown++) {
        struct umig_buf line = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
        umig_label_frame(profile, profile->stacks.items[at].frame, false, &line);
        umig_text_wrap(page, umig_buf_str(&line), " ", 6);
        umig_text_done(page, &line);
        at = profile->stacks.items[at].parent;
    }
}

/* What ends only with the JVM comes first. */
static void write_deadlocks(struct umig_text_page *page)
{
    const struct umig_profile *profile = page->figures->profile;
    const struct umig_deadlocks *deadlocks = &page->figures->deadlocks;
    for (size_t i = 0; i < deadlocks->count; i++) {
        const struct umig_deadlock_thread *thread = &deadlocks->threads[i];
        struct umig_buf line = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
        if (i == 0 || thread->number != deadlocks->threads[i - 1].number) {
            umig_buf_printf(&line, "Deadlock %u: threads that wait for each other, for ever",
                            thread->number);
            umig_text_wrap(page, umig_buf_str(&line), " ", 2);
            umig_text_done(page, &line);
        }
        umig_buf_printf(&line, "%s waits for %s, held by %s; holds %s",
                        umig_profile_text(profile, profile->threads.items[thread->thread].name),
                        text_or_unknown(profile, thread->waits_for),
                        text_or_unknown(profile, profile->threads.items[thread->holder].name),
                        text_or_unknown(profile, thread->holds));
        umig_text_wrap(page, umig_buf_str(&line), " ", 4);
        umig_text_done(page, &line);
        write_frames(page, thread->stack);
    }
}

static void write_holding(struct umig_text_page *page)
{
    const struct umig_profile *profile = page->figures->profile;
    const struct umig_contention *waits = &page->figures->contention;
    const size_t shown = at_most(waits->holding_count, HOLDING_MAX);
    if (waits->holding_count == 0) {
        return;
    }
    umig_text_heads(page, "      waited     waits     longest  while the holder was at, of pool");
    for (size_t i = 0; i < shown; i++) {
        const struct umig_contention_row *row = &waits->holding[i];
        struct umig_buf what = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
        write_site(profile, row, &what);
        umig_buf_printf(&what, ", %s", text_or_unknown(profile, row->holder_group));
        write_wait(page, row, umig_buf_str(&what));
        umig_text_done(page, &what);
    }
    write_rest(page, waits->holding_count, shown, "places");
}

static void write_unseen(struct umig_text_page *page)
{
    const char *note =
        umig_virtual_figures_of_locks(page->figures->profile, &page->figures->virtual_threads);
    if (note != NULL) {
        umig_text_wrap(page, note, " ", 2);
    }
}

void umig_text_contention(struct umig_text_page *page)
{
    const struct umig_profile *profile = page->figures->profile;
    const struct umig_contention *waits = &page->figures->contention;
    if (!profile->session.has_kind[UMIG_KIND_LOCKS] && waits->count == 0) {
        return;
    }
    umig_text_heading(page, "Contention");
    if (waits->count == 0) {
        umig_text_note(page, umig_contention_none(page->figures->profile));
        write_unseen(page);
        return;
    }
    write_deadlocks(page);
    write_open_waits(page);
    umig_text_heads(page, "      waited     waits     longest  for a lock of class");
    for (size_t i = 0; i < at_most(waits->class_count, CLASSES_MAX); i++) {
        write_wait(page, &waits->classes[i],
                   text_or_unknown(profile, waits->classes[i].monitor_class));
    }
    write_rest(page, waits->class_count, at_most(waits->class_count, CLASSES_MAX), "classes");
    write_wait_sites(page);
    umig_text_heads(page, "      waited     waits     longest  for a holder of pool");
    for (size_t i = 0; i < at_most(waits->holder_count, HOLDERS_MAX); i++) {
        write_wait(page, &waits->holders[i],
                   waits->holders[i].holder_group != 0
                       ? umig_profile_text(profile, waits->holders[i].holder_group)
                       : UMIG_CONTENTION_NO_HOLDER);
    }
    write_holding(page);
    write_unseen(page);
}

static void write_maximum(struct umig_text_page *page, uint64_t bytes)
{
    if (bytes == UMIG_BYTES_UNKNOWN) {
        umig_cells_put("unlimited", 12, UMIG_CELLS_RIGHT, page->out);
    } else {
        umig_text_value(page, UMIG_KIND_HEAP, bytes);
    }
}

/* A line of 72 columns has room for all figures of a pool and ten of its name. */
static bool is_narrow(const struct umig_text_page *page)
{
    return page->line_width < 72;
}

/* A narrow line leaves the first figure out. */
static void write_pool_figures(struct umig_text_page *page, const struct umig_pool *pool)
{
    const uint64_t figures[] = {pool->first_bytes, pool->last_bytes, pool->highest_bytes,
                                pool->committed_bytes};
    for (size_t i = is_narrow(page) ? 1 : 0; i < sizeof figures / sizeof figures[0]; i++) {
        if (pool->points > 0) {
            umig_text_value(page, UMIG_KIND_HEAP, figures[i]);
        } else {
            umig_cells_put("unknown", 12, UMIG_CELLS_RIGHT, page->out);
        }
    }
    if (pool->points > 0) {
        write_maximum(page, pool->maximum_bytes);
    } else {
        umig_cells_put("unknown", 12, UMIG_CELLS_RIGHT, page->out);
    }
}

void umig_text_heap(struct umig_text_page *page)
{
    const struct umig_pools *pools = &page->figures->pools;
    if (pools->count == 0) {
        return;
    }
    umig_text_heading(page, "Memory");
    static const char heads[] = "    at first     at last     at most   committed     maximum  "
                                "pool";
    umig_text_heads(page, heads + (is_narrow(page) ? FIGURE_COLUMNS : 0));
    for (size_t i = 0; i < pools->count; i++) {
        const struct umig_pool *pool = &pools->items[i];
        write_pool_figures(page, pool);
        umig_buf_text(page->out, "  ");
        umig_text_last(page, text_or_unknown(page->figures->profile, pool->pool),
                       page->line_width - 2 - (is_narrow(page) ? 4u : 5u) * FIGURE_COLUMNS);
    }
    struct umig_buf line = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
    umig_pools_put_beside(&pools->beside, &line);
    if (line.len > 0) {
        umig_text_wrap(page, umig_buf_str(&line), " ", 2);
    }
    umig_text_done(page, &line);
}

/* A figure that is not known leaves its column empty. */
static void write_jvm_row(struct umig_text_page *page,
                          const struct umig_jvm_row *row,
                          uint64_t over_ns)
{
    if (row->count != UMIG_JVM_COUNTER_UNKNOWN) {
        umig_text_number(page, row->count);
    } else {
        umig_cells_put("", 10, UMIG_CELLS_RIGHT, page->out);
    }
    if (row->total_ns != UMIG_JVM_COUNTER_UNKNOWN) {
        umig_text_value(page, UMIG_KIND_GC, row->total_ns);
        umig_text_share(page, row->total_ns, over_ns);
    } else {
        umig_cells_put("", 20, UMIG_CELLS_RIGHT, page->out);
    }
    umig_buf_printf(page->out, "  %s\n", row->what);
}

void umig_text_jvm(struct umig_text_page *page)
{
    struct umig_jvm_row rows[UMIG_JVM_ROWS_MAX];
    const struct umig_jvm *jvm = &page->figures->jvm;
    const size_t count = umig_jvm_rows(jvm, rows);
    if (count == 0) {
        return;
    }
    umig_text_heading(page, "The JVM itself");
    umig_text_heads(page, "     times       total   share  what; elapsed, all threads added up");
    for (size_t i = 0; i < count; i++) {
        write_jvm_row(page, &rows[i], jvm->over_ns);
    }
}

void umig_text_quality(struct umig_text_page *page)
{
    const struct umig_quality *quality = &page->figures->quality;
    struct umig_buf line = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
    umig_text_heading(page, "Data quality");
    umig_quality_sentence(page->figures->profile, quality, &line);
    umig_text_wrap(page, umig_buf_str(&line), " ", 2);
    umig_text_done(page, &line);
    if (page->figures->profile->others.count > 0) {
        umig_figures_put_others(page->figures, &line);
        umig_text_wrap(page, umig_buf_str(&line), " ", 2);
        umig_text_done(page, &line);
    }
    if (quality->java_samples > 0) {
        umig_label_number(quality->java_samples, &line);
        umig_buf_text(&line, " samples in Java threads, ");
        umig_label_share(quality->failed_samples, quality->java_samples, &line);
        umig_buf_text(&line, " of them without a whole stack; ");
        umig_label_number(quality->vm_samples, &line);
        umig_buf_text(&line, " in threads of the JVM and of native code.");
        umig_text_wrap(page, umig_buf_str(&line), " ", 2);
    }
    umig_text_done(page, &line);
    for (unsigned i = 0; i < UMIG_OUTCOME_COUNT; i++) {
        if (quality->failed[i] > 0) {
            umig_text_share(page, quality->failed[i], quality->java_samples);
            umig_text_number(page, quality->failed[i]);
            umig_buf_printf(page->out, "  %s: %s\n", umig_quality_outcome_key((enum umig_outcome)i),
                            umig_quality_outcome_text((enum umig_outcome)i));
        }
    }
    umig_text_note(page, UMIG_FIGURES_QUALITY_HINT);
}
