#include "report/report.h"

#include <string.h>

#include "analysis/fold.h"
#include "analysis/quality.h"
#include "core/err.h"
#include "report/collapsed.h"
#include "report/figures.h"
#include "report/html.h"
#include "report/json.h"
#include "report/otlp.h"
#include "report/pprof.h"
#include "report/speedscope.h"
#include "report/stack_rows.h"
#include "report/suspects.h"
#include "report/text.h"
#include "report/top.h"

#define WIDTH_MIN 60
#define WIDTH_MAX 400

typedef int stacks_writer(const struct umig_stack_rows *rows,
                          struct umig_buf *out,
                          struct umig_err *err);

static const struct format {
    const char *name;
    enum umig_report_format format;
    stacks_writer *write_stacks; /* NULL: it is about more than stacks of one kind */
} formats[] = {
    {"text", UMIG_REPORT_TEXT, NULL},
    {"json", UMIG_REPORT_JSON, NULL},
    {"html", UMIG_REPORT_HTML, NULL},
    {"collapsed", UMIG_REPORT_COLLAPSED, umig_collapsed_write},
    {"pprof", UMIG_REPORT_PPROF, umig_pprof_write},
    {"speedscope", UMIG_REPORT_SPEEDSCOPE, umig_speedscope_write},
    {"otlp", UMIG_REPORT_OTLP, umig_otlp_write},
    {"suspects", UMIG_REPORT_SUSPECTS, NULL},
    {"suspects-json", UMIG_REPORT_SUSPECTS_JSON, NULL},
    {"suspects-list", UMIG_REPORT_SUSPECTS_LIST, NULL},
    {"holders", UMIG_REPORT_HOLDERS, NULL},
    {"holders-json", UMIG_REPORT_HOLDERS_JSON, NULL},
    {"top", UMIG_REPORT_TOP, NULL},
};

/* Of the files for other tools: NULL for what is none. */
static const struct format *stacks_format(enum umig_report_format format)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (formats[i].format == format && formats[i].write_stacks != NULL) {
            return &formats[i];
        }
    }
    return NULL;
}

static enum umig_kind kind_of(const struct umig_report_options *options)
{
    return options->kind != 0 ? options->kind : UMIG_KIND_CPU;
}

/* What follows a format's name: nothing, or what its stacks are of. false: neither. */
static bool read_kind(const struct format *format, const char *rest, enum umig_kind *out_kind)
{
    if (*rest == '\0') {
        *out_kind = UMIG_KIND_CPU;
        return true;
    }
    for (int kind = 1; format->write_stacks != NULL && kind < UMIG_KIND_COUNT; kind++) {
        if (*rest == '-' && umig_stack_terms((enum umig_kind)kind) != NULL &&
            strcmp(rest + 1, umig_quality_kind_key((enum umig_kind)kind)) == 0) {
            *out_kind = (enum umig_kind)kind;
            return true;
        }
    }
    return false;
}

int umig_report_format_read(const char *name,
                            struct umig_report_options *out_options,
                            struct umig_err *err)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        const size_t len = strlen(formats[i].name);
        if (strncmp(name, formats[i].name, len) == 0 &&
            read_kind(&formats[i], name + len, &out_options->kind)) {
            out_options->format = formats[i].format;
            return UMIG_OK;
        }
    }
    return umig_err_set(err, UMIG_E_ARG, "no report format \"%s\": " UMIG_REPORT_FORMATS, name);
}

/* The page carries both trees and a switch between them; unfolded figures need no second one. */
static int write_page(const struct umig_figures *figures,
                      const struct umig_profile *profile,
                      const struct umig_report_options *options,
                      struct umig_buf *out,
                      struct umig_err *err)
{
    const struct umig_fold_options keep = {.keep_dispatch = true};
    struct umig_profile *unfolded = NULL;
    int rc = options->unfold ? UMIG_OK : umig_fold(profile, &keep, &unfolded, err);
    rc = rc != UMIG_OK ? rc : umig_html_write(figures, unfolded, out, err);
    umig_profile_destroy(unfolded);
    return rc;
}

/* A file for other tools: no figures are needed for it. */
static int write_stacks(const struct umig_profile *profile,
                        const struct umig_report_options *options,
                        stacks_writer *write,
                        struct umig_buf *out,
                        struct umig_err *err)
{
    const struct umig_fold_options fold = {.keep_dispatch = options->unfold};
    struct umig_profile *folded = NULL;
    struct umig_stack_rows rows = {0};
    int rc = umig_fold(profile, &fold, &folded, err);
    rc = rc != UMIG_OK ? rc : umig_stack_rows_read(folded, kind_of(options), &rows, err);
    rc = rc != UMIG_OK ? rc : write(&rows, out, err);
    umig_stack_rows_fini(&rows);
    umig_profile_destroy(folded);
    return umig_err_trace(err, rc);
}

static int write_format(const struct umig_figures *figures,
                        const struct umig_profile *profile,
                        const struct umig_report_options *options,
                        struct umig_buf *out,
                        struct umig_err *err)
{
    switch (options->format) {
    case UMIG_REPORT_JSON:
        return umig_report_json_write(figures, out, err);
    case UMIG_REPORT_SUSPECTS:
        return umig_text_write_suspects(figures, options, out, err);
    case UMIG_REPORT_SUSPECTS_JSON:
        return umig_report_json_write_suspects(figures, out, err);
    case UMIG_REPORT_SUSPECTS_LIST:
        return umig_suspects_list_write(profile, out, err);
    case UMIG_REPORT_HOLDERS:
        return umig_text_write_holders(figures, options, out, err);
    case UMIG_REPORT_HOLDERS_JSON:
        return umig_report_json_write_holders(figures, out, err);
    case UMIG_REPORT_HTML:
        return write_page(figures, profile, options, out, err);
    case UMIG_REPORT_COLLAPSED: /* these five are not written from figures */
    case UMIG_REPORT_PPROF:
    case UMIG_REPORT_SPEEDSCOPE:
    case UMIG_REPORT_OTLP:
    case UMIG_REPORT_TOP:
    case UMIG_REPORT_TEXT:
    default:
        return umig_text_write(figures, options, out, err);
    }
}

int umig_report_write(const struct umig_profile *profile,
                      const struct umig_report_options *options,
                      struct umig_buf *out,
                      struct umig_err *err)
{
    if (options->width != 0 && (options->width < WIDTH_MIN || options->width > WIDTH_MAX)) {
        return umig_err_set(err, UMIG_E_ARG, "a width of %zu columns: %d to %d are possible",
                            options->width, WIDTH_MIN, WIDTH_MAX);
    }
    if (options->format == UMIG_REPORT_TOP) {
        return umig_err_trace(err, umig_top_write(profile, out, err));
    }
    const struct format *stacks = stacks_format(options->format);
    if (stacks != NULL) {
        return write_stacks(profile, options, stacks->write_stacks, out, err);
    }
    struct umig_figures figures;
    int rc = umig_figures_read(profile, options->unfold, &figures, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    rc = write_format(&figures, profile, options, out, err);
    umig_figures_fini(&figures);
    return umig_err_trace(err, rc);
}

/* Of which kind stacks could be had instead; 0: of none. */
static enum umig_kind other_kind(const struct umig_profile *profile)
{
    static const enum umig_kind kinds[] = {UMIG_KIND_CPU, UMIG_KIND_WALL, UMIG_KIND_ALLOC,
                                           UMIG_KIND_LOCKS};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (umig_stack_rows_are_any(profile, kinds[i])) {
            return kinds[i];
        }
    }
    return (enum umig_kind)0;
}

void umig_report_note(const struct umig_profile *profile,
                      const struct umig_report_options *options,
                      struct umig_buf *note)
{
    const struct format *format = stacks_format(options->format);
    const enum umig_kind kind = kind_of(options);
    if (format == NULL || umig_stack_rows_are_any(profile, kind)) {
        return;
    }
    const enum umig_kind other = other_kind(profile);
    umig_buf_printf(note, "%ssession '%s' has no stacks of kind %s", note->len > 0 ? "; " : "",
                    umig_profile_text(profile, profile->session.id), umig_quality_kind_key(kind));
    const char *lead = ", it has ";
    for (unsigned i = 1; i < UMIG_KIND_COUNT; i++) {
        if (profile->session.has_kind[i] && i != (unsigned)kind) {
            umig_buf_printf(note, "%s%s", lead, umig_quality_kind_key((enum umig_kind)i));
            lead = ", ";
        }
    }
    if (other != (enum umig_kind)0) {
        umig_buf_printf(note, "; --format %s --kind %s writes its stacks", format->name,
                        umig_quality_kind_key(other));
    } else {
        umig_buf_text(note, "; text, json and html show what it has");
    }
}
