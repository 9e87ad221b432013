#include "analysis/paths.h"

#include <stdbool.h>
#include <stdlib.h>

#include "analysis/intern.h"
#include "analysis/label.h"
#include "analysis/wall.h"
#include "core/err.h"

#define LEAST_SHARE 50 /* a way holds at least 1/50 of all */
#define FOLLOW      4  /* a child is followed if it holds 1/4 of its parent */

/* A node of the tree that is merged by method; node 0 is the root. */
struct node {
    uint32_t parent, method;
    enum umig_frame_kind kind;
    uint32_t first, next; /* children as a list; 0 ends it */
    bool is_trodden;      /* a way that was taken goes on from here */
    uint32_t way;         /* 1 + the way that ends here, in the order they were taken; 0 none */
    uint64_t self, total;
};

/* What the stacks of one way spend below one line of the method at one depth. */
struct line {
    uint32_t way, depth, line;
    uint64_t value;
};

struct tree {
    const struct umig_profile *profile;
    struct node *nodes;
    size_t count, room;
    struct umig_intern index;
    uint32_t *chain;  /* room for the deepest stack */
    uint32_t *leaves; /* by sample: its leaf's node; 0 for samples of other kinds */
    struct line *lines;
    size_t line_count, line_room;
    struct umig_intern line_index;
};

static bool same_node(const void *items, uint32_t id, const void *key)
{
    const struct node *nodes = items;
    const uint32_t *want = key;
    return nodes[id].parent == want[0] && nodes[id].method == want[1];
}

static int child_of(struct tree *tree, uint32_t parent, uint32_t frame, uint32_t *out_node)
{
    const enum umig_frame_kind kind = tree->profile->frames.items[frame].kind;
    const uint32_t method = tree->profile->frames.items[frame].method;
    const uint32_t key[2] = {parent, method};
    const uint32_t hash = umig_intern_hash(key, sizeof key);
    *out_node = umig_intern_find(&tree->index, hash, same_node, tree->nodes, key);
    if (*out_node != 0) {
        return UMIG_OK;
    }
    if (tree->count == tree->room) {
        struct node *nodes = realloc(tree->nodes, 2 * tree->room * sizeof *nodes);
        if (nodes == NULL) {
            return UMIG_E_NOMEM;
        }
        tree->nodes = nodes;
        tree->room *= 2;
    }
    if (!umig_intern_reserve(&tree->index)) {
        return UMIG_E_NOMEM;
    }
    const uint32_t node = (uint32_t)tree->count++;
    tree->nodes[node] = (struct node){
        .parent = parent, .method = method, .kind = kind, .next = tree->nodes[parent].first};
    tree->nodes[parent].first = node;
    umig_intern_put(&tree->index, hash, node);
    *out_node = node;
    return UMIG_OK;
}

/* The stack of which a way is looked for; 0: none. */
static uint32_t way_stack(const struct umig_profile *profile,
                          const struct umig_profile_sample *sample)
{
    if (sample->kind != UMIG_KIND_WALL) {
        return sample->stack;
    }
    const enum umig_wall_state state = umig_wall_state_of(profile, sample->stack);
    return state == UMIG_WALL_RUNNING || state == UMIG_WALL_RUNNABLE || state == UMIG_WALL_COUNT
               ? 0
               : profile->stacks.items[sample->stack].parent;
}

/* Adds a sample to every node from its leaf to the root. */
static int add_sample(struct tree *tree,
                      const struct umig_profile_sample *sample,
                      uint32_t *out_leaf)
{
    size_t depth = 0;
    const uint32_t stack = way_stack(tree->profile, sample);
    if (stack == 0 && sample->kind == UMIG_KIND_WALL) {
        *out_leaf = 0;
        return UMIG_OK;
    }
    for (uint32_t at = stack; at != 0; at = tree->profile->stacks.items[at].parent) {
        tree->chain[depth++] = tree->profile->stacks.items[at].frame;
    }
    uint32_t node = 0;
    tree->nodes[0].total += sample->value;
    while (depth > 0) {
        const int rc = child_of(tree, node, tree->chain[--depth], &node);
        if (rc != UMIG_OK) {
            return rc;
        }
        tree->nodes[node].total += sample->value;
    }
    tree->nodes[node].self += sample->value;
    *out_leaf = node;
    return UMIG_OK;
}

static int build(struct tree *tree, enum umig_kind kind)
{
    size_t deepest = 0;
    for (size_t i = 0; i < tree->profile->stacks.count; i++) {
        const size_t depth = tree->profile->stacks.items[i].depth;
        deepest = depth > deepest ? depth : deepest;
    }
    tree->room = 256;
    tree->count = 1;
    tree->nodes = calloc(tree->room, sizeof *tree->nodes);
    tree->chain = calloc(deepest + 1, sizeof *tree->chain);
    tree->leaves = calloc(tree->profile->samples.count + 1, sizeof *tree->leaves);
    if (tree->nodes == NULL || tree->chain == NULL || tree->leaves == NULL) {
        return UMIG_E_NOMEM;
    }
    int rc = UMIG_OK;
    for (size_t i = 0; rc == UMIG_OK && i < tree->profile->samples.count; i++) {
        if (tree->profile->samples.items[i].kind == kind) {
            rc = add_sample(tree, &tree->profile->samples.items[i], &tree->leaves[i]);
        }
    }
    return rc;
}

static uint32_t heaviest_child(const struct tree *tree, uint32_t node)
{
    uint32_t best = 0;
    for (uint32_t at = tree->nodes[node].first; at != 0; at = tree->nodes[at].next) {
        /* The list is newest first: of equals the first that was seen wins. */
        if (best == 0 || tree->nodes[at].total >= tree->nodes[best].total) {
            best = at;
        }
    }
    return best;
}

/* The end of the heaviest way that is left; 0 if nothing is heavy enough. */
static uint32_t find_end(const struct tree *tree, uint64_t all)
{
    uint32_t node = 0;
    for (;;) {
        const struct node *at = &tree->nodes[node];
        const uint32_t child = heaviest_child(tree, node);
        if (child == 0 || tree->nodes[child].total == 0 ||
            tree->nodes[child].total < all / LEAST_SHARE) {
            return node;
        }
        /* A trunk that holds most of everything says nothing, however its children share it. */
        const bool is_trunk = node == 0 || (at->total > all / 2 && at->self < at->total / FOLLOW);
        if (!is_trunk && tree->nodes[child].total < at->total / FOLLOW) {
            return node;
        }
        node = child;
    }
}

/* Is all of the way to a node a library's? */
static bool is_libraries(const struct tree *tree, uint32_t node)
{
    while (node != 0 && umig_label_is_library(tree->profile, tree->nodes[node].method)) {
        node = tree->nodes[node].parent;
    }
    return node == 0;
}

/* Copies the way to a node, its lines left open, and takes its value out of the tree. */
static int take(struct tree *tree, uint32_t end, struct umig_path *out)
{
    size_t depth = 0;
    for (uint32_t at = end; at != 0; at = tree->nodes[at].parent) {
        depth++;
    }
    struct umig_profile_frame *frames = calloc(depth, sizeof *frames);
    if (frames == NULL) {
        return UMIG_E_NOMEM;
    }
    const uint64_t value = tree->nodes[end].total;
    *out = (struct umig_path){.frames = frames, .frame_count = depth, .value = value};
    out->is_rest = tree->nodes[end].self < value / 2 &&
                   (tree->nodes[end].is_trodden || is_libraries(tree, end));
    for (uint32_t at = end; at != 0; at = tree->nodes[at].parent) {
        frames[--depth] = (struct umig_profile_frame){.method = tree->nodes[at].method,
                                                      .kind = tree->nodes[at].kind};
        tree->nodes[at].total -= value;
        tree->nodes[at].is_trodden = true;
    }
    tree->nodes[0].total -= value;
    return UMIG_OK;
}

/* The way that took a stack's value: the first one taken whose end lies on the stack. */
static uint32_t way_of(const struct tree *tree, uint32_t leaf)
{
    uint32_t first = 0;
    for (uint32_t at = leaf; at != 0; at = tree->nodes[at].parent) {
        const uint32_t way = tree->nodes[at].way;
        first = way != 0 && (first == 0 || way < first) ? way : first;
    }
    return first;
}

static bool same_line(const void *items, uint32_t id, const void *key)
{
    const struct line *line = (const struct line *)items + (id - 1);
    const uint32_t *want = key;
    return line->way == want[0] && line->depth == want[1] && line->line == want[2];
}

static int add_line(struct tree *tree, const uint32_t key[3], uint64_t value)
{
    const uint32_t hash = umig_intern_hash(key, 3 * sizeof key[0]);
    const uint32_t found = umig_intern_find(&tree->line_index, hash, same_line, tree->lines, key);
    if (found != 0) {
        tree->lines[found - 1].value += value;
        return UMIG_OK;
    }
    if (tree->line_count == tree->line_room) {
        const size_t room = tree->line_room == 0 ? 64 : 2 * tree->line_room;
        struct line *lines = realloc(tree->lines, room * sizeof *lines);
        if (lines == NULL) {
            return UMIG_E_NOMEM;
        }
        tree->lines = lines;
        tree->line_room = room;
    }
    if (!umig_intern_reserve(&tree->line_index)) {
        return UMIG_E_NOMEM;
    }
    tree->lines[tree->line_count++] = (struct line){key[0], key[1], key[2], value};
    umig_intern_put(&tree->line_index, hash, (uint32_t)tree->line_count);
    return UMIG_OK;
}

static int add_lines(struct tree *tree, const struct umig_paths *paths, size_t sample)
{
    const struct umig_profile *profile = tree->profile;
    const uint32_t way = way_of(tree, tree->leaves[sample]);
    uint32_t at = way != 0 ? way_stack(profile, &profile->samples.items[sample]) : 0;
    for (; at != 0; at = profile->stacks.items[at].parent) {
        const struct umig_profile_stack *stack = &profile->stacks.items[at];
        if (stack->depth > paths->items[way - 1].frame_count) {
            continue;
        }
        const uint32_t key[3] = {way, stack->depth, profile->frames.items[stack->frame].line};
        const int rc = add_line(tree, key, profile->samples.items[sample].value);
        if (rc != UMIG_OK) {
            return rc;
        }
    }
    return UMIG_OK;
}

/*
 * Sets the lines of the ways, which are still in the order they were taken. Only stacks that go on
 * along the way say where it goes on: a method called at one line and its sibling called at another
 * have one node above them.
 */
static int set_lines(struct tree *tree, struct umig_paths *paths)
{
    int rc = UMIG_OK;
    for (size_t i = 0; rc == UMIG_OK && i < tree->profile->samples.count; i++) {
        rc = add_lines(tree, paths, i);
    }
    for (size_t i = 0; rc == UMIG_OK && i < tree->line_count; i++) {
        const struct line *line = &tree->lines[i];
        const struct umig_path *path = &paths->items[line->way - 1];
        if (line->value > path->value / 2) {
            path->frames[line->depth - 1].line = line->line;
        }
    }
    return rc;
}

static int compare_paths(const void *a, const void *b)
{
    const struct umig_path *x = a;
    const struct umig_path *y = b;
    if (x->is_rest != y->is_rest) {
        return x->is_rest ? 1 : -1;
    }
    return x->value > y->value ? -1 : x->value < y->value;
}

static int find_all(struct tree *tree, size_t limit, struct umig_paths *paths)
{
    const uint64_t all = tree->nodes[0].total;
    paths->items = calloc(limit, sizeof *paths->items);
    if (paths->items == NULL) {
        return UMIG_E_NOMEM;
    }
    while (paths->count < limit) {
        const uint32_t end = find_end(tree, all);
        if (end == 0 || tree->nodes[end].total < all / LEAST_SHARE) {
            break;
        }
        const int rc = take(tree, end, &paths->items[paths->count]);
        if (rc != UMIG_OK) {
            return rc;
        }
        tree->nodes[end].way = (uint32_t)++paths->count;
    }
    const int rc = set_lines(tree, paths);
    qsort(paths->items, paths->count, sizeof *paths->items, compare_paths);
    return rc;
}

int umig_paths_find(const struct umig_profile *profile,
                    enum umig_kind kind,
                    size_t limit,
                    struct umig_paths *out_paths,
                    struct umig_err *err)
{
    struct tree tree = {.profile = profile};
    struct umig_paths paths = {0};
    int rc = build(&tree, kind);
    rc = rc != UMIG_OK ? rc : find_all(&tree, limit, &paths);
    free(tree.nodes);
    free(tree.chain);
    free(tree.leaves);
    free(tree.lines);
    umig_intern_fini(&tree.index);
    umig_intern_fini(&tree.line_index);
    if (rc != UMIG_OK) {
        umig_paths_fini(&paths);
        return umig_err_set(err, rc, "no memory for the hot paths of %zu stacks",
                            profile->samples.count);
    }
    *out_paths = paths;
    return UMIG_OK;
}

void umig_paths_fini(struct umig_paths *paths)
{
    for (size_t i = 0; i < paths->count; i++) {
        free(paths->items[i].frames);
    }
    free(paths->items);
    *paths = (struct umig_paths){0};
}
