#include "report/html_tree.h"

#include <stdlib.h>
#include <string.h>

#define SMALLEST_PART 20000 /* a sixteenth of a pixel on a wide screen */

static void put_byte(struct umig_html_column *column, uint8_t byte)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    column->bits = column->bits << 8 | byte;
    if (++column->held < 3) {
        return;
    }
    for (int shift = 18; shift >= 0; shift -= 6) {
        umig_buf_byte(column->out, letters[column->bits >> shift & 63]);
    }
    column->bits = 0;
    column->held = 0;
}

void umig_html_column_put(struct umig_html_column *column, uint64_t number)
{
    for (; number >= 0x80; number >>= 7) {
        put_byte(column, (uint8_t)(number | 0x80));
    }
    put_byte(column, (uint8_t)number);
}

void umig_html_column_end(struct umig_html_column *column)
{
    const unsigned held = column->held;
    if (held == 0) {
        return;
    }
    for (unsigned i = held; i < 3; i++) {
        put_byte(column, 0);
    }
    for (unsigned i = held; column->out->failed == UMIG_OK && i < 3; i++) {
        column->out->bytes[column->out->len - 1 - (i - held)] = '=';
    }
}

/* What building works on, all by stack. */
struct building {
    const struct umig_profile *names;
    uint64_t (*totals)[UMIG_HTML_METRICS];
    uint32_t *nodes;    /* node of a stack that is kept; of others the kept caller's stack */
    bool *is_kept;      /* the root always is */
    uint32_t *children; /* kept stacks by caller, heaviest first */
    size_t *firsts;     /* where a stack's children begin; one more than stacks */
};

static void building_fini(struct building *b)
{
    free(b->totals);
    free(b->nodes);
    free(b->is_kept);
    free(b->children);
    free(b->firsts);
}

static int building_init(struct building *b, const struct umig_profile *names)
{
    const size_t count = names->stacks.count > 0 ? names->stacks.count : 1;
    *b = (struct building){
        .names = names,
        .totals = calloc(count, sizeof *b->totals),
        .nodes = calloc(count, sizeof *b->nodes),
        .is_kept = calloc(count, sizeof *b->is_kept),
        .children = calloc(count, sizeof *b->children),
        .firsts = calloc(count + 1, sizeof *b->firsts),
    };
    const bool is_whole = b->totals != NULL && b->nodes != NULL && b->is_kept != NULL &&
                          b->children != NULL && b->firsts != NULL;
    return is_whole ? UMIG_OK : UMIG_E_NOMEM;
}

/* A caller's id is below its callee's, so one pass from the end adds everything up. */
static void add_up(struct building *b, const struct umig_html_tree *tree)
{
    for (size_t i = 0; i < tree->cell_count; i++) {
        b->totals[tree->cells[i].stack][tree->cells[i].metric] += tree->cells[i].value;
    }
    for (size_t stack = b->names->stacks.count; stack-- > 1;) {
        const uint32_t parent = b->names->stacks.items[stack].parent;
        for (int metric = 0; metric < UMIG_HTML_METRICS; metric++) {
            b->totals[parent][metric] += b->totals[stack][metric];
        }
    }
}

/* Marks the stacks with at least 1/part of some metric's whole (0: with any); returns how many. */
static size_t keep(struct building *b, uint64_t part)
{
    size_t kept = 1;
    b->is_kept[0] = true;
    for (size_t stack = 1; stack < b->names->stacks.count; stack++) {
        b->is_kept[stack] = false;
        for (int metric = 0; metric < UMIG_HTML_METRICS; metric++) {
            const uint64_t least = part > 0 ? b->totals[0][metric] / part : 0;
            const uint64_t total = b->totals[stack][metric];
            b->is_kept[stack] = b->is_kept[stack] || (total > 0 && total >= least);
        }
        kept += b->is_kept[stack] ? 1 : 0;
    }
    return kept;
}

static int compare_children(const void *left, const void *right, void *context)
{
    const struct building *const b = context;
    const uint32_t x = *(const uint32_t *)left;
    const uint32_t y = *(const uint32_t *)right;
    const struct umig_profile_stack *const stacks = b->names->stacks.items;
    if (stacks[x].parent != stacks[y].parent) {
        return stacks[x].parent < stacks[y].parent ? -1 : 1;
    }
    for (int metric = 0; metric < UMIG_HTML_METRICS; metric++) {
        if (b->totals[x][metric] != b->totals[y][metric]) {
            return b->totals[x][metric] > b->totals[y][metric] ? -1 : 1;
        }
    }
    return x < y ? -1 : x > y;
}

static void sort_children(struct building *b)
{
    size_t count = 0;
    for (size_t stack = 1; stack < b->names->stacks.count; stack++) {
        if (b->is_kept[stack]) {
            b->children[count++] = (uint32_t)stack;
            b->firsts[b->names->stacks.items[stack].parent + 1]++;
        }
    }
    for (size_t stack = 0; stack < b->names->stacks.count; stack++) {
        b->firsts[stack + 1] += b->firsts[stack];
    }
    qsort_r(b->children, count, sizeof *b->children, compare_children, b);
}

/* Preorder by an explicit stack, which lies in the unused end of the order. */
static void walk(struct building *b, struct umig_html_tree *tree, size_t room)
{
    size_t top = room;
    tree->order[--top] = 0;
    tree->node_count = 0;
    while (top < room) {
        const uint32_t stack = tree->order[top++];
        b->nodes[stack] = (uint32_t)tree->node_count;
        tree->order[tree->node_count++] = stack;
        for (size_t i = b->firsts[stack + 1]; i-- > b->firsts[stack];) {
            tree->order[--top] = b->children[i];
        }
    }
}

static int compare_cells(const void *left, const void *right)
{
    const struct umig_html_cell *const x = left;
    const struct umig_html_cell *const y = right;
    if (x->metric != y->metric) {
        return x->metric < y->metric ? -1 : 1;
    }
    if (x->stack != y->stack) {
        return x->stack < y->stack ? -1 : 1;
    }
    return x->group < y->group ? -1 : x->group > y->group;
}

/* Cells of stacks that are left out go to the nearest caller that is kept. */
static void settle_cells(const struct building *b, struct umig_html_tree *tree)
{
    for (size_t i = 0; i < tree->cell_count; i++) {
        uint32_t stack = tree->cells[i].stack;
        while (!b->is_kept[stack]) {
            stack = b->names->stacks.items[stack].parent;
        }
        tree->cells[i].stack = b->nodes[stack];
    }
    if (tree->cell_count > 0) {
        qsort(tree->cells, tree->cell_count, sizeof *tree->cells, compare_cells);
    }
}

int umig_html_tree_build(struct umig_html_tree *tree,
                         const struct umig_profile *names,
                         size_t nodes_max)
{
    struct building b;
    int rc = building_init(&b, names);
    if (rc == UMIG_OK) {
        add_up(&b, tree);
        const size_t all = keep(&b, 0);
        const size_t kept = all > nodes_max ? keep(&b, SMALLEST_PART) : all;
        tree->left_out = all - kept;
        /* What is written is never above what is read: a node is taken off before it is put. */
        tree->order = calloc(kept, sizeof *tree->order);
        rc = tree->order != NULL ? UMIG_OK : UMIG_E_NOMEM;
        if (rc == UMIG_OK) {
            sort_children(&b);
            walk(&b, tree, kept);
            settle_cells(&b, tree);
        }
    }
    building_fini(&b);
    return rc;
}

void umig_html_tree_chains(const struct umig_html_tree *tree,
                           const struct umig_profile *names,
                           struct umig_buf *out)
{
    struct umig_html_column column = {.out = out};
    uint32_t depth_before = 0;
    uint64_t length = 0;
    for (size_t node = 1; node < tree->node_count; node++) {
        const uint32_t depth = names->stacks.items[tree->order[node]].depth;
        if (node == 1 || depth <= depth_before) {
            if (length > 0) {
                umig_html_column_put(&column, length);
            }
            umig_html_column_put(&column, depth_before + 1 - depth);
            length = 0;
        }
        length++;
        depth_before = depth;
    }
    if (length > 0) {
        umig_html_column_put(&column, length);
    }
    umig_html_column_end(&column);
}

int umig_html_tree_frames(const struct umig_html_tree *tree,
                          const struct umig_profile *names,
                          struct umig_buf *out)
{
    /* By frame, 0 being the root's: what followed it last. */
    uint32_t *const followed = calloc(names->frames.count + 1, sizeof *followed);
    if (followed == NULL) {
        return UMIG_E_NOMEM;
    }
    struct umig_html_column column = {.out = out};
    uint64_t run = 0;
    for (size_t node = 1; node < tree->node_count; node++) {
        const struct umig_profile_stack *const stack = &names->stacks.items[tree->order[node]];
        const uint32_t above = names->stacks.items[stack->parent].frame;
        if (followed[above] == stack->frame) {
            run++;
        } else {
            umig_html_column_put(&column, run);
            umig_html_column_put(&column, stack->frame - 1); /* the block counts from 0 */
            run = 0;
        }
        followed[above] = stack->frame;
    }
    if (run > 0) {
        umig_html_column_put(&column, run);
    }
    umig_html_column_end(&column);
    free(followed);
    return UMIG_OK;
}

void umig_html_tree_cells(const struct umig_html_tree *tree,
                          enum umig_html_metric metric,
                          uint64_t scale,
                          struct umig_buf *out)
{
    struct umig_html_column column = {.out = out};
    uint32_t node = 0;
    for (size_t i = 0; i < tree->cell_count; i++) {
        const struct umig_html_cell *const cell = &tree->cells[i];
        if (cell->metric != metric) {
            continue;
        }
        uint64_t value = cell->value;
        while (i + 1 < tree->cell_count && compare_cells(cell, &tree->cells[i + 1]) == 0) {
            value += tree->cells[++i].value;
        }
        umig_html_column_put(&column, cell->stack - node);
        umig_html_column_put(&column, cell->group);
        umig_html_column_put(&column, value / scale);
        node = cell->stack;
    }
    umig_html_column_end(&column);
}

void umig_html_tree_fini(struct umig_html_tree *tree)
{
    free(tree->cells);
    free(tree->order);
    *tree = (struct umig_html_tree){0};
}
