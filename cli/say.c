#include "cli/say.h"

#include <stdarg.h>

#include "core/buf.h"
#include "report/cells.h"

enum {
    LINE_BYTES = 1 << 20
};

void umig_say(FILE *to, const char *format, ...)
{
    struct umig_buf raw = UMIG_BUF_INIT(LINE_BYTES);
    struct umig_buf line = UMIG_BUF_INIT(LINE_BYTES);
    va_list args;
    va_start(args, format);
    umig_buf_vprintf(&raw, format, args);
    va_end(args);
    umig_cells_clean(umig_buf_str(&raw), &line);
    fprintf(to, "%s\n", umig_buf_str(&line));
    umig_buf_fini(&line);
    umig_buf_fini(&raw);
}
