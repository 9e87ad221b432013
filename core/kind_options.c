#include "core/kind_options.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/err.h"
#include "core/units.h"

/*
 * The ranges end where the figures stop meaning something: below 1 ms of CPU the sampling costs
 * more than a percent (COMMITMENTS: 40 us a sample), waits below 10 us are spinning that HotSpot
 * does not report, pools change no faster than collections, and the loop that looks at threads is
 * not on time for less than 5 ms.
 */
static const struct umig_kind_rule g_rules[] = {
    {.kind = UMIG_KIND_CPU,
     .name = "cpu",
     .default_ns = 10 * UMIG_NS_PER_MS,
     .min_ns = UMIG_NS_PER_MS,
     .max_ns = UMIG_NS_PER_S,
     .meaning = "CPU time between two samples of a thread"},
    {.kind = UMIG_KIND_GC, .name = "gc", .meaning = "every pause is recorded"},
    {.kind = UMIG_KIND_HEAP,
     .name = "heap",
     .default_ns = UMIG_NS_PER_S,
     .min_ns = 100 * UMIG_NS_PER_MS,
     .max_ns = 60 * UMIG_NS_PER_S,
     .meaning = "time between two readings of the memory pools and of the JVM's own "
                "counters (safepoints, classes, compilation, threads)"},
    {.kind = UMIG_KIND_LOCKS,
     .name = "locks",
     .default_ns = UMIG_NS_PER_MS,
     .min_ns = 10 * UMIG_NS_PER_US,
     .max_ns = 10 * UMIG_NS_PER_S,
     .meaning = "time a thread has waited between two samples"},
    {.kind = UMIG_KIND_WALL,
     .name = "wall",
     .default_ns = 50 * UMIG_NS_PER_MS,
     .min_ns = 5 * UMIG_NS_PER_MS,
     .max_ns = 10 * UMIG_NS_PER_S,
     .is_extra = true,
     .meaning = "time between two looks at a thread, whether it runs or not"},
    {.kind = UMIG_KIND_ALLOC,
     .name = "alloc",
     .is_size = true,
     .is_extra = true,
     .default_ns = 512 * 1024,
     .min_ns = 4 * 1024,
     .max_ns = 256 * 1024 * 1024,
     .meaning = "bytes a thread allocates between two samples, on average; more of them where that "
                "would cost above 1 % of CPU"},
    {.kind = UMIG_KIND_LIVE,
     .name = "live",
     .is_size = true,
     .is_extra = true,
     .default_ns = 512 * 1024,
     .min_ns = 4 * 1024,
     .max_ns = 256 * 1024 * 1024,
     .meaning = "bytes a thread allocates between two objects that are followed until they are "
                "collected, on average; more of them where that would cost above 1 % of CPU"},
    {.kind = UMIG_KIND_POOLS,
     .name = "pools",
     .is_extra = true,
     .default_ns = UMIG_NS_PER_S,
     .min_ns = 100 * UMIG_NS_PER_MS,
     .max_ns = 60 * UMIG_NS_PER_S,
     .meaning = "time between two readings of the pools of threads and of connections; longer "
                "where reading would cost above 0.5 % of a CPU"},
};

enum {
    RULE_COUNT = sizeof g_rules / sizeof g_rules[0],
    SHOWN_BYTES = 40
};

static int shown(struct umig_span text)
{
    return (int)(text.len < SHOWN_BYTES ? text.len : SHOWN_BYTES);
}

const struct umig_kind_rule *umig_kind_rule(enum umig_kind kind)
{
    for (size_t i = 0; i < RULE_COUNT; i++) {
        if (g_rules[i].kind == kind) {
            return &g_rules[i];
        }
    }
    return NULL;
}

const struct umig_kind_rule *umig_kind_rule_find(struct umig_span name)
{
    for (size_t i = 0; i < RULE_COUNT; i++) {
        if (umig_span_is(name, g_rules[i].name)) {
            return &g_rules[i];
        }
    }
    return NULL;
}

int umig_kind_interval_check(const struct umig_kind_rule *rule,
                             uint64_t interval_ns,
                             struct umig_err *err)
{
    if (rule->default_ns == 0) {
        return interval_ns == 0 ? UMIG_OK
                                : umig_err_set(err, UMIG_E_ARG, "%s takes no interval: %s",
                                               rule->name, rule->meaning);
    }
    if (interval_ns >= rule->min_ns && interval_ns <= rule->max_ns) {
        return UMIG_OK;
    }
    char is[UMIG_INTERVAL_TEXT_BYTES];
    char min[UMIG_INTERVAL_TEXT_BYTES];
    char max[UMIG_INTERVAL_TEXT_BYTES];
    umig_kind_interval_text(rule, interval_ns, is);
    umig_kind_interval_text(rule, rule->min_ns, min);
    umig_kind_interval_text(rule, rule->max_ns, max);
    return umig_err_set(err, UMIG_E_ARG, "the interval of %s is %s; it must be %s to %s",
                        rule->name, is, min, max);
}

int umig_kind_interval_parse(const struct umig_kind_rule *rule,
                             struct umig_span text,
                             uint64_t *out_ns,
                             struct umig_err *err)
{
    if (rule->default_ns == 0) {
        return umig_err_set(err, UMIG_E_ARG, "%s takes no interval ('%.*s'), %s; write %s alone",
                            rule->name, shown(text), text.len > 0 ? text.at : "", rule->meaning,
                            rule->name);
    }
    uint64_t ns = 0;
    int rc = rule->is_size ? umig_parse_size(text, &ns, err) : umig_parse_duration(text, &ns, err);
    if (rc == UMIG_OK) {
        rc = umig_kind_interval_check(rule, ns, err);
    }
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    *out_ns = ns;
    return UMIG_OK;
}

int umig_kind_option_parse(struct umig_span text,
                           struct umig_kind_option *out_option,
                           struct umig_err *err)
{
    struct umig_span interval = text;
    const struct umig_span name = umig_span_cut(&interval, ':');
    const struct umig_kind_rule *rule = umig_kind_rule_find(name);
    if (rule == NULL) {
        return umig_err_set(err, UMIG_E_ARG,
                            "'%.*s' is no kind of measurement; write cpu, gc, heap, locks, "
                            "wall, alloc, live or pools, like cpu:10ms",
                            shown(name), name.len > 0 ? name.at : "");
    }
    uint64_t ns = rule->default_ns;
    if (interval.at != NULL) {
        const int rc = umig_kind_interval_parse(rule, interval, &ns, err);
        if (rc != UMIG_OK) {
            return umig_err_trace(err, rc);
        }
    }
    *out_option = (struct umig_kind_option){.kind = rule->kind, .interval_ns = ns};
    return UMIG_OK;
}

int umig_kind_set_add(struct umig_kind_set *set,
                      struct umig_kind_option option,
                      struct umig_err *err)
{
    const struct umig_kind_rule *rule = umig_kind_rule(option.kind);
    if (rule == NULL) {
        return umig_err_set(err, UMIG_E_ARG, "kind %d is not known", (int)option.kind);
    }
    if (set->has_kind[option.kind]) {
        return umig_err_set(err, UMIG_E_ARG, "%s is given twice", rule->name);
    }
    set->has_kind[option.kind] = true;
    set->interval_ns[option.kind] = option.interval_ns;
    return UMIG_OK;
}

int umig_session_duration_parse(struct umig_span text, uint64_t *out_ns, struct umig_err *err)
{
    uint64_t ns = 0;
    const int rc = umig_parse_duration(text, &ns, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    if (ns < UMIG_DURATION_MIN_NS || ns > UMIG_DURATION_MAX_NS) {
        return umig_err_set(err, UMIG_E_ARG, "the duration '%.*s' must be 1s to 24h", shown(text),
                            text.at);
    }
    *out_ns = ns;
    return UMIG_OK;
}

const char *umig_native_word(enum umig_native native)
{
    static const char *const words[] = {
#define NATIVE_WORD(name, number, key, text) [number] = (key),
        UMIG_NATIVE_TABLE(NATIVE_WORD)
#undef NATIVE_WORD
    };
    return (size_t)native < sizeof words / sizeof words[0] ? words[native] : "?";
}

int umig_native_parse(struct umig_span text, enum umig_native *out_native, struct umig_err *err)
{
    for (int native = UMIG_NATIVE_OFF; native <= UMIG_NATIVE_ON; native++) {
        if (umig_span_is(text, umig_native_word((enum umig_native)native))) {
            *out_native = (enum umig_native)native;
            return UMIG_OK;
        }
    }
    return umig_err_set(err, UMIG_E_ARG, "'%.*s' is no choice of native frames: off, leaf or on",
                        shown(text), text.at);
}

const char *umig_clock_word(enum umig_clock clock)
{
    static const char *const words[] = {
#define CLOCK_WORD(name, number, key, text) [number] = (key),
        UMIG_CLOCK_TABLE(CLOCK_WORD)
#undef CLOCK_WORD
    };
    return (size_t)clock < sizeof words / sizeof words[0] ? words[clock] : "?";
}

int umig_clock_parse(struct umig_span text, enum umig_clock *out_clock, struct umig_err *err)
{
    for (int clock = UMIG_CLOCK_AUTO; clock <= UMIG_CLOCK_WALL; clock++) {
        if (umig_span_is(text, umig_clock_word((enum umig_clock)clock))) {
            *out_clock = (enum umig_clock)clock;
            return UMIG_OK;
        }
    }
    return umig_err_set(err, UMIG_E_ARG,
                        "'%.*s' is no clock of CPU samples: auto, perf, cputime or wall",
                        shown(text), text.at);
}

const char *umig_walker_word(enum umig_walker walker)
{
    switch (walker) {
    case UMIG_WALKER_VM:
        return "vm";
    case UMIG_WALKER_AGCT:
        return "agct";
    case UMIG_WALKER_AUTO:
    default:
        return "";
    }
}

void umig_interval_text(uint64_t ns, char out[UMIG_INTERVAL_TEXT_BYTES])
{
    static const struct {
        uint64_t factor;
        const char *name;
    } units[] = {
        {3600 * UMIG_NS_PER_S, "h"}, {60 * UMIG_NS_PER_S, "m"}, {UMIG_NS_PER_S, "s"},
        {UMIG_NS_PER_MS, "ms"},      {UMIG_NS_PER_US, "us"},    {1, "ns"},
    };
    size_t i = 0;
    while (ns % units[i].factor != 0 || (ns == 0 && units[i].factor > UMIG_NS_PER_S)) {
        i++;
    }
    snprintf(out, UMIG_INTERVAL_TEXT_BYTES, "%" PRIu64 "%s", ns / units[i].factor, units[i].name);
}

void umig_kind_interval_text(const struct umig_kind_rule *rule,
                             uint64_t interval,
                             char out[UMIG_INTERVAL_TEXT_BYTES])
{
    static const char *const units[] = {"", "k", "m", "g"};
    size_t i = 0;
    if (!rule->is_size) {
        umig_interval_text(interval, out);
        return;
    }
    for (; i < 3 && interval > 0 && interval % 1024 == 0; i++) {
        interval /= 1024;
    }
    snprintf(out, UMIG_INTERVAL_TEXT_BYTES, "%" PRIu64 "%s", interval, units[i]);
}
