#include "analysis/paths.h"

#include <stdbool.h>
#include <stdlib.h>

#include "analysis/intern.h"
#include "core/err.h"

#define LEAST_SHARE 50 /* a way holds at least 1/50 of all */
#define FOLLOW      4  /* a child is followed if it holds 1/4 of its parent */

/* A node of the tree that is merged by method; node 0 is the root. */
struct node {
    uint32_t parent, method;
    uint32_t frame;       /* the heaviest frame with this method here */
    uint32_t first, next; /* children as a list; 0 ends it */
    uint64_t frame_value;
    uint64_t self, total;
};

struct tree {
    const struct umig_profile *profile;
    struct node *nodes;
    size_t count, room;
    struct umig_intern index;
    uint32_t *chain; /* room for the deepest stack */
};

static bool same_node(const void *items, uint32_t id, const void *key)
{
    const struct node *nodes = items;
    const uint32_t *want = key;
    return nodes[id].parent == want[0] && nodes[id].method == want[1];
}

static int child_of(struct tree *tree, uint32_t parent, uint32_t method, uint32_t *out_node)
{
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
    tree->nodes[node] =
        (struct node){.parent = parent, .method = method, .next = tree->nodes[parent].first};
    tree->nodes[parent].first = node;
    umig_intern_put(&tree->index, hash, node);
    *out_node = node;
    return UMIG_OK;
}

/* Adds a sample to every node from its leaf to the root. */
static int add_sample(struct tree *tree, const struct umig_profile_sample *sample)
{
    size_t depth = 0;
    for (uint32_t at = sample->stack; at != 0; at = tree->profile->stacks.items[at].parent) {
        tree->chain[depth++] = tree->profile->stacks.items[at].frame;
    }
    uint32_t node = 0;
    tree->nodes[0].total += sample->value;
    while (depth > 0) {
        const uint32_t frame = tree->chain[--depth];
        const uint32_t method = tree->profile->frames.items[frame].method;
        const int rc = child_of(tree, node, method, &node);
        if (rc != UMIG_OK) {
            return rc;
        }
        struct node *at = &tree->nodes[node];
        at->total += sample->value;
        if (at->frame == 0 || sample->value > at->frame_value) {
            at->frame = frame;
            at->frame_value = sample->value;
        }
    }
    tree->nodes[node].self += sample->value;
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
    if (tree->nodes == NULL || tree->chain == NULL) {
        return UMIG_E_NOMEM;
    }
    int rc = UMIG_OK;
    for (size_t i = 0; rc == UMIG_OK && i < tree->profile->samples.count; i++) {
        if (tree->profile->samples.items[i].kind == kind) {
            rc = add_sample(tree, &tree->profile->samples.items[i]);
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

/* Copies the way to a node and takes its value out of the tree. */
static int take(struct tree *tree, uint32_t end, struct umig_path *out)
{
    size_t depth = 0;
    for (uint32_t at = end; at != 0; at = tree->nodes[at].parent) {
        depth++;
    }
    uint32_t *frames = calloc(depth, sizeof *frames);
    if (frames == NULL) {
        return UMIG_E_NOMEM;
    }
    const uint64_t value = tree->nodes[end].total;
    *out = (struct umig_path){.frames = frames, .frame_count = depth, .value = value};
    for (uint32_t at = end; at != 0; at = tree->nodes[at].parent) {
        frames[--depth] = tree->nodes[at].frame;
        tree->nodes[at].total -= value;
    }
    tree->nodes[0].total -= value;
    return UMIG_OK;
}

static int compare_paths(const void *a, const void *b)
{
    const struct umig_path *x = a;
    const struct umig_path *y = b;
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
        paths->count++;
    }
    qsort(paths->items, paths->count, sizeof *paths->items, compare_paths);
    return UMIG_OK;
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
    umig_intern_fini(&tree.index);
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
