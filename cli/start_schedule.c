#include "cli/start_schedule.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/talk.h"
#include "core/err.h"
#include "core/kind_options.h"
#include "core/parse.h"
#include "core/units.h"

/* As agent/plans.h has them; the agent says so, too. */
#define EVERY_MIN_NS        (10 * UMIG_NS_PER_S)
#define EVERY_MAX_NS        (30 * 24 * 3600 * UMIG_NS_PER_S)
#define COOLDOWN_DEFAULT_NS (300 * UMIG_NS_PER_S)

enum {
    TIMES_MAX = 1000000
};

static int read_duration(const struct umig_args *args,
                         const char *name,
                         uint64_t least_ns,
                         uint64_t most_ns,
                         const char *range,
                         uint64_t *out_ns,
                         struct umig_err *err)
{
    const char *text = umig_args_value(args, name, NULL);
    uint64_t ns = 0;
    if (text == NULL) {
        return UMIG_OK;
    }
    const int rc = umig_parse_duration(umig_span_of(text), &ns, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    if (ns < least_ns || ns > most_ns) {
        return umig_err_set(err, UMIG_E_ARG, "--%s %.40s is not within %s", name, text, range);
    }
    *out_ns = ns;
    return UMIG_OK;
}

static int read_times(const struct umig_args *args,
                      const char *name,
                      uint32_t *out_times,
                      struct umig_err *err)
{
    const char *text = umig_args_value(args, name, NULL);
    uint64_t times = 0;
    if (text == NULL) {
        return UMIG_OK;
    }
    if (umig_parse_number(umig_span_of(text), &times, NULL) != UMIG_OK || times == 0 ||
        times > TIMES_MAX) {
        return umig_err_set(err, UMIG_E_ARG, "--%s %.40s is no number of 1 to %d", name, text,
                            TIMES_MAX);
    }
    *out_times = (uint32_t)times;
    return UMIG_OK;
}

/* "02:30" or "02:30:15": the next such moment of local clocks. */
static int read_at(const char *text, uint64_t now_unix_ns, uint64_t *out_ns, struct umig_err *err)
{
    unsigned parts[3] = {0, 0, 0};
    int used = 0;
    int used_seconds = 0;
    const size_t len = strlen(text);
    const bool has_minutes = sscanf(text, "%2u:%2u%n", &parts[0], &parts[1], &used) == 2;
    const bool has_seconds =
        has_minutes && sscanf(text + used, ":%2u%n", &parts[2], &used_seconds) == 1;
    const size_t read = (size_t)used + (has_seconds ? (size_t)used_seconds : 0);
    if (!has_minutes || read != len || strpbrk(text, "+- ") != NULL || parts[0] > 23 ||
        parts[1] > 59 || parts[2] > 59) {
        return umig_err_set(err, UMIG_E_ARG,
                            "--at %.40s is no time of day; write it like 02:30 or 14:05:30", text);
    }
    const time_t now = (time_t)(now_unix_ns / UMIG_NS_PER_S);
    for (int day = 0; day <= 1; day++) {
        struct tm tm;
        if (localtime_r(&now, &tm) == NULL) {
            break;
        }
        tm.tm_mday += day;
        tm.tm_hour = (int)parts[0];
        tm.tm_min = (int)parts[1];
        tm.tm_sec = (int)parts[2];
        tm.tm_isdst = -1;
        const time_t at = mktime(&tm);
        if (at > now) {
            *out_ns = (uint64_t)at * UMIG_NS_PER_S;
            return UMIG_OK;
        }
    }
    return umig_err_set(err, UMIG_E_ARG, "--at %.40s: the local time cannot be had", text);
}

/* Options that say how something is need that something. */
static int check_together(const struct umig_args *args, struct umig_err *err)
{
    static const struct {
        const char *option;
        const char *needs;
        const char *about;
    } rules[] = {
        {"before", "when", "what comes before a condition holds; add --when 'heap > 90%'"},
        {"repeat", "when", "how often a condition may fire; add --when 'heap > 90%'"},
        {"cooldown", "repeat", "the rest between two firings; add --repeat 3"},
        {"times", "every", "how many sessions start one after the other; add --every 1h"},
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (umig_args_has(args, rules[i].option) && !umig_args_has(args, rules[i].needs)) {
            return umig_err_set(err, UMIG_E_ARG, "--%s is about %s", rules[i].option,
                                rules[i].about);
        }
    }
    if (umig_args_has(args, "when") &&
        (umig_args_has(args, "at") || umig_args_has(args, "every"))) {
        return umig_err_set(err, UMIG_E_ARG,
                            "a session starts by a condition, --when, or by the clock, --at and "
                            "--every: give one of both");
    }
    return UMIG_OK;
}

static int check_duration(const struct umig_args *args,
                          const Umig__V1__StartSession *start,
                          struct umig_err *err)
{
    const char *which = umig_args_has(args, "every")    ? "--every"
                        : umig_args_has(args, "at")     ? "--at"
                        : umig_args_has(args, "repeat") ? "--repeat"
                                                        : NULL;
    if (which != NULL && start->duration_ns == 0) {
        return umig_err_set(err, UMIG_E_ARG,
                            "%s needs a --duration: what the agent starts by itself must end by "
                            "itself",
                            which);
    }
    if (umig_args_has(args, "every") && start->duration_ns >= start->every_ns) {
        return umig_err_set(err, UMIG_E_ARG,
                            "--duration must be less than --every: a session is over before the "
                            "next one starts");
    }
    return UMIG_OK;
}

static int read_condition(const struct umig_args *args,
                          Umig__V1__StartSession *start,
                          struct umig_trigger *when,
                          struct umig_err *err)
{
    const char *text = umig_args_value(args, "when", NULL);
    if (text == NULL) {
        return UMIG_OK;
    }
    struct umig_err why = UMIG_ERR_INIT;
    int rc = umig_trigger_parse(umig_span_of(text), when, &why);
    if (rc != UMIG_OK) {
        return umig_err_set(err, rc, "--when: %s", why.text);
    }
    start->when = when->text;
    start->before_ns = UMIG_BEFORE_DEFAULT_NS;
    start->times = 1;
    start->every_ns = umig_args_has(args, "repeat") ? COOLDOWN_DEFAULT_NS : 0;
    rc = read_duration(args, "before", 0, UMIG_BEFORE_MAX_NS, "0s to 5m", &start->before_ns, err);
    rc = rc != UMIG_OK ? rc : read_times(args, "repeat", &start->times, err);
    return rc != UMIG_OK ? rc
                         : read_duration(args, "cooldown", EVERY_MIN_NS, EVERY_MAX_NS, "10s to 30d",
                                         &start->every_ns, err);
}

int umig_start_schedule_read(const struct umig_args *args,
                             uint64_t now_unix_ns,
                             Umig__V1__StartSession *start,
                             struct umig_trigger *when,
                             struct umig_err *err)
{
    const char *at = umig_args_value(args, "at", NULL);
    int rc = check_together(args, err);
    rc = rc != UMIG_OK ? rc : read_condition(args, start, when, err);
    if (rc == UMIG_OK && at != NULL) {
        rc = read_at(at, now_unix_ns, &start->at_unix_ns, err);
        start->times = umig_args_has(args, "every") ? 0 : 1;
    }
    rc = rc != UMIG_OK ? rc
                       : read_duration(args, "every", EVERY_MIN_NS, EVERY_MAX_NS, "10s to 30d",
                                       &start->every_ns, err);
    rc = rc != UMIG_OK ? rc : read_times(args, "times", &start->times, err);
    rc = rc != UMIG_OK ? rc : check_duration(args, start, err);
    return umig_err_trace(err, rc);
}

void umig_plan_often_text(uint64_t every_ns, uint32_t times, struct umig_buf *out)
{
    char interval[UMIG_INTERVAL_TEXT_BYTES];
    if (every_ns == 0 || times == 1) {
        umig_buf_text(out, "once");
        return;
    }
    umig_interval_text(every_ns, interval);
    umig_buf_printf(out, "every %s", interval);
    if (times > 0) {
        umig_buf_printf(out, ", %" PRIu32 " times", times);
    }
}

void umig_local_time_text(uint64_t unix_ns, struct umig_buf *out)
{
    const time_t seconds = (time_t)(unix_ns / UMIG_NS_PER_S);
    struct tm tm;
    char text[64] = "an unknown time";
    if (localtime_r(&seconds, &tm) != NULL) {
        (void)strftime(text, sizeof text, "%H:%M:%S on %Y-%m-%d", &tm);
    }
    umig_buf_text(out, text);
}
