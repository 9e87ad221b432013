#include "core/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/clean.h"
#include "core/clock.h"
#include "core/utf8.h"

enum {
    LINES_PER_SECOND = 10,
    LINE_BYTES = 768
};

/* One log for the process: libraries do not log, so only programs and the agent's root use it. */
static int g_fd = STDERR_FILENO;
static enum umig_log_level g_level = UMIG_LOG_INFO;
static atomic_uint_fast64_t g_window_start_ns;
static atomic_uint g_window_lines;
static atomic_uint g_held_back;

void umig_log_open(int fd, enum umig_log_level level)
{
    g_fd = fd >= 0 ? fd : STDERR_FILENO;
    g_level = level;
}

/* Races only blur the bound by a line or two. */
static bool may_pass(enum umig_log_level level)
{
    if (level > UMIG_LOG_WARN) {
        return true;
    }
    const uint64_t now = umig_clock_monotonic_ns();
    if (now - atomic_load(&g_window_start_ns) >= UMIG_NS_PER_S) {
        atomic_store(&g_window_start_ns, now);
        atomic_store(&g_window_lines, 0);
    }
    return atomic_fetch_add(&g_window_lines, 1) < LINES_PER_SECOND;
}

static void write_line(const char *line, size_t len)
{
    /* A log that cannot be written has nowhere to complain. */
    const ssize_t written = write(g_fd, line, len);
    (void)written;
}

void umig_log(enum umig_log_level level, const char *format, ...)
{
    if (level > g_level) {
        return;
    }
    if (!may_pass(level)) {
        atomic_fetch_add(&g_held_back, 1);
        return;
    }
    char line[LINE_BYTES];
    int len = snprintf(line, sizeof line, "umig: ");
    const unsigned held_back = atomic_exchange(&g_held_back, 0);
    if (held_back > 0) {
        len += snprintf(line + len, sizeof line - (size_t)len, "(%u lines held back) ", held_back);
    }
    char raw[LINE_BYTES];
    va_list args;
    va_start(args, format);
    const int body = vsnprintf(raw, sizeof raw, format, args);
    va_end(args);
    if (body < 0) {
        return;
    }
    if (body >= (int)sizeof raw) {
        raw[umig_utf8_whole(raw, sizeof raw - 1)] = '\0';
    }
    umig_clean_copy(raw, line + len, sizeof line - (size_t)len - 1);
    size_t total = strlen(line);
    line[total++] = '\n';
    write_line(line, total);
}

void umig_log_err(enum umig_log_level level, const char *what, const struct umig_err *err)
{
    const char *func = err->hop_count > 0 ? err->hops[0].func : "?";
    if (g_level >= UMIG_LOG_DEBUG) {
        umig_log(level, "%s: %s (from %s)", what, err->text, func);
    } else {
        umig_log(level, "%s: %s", what, err->text);
    }
}

int umig_log_level_of(const char *name)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};
    for (int i = 0; i < 4; i++) {
        if (strcmp(name, names[i]) == 0) {
            return i;
        }
    }
    return -1;
}
