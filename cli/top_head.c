#include "cli/top_head.h"

#include <stdio.h>
#include <string.h>

#include "cli/top_line.h"
#include "core/parse.h"
#include "core/units.h"
#include "report/cells.h"

enum {
    PART_BYTES = 192,
    TROUBLE_BYTES = 16 << 10
};

#define HEAP_HIGH 0.9 /* of its maximum: the collector has little room */
#define GC_HIGH   0.1 /* of the time stopped */

/* Appends a part if it has room as a whole; the first one is cut rather than left out. */
static void part(struct umig_top_line *line,
                 size_t width,
                 enum umig_top_look look,
                 const char *text)
{
    const size_t wanted = umig_cells_clean_width(text, &line->text);
    if (line->columns == 0) {
        umig_top_line_put(line, width, look, text);
    } else if (line->columns + 2 + wanted <= width) {
        umig_top_line_put(line, width, UMIG_TOP_PLAIN, "  ");
        umig_top_line_put(line, width, look, text);
    }
}

static bool fact(const struct umig_top_model *model, const char *key, uint64_t *out)
{
    return umig_top_doc_number(model->shown, key, out);
}

static uint64_t fact_or_0(const struct umig_top_model *model, const char *key)
{
    uint64_t number = 0;
    return fact(model, key, &number) ? number : 0;
}

/* A part of the time, "187.3%". */
static void put_share(double share, char out[24])
{
    const struct umig_top_value value = {.number = share, .is_known = share >= 0};
    struct umig_buf text = UMIG_BUF_INIT(24);
    umig_top_value_put(UMIG_TOP_SHARE, &value, &text);
    snprintf(out, 24, "%s", value.is_known ? umig_buf_str(&text) : "?");
    umig_buf_fini(&text);
}

static double per_second(const struct umig_top_model *model, uint64_t amount)
{
    const uint64_t span_ns = umig_top_model_span_ns(model);
    return span_ns == 0 ? -1 : (double)amount * (double)UMIG_NS_PER_S / (double)span_ns;
}

/* Of an amount in ns. */
static void put_share_of_time(const struct umig_top_model *model, uint64_t ns, char out[24])
{
    put_share(per_second(model, ns) / (double)UMIG_NS_PER_S, out);
}

void umig_top_head_title(const struct umig_top_model *model,
                         size_t width,
                         struct umig_top_line *line)
{
    char text[PART_BYTES];
    char when[UMIG_TIME_TEXT_BYTES];
    char span[32];
    const struct umig_top_doc *doc = model->shown;
    if (doc == NULL) {
        umig_top_line_put(line, width, UMIG_TOP_STRONG, "umig top");
        return;
    }
    umig_format_duration(umig_top_model_span_ns(model), span, sizeof span);
    umig_format_time(fact_or_0(model, "to_unix_ns"), when);
    part(line, width, UMIG_TOP_STRONG, umig_top_doc_text(doc, "service"));
    snprintf(text, sizeof text, "pid %s", umig_top_doc_text(doc, "pid"));
    part(line, width, UMIG_TOP_STRONG, text);
    if (model->is_frozen) {
        part(line, width, UMIG_TOP_WARN, "FROZEN");
    }
    snprintf(text, sizeof text, "last %s", span);
    part(line, width, UMIG_TOP_PLAIN, text);
    part(line, width, UMIG_TOP_FAINT, when);
    snprintf(text, sizeof text, "session %.80s", umig_top_doc_text(doc, "session"));
    part(line, width, UMIG_TOP_FAINT, text);
    snprintf(text, sizeof text, "JDK %.10s %.40s", umig_top_doc_text(doc, "jdk"),
             umig_top_doc_text(doc, "gc"));
    part(line, width, UMIG_TOP_FAINT, text);
}

static void put_heap(const struct umig_top_model *model, size_t width, struct umig_top_line *line)
{
    char text[PART_BYTES];
    char used[32];
    char share[24];
    uint64_t heap = 0;
    uint64_t rss = 0;
    const uint64_t max_bytes = fact_or_0(model, "heap_max_bytes");
    if (fact(model, "heap_bytes", &heap)) {
        const bool is_high = max_bytes > 0 && (double)heap >= HEAP_HIGH * (double)max_bytes;
        umig_format_bytes(heap, used, sizeof used);
        put_share(max_bytes > 0 ? (double)heap / (double)max_bytes : -1, share);
        if (max_bytes > 0) {
            snprintf(text, sizeof text, "heap %s (%s)", used, share);
        } else {
            snprintf(text, sizeof text, "heap %s", used);
        }
        part(line, width, is_high ? UMIG_TOP_WARN : UMIG_TOP_PLAIN, text);
    }
    if (fact(model, "rss_bytes", &rss)) {
        umig_format_bytes(rss, used, sizeof used);
        snprintf(text, sizeof text, "RSS %s", used);
        part(line, width, UMIG_TOP_PLAIN, text);
    }
}

static void put_gc(const struct umig_top_model *model, size_t width, struct umig_top_line *line)
{
    char text[PART_BYTES];
    char share[24];
    char longest[32];
    uint64_t gc_ns = 0;
    uint64_t after_bytes = 0;
    if (!fact(model, "gc_ns", &gc_ns)) {
        return;
    }
    const uint64_t pauses = fact_or_0(model, "gc_pauses");
    const bool is_high = per_second(model, gc_ns) >= GC_HIGH * (double)UMIG_NS_PER_S;
    put_share_of_time(model, gc_ns, share);
    umig_format_duration(fact_or_0(model, "gc_longest_ns"), longest, sizeof longest);
    if (pauses == 0) {
        snprintf(text, sizeof text, "GC 0%%");
    } else {
        snprintf(text, sizeof text, "GC %s (%llu, max %s)", share, (unsigned long long)pauses,
                 longest);
    }
    part(line, width, is_high ? UMIG_TOP_WARN : UMIG_TOP_PLAIN, text);
    if (fact(model, "gc_after_bytes", &after_bytes)) {
        umig_format_bytes(after_bytes, longest, sizeof longest);
        snprintf(text, sizeof text, "%s after GC", longest);
        part(line, width, UMIG_TOP_PLAIN, text);
    }
}

void umig_top_head_sums(const struct umig_top_model *model,
                        size_t width,
                        struct umig_top_line *line)
{
    char text[PART_BYTES];
    char share[24];
    uint64_t cpu_ns = 0;
    if (fact(model, "cpu_ns", &cpu_ns)) {
        const uint64_t cpus = fact_or_0(model, "cpus");
        put_share_of_time(model, cpu_ns, share);
        snprintf(text, sizeof text, "CPU %s of %llu", share, (unsigned long long)cpus);
        part(line, width, UMIG_TOP_PLAIN, text);
    }
    put_heap(model, width, line);
    put_gc(model, width, line);
}

static void put_agent(const struct umig_top_model *model, size_t width, struct umig_top_line *line)
{
    char text[PART_BYTES];
    char share[24];
    char bytes[32];
    uint64_t memory = 0;
    const double cost = umig_top_model_total_share(model, "agent_cpu_total_ns");
    if (cost < 0 || !fact(model, "agent_bytes", &memory) || memory == 0) {
        return;
    }
    put_share(cost, share);
    umig_format_bytes(memory, bytes, sizeof bytes);
    snprintf(text, sizeof text, "agent %s, %s", share, bytes);
    part(line, width, UMIG_TOP_FAINT, text);
}

void umig_top_head_more(const struct umig_top_model *model,
                        size_t width,
                        struct umig_top_line *line)
{
    char text[PART_BYTES];
    char figure[32];
    uint64_t amount = 0;
    if (fact(model, "allocated_bytes", &amount)) {
        const double rate = per_second(model, amount);
        umig_format_bytes(rate > 0 ? (uint64_t)rate : 0, figure, sizeof figure);
        snprintf(text, sizeof text, "alloc %s/s", figure);
        part(line, width, UMIG_TOP_PLAIN, text);
    }
    if (fact(model, "wait_ns", &amount)) {
        const double threads = per_second(model, amount) / (double)UMIG_NS_PER_S;
        snprintf(text, sizeof text, "lock waits %.1f (now %llu)", threads > 0 ? threads : 0,
                 (unsigned long long)fact_or_0(model, "waiting_threads"));
        part(line, width, UMIG_TOP_PLAIN, text);
    }
    const uint64_t cpu_ns = fact_or_0(model, "cpu_ns");
    if (fact(model, "dispatch_ns", &amount) && amount > 0 && cpu_ns > 0) {
        char share[24];
        put_share((double)amount / (double)cpu_ns, share);
        snprintf(text, sizeof text, "dispatch %s", share);
        part(line, width, UMIG_TOP_PLAIN, text);
    }
    put_agent(model, width, line);
}

/* One kind of trouble; "" it is not so. */
static void put_trouble(const struct umig_top_model *model, size_t kind, struct umig_buf *out)
{
    const uint64_t deadlocks = fact_or_0(model, "deadlocks");
    const char *dropped = umig_top_doc_text(model->shown, "dropped");
    if (kind == 0 && deadlocks > 0) {
        umig_buf_printf(out, "%llu deadlock%s: umig report %s", (unsigned long long)deadlocks,
                        deadlocks == 1 ? "" : "s", umig_top_doc_text(model->shown, "session"));
    } else if (kind == 1) {
        umig_buf_text(out, umig_top_doc_text(model->shown, "problem"));
    } else if (kind == 2 && dropped[0] != '\0') {
        umig_buf_printf(out, "dropped: %s", dropped);
    }
}

bool umig_top_head_trouble(const struct umig_top_model *model,
                           size_t index,
                           enum umig_top_look *out_look,
                           char out_text[UMIG_TOP_MESSAGE_BYTES])
{
    static const enum umig_top_look looks[] = {UMIG_TOP_BAD, UMIG_TOP_WARN, UMIG_TOP_WARN};
    for (size_t kind = 0; kind < sizeof looks / sizeof looks[0]; kind++) {
        struct umig_buf text = UMIG_BUF_INIT(TROUBLE_BYTES);
        put_trouble(model, kind, &text);
        const bool is_it = text.len > 0 && index-- == 0;
        if (is_it) {
            *out_look = looks[kind];
            snprintf(out_text, UMIG_TOP_MESSAGE_BYTES, "%s", umig_buf_str(&text));
        }
        umig_buf_fini(&text);
        if (is_it) {
            return true;
        }
    }
    return false;
}

void umig_top_head_panels(const struct umig_top_model *model,
                          size_t width,
                          struct umig_top_line *line)
{
    char text[PART_BYTES];
    for (size_t i = 0; i < umig_top_model_panel_count(model); i++) {
        const struct umig_top_panel *panel = umig_top_model_panel_at(model, i);
        const bool is_chosen = strcmp(panel->key, model->panel) == 0;
        /* Only nine have a digit to be called by. */
        if (i < 9) {
            snprintf(text, sizeof text, " %zu %.32s ", i + 1, panel->title);
        } else {
            snprintf(text, sizeof text, " %.32s ", panel->title);
        }
        umig_top_line_put(line, width, is_chosen ? UMIG_TOP_CHOSEN : UMIG_TOP_FAINT, text);
    }
}
