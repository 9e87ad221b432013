/* Two sessions compared. */
#include "analysis/diff.h"

#include <stdio.h>
#include <string.h>

#include "collector/query/query.h"
#include "core/err.h"
#include "core/parse.h"
#include "report/diff.h"

#define PPM 1e6

static int bad_per(const char *per, struct umig_err *err)
{
    return umig_err_set(err, UMIG_E_ARG,
                        "'%.80s' is nothing to compare by; write wall, or NAME=BEFORE,AFTER as in "
                        "request=12000,13500 with numbers above 0",
                        per);
}

int umig_query_per_read(const char *per,
                        struct umig_diff_options *out_options,
                        char out_name[UMIG_QUERY_WORK_BYTES],
                        struct umig_err *err)
{
    struct umig_span rest = umig_span_of(per);
    out_name[0] = '\0';
    if (rest.len == 0 || umig_span_is(rest, "wall")) {
        out_options->basis = rest.len == 0 ? UMIG_DIFF_REST : UMIG_DIFF_WALL;
        return UMIG_OK;
    }
    const struct umig_span name = umig_span_cut(&rest, '=');
    uint64_t units[UMIG_SIDES] = {0};
    if (!umig_name_is_valid(name) || rest.at == NULL) {
        return bad_per(per, err);
    }
    const struct umig_span before = umig_span_cut(&rest, ',');
    if (rest.at == NULL || umig_parse_number(before, &units[UMIG_BEFORE], NULL) != UMIG_OK ||
        umig_parse_number(rest, &units[UMIG_AFTER], NULL) != UMIG_OK || units[UMIG_BEFORE] == 0 ||
        units[UMIG_AFTER] == 0) {
        return bad_per(per, err);
    }
    out_options->basis = UMIG_DIFF_WORK;
    out_options->work[UMIG_BEFORE] = (double)units[UMIG_BEFORE];
    out_options->work[UMIG_AFTER] = (double)units[UMIG_AFTER];
    snprintf(out_name, UMIG_QUERY_WORK_BYTES, "%.*s", (int)name.len, name.at);
    return UMIG_OK;
}

static int read_terms(const struct umig_query *query,
                      struct umig_diff_options *options,
                      char work[UMIG_QUERY_WORK_BYTES],
                      struct umig_err *err)
{
    options->unfold = query->should_unfold;
    options->level = (double)query->diff.level_ppm / PPM;
    options->noise = query->diff.noise_ppm > 0 ? (double)(query->diff.noise_ppm - 1) / PPM : -1;
    if (!(options->level < 1)) {
        return umig_err_set(err, UMIG_E_ARG, "a level of %.3g: it is between 0 and 1",
                            options->level);
    }
    return umig_query_per_read(query->diff.per, options, work, err);
}

static int write_diff(const struct umig_profile *const sides[UMIG_SIDES],
                      const struct umig_diff_options *options,
                      const struct umig_diff_wording *wording,
                      struct umig_buf *out,
                      struct umig_err *err)
{
    struct umig_diff *diff = NULL;
    int rc = umig_diff_create(sides[UMIG_BEFORE], sides[UMIG_AFTER], options, &diff, err);
    rc = rc != UMIG_OK ? rc : umig_diff_write(diff, wording, out, err);
    umig_diff_destroy(diff);
    return umig_err_trace(err, rc);
}

int umig_query_diff(struct umig_reader *reader,
                    const struct umig_query *query,
                    struct umig_buf *out,
                    struct umig_buf *note,
                    struct umig_err *err)
{
    struct umig_diff_options options = {0};
    struct umig_report_options format = {0};
    char work[UMIG_QUERY_WORK_BYTES];
    struct umig_diff_wording wording = {.width = query->width, .work = work};
    struct umig_profile *sides[UMIG_SIDES] = {NULL, NULL};
    const struct umig_reader_part part = {.most_blocks = UMIG_DIFF_BLOCKS};
    int rc = read_terms(query, &options, work, err);
    if (rc == UMIG_OK && query->format[0] != '\0') {
        rc = umig_report_format_read(query->format, &format, err);
        wording.format = format.format;
    }
    rc = rc != UMIG_OK ? rc
                       : umig_query_load(reader, query, query->session, &part, &sides[UMIG_BEFORE],
                                         note, err);
    rc = rc != UMIG_OK ? rc
                       : umig_query_load(reader, query, query->diff.other, &part,
                                         &sides[UMIG_AFTER], note, err);
    if (rc == UMIG_OK) {
        const struct umig_profile *const both[UMIG_SIDES] = {sides[0], sides[1]};
        rc = write_diff(both, &options, &wording, out, err);
    }
    umig_profile_destroy(sides[UMIG_BEFORE]);
    umig_profile_destroy(sides[UMIG_AFTER]);
    return umig_err_trace(err, rc);
}
