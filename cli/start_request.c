#include "cli/start_request.h"

#include <stdio.h>
#include <string.h>

#include "cli/session_text.h"
#include "cli/start_schedule.h"
#include "cli/talk.h"
#include "core/cpu_share.h"
#include "core/err.h"
#include "core/parse.h"
#include "wire/utf8.h"

enum {
    LABEL_VALUE_MAX = 128
};

static int read_kinds(const struct umig_args *args, struct umig_kind_set *out, struct umig_err *err)
{
    struct umig_kind_set set = {0};
    bool has_any = false;
    for (size_t i = 0; i < args->count; i++) {
        const struct umig_kind_rule *rule = umig_kind_rule(args->items[i].option->kind);
        if (rule == NULL) {
            continue;
        }
        struct umig_kind_option option = {.kind = rule->kind, .interval_ns = rule->default_ns};
        int rc = UMIG_OK;
        if (args->items[i].value != NULL) {
            rc = umig_kind_interval_parse(rule, umig_span_of(args->items[i].value),
                                          &option.interval_ns, err);
        }
        if (rc == UMIG_OK) {
            rc = umig_kind_set_add(&set, option, err);
        }
        if (rc != UMIG_OK) {
            return umig_err_trace(err, rc);
        }
        has_any = true;
    }
    /* Who names no kind wants to know what is wrong: the usual ones, as the defaults have it. */
    for (int kind = 1; !has_any && kind < UMIG_KIND_COUNT; kind++) {
        const struct umig_kind_rule *rule = umig_kind_rule((enum umig_kind)kind);
        set.has_kind[kind] = !rule->is_extra;
        set.interval_ns[kind] = rule->is_extra ? 0 : rule->default_ns;
    }
    *out = set;
    return UMIG_OK;
}

static bool is_plain_text(struct umig_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.at[i] < ' ' || text.at[i] == 0x7f) {
            return false;
        }
    }
    return umig_utf8_is_valid(text.at, text.len);
}

static int check_label(const struct umig_start_request *request,
                       const char *text,
                       struct umig_span key,
                       struct umig_span value,
                       struct umig_err *err)
{
    if (value.at == NULL || value.len == 0 || value.len > LABEL_VALUE_MAX ||
        !umig_name_is_valid(key)) {
        return umig_err_set(err, UMIG_E_ARG,
                            "'%.80s' is no label; write KEY=VALUE, KEY of letters, digits, . _ -, "
                            "VALUE of 1 to %d bytes",
                            text, LABEL_VALUE_MAX);
    }
    if (!is_plain_text(value)) {
        return umig_err_set(err, UMIG_E_ARG,
                            "--label %.*s: its value is not UTF-8 without control characters",
                            (int)key.len, key.at);
    }
    for (size_t i = 0; i < request->start.n_labels; i++) {
        if (umig_span_is(key, request->label_keys[i])) {
            return umig_err_set(err, UMIG_E_ARG, "--label %.*s is given twice", (int)key.len,
                                key.at);
        }
    }
    return UMIG_OK;
}

static int add_label(struct umig_start_request *request, const char *text, struct umig_err *err)
{
    const size_t at = request->start.n_labels;
    struct umig_span value = umig_span_of(text);
    const struct umig_span key = umig_span_cut(&value, '=');
    if (at == UMIG_START_LABELS_MAX) {
        return umig_err_set(err, UMIG_E_ARG, "more than %d labels", UMIG_START_LABELS_MAX);
    }
    const int rc = check_label(request, text, key, value, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    snprintf(request->label_keys[at], sizeof request->label_keys[at], "%.*s", (int)key.len, key.at);
    umig__v1__label__init(&request->labels[at]);
    request->labels[at].key = request->label_keys[at];
    request->labels[at].value = umig_message_text(value.at);
    request->label_items[at] = &request->labels[at];
    request->start.n_labels++;
    return UMIG_OK;
}

static int read_labels(const struct umig_args *args,
                       struct umig_start_request *request,
                       struct umig_err *err)
{
    request->start.labels = request->label_items;
    for (size_t i = 0; i < args->count; i++) {
        if (strcmp(args->items[i].option->name, "label") != 0) {
            continue;
        }
        const int rc = add_label(request, args->items[i].value, err);
        if (rc != UMIG_OK) {
            return umig_err_trace(err, rc);
        }
    }
    return UMIG_OK;
}

static void put_kinds(struct umig_start_request *request, const struct umig_kind_set *set)
{
    request->start.kinds = request->kind_items;
    for (int kind = 1; kind < UMIG_KIND_COUNT; kind++) {
        if (!set->has_kind[kind]) {
            continue;
        }
        Umig__V1__KindOption *option = &request->kinds[request->start.n_kinds];
        umig__v1__kind_option__init(option);
        option->kind = (uint32_t)kind;
        option->interval_ns = set->interval_ns[kind];
        request->kind_items[request->start.n_kinds++] = option;
    }
}

/* Native frames are of CPU samples. */
static int read_native(const struct umig_args *args,
                       const struct umig_kind_set *set,
                       uint32_t *out,
                       struct umig_err *err)
{
    const char *text = umig_args_value(args, "native", NULL);
    enum umig_native native = UMIG_NATIVE_OFF;
    const int rc = text != NULL ? umig_native_parse(umig_span_of(text), &native, err) : UMIG_OK;
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    if (native != UMIG_NATIVE_OFF && !set->has_kind[UMIG_KIND_CPU]) {
        return umig_err_set(err, UMIG_E_ARG,
                            "--native %s is about CPU samples, which are not asked for; add --cpu",
                            text);
    }
    *out = native;
    return UMIG_OK;
}

/* Mutexes are locks. */
static int read_mutexes(const struct umig_args *args,
                        const struct umig_kind_set *set,
                        uint32_t *out,
                        struct umig_err *err)
{
    *out = umig_args_has(args, "mutexes");
    return *out == 0 || set->has_kind[UMIG_KIND_LOCKS]
               ? UMIG_OK
               : umig_err_set(err, UMIG_E_ARG,
                              "--mutexes is about waits for locks, which are not asked for; add "
                              "--locks");
}

static int read_clock(const struct umig_args *args,
                      const struct umig_kind_set *set,
                      uint32_t *out,
                      struct umig_err *err)
{
    const char *text = umig_args_value(args, "clock", NULL);
    enum umig_clock clock = UMIG_CLOCK_AUTO;
    const int rc = text != NULL ? umig_clock_parse(umig_span_of(text), &clock, err) : UMIG_OK;
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    if (clock != UMIG_CLOCK_AUTO && !set->has_kind[UMIG_KIND_CPU]) {
        return umig_err_set(err, UMIG_E_ARG,
                            "--clock %s is about CPU samples, which are not asked for; add --cpu",
                            text);
    }
    *out = clock;
    return UMIG_OK;
}

/* 1 + millionths, 1 for any. */
static int read_budget(const struct umig_args *args, uint32_t *out, struct umig_err *err)
{
    const char *text = umig_args_value(args, "budget", NULL);
    uint32_t ppm = 0;
    if (text == NULL) {
        return UMIG_OK;
    }
    const int rc = umig_cpu_share_parse(umig_span_of(text), &ppm, err);
    if (rc != UMIG_OK) {
        return umig_err_set(err, rc,
                            "--budget '%.80s' is neither a share of CPU of 0.1%% to 100%%, such as "
                            "2%%, nor off",
                            text);
    }
    *out = 1 + ppm;
    return UMIG_OK;
}

static int read_threads(const struct umig_args *args,
                        const struct umig_kind_set *set,
                        struct umig_start_request *request,
                        struct umig_err *err)
{
    const char *text = umig_args_value(args, "threads", NULL);
    if (text == NULL) {
        return UMIG_OK;
    }
    const int rc = umig_glob_parse(umig_span_of(text), request->threads, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    if (!umig_utf8_is_valid(text, strlen(text))) {
        return umig_err_set(err, UMIG_E_ARG, "--threads: the pattern is not UTF-8");
    }
    if (!set->has_kind[UMIG_KIND_WALL]) {
        return umig_err_set(err, UMIG_E_ARG,
                            "--threads %s is about wall time, which is not asked for; add --wall",
                            text);
    }
    request->start.threads = request->threads;
    return UMIG_OK;
}

int umig_start_request_read(const struct umig_args *args,
                            uint64_t now_unix_ns,
                            struct umig_start_request *request,
                            struct umig_err *err)
{
    umig__v1__control_request__init(&request->message);
    umig__v1__start_session__init(&request->start);
    request->message.verb = UMIG__V1__CONTROL_VERB__CONTROL_START;
    request->message.start = &request->start;
    struct umig_kind_set set;
    int rc = read_kinds(args, &set, err);
    const char *duration = umig_args_value(args, "duration", NULL);
    if (rc == UMIG_OK && duration != NULL) {
        rc = umig_session_duration_parse(umig_span_of(duration), &request->start.duration_ns, err);
    }
    if (rc == UMIG_OK) {
        rc = umig_start_schedule_read(args, now_unix_ns, &request->start, &request->when, err);
    }
    if (rc == UMIG_OK) {
        rc = read_native(args, &set, &request->start.native, err);
    }
    if (rc == UMIG_OK) {
        rc = read_mutexes(args, &set, &request->start.mutexes, err);
    }
    if (rc == UMIG_OK) {
        rc = read_clock(args, &set, &request->start.clock, err);
    }
    if (rc == UMIG_OK) {
        rc = read_threads(args, &set, request, err);
    }
    if (rc == UMIG_OK) {
        rc = read_budget(args, &request->start.budget, err);
    }
    const char *name = umig_args_value(args, "name", NULL);
    if (rc == UMIG_OK && name != NULL) {
        rc = umig_session_new_name_check(name, err);
        request->start.id = umig_message_text(name);
    }
    if (rc == UMIG_OK) {
        rc = read_labels(args, request, err);
    }
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    put_kinds(request, &set);
    return UMIG_OK;
}
