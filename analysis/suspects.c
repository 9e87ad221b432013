#include "analysis/suspects.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/allocation.h"
#include "core/err.h"
#include "core/units.h"

/* Sites that are looked at: the largest by bytes. */
#define SITES_MAX 64u

#define NS_PER_HOUR (3600.0 * (double)UMIG_NS_PER_S)

/* Pairs of snapshots of which the later one is larger, of all. */
#define RISING_PART 0.8

/* Standard deviations of an estimate, which growth has to pass. */
#define SURE 5.0

/* Of a site's bytes: what an age must hold to count, and how many ages must. */
#define AGE_PART 0.05
#define AGES_MIN 3u

/* From this age on one is 32 collections wide and more: of many ages by itself. */
#define WIDE_AGE 6u

/* A site that is looked at. */
struct site {
    struct umig_survivors_row row;
    double *bytes; /* one a snapshot */
};

struct sites {
    const struct umig_profile *profile;
    uint32_t *blocks; /* of the snapshots, in order */
    size_t block_count;
    struct site *items;
    size_t count, room;
    double *series; /* of all sites */
};

/* --- sites --- */

static const struct umig_profile_frame *frame_of(const struct umig_profile *profile, uint32_t stack)
{
    return &profile->frames.items[profile->stacks.items[stack].frame];
}

static uint32_t line_of(const struct umig_profile *profile, uint32_t stack)
{
    const uint32_t above = profile->stacks.items[stack].parent;
    const uint32_t line = umig_allocation_line(profile, above);
    return line != 0 ? line : umig_allocation_place(profile, above);
}

static bool is_of_class(const struct umig_profile *profile,
                        const struct umig_profile_sample *sample)
{
    const struct umig_profile_frame *leaf = frame_of(profile, sample->stack);
    return sample->kind == UMIG_KIND_LIVE && leaf->kind == UMIG_FRAME_LIVE &&
           profile->methods.items[leaf->method].class_name != 0;
}

static struct site *find_site(struct sites *sites, uint32_t class_method, uint32_t frame)
{
    for (size_t i = 0; i < sites->count; i++) {
        const struct umig_survivors_row *row = &sites->items[i].row;
        if (row->class_method == class_method && row->frame == frame) {
            return &sites->items[i];
        }
    }
    return NULL;
}

static int by_bytes(const void *a, const void *b)
{
    const struct site *x = a;
    const struct site *y = b;
    if (x->row.bytes != y->row.bytes) {
        return x->row.bytes > y->row.bytes ? -1 : 1;
    }
    return x->row.frame < y->row.frame ? -1 : x->row.frame > y->row.frame;
}

static int by_block(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a;
    const uint32_t y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* A snapshot, and how often old objects had been collected by then. */
struct head {
    uint32_t block;
    uint64_t old_collections;
};

static int by_head(const void *a, const void *b)
{
    const struct head *x = a;
    const struct head *y = b;
    return x->block < y->block ? -1 : x->block > y->block;
}

/* The snapshots before which old objects were collected. Each has a row that names no class. */
static bool find_blocks(struct sites *sites)
{
    const struct umig_profile *profile = sites->profile;
    struct head *heads = calloc(profile->samples.count + 1, sizeof *heads);
    size_t count = 0;
    sites->blocks = calloc(profile->samples.count + 1, sizeof *sites->blocks);
    for (size_t i = 0; i < profile->samples.count && heads != NULL; i++) {
        const struct umig_profile_sample *sample = &profile->samples.items[i];
        if (umig_survivors_is_head(profile, sample)) {
            heads[count++] = (struct head){sample->block, sample->count};
        }
    }
    const bool is_done = heads != NULL && sites->blocks != NULL;
    if (is_done) {
        qsort(heads, count, sizeof *heads, by_head);
    }
    for (size_t i = 1; i < count && is_done; i++) {
        if (heads[i].old_collections > heads[i - 1].old_collections) {
            sites->blocks[sites->block_count++] = heads[i].block;
        }
    }
    free(heads);
    return is_done;
}

/* What is alive at the end: the largest sites of it. */
static bool find_sites(struct sites *sites)
{
    const struct umig_profile *profile = sites->profile;
    const uint32_t last = sites->blocks[sites->block_count - 1];
    for (size_t i = 0; i < profile->samples.count; i++) {
        const struct umig_profile_sample *sample = &profile->samples.items[i];
        if (!is_of_class(profile, sample) || sample->block != last) {
            continue;
        }
        const uint32_t class_method = frame_of(profile, sample->stack)->method;
        const uint32_t frame = line_of(profile, sample->stack);
        struct site *site = find_site(sites, class_method, frame);
        if (site == NULL) {
            if (sites->count == sites->room) {
                const size_t room = sites->room == 0 ? SITES_MAX : 2 * sites->room;
                struct site *items = realloc(sites->items, room * sizeof *items);
                if (items == NULL) {
                    return false;
                }
                sites->items = items;
                sites->room = room;
            }
            site = &sites->items[sites->count++];
            *site = (struct site){.row = {.class_method = class_method, .frame = frame}};
        }
        const uint32_t line = frame_of(profile, sample->stack)->line;
        const uint32_t age = line > 0 && line <= UMIG_SURVIVORS_AGES ? line - 1 : 0;
        site->row.bytes += sample->value;
        site->row.objects += sample->count;
        site->row.by_age[age] += sample->value;
    }
    if (sites->count > 0) {
        qsort(sites->items, sites->count, sizeof *sites->items, by_bytes);
    }
    sites->count = sites->count < SITES_MAX ? sites->count : SITES_MAX;
    return true;
}

/* How each of them came to it. */
static bool find_series(struct sites *sites)
{
    const struct umig_profile *profile = sites->profile;
    sites->series = calloc(sites->count * sites->block_count + 1, sizeof *sites->series);
    if (sites->series == NULL) {
        return false;
    }
    for (size_t i = 0; i < sites->count; i++) {
        sites->items[i].bytes = sites->series + i * sites->block_count;
    }
    for (size_t i = 0; i < profile->samples.count; i++) {
        const struct umig_profile_sample *sample = &profile->samples.items[i];
        struct site *site = is_of_class(profile, sample)
                                ? find_site(sites, frame_of(profile, sample->stack)->method,
                                            line_of(profile, sample->stack))
                                : NULL;
        const uint32_t *block = site != NULL
                                    ? bsearch(&sample->block, sites->blocks, sites->block_count,
                                              sizeof *sites->blocks, by_block)
                                    : NULL;
        if (block != NULL) {
            site->bytes[block - sites->blocks] += (double)sample->value;
        }
    }
    return true;
}

/* --- judging --- */

static double mean(const double *bytes, size_t begin, size_t end)
{
    double sum = 0;
    for (size_t i = begin; i < end; i++) {
        sum += bytes[i];
    }
    return sum / (double)(end - begin);
}

static double rising_part(const double *bytes, size_t count)
{
    size_t rising = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = i + 1; k < count; k++) {
            rising += bytes[k] > bytes[i];
        }
    }
    return 2 * (double)rising / ((double)count * (double)(count - 1));
}

static double mean_time(const uint32_t *times, size_t begin, size_t end)
{
    double sum = 0;
    for (size_t i = begin; i < end; i++) {
        sum += times[i];
    }
    return sum / (double)(end - begin);
}

/* What was there when a quarter of the time was left. */
static double before_last_quarter(const double *bytes, const uint32_t *times, size_t count)
{
    const uint32_t last = times[count - 1];
    size_t at = count - 1;
    while (at > 0 && last - times[at] < (last - times[0]) / 4) {
        at--;
    }
    return bytes[at];
}

bool umig_suspects_grows(const double *bytes, const uint32_t *times, size_t count, double unit)
{
    const size_t third = count / 3;
    const double first = mean(bytes, 0, third);
    const double middle = mean(bytes, third, count - third);
    const double last = mean(bytes, count - third, count);
    const double middle_time = mean_time(times, third, count - third);
    const double early = (middle - first) / (middle_time - mean_time(times, 0, third));
    const double late = (last - middle) / (mean_time(times, count - third, count) - middle_time);
    const double now = bytes[count - 1];
    const double recent = now - before_last_quarter(bytes, times, count);
    const double noise = SURE * sqrt(unit * (last > unit ? last : unit));
    return middle > first && last - first > noise && late > early / 3 &&
           recent > (now - bytes[0]) / 12 && rising_part(bytes, count) >= RISING_PART;
}

static bool has_many_ages(const struct umig_survivors_row *row)
{
    unsigned ages = 0;
    unsigned oldest = 0;
    for (unsigned age = 0; age < UMIG_SURVIVORS_AGES; age++) {
        if ((double)row->by_age[age] >= AGE_PART * (double)row->bytes) {
            ages++;
            oldest = age;
        }
    }
    return (ages >= AGES_MIN || oldest >= WIDE_AGE) &&
           umig_survivors_least(oldest) >= UMIG_SUSPECTS_COLLECTIONS;
}

/* Bytes that one followed object of a site stands for. */
static double unit_of(const struct sites *sites, const struct site *site, uint64_t share)
{
    const double interval = (double)sites->profile->session.interval_ns[UMIG_KIND_LIVE];
    const double size =
        site->row.objects > 0 ? (double)site->row.bytes / (double)site->row.objects : 1;
    return (size > interval ? size : interval) * (double)(share > 0 ? share : 1);
}

static int by_growth(const void *a, const void *b)
{
    const struct umig_suspect *x = a;
    const struct umig_suspect *y = b;
    if (x->bytes_per_hour != y->bytes_per_hour) {
        return x->bytes_per_hour > y->bytes_per_hour ? -1 : 1;
    }
    return x->row.frame < y->row.frame ? -1 : x->row.frame > y->row.frame;
}

static double growth_per_hour(const struct sites *sites, const struct site *site)
{
    const size_t last = sites->block_count - 1;
    const size_t half = last / 2;
    const double blocks = (double)(sites->blocks[last] - sites->blocks[half]);
    return (site->bytes[last] - site->bytes[half]) / blocks / (double)UMIG_SURVIVORS_BLOCK_NS *
           NS_PER_HOUR;
}

static void judge(struct sites *sites, uint64_t share, struct umig_suspects *out)
{
    struct umig_suspect found[SITES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < sites->count; i++) {
        struct site *site = &sites->items[i];
        site->row.half_way_bytes = (uint64_t)site->bytes[(sites->block_count - 1) / 2];
        if (has_many_ages(&site->row) &&
            umig_suspects_grows(site->bytes, sites->blocks, sites->block_count,
                                unit_of(sites, site, share))) {
            found[count++] = (struct umig_suspect){
                .row = site->row,
                .bytes_per_hour = (uint64_t)fmax(0, growth_per_hour(sites, site)),
            };
        }
    }
    qsort(found, count, sizeof *found, by_growth);
    out->count = count < UMIG_SUSPECTS_MAX ? count : UMIG_SUSPECTS_MAX;
    memcpy(out->items, found, out->count * sizeof *found);
}

static const char *lack_of(const struct sites *sites, const struct umig_survivors *survivors)
{
    if (sites->block_count < UMIG_SUSPECTS_SNAPSHOTS) {
        return "too few snapshots yet that come behind a collection of old objects, which count as "
               "alive until then; five are needed";
    }
    uint64_t old = 0;
    for (unsigned age = 0; age < UMIG_SURVIVORS_AGES; age++) {
        old +=
            umig_survivors_least(age) >= UMIG_SUSPECTS_COLLECTIONS ? survivors->all.by_age[age] : 0;
    }
    return old == 0 && survivors->all.bytes > 0
               ? "too few collections yet: nothing has survived 8 of them"
               : NULL;
}

int umig_suspects_find(const struct umig_profile *profile,
                       struct umig_suspects *out_suspects,
                       struct umig_err *err)
{
    struct umig_suspects suspects = {.count = 0};
    struct umig_survivors survivors;
    struct sites sites = {.profile = profile};
    int rc = umig_survivors_read(profile, &survivors, err);
    if (rc != UMIG_OK || survivors.snapshots == 0) {
        *out_suspects = suspects;
        return umig_err_trace(err, rc);
    }
    bool is_done = find_blocks(&sites);
    if (is_done) {
        suspects.lack = lack_of(&sites, &survivors);
    }
    if (is_done && suspects.lack == NULL) {
        is_done = find_sites(&sites) && find_series(&sites);
        if (is_done) {
            judge(&sites, survivors.share, &suspects);
        }
    }
    free(sites.series);
    free(sites.items);
    free(sites.blocks);
    umig_survivors_fini(&survivors);
    *out_suspects = suspects;
    return is_done ? UMIG_OK : umig_err_set(err, UMIG_E_NOMEM, "no memory for leak suspects");
}

void umig_suspects_clear(const struct umig_profile *profile,
                         const struct umig_retained *retained,
                         struct umig_suspects *suspects)
{
    size_t kept = 0;
    for (size_t i = 0; i < suspects->count; i++) {
        const struct umig_suspect *suspect = &suspects->items[i];
        const uint32_t class_name = profile->methods.items[suspect->row.class_method].class_name;
        if (umig_retained_hold_on(profile, retained, class_name) == UMIG_HOLD_FIRM) {
            suspects->items[kept++] = *suspect;
        } else {
            suspects->cleared[suspects->cleared_count++] = *suspect;
        }
    }
    suspects->count = kept;
}
