#include "cli/session_text.h"

#include <inttypes.h>
#include <string.h>

#include "core/err.h"
#include "core/kind_options.h"
#include "core/parse.h"

int umig_session_name_check(const char *name, struct umig_err *err)
{
    if (umig_name_is_valid(umig_span_of(name))) {
        return UMIG_OK;
    }
    return umig_err_set(err, UMIG_E_ARG,
                        "'%.80s' is no name of a session; write 1 to 64 letters, digits, . _ -, "
                        "beginning with a letter or digit",
                        name);
}

int umig_session_new_name_check(const char *name, struct umig_err *err)
{
    if (strcmp(name, "latest") == 0) {
        return umig_err_set(err, UMIG_E_ARG,
                            "no session may be called 'latest': 'umig report latest' means the one "
                            "started last; write another name");
    }
    return umig_session_name_check(name, err);
}

/* What is added to the CPU samples. */
static const char *native_text(uint32_t native)
{
    switch (native) {
    case UMIG_NATIVE_OFF:
        return "";
    case UMIG_NATIVE_LEAF:
        return " with the native function that ran";
    default:
        return " with native frames";
    }
}

int umig_session_selector_check(const char *selector, struct umig_err *err)
{
    uint64_t number = 0;
    if (selector[0] == '#') {
        return umig_parse_number(umig_span_of(selector + 1), &number, NULL) == UMIG_OK
                   ? UMIG_OK
                   : umig_err_set(err, UMIG_E_ARG,
                                  "'%.80s' is no number of a session; write it like '#3'",
                                  selector);
    }
    return umig_session_name_check(selector, err);
}

struct umig_session_kinds umig_session_kinds_of(const Umig__V1__SessionStatus *session)
{
    return (struct umig_session_kinds){
        .items = session->kinds,
        .count = session->n_kinds,
        .native = session->native,
        .mutexes = session->mutexes,
    };
}

void umig_session_kinds_text(const struct umig_session_kinds *kinds, struct umig_buf *out)
{
    for (size_t i = 0; i < kinds->count; i++) {
        const Umig__V1__KindOption *item = kinds->items[i];
        const struct umig_kind_rule *rule = umig_kind_rule((enum umig_kind)item->kind);
        char interval[UMIG_INTERVAL_TEXT_BYTES];
        umig_buf_text(out, i > 0 ? ", " : "");
        if (rule == NULL) {
            umig_buf_printf(out, "kind %u", item->kind); /* of a newer agent */
        } else if (rule->default_ns == 0) {
            umig_buf_text(out, rule->name);
        } else {
            const char *word = rule->kind == UMIG_KIND_LOCKS ? "per" : "every";
            umig_kind_interval_text(rule, item->interval_ns, interval);
            umig_buf_printf(out, "%s %s %s", rule->name, word, interval);
        }
        if (item->kind == UMIG_KIND_CPU) {
            umig_buf_text(out, native_text(kinds->native));
        } else if (item->kind == UMIG_KIND_LOCKS && kinds->mutexes != 0) {
            umig_buf_text(out, " with mutexes");
        }
    }
}

uint64_t umig_session_stacks_text(const Umig__V1__SessionStatus *session, struct umig_buf *out)
{
    static const char prefix[] = "outcome.";
    uint64_t total = 0;
    uint64_t failed = 0;
    struct umig_buf causes = UMIG_BUF_INIT(4096);
    for (size_t i = 0; i < session->n_counters; i++) {
        const Umig__V1__Counter *counter = session->counters[i];
        if (strncmp(counter->name, prefix, strlen(prefix)) != 0 || counter->value == 0) {
            continue;
        }
        const char *key = counter->name + strlen(prefix);
        total += counter->value;
        if (strcmp(key, "ok") != 0 && strcmp(key, "no_java") != 0) {
            umig_buf_printf(&causes, "%s%s %" PRIu64, failed > 0 ? ", " : "", key, counter->value);
            failed += counter->value;
        }
    }
    if (total > 0) {
        umig_buf_printf(out, "%" PRIu64 ", %.2f %% failed%s%s", total,
                        100.0 * (double)failed / (double)total, failed > 0 ? ": " : "",
                        umig_buf_str(&causes));
    }
    umig_buf_fini(&causes);
    return failed;
}
