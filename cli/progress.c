#include "cli/progress.h"

#include <unistd.h>

#include "core/units.h"

#define QUIET_NS (UMIG_NS_PER_S / 2)

void umig_progress_init(struct umig_progress *progress, FILE *to, uint64_t now_ns)
{
    *progress = (struct umig_progress){.to = to, .begun_ns = now_ns};
}

void umig_progress_show(struct umig_progress *progress, const char *what, uint64_t now_ns)
{
    const uint64_t lasted_ns = now_ns - progress->begun_ns;
    if (lasted_ns < QUIET_NS || isatty(fileno(progress->to)) != 1) {
        return;
    }
    fprintf(progress->to, "\r\x1b[K%s ... %u s, Ctrl-C stops it", what,
            (unsigned)(lasted_ns / UMIG_NS_PER_S));
    fflush(progress->to);
    progress->is_shown = true;
}

void umig_progress_clear(struct umig_progress *progress)
{
    if (progress->is_shown) {
        fputs("\r\x1b[K", progress->to);
        fflush(progress->to);
        progress->is_shown = false;
    }
}
