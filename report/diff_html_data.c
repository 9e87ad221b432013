/* The data block of a comparison's page: report/html/data.js and diff.js have the format. */
#include "report/diff_html_data.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "core/divisor.h"
#include "report/html_block.h"
#include "report/html_tree.h"

#define NODES_MAX  400000
#define CHANGE_MAX 20.0 /* of |ln ratio| */

/* The tree's two metrics stand for the sides. */
static const enum umig_html_metric metric_of[UMIG_SIDES] =
    {[UMIG_BEFORE] = UMIG_HTML_WAITS, [UMIG_AFTER] = UMIG_HTML_CPU};

struct block {
    const struct umig_diff *diff;
    struct umig_html_tree tree;
    uint64_t scales[UMIG_SIDES];
    struct umig_buf *out;
};

static int fill_cells(struct block *b)
{
    const size_t stacks = b->diff->names->stacks.count;
    b->tree.cells = calloc(UMIG_SIDES * stacks, sizeof *b->tree.cells);
    if (b->tree.cells == NULL) {
        return UMIG_E_NOMEM;
    }
    for (size_t i = 1; i < stacks; i++) {
        for (int side = 0; side < UMIG_SIDES; side++) {
            const uint64_t value = b->diff->self[i][side];
            if (value > 0) {
                b->tree.cells[b->tree.cell_count++] = (struct umig_html_cell){
                    .stack = (uint32_t)i, .metric = metric_of[side], .value = value};
                b->scales[side] = umig_common_divisor(b->scales[side], value);
            }
        }
    }
    return UMIG_OK;
}

static uint64_t change_number(const struct umig_diff_figure *figure)
{
    const double change = fmax(-CHANGE_MAX, fmin(CHANGE_MAX, log(figure->ratio)));
    const int64_t thousandths = llround(change * 1000);
    return thousandths >= 0 ? 2 * (uint64_t)thousandths : 2 * (uint64_t)(-thousandths) - 1;
}

/* Appends the marks of figures that get(i) finds; NULL: too few samples. */
static void put_marks(const struct block *b,
                      size_t first,
                      size_t count,
                      const struct umig_diff_figure *(*get)(const struct block *b, size_t i))
{
    static const struct umig_diff_figure none = {.ratio = 1};
    struct umig_html_column column = {.out = b->out};
    umig_buf_text(b->out, "\"marks\":{\"state\":\"");
    for (size_t i = first; i < count; i++) {
        const struct umig_diff_figure *figure = get(b, i);
        umig_html_column_put(&column, figure != NULL ? figure->state : none.state);
    }
    umig_html_column_end(&column);
    umig_buf_text(b->out, "\",\"change\":\"");
    column = (struct umig_html_column){.out = b->out};
    for (size_t i = first; i < count; i++) {
        const struct umig_diff_figure *figure = get(b, i);
        umig_html_column_put(&column, change_number(figure != NULL ? figure : &none));
    }
    umig_html_column_end(&column);
    umig_buf_text(b->out, "\"}");
}

static const struct umig_diff_figure *figure_of_node(const struct block *b, size_t node)
{
    return &b->diff->nodes[b->tree.order[node]];
}

static const struct umig_diff_figure *figure_of_frame(const struct block *b, size_t frame)
{
    const uint32_t method = b->diff->names->frames.items[frame].method;
    for (size_t i = 0; i < b->diff->method_count; i++) {
        if (b->diff->methods[i].method == method) {
            return &b->diff->methods[i].total;
        }
    }
    return NULL;
}

static int put_tree(struct block *b)
{
    const struct umig_profile *names = b->diff->names;
    int rc = umig_html_tree_build(&b->tree, names, NODES_MAX);
    if (rc != UMIG_OK) {
        return rc;
    }
    umig_buf_printf(b->out,
                    "{\"id\":\"joint\",\"label\":\"Both\",\"count\":%zu,\"left_out\":%zu,"
                    "\"chains\":\"",
                    b->tree.node_count - 1, b->tree.left_out);
    umig_html_tree_chains(&b->tree, names, b->out);
    umig_buf_text(b->out, "\",\"frames\":\"");
    rc = umig_html_tree_frames(&b->tree, names, b->out);
    umig_buf_text(b->out, "\",\"cells\":{\"after\":\"");
    umig_html_tree_cells(&b->tree, metric_of[UMIG_AFTER], b->scales[UMIG_AFTER], b->out);
    umig_buf_text(b->out, "\",\"before\":\"");
    umig_html_tree_cells(&b->tree, metric_of[UMIG_BEFORE], b->scales[UMIG_BEFORE], b->out);
    umig_buf_text(b->out, "\"},");
    put_marks(b, 1, b->tree.node_count, figure_of_node);
    umig_buf_byte(b->out, '}');
    return rc;
}

int umig_diff_html_data_write(const struct umig_diff *diff, struct umig_buf *out)
{
    struct block b = {.diff = diff, .out = out};
    int rc = fill_cells(&b);
    if (rc == UMIG_OK) {
        umig_buf_text(out, "{\"version\":1,\"strings\":");
        umig_html_block_strings(diff->names, out);
        umig_buf_text(out, ",\"frames\":");
        umig_html_block_frames(diff->names, out);
        umig_buf_printf(
            out,
            ",\"groups\":[0],\"metrics\":["
            "{\"id\":\"after\",\"label\":\"CPU after\",\"unit\":\"ns\",\"scale\":%" PRIu64
            "},{\"id\":\"before\",\"label\":\"CPU before\",\"unit\":\"ns\","
            "\"scale\":%" PRIu64 "}],",
            b.scales[UMIG_AFTER], b.scales[UMIG_BEFORE]);
        put_marks(&b, 1, diff->names->frames.count, figure_of_frame);
        umig_buf_text(out, ",\"trees\":[");
        rc = put_tree(&b);
        umig_buf_text(out, "]}");
    }
    umig_html_tree_fini(&b.tree);
    return rc != UMIG_OK ? rc : out->failed;
}
