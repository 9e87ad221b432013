#include "report/sessions.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "analysis/label.h"
#include "analysis/quality.h"
#include "core/err.h"
#include "core/json.h"
#include "core/units.h"
#include "report/cells.h"

#define WIDTH_MIN        60
#define WIDTH_MAX        400
#define SERVICE_MIN      10
#define NUMBER_COLUMNS   8  /* #1 to #9999999 whole: people copy it */
#define FIXED_COLUMNS    71 /* number, pid, start, length, CPU, the word for the end, and the gaps */
#define CELL_LIMIT_BYTES (1u << 20)

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static const char *end_word(const struct umig_session_summary *session)
{
    return session->is_end_unknown ? "unknown" : umig_quality_end_key(session->end);
}

static uint64_t length_ns(const struct umig_session_summary *session)
{
    return session->end_unix_ns > session->start_unix_ns
               ? session->end_unix_ns - session->start_unix_ns
               : 0;
}

static void put_cell(struct umig_buf *cell,
                     size_t columns,
                     enum umig_cells_side side,
                     struct umig_buf *out)
{
    umig_cells_put(umig_buf_str(cell), columns, side, out);
    umig_buf_byte(out, ' ');
    if (cell->failed != UMIG_OK && out->failed == UMIG_OK) {
        out->failed = cell->failed;
    }
    umig_buf_clear(cell);
}

static void put_start(uint64_t unix_ns, struct umig_buf *cell)
{
    const time_t seconds = (time_t)(unix_ns / UMIG_NS_PER_S);
    struct tm parts;
    char text[32];
    if (gmtime_r(&seconds, &parts) != NULL) {
        (void)strftime(text, sizeof text, "%m-%d %H:%M:%S", &parts);
        umig_buf_text(cell, text);
    }
}

/* Columns of the texts; an id is never cut, for people copy it into the next command. */
struct columns {
    size_t id;
    size_t service;
};

static void put_line(const struct umig_session_summary *session,
                     const struct columns *columns,
                     struct umig_buf *out)
{
    struct umig_buf cell = UMIG_BUF_INIT(CELL_LIMIT_BYTES);
    umig_buf_printf(&cell, "#%" PRIu64, session->number);
    put_cell(&cell, NUMBER_COLUMNS, UMIG_CELLS_LEFT, out);
    umig_buf_text(&cell, or_empty(session->id));
    put_cell(&cell, columns->id, UMIG_CELLS_LEFT, out);
    umig_buf_text(&cell, or_empty(session->service));
    put_cell(&cell, columns->service, UMIG_CELLS_LEFT, out);
    umig_buf_printf(&cell, "%u", session->pid);
    put_cell(&cell, 8, UMIG_CELLS_RIGHT, out);
    put_start(session->start_unix_ns, &cell);
    put_cell(&cell, 14, UMIG_CELLS_LEFT, out);
    umig_label_value(UMIG_KIND_CPU, length_ns(session), &cell);
    put_cell(&cell, 12, UMIG_CELLS_RIGHT, out);
    if (session->has_kind[UMIG_KIND_CPU] || session->cpu_ns > 0) {
        umig_label_value(UMIG_KIND_CPU, session->cpu_ns, &cell);
    } else {
        umig_buf_byte(&cell, '-');
    }
    put_cell(&cell, 12, UMIG_CELLS_RIGHT, out);
    umig_buf_printf(out, "%s%s\n", end_word(session), session->is_complete ? "" : ", data missing");
    umig_buf_fini(&cell);
}

/* The heads stand in the same columns as the cells of put_line(). */
static void put_heads(const struct columns *columns, struct umig_buf *out)
{
    umig_cells_put("#", NUMBER_COLUMNS + 1, UMIG_CELLS_LEFT, out);
    umig_cells_put("session", columns->id + 1, UMIG_CELLS_LEFT, out);
    umig_cells_put("service", columns->service + 1, UMIG_CELLS_LEFT, out);
    umig_cells_put("pid", 8, UMIG_CELLS_RIGHT, out);
    umig_cells_put(" start (UTC)", 16, UMIG_CELLS_LEFT, out);
    umig_cells_put("length", 12, UMIG_CELLS_RIGHT, out);
    umig_cells_put("CPU", 13, UMIG_CELLS_RIGHT, out);
    umig_buf_text(out, " end\n");
}

static struct columns fit_columns(const struct umig_session_summary *sessions,
                                  size_t count,
                                  size_t width,
                                  struct umig_buf *out)
{
    struct columns columns = {.id = strlen("session"), .service = SERVICE_MIN};
    for (size_t i = 0; i < count; i++) {
        const size_t id = umig_cells_clean_width(or_empty(sessions[i].id), out);
        const size_t service = umig_cells_clean_width(or_empty(sessions[i].service), out);
        columns.id = id > columns.id ? id : columns.id;
        columns.service = service > columns.service ? service : columns.service;
    }
    if (width == 0) {
        return columns;
    }
    const size_t others = columns.id + FIXED_COLUMNS;
    const size_t room = width > others + SERVICE_MIN ? width - others : SERVICE_MIN;
    columns.service = columns.service > room ? room : columns.service;
    return columns;
}

int umig_sessions_text(const struct umig_session_summary *sessions,
                       size_t count,
                       size_t width,
                       struct umig_buf *out,
                       struct umig_err *err)
{
    if (width != 0 && (width < WIDTH_MIN || width > WIDTH_MAX)) {
        return umig_err_set(err, UMIG_E_ARG, "a width of %zu columns: %d to %d are possible", width,
                            WIDTH_MIN, WIDTH_MAX);
    }
    const struct columns columns = fit_columns(sessions, count, width, out);
    if (count == 0) {
        umig_buf_text(out, "No sessions.\n");
    } else {
        put_heads(&columns, out);
    }
    for (size_t i = 0; i < count; i++) {
        put_line(&sessions[i], &columns, out);
    }
    if (out->failed != UMIG_OK) {
        return umig_err_set(err, out->failed, "writing %zu sessions: %s", count,
                            umig_status_text(out->failed));
    }
    return UMIG_OK;
}

static void put_labels(struct umig_json *json, const struct umig_session_summary *session)
{
    umig_json_array(json, "labels");
    for (size_t i = 0; i < session->label_count; i++) {
        umig_json_object(json, NULL);
        umig_json_text(json, "key", session->labels[i].key);
        umig_json_text(json, "value", session->labels[i].value);
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
}

static void put_object(struct umig_json *json, const struct umig_session_summary *session)
{
    umig_json_object(json, NULL);
    umig_json_number(json, "number", session->number);
    umig_json_known(json, "id", session->id);
    umig_json_known(json, "service", session->service);
    umig_json_known(json, "instance", session->instance);
    umig_json_known(json, "host", session->host);
    umig_json_number(json, "pid", session->pid);
    umig_json_number(json, "jdk", session->jdk);
    umig_json_number(json, "start_unix_ns", session->start_unix_ns);
    umig_json_number(json, "end_unix_ns", session->end_unix_ns);
    umig_json_text(json, "end", end_word(session));
    umig_json_array(json, "kinds");
    for (unsigned i = 1; i < UMIG_KIND_COUNT; i++) {
        if (session->has_kind[i]) {
            umig_json_text(json, NULL, umig_quality_kind_key((enum umig_kind)i));
        }
    }
    umig_json_array_end(json);
    put_labels(json, session);
    umig_json_number(json, "cpu_samples", session->cpu_samples);
    umig_json_number(json, "cpu_ns", session->cpu_ns);
    umig_json_bool(json, "complete", session->is_complete && session->end != UMIG_END_RUNNING);
    umig_json_bool(json, "data_missing", !session->is_complete);
    umig_json_object_end(json);
}

int umig_sessions_json(const struct umig_session_summary *sessions,
                       size_t count,
                       struct umig_buf *out,
                       struct umig_err *err)
{
    struct umig_json json = UMIG_JSON_INIT(out);
    umig_json_object(&json, NULL);
    umig_json_text(&json, "schema", "umig.sessions/1");
    umig_json_array(&json, "sessions");
    for (size_t i = 0; i < count; i++) {
        put_object(&json, &sessions[i]);
    }
    umig_json_array_end(&json);
    umig_json_object_end(&json);
    return umig_json_finish(&json, "the list of sessions", err);
}
