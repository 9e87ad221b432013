#include "core/trigger.h"

#include <stdio.h>
#include <string.h>

#include "core/err.h"

enum {
    SHOWN_BYTES = 40, /* of a word at fault */
    SHARE_DIGITS = 3, /* behind the point of a percentage */
};

static const char g_metrics[] = "cpu, heap, rss, pause, safepoint and threads";

static const struct {
    const char *word;
    enum umig_figure_unit unit;
} g_figures[UMIG_FIGURE_COUNT] = {
#define UMIG_FIGURE_ROW(name, number, word, unit, text) [number] = {word, UMIG_UNIT_##unit},
    UMIG_FIGURE_TABLE(UMIG_FIGURE_ROW)
#undef UMIG_FIGURE_ROW
};

/* --- words --- */

static int shown(struct umig_span word)
{
    return (int)(word.len < SHOWN_BYTES ? word.len : SHOWN_BYTES);
}

static bool is_sign(char c)
{
    return c == '>' || c == '<' || c == '=' || c == '!';
}

/* Cuts the next word off: a comparison, or what stands up to a space or the next comparison. */
static struct umig_span next_word(struct umig_span *rest)
{
    size_t begin = 0;
    while (begin < rest->len && rest->at[begin] == ' ') {
        begin++;
    }
    size_t end = begin;
    while (end < rest->len && rest->at[end] != ' ' &&
           is_sign(rest->at[end]) == is_sign(rest->at[begin])) {
        end++;
    }
    const struct umig_span word = {rest->at + begin, end - begin};
    rest->at += end;
    rest->len -= end;
    return word;
}

/* --- reading --- */

static int unknown_metric(struct umig_span word, struct umig_err *err)
{
    if (umig_span_is(word, "latency")) {
        return umig_err_set(err, UMIG_E_ARG,
                            "'latency' is a metric of operations, which this version does not "
                            "measure; there are %s",
                            g_metrics);
    }
    if (word.len == 0) {
        return umig_err_set(err, UMIG_E_ARG,
                            "a metric is missing: write METRIC > VALUE, like heap > 90%%; there "
                            "are %s",
                            g_metrics);
    }
    return umig_err_set(err, UMIG_E_ARG, "'%.*s' is no metric; there are %s", shown(word), word.at,
                        g_metrics);
}

/* The first figure of that word; those of the same word follow it. */
static int find_figure(struct umig_span word, enum umig_figure *out_figure, struct umig_err *err)
{
    for (int i = 0; i < UMIG_FIGURE_COUNT; i++) {
        if (umig_span_is(word, g_figures[i].word)) {
            *out_figure = (enum umig_figure)i;
            return UMIG_OK;
        }
    }
    return unknown_metric(word, err);
}

static int read_op(struct umig_span word,
                   const char *metric,
                   enum umig_trigger_op *out_op,
                   struct umig_err *err)
{
    static const char *const signs[] = {
        [UMIG_TRIGGER_ABOVE] = ">",
        [UMIG_TRIGGER_AT_LEAST] = ">=",
        [UMIG_TRIGGER_BELOW] = "<",
        [UMIG_TRIGGER_AT_MOST] = "<=",
    };
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        if (umig_span_is(word, signs[i])) {
            *out_op = (enum umig_trigger_op)i;
            return UMIG_OK;
        }
    }
    return umig_err_set(
        err, UMIG_E_ARG, "%s%.*s%s behind '%s' is no comparison: write one of > >= < <=",
        word.len > 0 ? "'" : "nothing", shown(word), word.at, word.len > 0 ? "'" : "", metric);
}

/* "92.5%": at most three digits behind the point. */
static bool parse_share(struct umig_span text, uint64_t *out)
{
    uint64_t value = 0;
    size_t behind = 0;
    bool has_point = false;
    size_t digits = 0;
    for (size_t i = 0; i + 1 < text.len; i++) {
        const char c = text.at[i];
        if (c == '.' && !has_point && digits > 0) {
            has_point = true;
        } else if (c >= '0' && c <= '9' && digits < 9 && behind < SHARE_DIGITS) {
            value = value * 10 + (uint64_t)(c - '0');
            digits++;
            behind += has_point;
        } else {
            return false;
        }
    }
    for (; behind < SHARE_DIGITS; behind++) {
        value *= 10;
    }
    *out = value;
    return digits > 0 && text.at[text.len - 1] == '%' && text.at[text.len - 2] != '.';
}

static bool parse_in_unit(struct umig_span text, enum umig_figure_unit unit, uint64_t *out)
{
    switch (unit) {
    case UMIG_UNIT_SHARE:
        return parse_share(text, out);
    case UMIG_UNIT_BYTES:
        /* A bare number could be anything: bytes are written with a unit. */
        return umig_parse_number(text, out, NULL) != UMIG_OK &&
               umig_parse_size(text, out, NULL) == UMIG_OK;
    case UMIG_UNIT_TIME:
        return umig_parse_duration(text, out, NULL) == UMIG_OK;
    case UMIG_UNIT_NUMBER:
    default:
        return umig_parse_number(text, out, NULL) == UMIG_OK;
    }
}

static const char *right_value(enum umig_figure figure)
{
    switch (figure) {
    case UMIG_FIGURE_HEAP_SHARE:
    case UMIG_FIGURE_HEAP:
        return "a share or a size: heap > 90%, heap > 2g";
    case UMIG_FIGURE_RSS:
        return "a size: rss > 4g";
    case UMIG_FIGURE_PAUSE:
        return "a time: pause > 200ms";
    case UMIG_FIGURE_THREADS:
        return "a whole number: threads > 500";
    case UMIG_FIGURE_SAFEPOINT:
        return "a share: safepoint > 5%";
    case UMIG_FIGURE_CPU:
    case UMIG_FIGURE_COUNT:
    default:
        return "a share: cpu > 80%";
    }
}

/* Can any figure be so? What never holds or always does is a mistake. */
static bool can_change(const struct umig_trigger_part *part)
{
    const bool is_share = g_figures[part->figure].unit == UMIG_UNIT_SHARE;
    const uint64_t whole = 100 * UMIG_SHARE_PERCENT;
    switch (part->op) {
    case UMIG_TRIGGER_ABOVE:
        return !is_share || part->bound < whole;
    case UMIG_TRIGGER_AT_LEAST:
        return part->bound > 0 && (!is_share || part->bound <= whole);
    case UMIG_TRIGGER_BELOW:
        return part->bound > 0 && (!is_share || part->bound <= whole);
    case UMIG_TRIGGER_AT_MOST:
    default:
        return !is_share || part->bound < whole;
    }
}

static int read_value(struct umig_span word, struct umig_trigger_part *part, struct umig_err *err)
{
    const enum umig_figure first = part->figure;
    const char *metric = g_figures[first].word;
    bool is_read = false;
    for (int i = (int)first; i < UMIG_FIGURE_COUNT && !is_read; i++) {
        if (strcmp(g_figures[i].word, metric) == 0 &&
            parse_in_unit(word, g_figures[i].unit, &part->bound)) {
            part->figure = (enum umig_figure)i;
            is_read = true;
        }
    }
    if (!is_read) {
        return umig_err_set(err, UMIG_E_ARG, "%s%.*s%s is no value of '%s': write %s",
                            word.len > 0 ? "'" : "nothing", shown(word), word.at,
                            word.len > 0 ? "'" : "", metric, right_value(first));
    }
    if (!can_change(part)) {
        return umig_err_set(err, UMIG_E_ARG,
                            "'%s' compared with '%.*s' so is always or never true: write %s",
                            metric, shown(word), word.at, right_value(first));
    }
    return UMIG_OK;
}

static int read_for(struct umig_span word, struct umig_trigger_part *part, struct umig_err *err)
{
    if (umig_parse_duration(word, &part->for_ns, NULL) != UMIG_OK || part->for_ns == 0 ||
        part->for_ns > UMIG_TRIGGER_FOR_MAX_NS) {
        return umig_err_set(
            err, UMIG_E_ARG, "%s%.*s%s is no time to follow 'for': write for 5s, at most 1h",
            word.len > 0 ? "'" : "nothing", shown(word), word.at, word.len > 0 ? "'" : "");
    }
    return UMIG_OK;
}

/* Reads a part; out_word is the word behind it: "and", "or", or one of no bytes. */
static int read_part(struct umig_span *rest,
                     struct umig_trigger_part *part,
                     struct umig_span *out_word,
                     struct umig_err *err)
{
    int rc = find_figure(next_word(rest), &part->figure, err);
    rc =
        rc != UMIG_OK ? rc : read_op(next_word(rest), g_figures[part->figure].word, &part->op, err);
    rc = rc != UMIG_OK ? rc : read_value(next_word(rest), part, err);
    if (rc != UMIG_OK) {
        return rc;
    }
    *out_word = next_word(rest);
    if (umig_span_is(*out_word, "for")) {
        rc = read_for(next_word(rest), part, err);
        *out_word = next_word(rest);
    }
    return rc;
}

static int check_text(struct umig_span text, struct umig_err *err)
{
    if (text.len >= UMIG_TRIGGER_TEXT_BYTES) {
        return umig_err_set(err, UMIG_E_ARG, "a condition has at most %d bytes, this one %zu",
                            UMIG_TRIGGER_TEXT_BYTES - 1, text.len);
    }
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] < ' ' || text.at[i] > '~') {
            return umig_err_set(err, UMIG_E_ARG,
                                "byte %zu of the condition is no letter, digit or sign of one: "
                                "write it like heap > 90%%",
                                i + 1);
        }
    }
    return UMIG_OK;
}

int umig_trigger_parse(struct umig_span text,
                       struct umig_trigger *out_trigger,
                       struct umig_err *err)
{
    struct umig_trigger trigger = {.count = 0};
    struct umig_span rest = text;
    struct umig_span word = {.len = 0};
    bool begins_or = false;
    int rc = check_text(text, err);
    do {
        if (rc == UMIG_OK && trigger.count == UMIG_TRIGGER_PARTS_MAX) {
            rc = umig_err_set(err, UMIG_E_ARG, "a condition has at most %d parts",
                              UMIG_TRIGGER_PARTS_MAX);
        }
        if (rc != UMIG_OK) {
            return umig_err_trace(err, rc);
        }
        struct umig_trigger_part *part = &trigger.parts[trigger.count++];
        part->begins_or = begins_or;
        rc = read_part(&rest, part, &word, err);
        begins_or = umig_span_is(word, "or");
    } while (rc == UMIG_OK && (begins_or || umig_span_is(word, "and")));
    if (rc == UMIG_OK && word.len > 0) {
        rc = umig_err_set(err, UMIG_E_ARG,
                          "'%.*s' cannot stand there: behind a value come 'for TIME', 'and', 'or' "
                          "or the end",
                          shown(word), word.at);
    }
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    memcpy(trigger.text, text.at, text.len);
    *out_trigger = trigger;
    return UMIG_OK;
}

/* --- looking --- */

static bool compares(const struct umig_trigger_part *part, const struct umig_figures_now *now)
{
    const uint64_t value = now->values[part->figure];
    if (value == UMIG_FIGURE_UNKNOWN) {
        return false;
    }
    switch (part->op) {
    case UMIG_TRIGGER_ABOVE:
        return value > part->bound;
    case UMIG_TRIGGER_AT_LEAST:
        return value >= part->bound;
    case UMIG_TRIGGER_BELOW:
        return value < part->bound;
    case UMIG_TRIGGER_AT_MOST:
    default:
        return value <= part->bound;
    }
}

/* Does a part hold for long enough? */
static bool lasts(const struct umig_trigger *trigger,
                  struct umig_trigger_state *state,
                  size_t at,
                  const struct umig_figures_now *now,
                  uint64_t now_ns)
{
    const bool held = state->holds[at];
    state->holds[at] = compares(&trigger->parts[at], now);
    if (state->holds[at] && !held) {
        state->since_ns[at] = now_ns;
    }
    return state->holds[at] && now_ns - state->since_ns[at] >= trigger->parts[at].for_ns;
}

bool umig_trigger_check(const struct umig_trigger *trigger,
                        struct umig_trigger_state *state,
                        const struct umig_figures_now *now,
                        uint64_t now_ns,
                        uint32_t *out_parts)
{
    uint32_t parts = 0; /* of the alternative being read */
    bool holds = trigger->count > 0;
    *out_parts = 0;
    for (size_t i = 0; i < trigger->count; i++) {
        if (trigger->parts[i].begins_or) {
            *out_parts |= holds ? parts : 0;
            parts = 0;
            holds = true;
        }
        /* Every part is looked at, so that each knows since when it holds. */
        holds = lasts(trigger, state, i, now, now_ns) && holds;
        parts |= UINT32_C(1) << i;
    }
    *out_parts |= holds ? parts : 0;
    return *out_parts != 0;
}

bool umig_trigger_asks(const struct umig_trigger *trigger, enum umig_figure figure)
{
    for (size_t i = 0; i < trigger->count; i++) {
        if (trigger->parts[i].figure == figure) {
            return true;
        }
    }
    return false;
}

/* --- words --- */

static void format(enum umig_figure figure, uint64_t value, char *out, size_t room)
{
    if (value == UMIG_FIGURE_UNKNOWN) {
        snprintf(out, room, "unknown");
        return;
    }
    switch (g_figures[figure].unit) {
    case UMIG_UNIT_SHARE:
        snprintf(out, room, "%.1f %%", (double)value / (double)UMIG_SHARE_PERCENT);
        break;
    case UMIG_UNIT_BYTES:
        umig_format_bytes(value, out, room);
        break;
    case UMIG_UNIT_TIME:
        umig_format_duration(value, out, room);
        break;
    case UMIG_UNIT_NUMBER:
    default:
        snprintf(out, room, "%llu", (unsigned long long)value);
        break;
    }
}

void umig_trigger_tell(const struct umig_trigger *trigger,
                       const struct umig_figures_now *now,
                       uint32_t parts,
                       bool has_been,
                       char out[UMIG_TRIGGER_TOLD_BYTES])
{
    uint32_t told = 0; /* figures */
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < trigger->count; i++) {
        const enum umig_figure figure = trigger->parts[i].figure;
        char value[40];
        if ((parts >> i & 1) == 0 || (told >> figure & 1) != 0) {
            continue;
        }
        told |= UINT32_C(1) << figure;
        format(figure, now->values[figure], value, sizeof value);
        const char *verb = figure == UMIG_FIGURE_THREADS ? "were " : "was ";
        const int len =
            snprintf(out + used, UMIG_TRIGGER_TOLD_BYTES - used, "%s%s %s%s", used > 0 ? ", " : "",
                     g_figures[figure].word, has_been ? verb : "", value);
        used += len > 0 ? (size_t)len : 0; /* seven figures of 50 bytes at most: it fits */
    }
}
