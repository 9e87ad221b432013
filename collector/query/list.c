/* The list of sessions, as a table and as JSON (docs/storage.md names the fields). */
#include <string.h>
#include <time.h>

#include "collector/query/query.h"
#include "core/clock.h"
#include "core/err.h"
#include "core/json.h"
#include "core/parse.h"

struct list {
    const struct umig_query *query;
    struct umig_buf *out;
    struct umig_json json;
    size_t count;
};

/* Name of a number in one of the tables of include/umig/kinds.h. */
static const char *kind_name(uint32_t kind)
{
    switch (kind) {
#define KIND_CASE(name, number, option, unit, text) \
 case (number):                                     \
  return option;
        UMIG_KIND_TABLE(KIND_CASE)
#undef KIND_CASE
    default:
        return "?";
    }
}

static const char *end_name(enum umig_end end)
{
    switch (end) {
#define END_CASE(name, number, key, text) \
 case UMIG_END_##name:                    \
  return key;
        UMIG_END_TABLE(END_CASE)
#undef END_CASE
    case UMIG_END_COUNT:
    default:
        return "?";
    }
}

static void write_time(struct umig_buf *out, uint64_t unix_ns)
{
    char text[32];
    struct tm tm = {0};
    const time_t seconds = (time_t)(unix_ns / UMIG_NS_PER_S);
    (void)gmtime_r(&seconds, &tm);
    (void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    (void)umig_buf_text(out, text);
}

static uint64_t duration_of(const struct umig_session_row *row)
{
    return row->end_unix_ns > row->start_unix_ns ? row->end_unix_ns - row->start_unix_ns : 0;
}

/* "cpu 10 ms, gc, heap 1 s" */
static void write_kinds(struct umig_buf *out, const Umig__V1__SessionStart *start)
{
    for (size_t i = 0; i < start->n_kinds; i++) {
        (void)umig_buf_printf(out, "%s%s", i == 0 ? "" : ", ", kind_name(start->kinds[i]->kind));
        if (start->kinds[i]->interval_ns > 0) {
            char interval[32];
            umig_format_duration(start->kinds[i]->interval_ns, interval, sizeof interval);
            (void)umig_buf_printf(out, " %s", interval);
        }
    }
}

/* Names come from other machines' processes: what a terminal would obey is replaced. */
static void write_cell(struct umig_buf *out, const char *text, int width)
{
    int columns = 0;
    for (; *text != '\0'; text++) {
        const unsigned char byte = (unsigned char)*text;
        columns += (byte & 0xc0) != 0x80;
        (void)umig_buf_byte(out, byte < ' ' || byte == 0x7f ? '?' : *text);
    }
    for (; columns < width; columns++) {
        (void)umig_buf_byte(out, ' ');
    }
    (void)umig_buf_text(out, "  ");
}

static const char *name_of(const Umig__V1__Process *process)
{
    return process->service[0] != '\0' ? process->service : process->main_class;
}

static int add_line(void *context, const struct umig_session_row *row)
{
    struct list *list = context;
    if (!umig_query_sees(list->query, row)) {
        return UMIG_OK;
    }
    if (list->count++ == 0) {
        (void)umig_buf_printf(list->out, "%-24s  %-20s  %-16s  %8s  %-20s  %-12s  %-9s  %s\n",
                              "SESSION", "SERVICE", "HOST", "PID", "START (UTC)", "DURATION", "END",
                              "KINDS");
    }
    char duration[32];
    umig_format_duration(duration_of(row), duration, sizeof duration);
    write_cell(list->out, row->id, 24);
    write_cell(list->out, name_of(row->process), 20);
    write_cell(list->out, row->process->host, 16);
    (void)umig_buf_printf(list->out, "%8u  ", row->process->pid);
    write_time(list->out, row->start_unix_ns);
    (void)umig_buf_text(list->out, "  ");
    write_cell(list->out, duration, 12);
    write_cell(list->out, end_name(row->end), 9);
    write_kinds(list->out, row->start);
    (void)umig_buf_byte(list->out, '\n');
    return list->out->failed;
}

static void add_labels(struct umig_json *json, const struct umig_session_row *row)
{
    umig_json_array(json, "labels");
    for (size_t i = 0; i < row->start->n_labels; i++) {
        umig_json_object(json, NULL);
        umig_json_text(json, "key", row->start->labels[i]->key);
        umig_json_text(json, "value", row->start->labels[i]->value);
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
}

static void add_kinds(struct umig_json *json, const struct umig_session_row *row)
{
    umig_json_array(json, "kinds");
    for (size_t i = 0; i < row->start->n_kinds; i++) {
        umig_json_object(json, NULL);
        umig_json_text(json, "kind", kind_name(row->start->kinds[i]->kind));
        umig_json_number(json, "interval_ns", row->start->kinds[i]->interval_ns);
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
}

static int add_object(void *context, const struct umig_session_row *row)
{
    struct list *list = context;
    struct umig_json *json = &list->json;
    if (!umig_query_sees(list->query, row)) {
        return UMIG_OK;
    }
    umig_json_object(json, NULL);
    umig_json_text(json, "id", row->id);
    umig_json_number(json, "number", (uint64_t)row->key);
    umig_json_text(json, "service", row->process->service);
    umig_json_text(json, "instance", row->process->instance);
    umig_json_text(json, "host", row->process->host);
    umig_json_number(json, "pid", row->process->pid);
    umig_json_text(json, "main_class", row->process->main_class);
    umig_json_number(json, "jdk", row->process->jdk);
    umig_json_number(json, "start_unix_ns", row->start_unix_ns);
    umig_json_number(json, "end_unix_ns", row->end_unix_ns);
    umig_json_text(json, "end", end_name(row->end));
    add_kinds(json, row);
    add_labels(json, row);
    umig_json_object_end(json);
    return list->out->failed;
}

int umig_query_list(struct umig_reader *reader,
                    const struct umig_query *query,
                    struct umig_buf *out,
                    struct umig_err *err)
{
    struct list list = {.query = query, .out = out, .json = UMIG_JSON_INIT(out)};
    int rc = UMIG_OK;
    if (strcmp(query->format, "json") == 0) {
        umig_json_object(&list.json, NULL);
        umig_json_array(&list.json, "sessions");
        rc = umig_reader_sessions(reader, add_object, &list, err);
        umig_json_array_end(&list.json);
        umig_json_object_end(&list.json);
        (void)umig_buf_byte(out, '\n');
    } else if (query->format[0] == '\0' || strcmp(query->format, "text") == 0) {
        rc = umig_reader_sessions(reader, add_line, &list, err);
        if (rc == UMIG_OK && list.count == 0) {
            (void)umig_buf_text(out, "no sessions yet\n");
        }
    } else {
        rc = umig_err_set(err, UMIG_E_ARG, "'%.32s' is no format of a list; text or json",
                          query->format);
    }
    return rc != UMIG_OK ? umig_err_trace(err, rc) : out->failed;
}
