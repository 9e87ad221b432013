#include "agent/options.h"

#include <stdio.h>
#include <string.h>

#include "core/cpu_share.h"
#include "core/err.h"
#include "core/parse.h"
#include "core/units.h"
#include "wire/utf8.h"

enum {
    SHOWN_BYTES = 36, /* of a wrong item, in an error */
    QUOTE_BYTES = SHOWN_BYTES + 40,
    MEMORY_MIN = 8 << 20,
    MEMORY_DEFAULT = 32 << 20,
    MEMORY_MAX = 1 << 30,
    FAULTS_DEFAULT = 20,
    FAULTS_MAX = 1000000000,
    REPEAT_MAX = 1000000,
};

/* Reads the value of one option; err names what is wrong, the caller adds the right form. */
typedef int parse_value(struct umig_span value,
                        struct umig_agent_options *options,
                        struct umig_err *err);

struct option {
    struct umig_option_doc doc;
    parse_value *parse;
};

static int shown(struct umig_span text)
{
    return (int)(text.len < SHOWN_BYTES ? text.len : SHOWN_BYTES);
}

/* "'orders'"; of a long one the beginning, marked as such: "'orders-and-mo...' (80 bytes)". */
static const char *quote(struct umig_span text, char out[QUOTE_BYTES])
{
    if (text.len <= SHOWN_BYTES) {
        snprintf(out, QUOTE_BYTES, "'%.*s'", (int)text.len, text.at);
    } else {
        snprintf(out, QUOTE_BYTES, "'%.*s...' (%zu bytes)", shown(text), text.at, text.len);
    }
    return out;
}

static int refuse(struct umig_span value, const char *why, struct umig_err *err)
{
    char quoted[QUOTE_BYTES];
    return umig_err_set(err, UMIG_E_ARG, "%s %s", quote(value, quoted), why);
}

static bool has_control_characters(struct umig_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.at[i] < ' ' || text.at[i] == 0x7f) {
            return true;
        }
    }
    return false;
}

/* Copies a text whose length was checked. */
static void copy(struct umig_span text, char *out)
{
    memcpy(out, text.at, text.len);
    out[text.len] = '\0';
}

static int parse_name(struct umig_span text, char out[UMIG_NAME_BYTES], struct umig_err *err)
{
    if (!umig_name_is_valid(text)) {
        return refuse(text, "is not a name of 1 to 64 letters, digits and . _ -", err);
    }
    copy(text, out);
    return UMIG_OK;
}

static int parse_collector(struct umig_span value,
                           struct umig_agent_options *options,
                           struct umig_err *err)
{
    const int rc = umig_address_parse_peer(value, &options->collector, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    options->has_collector = true;
    return UMIG_OK;
}

static int parse_service(struct umig_span value,
                         struct umig_agent_options *options,
                         struct umig_err *err)
{
    return parse_name(value, options->service, err);
}

static int parse_instance(struct umig_span value,
                          struct umig_agent_options *options,
                          struct umig_err *err)
{
    return parse_name(value, options->instance, err);
}

static int check_label_value(struct umig_span value, struct umig_err *err)
{
    if (value.len == 0 || value.len >= UMIG_LABEL_VALUE_BYTES) {
        return umig_err_set(err, UMIG_E_ARG, "the value is %zu bytes long (1 to %d)", value.len,
                            UMIG_LABEL_VALUE_BYTES - 1);
    }
    if (!umig_utf8_is_valid(value.at, value.len) || has_control_characters(value)) {
        return umig_err_set(err, UMIG_E_ARG, "the value is not UTF-8 without control characters");
    }
    return UMIG_OK;
}

/* Gets "KEY=VALUE": what stands behind "label.". */
static int parse_label(struct umig_span value,
                       struct umig_agent_options *options,
                       struct umig_err *err)
{
    const struct umig_span key = umig_span_cut(&value, '=');
    if (options->label_count == UMIG_LABEL_MAX) {
        return umig_err_set(err, UMIG_E_ARG, "there are more than %d labels", UMIG_LABEL_MAX);
    }
    struct umig_agent_label *label = &options->labels[options->label_count];
    int rc = parse_name(key, label->key, err);
    if (rc == UMIG_OK) {
        rc = check_label_value(value, err);
    }
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    copy(value, label->value);
    for (size_t i = 0; i < options->label_count; i++) {
        if (strcmp(options->labels[i].key, label->key) == 0) {
            return umig_err_set(err, UMIG_E_ARG, "the label is given twice");
        }
    }
    options->label_count++;
    return UMIG_OK;
}

/* One kind; the items after it that belong to start= come here one by one, too. */
static int parse_start(struct umig_span value,
                       struct umig_agent_options *options,
                       struct umig_err *err)
{
    struct umig_kind_option option;
    int rc = umig_kind_option_parse(value, &option, err);
    if (rc == UMIG_OK) {
        rc = umig_kind_set_add(&options->start, option, err);
    }
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    options->has_start = true;
    return UMIG_OK;
}

static int parse_duration(struct umig_span value,
                          struct umig_agent_options *options,
                          struct umig_err *err)
{
    return umig_session_duration_parse(value, &options->duration_ns, err);
}

static int parse_control(struct umig_span value,
                         struct umig_agent_options *options,
                         struct umig_err *err)
{
    if (value.len == 0 || value.at[0] != '/') {
        return umig_err_set(err, UMIG_E_ARG, "the path must begin with '/'");
    }
    if (value.len >= sizeof options->control) {
        return umig_err_set(err, UMIG_E_ARG, "the path is %zu bytes long (a socket's at most %zu)",
                            value.len, sizeof options->control - 1);
    }
    copy(value, options->control);
    return UMIG_OK;
}

static int parse_memory(struct umig_span value,
                        struct umig_agent_options *options,
                        struct umig_err *err)
{
    uint64_t bytes = 0;
    const int rc = umig_parse_size(value, &bytes, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    if (bytes < MEMORY_MIN || bytes > MEMORY_MAX) {
        return refuse(value, "is not within 8m to 1g", err);
    }
    options->memory_bytes = bytes;
    return UMIG_OK;
}

static int parse_budget(struct umig_span value,
                        struct umig_agent_options *options,
                        struct umig_err *err)
{
    const int rc = umig_cpu_share_parse(value, &options->budget_ppm, err);
    options->has_budget = rc == UMIG_OK || options->has_budget;
    return umig_err_trace(err, rc);
}

static int parse_walker(struct umig_span value,
                        struct umig_agent_options *options,
                        struct umig_err *err)
{
    if (umig_span_is(value, "auto")) {
        options->walker = UMIG_WALKER_AUTO;
    } else if (umig_span_is(value, "agct")) {
        options->walker = UMIG_WALKER_AGCT;
    } else if (umig_span_is(value, "vm")) {
        options->walker = UMIG_WALKER_VM;
    } else {
        return refuse(value, "is not a stack walker", err);
    }
    return UMIG_OK;
}

static int parse_debug_info(struct umig_span value,
                            struct umig_agent_options *options,
                            struct umig_err *err)
{
    if (!umig_span_is(value, "load") && !umig_span_is(value, "session")) {
        return refuse(value, "is not a time to begin", err);
    }
    options->is_debug_info_late = umig_span_is(value, "session");
    return UMIG_OK;
}

static int parse_faults(struct umig_span value,
                        struct umig_agent_options *options,
                        struct umig_err *err)
{
    uint64_t faults = 0;
    const int rc = umig_parse_number(value, &faults, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    if (faults > FAULTS_MAX) {
        return refuse(value, "is not within 0 to 1000000000", err);
    }
    options->faults = (uint32_t)faults;
    return UMIG_OK;
}

static int parse_native(struct umig_span value,
                        struct umig_agent_options *options,
                        struct umig_err *err)
{
    return umig_native_parse(value, &options->native, err);
}

static int parse_mutexes(struct umig_span value,
                         struct umig_agent_options *options,
                         struct umig_err *err)
{
    options->has_mutexes = umig_span_is(value, "on");
    return options->has_mutexes || umig_span_is(value, "off")
               ? UMIG_OK
               : refuse(value, "is neither on nor off", err);
}

static int parse_clock(struct umig_span value,
                       struct umig_agent_options *options,
                       struct umig_err *err)
{
    return umig_clock_parse(value, &options->clock, err);
}

static int parse_threads(struct umig_span value,
                         struct umig_agent_options *options,
                         struct umig_err *err)
{
    if (!umig_utf8_is_valid(value.at, value.len)) {
        return umig_err_set(err, UMIG_E_ARG, "the pattern is not UTF-8");
    }
    return umig_glob_parse(value, options->threads, err);
}

static int parse_when(struct umig_span value,
                      struct umig_agent_options *options,
                      struct umig_err *err)
{
    return umig_trigger_parse(value, &options->when, err);
}

static int parse_before(struct umig_span value,
                        struct umig_agent_options *options,
                        struct umig_err *err)
{
    uint64_t ns = 0;
    const int rc = umig_parse_duration(value, &ns, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    if (ns > UMIG_BEFORE_MAX_NS) {
        return refuse(value, "is not within 0s to 5m", err);
    }
    options->has_before = true;
    options->before_ns = ns;
    return UMIG_OK;
}

static int parse_repeat(struct umig_span value,
                        struct umig_agent_options *options,
                        struct umig_err *err)
{
    uint64_t times = 0;
    const int rc = umig_parse_number(value, &times, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    if (times == 0 || times > REPEAT_MAX) {
        return refuse(value, "is not within 1 to 1000000", err);
    }
    options->repeat = (uint32_t)times;
    return UMIG_OK;
}

/* PATH:LEVEL; the level stands behind the last colon. */
static int parse_log(struct umig_span value,
                     struct umig_agent_options *options,
                     struct umig_err *err)
{
    size_t colon = value.len;
    while (colon > 0 && value.at[colon - 1] != ':') {
        colon--;
    }
    const struct umig_span path = {value.at, colon > 0 ? colon - 1 : value.len};
    const struct umig_span level = {value.at + colon, colon > 0 ? value.len - colon : 0};
    char name[8] = "info";
    if (colon > 0 && level.len < sizeof name) {
        copy(level, name);
    }
    if (level.len >= sizeof name || umig_log_level_of(name) < 0) {
        return refuse(level, "is not a level", err);
    }
    if (path.len == 0 || path.len >= sizeof options->log_path || has_control_characters(path) ||
        (path.at[0] != '/' && !umig_span_is(path, "stderr"))) {
        return umig_err_set(err, UMIG_E_ARG,
                            "the path must begin with '/' and have at most %zu bytes",
                            sizeof options->log_path - 1);
    }
    if (path.at[0] == '/') {
        copy(path, options->log_path);
    }
    options->log_level = (enum umig_log_level)umig_log_level_of(name);
    return UMIG_OK;
}

static int parse_strict(struct umig_span value,
                        struct umig_agent_options *options,
                        struct umig_err *err)
{
    if (value.at != NULL) {
        return umig_err_set(err, UMIG_E_ARG, "it takes no value");
    }
    options->is_strict = true;
    return UMIG_OK;
}

enum {
    OPTION_LABEL = 3,
    OPTION_START = 4,
    OPTION_DURATION = 5,
};

/* clang-format off */
static const struct option g_options[] = {
    {{"collector", "collector=unix:PATH|tcp:HOST:PORT", "address", "a unix path of at most 107 bytes, or a host and a port 1 to 65535",
      "the user's collector, then the host's", "where samples are sent",
      "collector=tcp:127.0.0.1:7070"}, parse_collector},
    {{"service", "service=NAME", "name", "1 to 64 letters, digits and . _ -",
      "the main class or the jar", "what the service is called in reports",
      "service=orders"}, parse_service},
    {{"instance", "instance=NAME", "name", "1 to 64 letters, digits and . _ -",
      "none", "tells the copies of a service apart",
      "instance=orders-2"}, parse_instance},
    [OPTION_LABEL] =
    {{"label.X", "label.X=VALUE", "text", "at most 16 labels; X like a name, VALUE 1 to 128 bytes of UTF-8",
      "none", "a label of every session, to find it by",
      "label.build=1.4.2"}, parse_label},
    [OPTION_START] =
    {{"start", "start=KIND[:INTERVAL][,KIND...]", "kinds, each with its interval", "cpu, gc, heap, locks, wall, alloc, live, pools (below)",
      "none: idle until a session is started", "starts a session with the JVM; items after it that are kinds belong to it",
      "start=cpu:10ms,gc,heap:1s,locks:1ms"}, parse_start},
    [OPTION_DURATION] =
    {{"duration", "duration=TIME", "time: s, m, h", "1s to 24h; only with start=",
      "until the JVM ends", "how long the session of start= runs",
      "duration=30s"}, parse_duration},
    {{"control", "control=PATH", "path", "absolute, at most 107 bytes",
      "agent-PID.sock in the runtime folder", "the control socket",
      "control=/run/orders/umig.sock"}, parse_control},
    {{"memory", "memory=SIZE", "bytes: k, m, g", "8m to 1g",
      "32m", "the bound of the agent's memory; what does not fit is dropped and counted",
      "memory=64m"}, parse_memory},
    {{"budget", "budget=SHARE%|off", "share of CPU", "0.1% to 100%, or off",
      "1%", "what the agent may take of the CPU that the process uses, or of one processor where that is more; kinds are taken more rarely to keep to it, weights make up for it; unless a budget is said, cpu no more rarely than every 10ms, others no more rarely than a quarter (docs/data-quality.md)",
      "budget=2%"}, parse_budget},
    {{"walker", "walker=auto|vm|agct", "choice", "auto, vm, agct",
      "auto", "how stacks are walked: vm reads the JVM's own structures, agct asks AsyncGetCallTrace; auto is vm where it knows the JVM",
      "walker=agct"}, parse_walker},
    {{"debuginfo", "debuginfo=load|session", "choice", "load, session",
      "load", "from when on the JIT compilers note which inlined method an instruction is of: load is exact; session begins with the first session of stacks, costs nothing before it (up to JDK 22 load costs about 1 % of a request), and is less exact in code compiled earlier",
      "debuginfo=session"}, parse_debug_info},
    {{"faults", "faults=COUNT", "number", "0 to 1000000000",
      "20", "faults within a minute that may be caught while sampling; beyond them native frames stop, then stacks, then samples",
      "faults=0"}, parse_faults},
    {{"native", "native=off|leaf|on", "choice", "off, leaf, on",
      "off", "frames of libraries and of the JVM in CPU samples of start=: none, the function that ran, or all (needs libunwind8)",
      "native=on"}, parse_native},
    {{"mutexes", "mutexes=on|off", "choice", "on, off",
      "off", "whether the locks of start= are also those of the C library, which the JVM and libraries take: their calls are redirected while the session runs (docs/adr/0027-native-locks.md)",
      "mutexes=on"}, parse_mutexes},
    {{"clock", "clock=auto|perf|cputime|wall", "choice", "auto, perf, cputime, wall",
      "auto", "what CPU samples of start= are taken by: perf tells kernel frames (needs kernel.perf_event_paranoid=1 or CAP_PERFMON), cputime is a timer a thread, wall needs neither; auto is perf with native=on where it is allowed, else cputime",
      "clock=perf"}, parse_clock},
    {{"threads", "threads=PATTERN", "pattern of names", "1 to 95 bytes; * stands for any characters, ? for one",
      "all threads", "whose wall time start=wall tells; a pool as reports name it fits its threads",
      "threads=http-nio-*-exec-*"}, parse_threads},
    {{"when", "when=CONDITION", "condition", "1 to 127 bytes (docs/triggers.md)",
      "none: it runs at once", "the session of start= is armed, and keeps what it took, until this holds",
      "when=heap>90%"}, parse_when},
    {{"before", "before=TIME", "time: s, m", "0s to 5m; only with when=",
      "60s", "how much of what comes before the condition holds is kept",
      "before=2m"}, parse_before},
    {{"repeat", "repeat=N", "number", "1 to 1000000; only with when= and duration=",
      "1", "how often it may fire, 5 minutes apart at least",
      "repeat=10"}, parse_repeat},
    {{"log", "log=PATH[:LEVEL]", "path and level", "an absolute path of at most 511 bytes, or stderr; error, warn, info, debug",
      "stderr:warn", "where the agent's own messages go; in a file with time and PID",
      "log=/var/log/umig-agent.log:info"}, parse_log},
    {{"strict", "strict", "flag", "no value",
      "off", "a wrong option, or a log= or control= that cannot be opened, keeps the JVM from starting, in place of starting it without",
      "strict"}, parse_strict},
};
/* clang-format on */

enum {
    OPTION_COUNT = sizeof g_options / sizeof g_options[0]
};

/* Where the reader of the options is. */
struct parser {
    struct umig_agent_options *options;
    bool is_seen[OPTION_COUNT];
    bool is_in_start; /* the item before belonged to start= */
};

static const struct option *find(struct umig_span name)
{
    if (name.len >= 6 && memcmp(name.at, "label.", 6) == 0) {
        return &g_options[OPTION_LABEL];
    }
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        if (i != OPTION_LABEL && umig_span_is(name, g_options[i].doc.name)) {
            return &g_options[i];
        }
    }
    return NULL;
}

/* Names the option and the right form around what went wrong. */
static int explain(const struct option *option,
                   struct umig_span item,
                   const char *why,
                   struct umig_err *err)
{
    char text[sizeof err->text];
    char quoted[QUOTE_BYTES];
    snprintf(text, sizeof text, "%s", why);
    return umig_err_set(err, UMIG_E_ARG, "option %s: %.110s; write %s like %s", quote(item, quoted),
                        text, option->doc.form, option->doc.example);
}

static int unknown(struct umig_span item, struct umig_span name, struct umig_err *err)
{
    char quoted[QUOTE_BYTES];
    if (item.len == 0) {
        return umig_err_set(err, UMIG_E_ARG,
                            "an option is empty: write NAME=VALUE,NAME=VALUE without a comma too "
                            "many");
    }
    struct umig_span kind = item;
    if (umig_kind_rule_find(umig_span_cut(&kind, ':')) != NULL) {
        return umig_err_set(err, UMIG_E_ARG,
                            "option '%.*s': kinds follow start= directly; write start=%.*s",
                            shown(item), item.at, shown(item), item.at);
    }
    return umig_err_set(
        err, UMIG_E_ARG,
        "option %s is not known; use collector, service, instance, "
        "label.X, start, duration, control, memory, budget, walker, debuginfo, faults, native, mutexes, clock, threads, when, before, repeat, log, "
        "strict",
        quote(name, quoted));
}

/* An item of start= beyond its first: one without '=' that is no option by itself. */
static bool continues_start(const struct parser *parser, struct umig_span item)
{
    return parser->is_in_start && item.len > 0 && memchr(item.at, '=', item.len) == NULL &&
           find(item) == NULL;
}

static int parse_item(struct parser *parser, struct umig_span item, struct umig_err *err)
{
    struct umig_err why = UMIG_ERR_INIT;
    if (continues_start(parser, item)) {
        const int rc = parse_start(item, parser->options, &why);
        return rc == UMIG_OK ? rc : explain(&g_options[OPTION_START], item, why.text, err);
    }
    struct umig_span value = item;
    const struct umig_span name = umig_span_cut(&value, '=');
    const struct option *option = find(name);
    if (option == NULL) {
        return unknown(item, name, err);
    }
    const size_t index = (size_t)(option - g_options);
    if (parser->is_seen[index] && index != OPTION_LABEL) {
        return explain(option, item, "it is given twice", err);
    }
    if (value.at == NULL && option->parse != parse_strict) {
        return explain(option, item, "it has no value", err);
    }
    if (index == OPTION_LABEL) {
        value = (struct umig_span){item.at + 6, item.len - 6};
    }
    parser->is_seen[index] = true;
    parser->is_in_start = index == OPTION_START;
    const int rc = option->parse(value, parser->options, &why);
    return rc == UMIG_OK ? rc : explain(option, item, why.text, err);
}

/* Is "strict" among the items, wherever it stands? It counts even if another option is wrong. */
static bool finds_strict(struct umig_span text)
{
    while (text.at != NULL) {
        if (umig_span_is(umig_span_cut(&text, ','), "strict")) {
            return true;
        }
    }
    return false;
}

static int check_condition(const struct umig_agent_options *options, struct umig_err *err)
{
    const bool has_condition = options->when.count > 0;
    if (has_condition && !options->has_start) {
        return umig_err_set(err, UMIG_E_ARG,
                            "option 'when' is about the session of start=; write "
                            "start=cpu,when=heap>90%% or give --when to umig start");
    }
    if (!has_condition && (options->repeat > 1 || options->has_before)) {
        return umig_err_set(err, UMIG_E_ARG,
                            "option '%s' is about a condition; write "
                            "start=cpu,when=heap>90%%,duration=30s with it",
                            options->repeat > 1 ? "repeat" : "before");
    }
    if (options->repeat > 1 && options->duration_ns == 0) {
        return umig_err_set(err, UMIG_E_ARG,
                            "option 'repeat' needs sessions that end by themselves; write "
                            "start=cpu,when=heap>90%%,duration=30s,repeat=%u",
                            options->repeat);
    }
    return UMIG_OK;
}

/* Options that say how the session of start= is need one. */
static int check_together(const struct umig_agent_options *options, struct umig_err *err)
{
    if (options->duration_ns != 0 && !options->has_start) {
        return umig_err_set(
            err, UMIG_E_ARG,
            "option 'duration' needs a session to end; write start=cpu,duration=30s "
            "or give the duration to umig start");
    }
    if (options->native != UMIG_NATIVE_OFF && !options->start.has_kind[UMIG_KIND_CPU]) {
        return umig_err_set(err, UMIG_E_ARG,
                            "option 'native' is about CPU samples of start=; write "
                            "start=cpu,native=%s or give --native to umig start",
                            umig_native_word(options->native));
    }
    if (options->has_mutexes && !options->start.has_kind[UMIG_KIND_LOCKS]) {
        return umig_err_set(err, UMIG_E_ARG,
                            "option 'mutexes' is about locks of start=; write "
                            "start=locks,mutexes=on or give --mutexes to umig start");
    }
    if (options->clock != UMIG_CLOCK_AUTO && !options->start.has_kind[UMIG_KIND_CPU]) {
        return umig_err_set(err, UMIG_E_ARG,
                            "option 'clock' is about CPU samples of start=; write "
                            "start=cpu,clock=%s or give --clock to umig start",
                            umig_clock_word(options->clock));
    }
    if (options->threads[0] != '\0' && !options->start.has_kind[UMIG_KIND_WALL]) {
        return umig_err_set(err, UMIG_E_ARG,
                            "option 'threads' is about wall time of start=; write "
                            "start=wall,threads=%s or give --threads to umig start",
                            options->threads);
    }
    return check_condition(options, err);
}

int umig_options_parse(const char *text,
                       struct umig_agent_options *out_options,
                       struct umig_err *err)
{
    struct umig_agent_options options = {
        .memory_bytes = MEMORY_DEFAULT,
        .budget_ppm = UMIG_BUDGET_DEFAULT_PPM,
        .faults = FAULTS_DEFAULT,
        .before_ns = UMIG_BEFORE_DEFAULT_NS,
        .repeat = 1,
        .walker = UMIG_WALKER_AUTO,
        .log_level = UMIG_LOG_WARN,
    };
    struct parser parser = {.options = &options};
    struct umig_span rest = {0};
    if (text != NULL && text[0] != '\0') {
        rest = umig_span_of(text);
        out_options->is_strict = finds_strict(rest);
    }
    while (rest.at != NULL) {
        const int rc = parse_item(&parser, umig_span_cut(&rest, ','), err);
        if (rc != UMIG_OK) {
            return umig_err_trace(err, rc);
        }
    }
    const int rc = check_together(&options, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    *out_options = options;
    return UMIG_OK;
}

const struct umig_option_doc *umig_option_doc(size_t index)
{
    return index < OPTION_COUNT ? &g_options[index].doc : NULL;
}
