/* The list of sessions: rows of the store as report/sessions.h wants them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/query/query.h"
#include "core/err.h"
#include "report/sessions.h"

enum {
    OTHERS_MAX = 8,
    SERVICE_BYTES = 65
};

struct list {
    const struct umig_query *query;
    char others[OTHERS_MAX][SERVICE_BYTES]; /* services that were not asked for, each once */
    size_t other_count;
    bool has_more_others;
    struct umig_session_summary *items;
    size_t count;
    size_t room;
    bool is_out_of_memory;
};

static bool grow(struct list *list)
{
    if (list->count < list->room) {
        return true;
    }
    const size_t room = list->room == 0 ? 64 : list->room * 2;
    struct umig_session_summary *items = realloc(list->items, room * sizeof *items);
    list->items = items != NULL ? items : list->items;
    list->room = items != NULL ? room : list->room;
    return items != NULL;
}

static void note_other(struct list *list, const char *service)
{
    char name[SERVICE_BYTES];
    snprintf(name, sizeof name, "%s", service);
    for (size_t i = 0; i < list->other_count; i++) {
        if (strcmp(list->others[i], name) == 0) {
            return;
        }
    }
    if (list->other_count == OTHERS_MAX) {
        list->has_more_others = true;
        return;
    }
    memcpy(list->others[list->other_count++], name, sizeof name);
}

static bool has_label(const struct umig_session_summary *summary, const Umig__V1__Label *label)
{
    for (size_t i = 0; i < summary->label_count; i++) {
        if (strcmp(summary->labels[i].key, label->key) == 0 &&
            strcmp(summary->labels[i].value, label->value) == 0) {
            return true;
        }
    }
    return false;
}

/* The agent's and the session's: what both have is there once. False: no memory. */
static bool copy_labels(const struct umig_session_row *row, struct umig_session_summary *summary)
{
    const size_t room = row->process->n_labels + row->start->n_labels;
    struct umig_session_label *labels = calloc(room, sizeof *labels);
    summary->labels = labels;
    for (size_t i = 0; labels != NULL && i < room; i++) {
        const size_t own = i - row->process->n_labels;
        const Umig__V1__Label *label =
            i < row->process->n_labels ? row->process->labels[i] : row->start->labels[own];
        if (has_label(summary, label)) {
            continue;
        }
        struct umig_session_label *copy = &labels[summary->label_count++];
        copy->key = strdup(label->key);
        copy->value = strdup(label->value);
        if (copy->key == NULL || copy->value == NULL) {
            return false;
        }
    }
    return labels != NULL || room == 0;
}

/* A row's texts live until the next row: the list keeps copies. */
static int add_row(void *context, const struct umig_session_row *row)
{
    struct list *list = context;
    if (!umig_query_may_see(list->query, row)) {
        return UMIG_OK;
    }
    if (!umig_query_is_of_service(list->query, row)) {
        note_other(list, row->process->service);
        return UMIG_OK;
    }
    if (!grow(list)) {
        list->is_out_of_memory = true;
        return UMIG_E_NOMEM;
    }
    struct umig_session_summary summary = {
        .number = (uint64_t)row->key,
        .id = strdup(row->id),
        .service = strdup(row->process->service),
        .instance = strdup(row->process->instance),
        .host = strdup(row->process->host),
        .pid = row->process->pid,
        .jdk = row->process->jdk,
        .start_unix_ns = row->start_unix_ns,
        .end_unix_ns = row->end_unix_ns,
        .end = row->end,
        .is_end_unknown = list->query->is_at_rest && row->end == UMIG_END_RUNNING,
        .is_complete = true,
    };
    for (size_t i = 0; i < row->start->n_kinds; i++) {
        if (row->start->kinds[i]->kind < UMIG_KIND_COUNT) {
            summary.has_kind[row->start->kinds[i]->kind] = true;
        }
    }
    list->is_out_of_memory = !copy_labels(row, &summary);
    list->items[list->count++] = summary;
    return list->is_out_of_memory ? UMIG_E_NOMEM : UMIG_OK;
}

/* What is const only for the report. */
static void free_ours(const void *memory)
{
    /* NOLINTNEXTLINE(performance-no-int-to-ptr): it came from malloc() */
    free((void *)(uintptr_t)memory);
}

static void free_list(struct list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct umig_session_summary *item = &list->items[i];
        const char *texts[] = {item->id, item->service, item->instance, item->host};
        for (size_t j = 0; j < sizeof texts / sizeof texts[0]; j++) {
            free_ours(texts[j]);
        }
        for (size_t j = 0; j < item->label_count; j++) {
            free_ours(item->labels[j].key);
            free_ours(item->labels[j].value);
        }
        free_ours(item->labels);
    }
    free(list->items);
}

static int miss_waiting(struct umig_reader *reader,
                        struct umig_session_summary *item,
                        struct umig_err *err)
{
    uint64_t batches = 0;
    const int rc = umig_reader_waiting(reader, (int64_t)item->number, &batches, err);
    item->is_complete = item->is_complete && batches == 0;
    return rc;
}

/* The list is sorted by number. */
static int add_sums(struct umig_reader *reader, struct list *list, struct umig_err *err)
{
    const uint64_t highest = list->count > 0 ? list->items[list->count - 1].number : 0;
    struct umig_session_sum *sums = calloc((size_t)highest + 1, sizeof *sums);
    if (sums == NULL) {
        return umig_err_set(err, UMIG_E_NOMEM, "no memory for a list of %zu sessions", list->count);
    }
    int rc = umig_reader_sums(reader, sums, (size_t)highest + 1, err);
    for (size_t i = 0; rc == UMIG_OK && i < list->count; i++) {
        const struct umig_session_sum *sum = &sums[list->items[i].number];
        list->items[i].cpu_samples = sum->samples;
        list->items[i].cpu_ns = sum->value_ns;
        /* While it runs what is under way is in the books and not in the samples. */
        const bool closes = list->items[i].end == UMIG_END_RUNNING || sum->books_ns == 0 ||
                            sum->produced_ns == sum->value_ns + sum->remainder_ns;
        list->items[i].is_complete = closes && !sum->has_drops && !sum->has_lost_file;
        rc = list->query->is_behind ? miss_waiting(reader, &list->items[i], err) : UMIG_OK;
    }
    free(sums);
    return rc;
}

static int write_list(const struct list *list, struct umig_buf *out, struct umig_err *err)
{
    const char *format = list->query->format;
    if (format[0] == '\0' || strcmp(format, "text") == 0) {
        return umig_sessions_text(list->items, list->count, list->query->width, out, err);
    }
    if (strcmp(format, "json") == 0) {
        return umig_sessions_json(list->items, list->count, out, err);
    }
    return umig_err_set(err, UMIG_E_ARG, "'%.32s' is no format of a list; write text or json",
                        format);
}

static void note_services(const struct list *list, struct umig_buf *note)
{
    umig_buf_printf(note, "no session is of service '%.64s'; there %s ", list->query->service,
                    list->other_count == 1 ? "is" : "are");
    for (size_t i = 0; i < list->other_count; i++) {
        umig_buf_printf(note, "%s%s", i > 0 ? ", " : "", list->others[i]);
    }
    umig_buf_text(note, list->has_more_others ? " and others" : "");
}

static int by_number(const void *a, const void *b)
{
    const struct umig_session_summary *left = a;
    const struct umig_session_summary *right = b;
    return (left->number > right->number) - (left->number < right->number);
}

int umig_query_list(struct umig_reader *reader,
                    const struct umig_query *query,
                    struct umig_buf *out,
                    struct umig_buf *note,
                    struct umig_err *err)
{
    struct list list = {.query = query};
    int rc = umig_reader_sessions(reader, add_row, &list, err);
    if (list.is_out_of_memory) {
        rc = umig_err_set(err, UMIG_E_NOMEM, "no memory for a list of %zu sessions", list.count);
    }
    if (list.count > 0) {
        qsort(list.items, list.count, sizeof list.items[0], by_number);
    }
    rc = rc != UMIG_OK ? rc : add_sums(reader, &list, err);
    rc = rc != UMIG_OK ? rc : write_list(&list, out, err);
    if (rc == UMIG_OK && list.count == 0 && list.other_count > 0) {
        note_services(&list, note);
    }
    free_list(&list);
    return rc != UMIG_OK ? umig_err_trace(err, rc) : UMIG_OK;
}
