/*
 * The trees share one table of frames, so their methods are interned into a profile of the block's
 * own. Frames that differ in lines, or in how a method ran, are one frame there.
 */
#include "report/html_data.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/dispatch.h"
#include "core/divisor.h"
#include "core/err.h"
#include "report/html_block.h"
#include "report/html_tree.h"

#define NODES_MAX          400000 /* of one tree; about 1 MB */
#define NAMES_LIMIT_FACTOR 3

struct block {
    struct umig_profile *names;
    uint32_t *groups; /* strings of names */
    size_t group_count;
    struct umig_html_tree trees[2];
    size_t tree_count;
    uint64_t scales[UMIG_HTML_METRICS]; /* greatest common divisor of the values; 0: none */
};

/* One profile's way into the block, by its own ids. */
struct entry {
    const struct umig_profile *profile;
    bool is_unfolded;
    uint32_t *frames;
    uint32_t *stacks;
    uint32_t *groups; /* by string: 1 + index in the block's groups */
};

static int intern_text(struct block *b, const struct entry *e, uint32_t string, uint32_t *out_id)
{
    const char *const text = umig_profile_text(e->profile, string);
    if (*text == '\0') {
        *out_id = 0;
        return UMIG_OK;
    }
    return umig_profile_string(b->names, text, strlen(text), out_id);
}

/* In an unfolded tree the frames of dispatch still have the kinds that they ran as. */
static enum umig_frame_kind kind_of(const struct entry *e, const struct umig_profile_frame *frame)
{
    if (frame->kind > UMIG_FRAME_NATIVE_METHOD) {
        return frame->kind;
    }
    if (!e->is_unfolded) {
        return UMIG_FRAME_JAVA;
    }
    const struct umig_profile_method *const m = &e->profile->methods.items[frame->method];
    const struct umig_dispatch dispatch = umig_dispatch_of(
        umig_profile_text(e->profile, m->class_name), umig_profile_text(e->profile, m->name),
        frame->line, frame->kind, UMIG_NAMING_PLAIN);
    const bool is_dispatch =
        dispatch.role == UMIG_ROLE_INVOKER || dispatch.role == UMIG_ROLE_MACHINERY;
    return is_dispatch ? UMIG_FRAME_DISPATCH : UMIG_FRAME_JAVA;
}

static int intern_frame(struct block *b, struct entry *e, uint32_t frame)
{
    const struct umig_profile_frame *const from = &e->profile->frames.items[frame];
    const struct umig_profile_method *const m = &e->profile->methods.items[from->method];
    struct umig_profile_method method = {0};
    struct umig_profile_frame to = {.kind = kind_of(e, from)};
    int rc = intern_text(b, e, m->class_name, &method.class_name);
    rc = rc != UMIG_OK ? rc : intern_text(b, e, m->name, &method.name);
    rc = rc != UMIG_OK ? rc : intern_text(b, e, m->file, &method.file);
    rc = rc != UMIG_OK ? rc : umig_profile_method(b->names, &method, &to.method);
    return rc != UMIG_OK ? rc : umig_profile_frame(b->names, &to, &e->frames[frame]);
}

/* Callers come before callees, so one pass translates all. */
static int intern_stacks(struct block *b, struct entry *e)
{
    int rc = UMIG_OK;
    for (size_t i = 1; i < e->profile->frames.count && rc == UMIG_OK; i++) {
        rc = intern_frame(b, e, (uint32_t)i);
    }
    for (size_t i = 1; i < e->profile->stacks.count && rc == UMIG_OK; i++) {
        const struct umig_profile_stack *const stack = &e->profile->stacks.items[i];
        rc = umig_profile_stack(b->names, e->stacks[stack->parent], e->frames[stack->frame],
                                &e->stacks[i]);
    }
    return rc;
}

/* Index of a thread group in the block; the same name of both profiles is one. */
static int intern_group(struct block *b, struct entry *e, uint32_t string, uint32_t *out_group)
{
    if (e->groups[string] == 0) {
        uint32_t id = 0;
        const int rc = intern_text(b, e, string, &id);
        if (rc != UMIG_OK) {
            return rc;
        }
        size_t i = 0;
        while (i < b->group_count && b->groups[i] != id) {
            i++;
        }
        if (i == b->group_count) {
            uint32_t *const grown = realloc(b->groups, (i + 1) * sizeof *grown);
            if (grown == NULL) {
                return UMIG_E_NOMEM;
            }
            b->groups = grown;
            b->groups[b->group_count++] = id;
        }
        e->groups[string] = (uint32_t)i + 1;
    }
    *out_group = e->groups[string] - 1;
    return UMIG_OK;
}

static int add_cell(struct block *b,
                    struct entry *e,
                    struct umig_html_cell cell,
                    uint32_t group_string)
{
    if (cell.value == 0) {
        return UMIG_OK;
    }
    struct umig_html_tree *const tree = &b->trees[b->tree_count];
    const int rc = intern_group(b, e, group_string, &cell.group);
    if (rc == UMIG_OK) {
        cell.stack = e->stacks[cell.stack];
        tree->cells[tree->cell_count++] = cell;
        b->scales[cell.metric] = umig_common_divisor(b->scales[cell.metric], cell.value);
    }
    return rc;
}

/* UMIG_HTML_METRICS: none. */
static enum umig_html_metric metric_of(enum umig_kind kind)
{
    return kind == UMIG_KIND_CPU     ? UMIG_HTML_CPU
           : kind == UMIG_KIND_WALL  ? UMIG_HTML_WALL
           : kind == UMIG_KIND_ALLOC ? UMIG_HTML_BYTES
                                     : UMIG_HTML_METRICS;
}

static int add_cells(struct block *b, struct entry *e)
{
    const struct umig_profile *const p = e->profile;
    struct umig_html_tree *const tree = &b->trees[b->tree_count];
    tree->cells = calloc(p->samples.count + p->waits.count + 1, sizeof *tree->cells);
    int rc = tree->cells != NULL ? UMIG_OK : UMIG_E_NOMEM;
    for (size_t i = 0; i < p->samples.count && rc == UMIG_OK; i++) {
        const struct umig_profile_sample *const sample = &p->samples.items[i];
        const enum umig_html_metric metric = metric_of(sample->kind);
        if (metric != UMIG_HTML_METRICS) {
            rc = add_cell(b, e,
                          (struct umig_html_cell){
                              .stack = sample->stack, .metric = metric, .value = sample->value},
                          sample->group);
        }
    }
    for (size_t i = 0; i < p->waits.count && rc == UMIG_OK; i++) {
        const struct umig_profile_wait *const wait = &p->waits.items[i];
        rc = add_cell(b, e,
                      (struct umig_html_cell){
                          .stack = wait->stack, .metric = UMIG_HTML_WAITS, .value = wait->wait_ns},
                      p->threads.items[wait->thread].group);
    }
    return rc;
}

static int add_tree(struct block *b, struct entry *e)
{
    e->frames = calloc(e->profile->frames.count + 1, sizeof *e->frames);
    e->stacks = calloc(e->profile->stacks.count + 1, sizeof *e->stacks);
    e->groups = calloc(e->profile->strings.count + 1, sizeof *e->groups);
    if (e->frames == NULL || e->stacks == NULL || e->groups == NULL) {
        return UMIG_E_NOMEM;
    }
    int rc = intern_stacks(b, e);
    rc = rc != UMIG_OK ? rc : add_cells(b, e);
    b->tree_count++;
    return rc;
}

static void entry_fini(struct entry *e)
{
    free(e->frames);
    free(e->stacks);
    free(e->groups);
}

static int add_folded(struct block *b, const struct umig_profile *folded, uint32_t *frame_of_method)
{
    struct entry e = {.profile = folded};
    const int rc = add_tree(b, &e);
    memset(frame_of_method, 0, folded->methods.count * sizeof *frame_of_method);
    for (size_t i = 1; i < folded->frames.count && rc == UMIG_OK; i++) {
        frame_of_method[folded->frames.items[i].method] = e.frames[i];
    }
    entry_fini(&e);
    return rc;
}

static int add_unfolded(struct block *b, const struct umig_profile *unfolded)
{
    struct entry e = {.profile = unfolded, .is_unfolded = true};
    const int rc = unfolded != NULL ? add_tree(b, &e) : UMIG_OK;
    entry_fini(&e);
    return rc;
}

static void put_groups(const struct block *b, struct umig_buf *out)
{
    for (size_t i = 0; i < b->group_count; i++) {
        umig_buf_printf(out, "%s%" PRIu32, i > 0 ? "," : "", b->groups[i]);
    }
}

/* As the page knows them; only where there is a sample: the first is what it opens on. */
static const struct {
    const char *id, *label, *unit;
} g_metrics[UMIG_HTML_METRICS] = {
    [UMIG_HTML_CPU] = {"cpu", "CPU time", "ns"},
    [UMIG_HTML_WALL] = {"wall", "Time on the CPU and off", "ns"},
    [UMIG_HTML_WAITS] = {"locks", "Waits for locks", "ns"},
    [UMIG_HTML_BYTES] = {"alloc", "Allocated bytes", "bytes"},
};

static void put_metrics(const struct block *b, struct umig_buf *out)
{
    const char *lead = "";
    umig_buf_byte(out, '[');
    for (int i = 0; i < UMIG_HTML_METRICS; i++) {
        if (b->scales[i] > 0) {
            umig_buf_printf(
                out, "%s{\"id\":\"%s\",\"label\":\"%s\",\"unit\":\"%s\",\"scale\":%" PRIu64 "}",
                lead, g_metrics[i].id, g_metrics[i].label, g_metrics[i].unit, b->scales[i]);
            lead = ",";
        }
    }
    umig_buf_byte(out, ']');
}

static int put_tree(struct block *b, size_t index, struct umig_buf *out)
{
    static const char *const names[] = {"\"folded\",\"label\":\"Folded\"",
                                        "\"unfolded\",\"label\":\"Unfolded\""};
    struct umig_html_tree *const tree = &b->trees[index];
    int rc = umig_html_tree_build(tree, b->names, NODES_MAX);
    if (rc != UMIG_OK) {
        return rc;
    }
    umig_buf_printf(out, "%s{\"id\":%s,\"count\":%zu,\"left_out\":%zu,\"chains\":\"",
                    index > 0 ? "," : "", names[index], tree->node_count - 1, tree->left_out);
    umig_html_tree_chains(tree, b->names, out);
    umig_buf_text(out, "\",\"frames\":\"");
    rc = umig_html_tree_frames(tree, b->names, out);
    umig_buf_text(out, "\",\"cells\":{");
    const char *lead = "";
    for (int i = 0; i < UMIG_HTML_METRICS; i++) {
        if (b->scales[i] > 0) {
            umig_buf_printf(out, "%s\"%s\":\"", lead, g_metrics[i].id);
            umig_html_tree_cells(tree, (enum umig_html_metric)i, b->scales[i], out);
            umig_buf_byte(out, '"');
            lead = ",";
        }
    }
    umig_buf_text(out, "}}");
    return rc;
}

static int put_block(struct block *b, struct umig_buf *out)
{
    umig_buf_text(out, "{\"version\":1,\"strings\":");
    umig_html_block_strings(b->names, out);
    umig_buf_text(out, ",\"frames\":");
    umig_html_block_frames(b->names, out);
    umig_buf_text(out, ",\"groups\":[");
    put_groups(b, out);
    umig_buf_text(out, "],\"metrics\":");
    put_metrics(b, out);
    umig_buf_text(out, ",\"trees\":[");
    int rc = UMIG_OK;
    for (size_t i = 0; i < b->tree_count && rc == UMIG_OK; i++) {
        rc = put_tree(b, i, out);
    }
    umig_buf_text(out, "]}");
    return rc != UMIG_OK ? rc : out->failed;
}

static void block_fini(struct block *b)
{
    for (size_t i = 0; i < 2; i++) {
        umig_html_tree_fini(&b->trees[i]);
    }
    free(b->groups);
    umig_profile_destroy(b->names);
}

int umig_html_data_write(const struct umig_profile *folded,
                         const struct umig_profile *unfolded,
                         uint32_t *out_frame_of_method,
                         struct umig_buf *out,
                         struct umig_err *err)
{
    struct block b = {0};
    int rc = umig_profile_create(NAMES_LIMIT_FACTOR * folded->limit_bytes, &b.names, err);
    rc = rc != UMIG_OK ? rc : add_folded(&b, folded, out_frame_of_method);
    rc = rc != UMIG_OK ? rc : add_unfolded(&b, unfolded);
    rc = rc != UMIG_OK ? rc : put_block(&b, out);
    block_fini(&b);
    if (rc != UMIG_OK) {
        return umig_err_set(err, rc, "the flame graph's data: %s", umig_status_text(rc));
    }
    return UMIG_OK;
}
