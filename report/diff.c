#include "report/diff.h"

#include "core/err.h"
#include "report/diff_private.h"

#define WIDTH_MIN 60
#define WIDTH_MAX 400

int umig_diff_write(const struct umig_diff *diff,
                    const struct umig_diff_wording *wording,
                    struct umig_buf *out,
                    struct umig_err *err)
{
    if (wording->width != 0 && (wording->width < WIDTH_MIN || wording->width > WIDTH_MAX)) {
        return umig_err_set(err, UMIG_E_ARG, "a width of %zu columns: %d to %d are possible",
                            wording->width, WIDTH_MIN, WIDTH_MAX);
    }
    int rc = UMIG_OK;
    switch (wording->format) {
    case UMIG_REPORT_TEXT:
        rc = umig_diff_text_write(diff, wording, out);
        break;
    case UMIG_REPORT_JSON:
        rc = umig_diff_json_write(diff, wording, out);
        break;
    case UMIG_REPORT_HTML:
        rc = umig_diff_html_write(diff, wording, out);
        break;
    case UMIG_REPORT_COLLAPSED:
    case UMIG_REPORT_SUSPECTS:
    case UMIG_REPORT_SUSPECTS_JSON:
    case UMIG_REPORT_SUSPECTS_LIST:
    case UMIG_REPORT_HOLDERS:
    case UMIG_REPORT_HOLDERS_JSON:
    case UMIG_REPORT_PPROF:
    case UMIG_REPORT_SPEEDSCOPE:
    case UMIG_REPORT_OTLP:
    case UMIG_REPORT_TOP:
    default:
        return umig_err_set(err, UMIG_E_ARG, "a comparison is text, json or html");
    }
    return rc == UMIG_OK
               ? UMIG_OK
               : umig_err_set(err, rc, "writing the comparison: %s", umig_status_text(rc));
}
