#include "core/parse.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/err.h"
#include "core/units.h"

struct unit {
    const char *name;
    uint64_t factor;
};

static const struct unit g_time_units[] = {
    {"ns", 1},
    {"us", UMIG_NS_PER_US},
    {"ms", UMIG_NS_PER_MS},
    {"s", UMIG_NS_PER_S},
    {"m", 60 * UMIG_NS_PER_S},
    {"h", 3600 * UMIG_NS_PER_S},
    {"d", 24 * 3600 * UMIG_NS_PER_S},
};

static const struct unit g_size_units[] = {
    {"", 1}, {"b", 1}, {"k", 1ull << 10}, {"m", 1ull << 20}, {"g", 1ull << 30},
};

struct umig_span umig_span_of(const char *text)
{
    return (struct umig_span){.at = text, .len = strlen(text)};
}

bool umig_span_is(struct umig_span span, const char *text)
{
    return span.len == strlen(text) && memcmp(span.at, text, span.len) == 0;
}

struct umig_span umig_span_cut(struct umig_span *rest, char separator)
{
    const char *end = memchr(rest->at, separator, rest->len);
    struct umig_span part = *rest;
    if (end == NULL) {
        *rest = (struct umig_span){.at = NULL, .len = 0};
        return part;
    }
    part.len = (size_t)(end - rest->at);
    rest->at = end + 1;
    rest->len -= part.len + 1;
    return part;
}

/* Reads leading digits; returns how many, 0 when there are none or the number is too large. */
static size_t leading_digits(struct umig_span text, uint64_t *out_number)
{
    uint64_t number = 0;
    size_t i = 0;
    for (; i < text.len && text.at[i] >= '0' && text.at[i] <= '9'; i++) {
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, (uint64_t)(text.at[i] - '0'), &number)) {
            return 0;
        }
    }
    *out_number = number;
    return i;
}

int umig_parse_number(struct umig_span text, uint64_t *out_number, struct umig_err *err)
{
    uint64_t number = 0;
    const size_t digits = leading_digits(text, &number);
    if (digits == 0 || digits != text.len) {
        return umig_err_set(err, UMIG_E_ARG, "'%.*s' is not a whole number",
                            (int)(text.len < 40 ? text.len : 40), text.at);
    }
    *out_number = number;
    return UMIG_OK;
}

static int parse_with_unit(struct umig_span text,
                           const struct unit *units,
                           size_t unit_count,
                           uint64_t *out)
{
    uint64_t number = 0;
    const size_t digits = leading_digits(text, &number);
    if (digits == 0) {
        return UMIG_E_ARG;
    }
    char name[4] = "";
    const size_t name_len = text.len - digits;
    if (name_len >= sizeof name) {
        return UMIG_E_ARG;
    }
    for (size_t i = 0; i < name_len; i++) {
        const char c = text.at[digits + i];
        name[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    for (size_t i = 0; i < unit_count; i++) {
        if (strcmp(name, units[i].name) == 0) {
            return __builtin_mul_overflow(number, units[i].factor, out) ? UMIG_E_ARG : UMIG_OK;
        }
    }
    return UMIG_E_ARG;
}

int umig_parse_duration(struct umig_span text, uint64_t *out_ns, struct umig_err *err)
{
    uint64_t ns = 0;
    const size_t count = sizeof g_time_units / sizeof g_time_units[0];
    if (parse_with_unit(text, g_time_units, count, &ns) != UMIG_OK) {
        return umig_err_set(err, UMIG_E_ARG,
                            "'%.*s' is not a duration; write a whole number and a unit: 500us, "
                            "10ms, 30s, 5m, 1h",
                            (int)(text.len < 40 ? text.len : 40), text.at);
    }
    *out_ns = ns;
    return UMIG_OK;
}

int umig_parse_size(struct umig_span text, uint64_t *out_bytes, struct umig_err *err)
{
    uint64_t bytes = 0;
    const size_t count = sizeof g_size_units / sizeof g_size_units[0];
    if (parse_with_unit(text, g_size_units, count, &bytes) != UMIG_OK) {
        return umig_err_set(err, UMIG_E_ARG,
                            "'%.*s' is not a size; write a whole number and a unit: 512k, 32m, 2g",
                            (int)(text.len < 40 ? text.len : 40), text.at);
    }
    *out_bytes = bytes;
    return UMIG_OK;
}

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool umig_name_is_valid(struct umig_span name)
{
    if (name.len == 0 || name.len > 64 || !is_alnum(name.at[0])) {
        return false;
    }
    for (size_t i = 1; i < name.len; i++) {
        if (!is_alnum(name.at[i]) && strchr("._-", name.at[i]) == NULL) {
            return false;
        }
    }
    /* strchr finds the terminator too. */
    return memchr(name.at, '\0', name.len) == NULL;
}

void umig_format_duration(uint64_t ns, char *out, size_t room)
{
    if (ns < UMIG_NS_PER_US) {
        snprintf(out, room, "%u ns", (unsigned)ns);
    } else if (ns < UMIG_NS_PER_MS - 500) { /* what rounds up to 1000 belongs to the next unit */
        snprintf(out, room, "%.3g us", (double)ns / 1e3);
    } else if (ns < UMIG_NS_PER_S - 500000) {
        snprintf(out, room, "%.3g ms", (double)ns / 1e6);
    } else if (ns < 100 * UMIG_NS_PER_S) {
        snprintf(out, room, "%.3g s", (double)ns / 1e9);
    } else if (ns < 2 * 3600 * UMIG_NS_PER_S) {
        const uint64_t seconds = ns / UMIG_NS_PER_S;
        snprintf(out, room, "%u min %u s", (unsigned)(seconds / 60), (unsigned)(seconds % 60));
    } else {
        const uint64_t minutes = ns / (60 * UMIG_NS_PER_S);
        snprintf(out, room, "%llu h %u min", (unsigned long long)(minutes / 60),
                 (unsigned)(minutes % 60));
    }
}

void umig_format_bytes(uint64_t bytes, char *out, size_t room)
{
    static const char *const names[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (bytes < 1024) {
        snprintf(out, room, "%u B", (unsigned)bytes);
        return;
    }
    double value = (double)bytes / 1024.0;
    size_t unit = 0;
    while (value >= 1023.95 && unit + 1 < sizeof names / sizeof names[0]) {
        value /= 1024.0;
        unit++;
    }
    snprintf(out, room, "%.1f %s", value, names[unit]);
}

void umig_format_time(uint64_t unix_ns, char out[UMIG_TIME_TEXT_BYTES])
{
    const time_t seconds = (time_t)(unix_ns / UMIG_NS_PER_S);
    struct tm parts;
    if (unix_ns == 0 || gmtime_r(&seconds, &parts) == NULL ||
        strftime(out, UMIG_TIME_TEXT_BYTES, "%Y-%m-%d %H:%M:%S UTC", &parts) == 0) {
        snprintf(out, UMIG_TIME_TEXT_BYTES, "at an unknown time");
    }
}
