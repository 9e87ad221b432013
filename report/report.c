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
#include "report/suspects.h"
#include "report/text.h"
#include "report/top.h"

#define WIDTH_MIN 60
#define WIDTH_MAX 400

static const struct {
    const char *name;
    enum umig_report_format format;
} formats[] = {
    {"text", UMIG_REPORT_TEXT},
    {"json", UMIG_REPORT_JSON},
    {"html", UMIG_REPORT_HTML},
    {"collapsed", UMIG_REPORT_COLLAPSED},
    {"pprof", UMIG_REPORT_PPROF},
    {"speedscope", UMIG_REPORT_SPEEDSCOPE},
    {"otlp", UMIG_REPORT_OTLP},
    {"collapsed-alloc", UMIG_REPORT_COLLAPSED_ALLOC},
    {"collapsed-locks", UMIG_REPORT_COLLAPSED_LOCKS},
    {"suspects", UMIG_REPORT_SUSPECTS},
    {"suspects-json", UMIG_REPORT_SUSPECTS_JSON},
    {"suspects-list", UMIG_REPORT_SUSPECTS_LIST},
    {"holders", UMIG_REPORT_HOLDERS},
    {"holders-json", UMIG_REPORT_HOLDERS_JSON},
    {"top", UMIG_REPORT_TOP},
};

int umig_report_format_read(const char *name,
                            enum umig_report_format *out_format,
                            struct umig_err *err)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (strcmp(name, formats[i].name) == 0) {
            *out_format = formats[i].format;
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

static int write_format(const struct umig_figures *figures,
                        const struct umig_profile *profile,
                        const struct umig_report_options *options,
                        struct umig_buf *out,
                        struct umig_err *err)
{
    switch (options->format) {
    case UMIG_REPORT_JSON:
        return umig_report_json_write(figures, out, err);
    case UMIG_REPORT_COLLAPSED:
        return umig_collapsed_write(figures->profile, UMIG_KIND_CPU, out, err);
    case UMIG_REPORT_COLLAPSED_ALLOC:
        return umig_collapsed_write(figures->profile, UMIG_KIND_ALLOC, out, err);
    case UMIG_REPORT_COLLAPSED_LOCKS:
        return umig_collapsed_write(figures->profile, UMIG_KIND_LOCKS, out, err);
    case UMIG_REPORT_PPROF:
        return umig_pprof_write(figures->profile, out, err);
    case UMIG_REPORT_SPEEDSCOPE:
        return umig_speedscope_write(figures->profile, figures->cpu, out, err);
    case UMIG_REPORT_OTLP:
        return umig_otlp_write(figures->profile, out, err);
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
    case UMIG_REPORT_TOP: /* of other figures */
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
    struct umig_figures figures;
    int rc = umig_figures_read(profile, options->unfold, &figures, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    rc = write_format(&figures, profile, options, out, err);
    umig_figures_fini(&figures);
    return umig_err_trace(err, rc);
}

static bool has_stacks(const struct umig_profile *profile, enum umig_kind kind)
{
    if (kind == UMIG_KIND_LOCKS) {
        return profile->waits.count > 0;
    }
    for (size_t i = 0; i < profile->samples.count; i++) {
        if (profile->samples.items[i].kind == kind) {
            return true;
        }
    }
    return false;
}

/* Of which kind the stacks are that a format is about; 0: it is about more. */
static enum umig_kind kind_of_stacks(enum umig_report_format format)
{
    const bool is_cpu = format == UMIG_REPORT_COLLAPSED || format == UMIG_REPORT_PPROF ||
                        format == UMIG_REPORT_SPEEDSCOPE || format == UMIG_REPORT_OTLP;
    return is_cpu                                  ? UMIG_KIND_CPU
           : format == UMIG_REPORT_COLLAPSED_ALLOC ? UMIG_KIND_ALLOC
           : format == UMIG_REPORT_COLLAPSED_LOCKS ? UMIG_KIND_LOCKS
                                                   : (enum umig_kind)0;
}

/* Of which kind stacks could be had instead; 0: of none. */
static enum umig_kind other_kind(const struct umig_profile *profile)
{
    static const enum umig_kind kinds[] = {UMIG_KIND_CPU, UMIG_KIND_ALLOC, UMIG_KIND_LOCKS};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (has_stacks(profile, kinds[i])) {
            return kinds[i];
        }
    }
    return (enum umig_kind)0;
}

void umig_report_note(const struct umig_profile *profile,
                      enum umig_report_format format,
                      struct umig_buf *note)
{
    const enum umig_kind kind = kind_of_stacks(format);
    if (kind == (enum umig_kind)0 || has_stacks(profile, kind)) {
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
        umig_buf_printf(note, "; --format collapsed --kind %s writes its stacks",
                        umig_quality_kind_key(other));
    } else {
        umig_buf_text(note, "; text, json and html show what it has");
    }
}
