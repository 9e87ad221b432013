/* Two profiles with one set of names, and their samples by joint stack and block. */
#include <stdlib.h>
#include <string.h>

#include "analysis/diff_private.h"

/* Blocks of one side before they are evened out; numbers above are added to the last. */
#define RAW_BLOCKS (4 * UMIG_DIFF_BLOCKS)

/* One side's way into the joint names, by its own ids. */
struct entry {
    const struct umig_profile *profile;
    uint32_t *frames;
    uint32_t *stacks;
    double raw[RAW_BLOCKS];      /* value by block */
    uint32_t blocks[RAW_BLOCKS]; /* block after evening out */
};

static int intern_text(struct umig_profile *names,
                       const struct umig_profile *from,
                       uint32_t string,
                       uint32_t *out_id)
{
    const char *text = umig_profile_text(from, string);
    *out_id = 0;
    return *text == '\0' ? UMIG_OK : umig_profile_string(names, text, strlen(text), out_id);
}

/* A method without its file, which not every source of samples knows. */
static int intern_method(struct umig_profile *names,
                         const struct umig_profile *from,
                         uint32_t index,
                         uint32_t *out_id)
{
    const struct umig_profile_method *at = &from->methods.items[index];
    struct umig_profile_method method = {0};
    int rc = intern_text(names, from, at->class_name, &method.class_name);
    rc = rc != UMIG_OK ? rc : intern_text(names, from, at->name, &method.name);
    return rc != UMIG_OK ? rc : umig_profile_method(names, &method, out_id);
}

static int intern_frame(struct umig_profile *names, struct entry *e, size_t index)
{
    const struct umig_profile_frame *from = &e->profile->frames.items[index];
    struct umig_profile_frame frame = {
        .kind = from->kind > UMIG_FRAME_NATIVE_METHOD ? from->kind : UMIG_FRAME_JAVA};
    const int rc = intern_method(names, e->profile, from->method, &frame.method);
    return rc != UMIG_OK ? rc : umig_profile_frame(names, &frame, &e->frames[index]);
}

/* The files of one side's methods, where they are not known yet; by joint method. */
static int learn_files(struct umig_profile *names, const struct umig_profile *from, uint32_t *files)
{
    int rc = UMIG_OK;
    for (uint32_t i = 1; i < from->methods.count && rc == UMIG_OK; i++) {
        uint32_t id = 0;
        uint32_t file = 0;
        rc = intern_method(names, from, i, &id);
        rc = rc != UMIG_OK ? rc : intern_text(names, from, from->methods.items[i].file, &file);
        if (rc == UMIG_OK && files[id] == 0) {
            files[id] = file;
        }
    }
    return rc;
}

/* Tells the joint methods their files; the last step, for they are found by their content. */
static int add_files(struct umig_profile *names, const struct umig_profile *const sides[UMIG_SIDES])
{
    const size_t most = sides[0]->methods.count + sides[1]->methods.count;
    uint32_t *files = calloc(most + 1, sizeof *files);
    int rc = files != NULL ? UMIG_OK : UMIG_E_NOMEM;
    for (int side = UMIG_BEFORE; side < UMIG_SIDES && rc == UMIG_OK; side++) {
        rc = learn_files(names, sides[side], files);
    }
    for (size_t i = 1; i < names->methods.count && rc == UMIG_OK; i++) {
        names->methods.items[i].file = files[i];
    }
    free(files);
    return rc;
}

/* Callers come before callees, so one pass translates all. */
static int intern_stacks(struct umig_profile *names, struct entry *e)
{
    int rc = UMIG_OK;
    for (size_t i = 1; i < e->profile->frames.count && rc == UMIG_OK; i++) {
        rc = intern_frame(names, e, i);
    }
    for (size_t i = 1; i < e->profile->stacks.count && rc == UMIG_OK; i++) {
        const struct umig_profile_stack *stack = &e->profile->stacks.items[i];
        rc = umig_profile_stack(names, e->stacks[stack->parent], e->frames[stack->frame],
                                &e->stacks[i]);
    }
    return rc;
}

static uint32_t raw_block(const struct umig_profile_sample *sample)
{
    return sample->block < RAW_BLOCKS ? sample->block : RAW_BLOCKS - 1;
}

/*
 * Blocks with little in them, at the edges of a session or while nothing ran, are added to the one
 * before; the first to the one after it.
 */
static size_t even_out(struct entry *e)
{
    double sum = 0;
    size_t used = 0;
    for (size_t i = 0; i < RAW_BLOCKS; i++) {
        sum += e->raw[i];
        used += e->raw[i] > 0 ? 1 : 0;
    }
    const double least = used > 0 ? sum / (double)used / 2 : 0;
    double held = 0;
    uint32_t at = 0;
    double left = sum;
    for (size_t i = 0; i < RAW_BLOCKS; i++) {
        e->blocks[i] = at;
        held += e->raw[i];
        left -= e->raw[i];
        if (held >= least && left >= least && held > 0) {
            at++;
            held = 0;
        }
    }
    return at + 1;
}

static void count_side(struct umig_diff_join *join, struct entry *e, int side)
{
    for (size_t i = 0; i < e->profile->samples.count; i++) {
        const struct umig_profile_sample *sample = &e->profile->samples.items[i];
        if (sample->kind == UMIG_KIND_CPU) {
            join->value[side] += sample->value;
            join->count[side] += sample->count;
            e->raw[raw_block(sample)] += (double)sample->value;
        }
    }
    join->design.block_count[side] = even_out(e);
    join->design.unit[side] = join->count[side] > 0 && join->value[side] > 0
                                  ? (double)join->value[side] / (double)join->count[side]
                                  : 1;
}

static void add_cells(struct umig_diff_join *join, const struct entry *e, uint32_t first_block)
{
    for (size_t i = 0; i < e->profile->samples.count; i++) {
        const struct umig_profile_sample *sample = &e->profile->samples.items[i];
        if (sample->kind == UMIG_KIND_CPU && sample->value > 0) {
            join->cells[join->cell_count++] =
                (struct umig_diff_cell){.stack = e->stacks[sample->stack],
                                        .block = first_block + e->blocks[raw_block(sample)],
                                        .value = (double)sample->value};
        }
    }
}

static int compare_cells(const void *a, const void *b)
{
    const struct umig_diff_cell *x = a;
    const struct umig_diff_cell *y = b;
    if (x->stack != y->stack) {
        return x->stack < y->stack ? -1 : 1;
    }
    return x->block < y->block ? -1 : x->block > y->block;
}

static int add_side(struct umig_diff_join *join, struct entry *e, int side)
{
    e->frames = calloc(e->profile->frames.count + 1, sizeof *e->frames);
    e->stacks = calloc(e->profile->stacks.count + 1, sizeof *e->stacks);
    if (e->frames == NULL || e->stacks == NULL) {
        return UMIG_E_NOMEM;
    }
    const int rc = intern_stacks(join->names, e);
    if (rc == UMIG_OK) {
        count_side(join, e, side);
        add_cells(join, e,
                  side == UMIG_AFTER ? (uint32_t)join->design.block_count[UMIG_BEFORE] : 0);
    }
    return rc;
}

int umig_diff_join(const struct umig_profile *const sides[UMIG_SIDES],
                   struct umig_diff_join *out_join)
{
    struct umig_diff_join join = {0};
    struct entry *entries = calloc(UMIG_SIDES, sizeof *entries);
    join.cells = calloc(sides[0]->samples.count + sides[1]->samples.count + 1, sizeof *join.cells);
    int rc = entries != NULL && join.cells != NULL ? UMIG_OK : UMIG_E_NOMEM;
    rc = rc != UMIG_OK ? rc
                       : umig_profile_create(sides[0]->limit_bytes + sides[1]->limit_bytes,
                                             &join.names, NULL);
    for (int side = UMIG_BEFORE; side < UMIG_SIDES && rc == UMIG_OK; side++) {
        entries[side].profile = sides[side];
        rc = add_side(&join, &entries[side], side);
    }
    rc = rc != UMIG_OK ? rc : add_files(join.names, sides);
    for (int side = UMIG_BEFORE; side < UMIG_SIDES && entries != NULL; side++) {
        free(entries[side].frames);
        free(entries[side].stacks);
    }
    free(entries);
    if (rc != UMIG_OK) {
        umig_profile_destroy(join.names);
        free(join.cells);
        return rc;
    }
    qsort(join.cells, join.cell_count, sizeof *join.cells, compare_cells);
    *out_join = join;
    return UMIG_OK;
}

void umig_diff_join_fini(struct umig_diff_join *join)
{
    free(join->cells);
    join->cells = NULL;
}
