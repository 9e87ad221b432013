#include "report/html_fill.h"

#include <string.h>

#include "core/err.h"

int umig_html_fill(const char *page,
                   bool (*put)(void *context, const char *name, size_t length),
                   void *context,
                   struct umig_buf *out,
                   struct umig_err *err)
{
    const char *at = page;
    for (const char *open = strstr(at, "{{"); open != NULL; open = strstr(at, "{{")) {
        const char *const name = open + 2;
        const size_t length = strcspn(name, "}");
        umig_buf_put(out, at, (size_t)(open - at));
        if (!put(context, name, length)) {
            return umig_err_set(err, UMIG_E_BUG, "the page's template asks for '%.*s'",
                                (int)(length < 40 ? length : 40), name);
        }
        at = name + length + 2;
    }
    umig_buf_text(out, at);
    if (out->failed != UMIG_OK) {
        return umig_err_set(err, out->failed, "writing the page: %s",
                            umig_status_text(out->failed));
    }
    return UMIG_OK;
}
