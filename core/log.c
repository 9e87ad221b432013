#include "core/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
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
static bool g_is_file;
static enum umig_log_level g_level = UMIG_LOG_INFO;
static atomic_uint_fast64_t g_window_start_ns;
static atomic_uint g_window_lines;
static atomic_uint g_held_back;

void umig_log_open(int fd, enum umig_log_level level)
{
    g_fd = fd >= 0 ? fd : STDERR_FILENO;
    g_is_file = fd >= 0;
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

/* What a line begins with; its length. */
static size_t put_lead(char *line, size_t room)
{
    char when[32] = "";
    const uint64_t now_ns = umig_clock_unix_ns();
    const time_t seconds = (time_t)(now_ns / UMIG_NS_PER_S);
    struct tm parts;
    if (!g_is_file || gmtime_r(&seconds, &parts) == NULL ||
        strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &parts) == 0) {
        return (size_t)snprintf(line, room, "umig: ");
    }
    return (size_t)snprintf(line, room, "%s.%03uZ %d umig: ", when,
                            (unsigned)(now_ns % UMIG_NS_PER_S / UMIG_NS_PER_MS), (int)getpid());
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
    size_t len = put_lead(line, sizeof line);
    const unsigned held_back = atomic_exchange(&g_held_back, 0);
    if (held_back > 0) {
        len += (size_t)snprintf(line + len, sizeof line - len, "(%u lines held back) ", held_back);
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
    umig_clean_copy(raw, line + len, sizeof line - len - 1);
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

static const char *const g_level_names[] = {"error", "warn", "info", "debug"};

int umig_log_level_of(const char *name)
{
    for (int i = 0; i < 4; i++) {
        if (strcmp(name, g_level_names[i]) == 0) {
            return i;
        }
    }
    return -1;
}

const char *umig_log_level_name(enum umig_log_level level)
{
    return g_level_names[level];
}
