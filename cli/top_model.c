#include "cli/top_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/glob.h"
#include "core/units.h"

void umig_top_model_init(struct umig_top_model *model, uint64_t window_ns)
{
    *model = (struct umig_top_model){.window_ns = window_ns};
}

static uint64_t fact(const struct umig_top_doc *doc, const char *key)
{
    uint64_t number = 0;
    return umig_top_doc_number(doc, key, &number) ? number : 0;
}

static uint64_t end_of(const struct umig_top_doc *doc)
{
    return fact(doc, "to_unix_ns");
}

static void drop_history(struct umig_top_model *model)
{
    for (size_t i = 0; i < model->history_count; i++) {
        umig_top_doc_destroy(model->history[i]);
    }
    model->history_count = 0;
    model->base = NULL;
}

static void drop_shown(struct umig_top_model *model)
{
    if (model->shown != model->newest) {
        umig_top_doc_destroy(model->shown);
    }
    model->shown = NULL;
    model->base = NULL;
}

void umig_top_model_forget(struct umig_top_model *model)
{
    drop_shown(model);
    model->newest = umig_top_doc_destroy(model->newest);
    drop_history(model);
    model->row_count = 0;
    model->cursor = 0;
    model->is_frozen = false;
}

void umig_top_model_fini(struct umig_top_model *model)
{
    umig_top_model_forget(model);
    model->agent = umig_top_doc_destroy(model->agent);
    free(model->rows);
    model->rows = NULL;
}

/* --- totals --- */

/*
 * The newest answer that is old enough; else the session's begin, if that is not long ago; else the
 * oldest answer there is.
 */
static void choose_base(struct umig_top_model *model)
{
    const uint64_t to_ns = end_of(model->shown);
    const uint64_t began_ns = fact(model->shown, "began_unix_ns");
    const struct umig_top_doc *base = NULL;
    for (size_t i = 0; i < model->history_count; i++) {
        const uint64_t then_ns = end_of(model->history[i]);
        if (then_ns < to_ns && (base == NULL || to_ns - then_ns >= model->window_ns)) {
            base = model->history[i];
        }
    }
    const bool is_old_enough = base != NULL && to_ns - end_of(base) >= model->window_ns;
    const bool is_young = began_ns <= to_ns && to_ns - began_ns < 2 * model->window_ns;
    model->base = is_old_enough || !is_young ? base : NULL;
    model->base_unix_ns = model->base != NULL ? end_of(model->base) : began_ns;
}

/* Keeps an answer to take totals from, every quarter of the window one. */
static void keep(struct umig_top_model *model, struct umig_top_doc *doc)
{
    const size_t count = model->history_count;
    const uint64_t last_ns = count > 0 ? end_of(model->history[count - 1]) : 0;
    if (model->is_frozen || (count > 0 && end_of(doc) < last_ns + model->window_ns / 4)) {
        umig_top_doc_destroy(doc);
        return;
    }
    if (count == UMIG_TOP_HISTORY) {
        umig_top_doc_destroy(model->history[0]);
        memmove(model->history, model->history + 1, (count - 1) * sizeof(struct umig_top_doc *));
        model->history_count--;
    }
    model->history[model->history_count++] = doc;
}

static double seconds_since(const struct umig_top_model *model, uint64_t then_ns)
{
    const uint64_t to_ns = end_of(model->shown);
    return to_ns > then_ns ? (double)(to_ns - then_ns) / (double)UMIG_NS_PER_S : 0;
}

uint64_t umig_top_model_span_ns(const struct umig_top_model *model)
{
    const uint64_t to_ns = end_of(model->shown);
    const uint64_t from_ns = fact(model->shown, "from_unix_ns");
    return to_ns > from_ns ? to_ns - from_ns : 0;
}

double umig_top_model_total_share(const struct umig_top_model *model, const char *key)
{
    uint64_t now = 0;
    const double seconds = seconds_since(model, model->base_unix_ns);
    if (seconds <= 0 || !umig_top_doc_number(model->shown, key, &now)) {
        return -1;
    }
    const uint64_t then = model->base != NULL ? fact(model->base, key) : 0;
    return now >= then ? (double)(now - then) / (double)UMIG_NS_PER_S / seconds : -1;
}

/* --- rows --- */

/* Rows of the base's panel, in the order of what tells them apart. */
struct base_rows {
    const struct umig_top_panel *panel; /* NULL: there is none to compare with */
    size_t *order;
};

static int compare_identity(const struct umig_top_panel *panel,
                            const struct umig_top_cell *a,
                            const struct umig_top_cell *b)
{
    for (size_t i = 0; i < panel->column_count; i++) {
        int by = 0;
        if (panel->columns[i].unit == UMIG_TOP_NAME) {
            by = strcmp(a[i].text, b[i].text);
        } else if (panel->columns[i].unit == UMIG_TOP_NUMBER) {
            by = (a[i].number > b[i].number) - (a[i].number < b[i].number);
        }
        if (by != 0) {
            return by;
        }
    }
    return 0;
}

static int compare_base(const void *a, const void *b, void *context)
{
    const struct umig_top_panel *panel = context;
    return compare_identity(panel, umig_top_row(panel, *(const size_t *)a),
                            umig_top_row(panel, *(const size_t *)b));
}

static bool has_totals(const struct umig_top_panel *panel)
{
    for (size_t i = 0; i < panel->column_count; i++) {
        if (panel->columns[i].unit == UMIG_TOP_TOTAL_SHARE ||
            panel->columns[i].unit == UMIG_TOP_TOTAL_RATE) {
            return true;
        }
    }
    return false;
}

/* Both come from one collector, which may have been replaced by another release meanwhile. */
static bool is_alike(const struct umig_top_panel *a, const struct umig_top_panel *b)
{
    if (a->column_count != b->column_count) {
        return false;
    }
    for (size_t i = 0; i < a->column_count; i++) {
        if (a->columns[i].unit != b->columns[i].unit) {
            return false;
        }
    }
    return true;
}

static int order_base(const struct umig_top_model *model,
                      const struct umig_top_panel *panel,
                      struct base_rows *out)
{
    const struct umig_top_panel *base = umig_top_doc_panel(model->base, panel->key);
    *out = (struct base_rows){.panel = NULL};
    if (base == NULL || !has_totals(panel) || !is_alike(base, panel)) {
        return UMIG_OK;
    }
    out->order = calloc(base->row_count + 1, sizeof *out->order);
    if (out->order == NULL) {
        return UMIG_E_NOMEM;
    }
    for (size_t i = 0; i < base->row_count; i++) {
        out->order[i] = i;
    }
    /* What is sorted is not changed. */
    union {
        const struct umig_top_panel *in;
        void *out;
    } context = {.in = base};
    qsort_r(out->order, base->row_count, sizeof *out->order, compare_base, context.out);
    out->panel = base;
    return UMIG_OK;
}

static const struct umig_top_cell *find_base(const struct base_rows *base,
                                             const struct umig_top_cell *cells)
{
    size_t low = 0;
    size_t high = base->panel != NULL ? base->panel->row_count : 0;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const struct umig_top_cell *at = umig_top_row(base->panel, base->order[middle]);
        const int by = compare_identity(base->panel, at, cells);
        if (by == 0) {
            return at;
        }
        if (by < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

/* A total of the last while. Where its row was left out of the older answer it is not known. */
static struct umig_top_value total_of(const struct umig_top_model *model,
                                      const struct base_rows *base,
                                      const struct umig_top_cell *cells,
                                      size_t column,
                                      double scale)
{
    const double seconds = seconds_since(model, model->base_unix_ns);
    const struct umig_top_cell *then = find_base(base, cells);
    const bool is_new = base->panel == NULL ? model->base == NULL : base->panel->left_out == 0;
    if (!cells[column].is_known || seconds <= 0 || (then == NULL && !is_new)) {
        return (struct umig_top_value){.is_known = false};
    }
    const uint64_t before = then != NULL ? then[column].number : 0;
    const uint64_t now = cells[column].number;
    const double more = now >= before ? (double)(now - before) : (double)now;
    return (struct umig_top_value){.number = more / scale / seconds, .is_known = true};
}

static struct umig_top_value value_of(const struct umig_top_model *model,
                                      const struct umig_top_panel *panel,
                                      const struct base_rows *base,
                                      const struct umig_top_cell *cells,
                                      size_t column)
{
    const struct umig_top_cell *cell = &cells[column];
    const double seconds = (double)umig_top_model_span_ns(model) / (double)UMIG_NS_PER_S;
    struct umig_top_value value = {
        .text = cell->text, .number = (double)cell->number, .is_known = cell->is_known};
    switch (panel->columns[column].unit) {
    case UMIG_TOP_SHARE:
        value.number /= (double)UMIG_NS_PER_S;
        break;
    case UMIG_TOP_PER_SECOND:
    case UMIG_TOP_RATE:
        break;
    case UMIG_TOP_TOTAL_SHARE:
        return total_of(model, base, cells, column, (double)UMIG_NS_PER_S);
    case UMIG_TOP_TOTAL_RATE:
        return total_of(model, base, cells, column, 1);
    case UMIG_TOP_TEXT:
    case UMIG_TOP_NAME:
    case UMIG_TOP_NUMBER:
    case UMIG_TOP_COUNT:
    case UMIG_TOP_TIME:
    case UMIG_TOP_PART:
    case UMIG_TOP_BYTES:
    case UMIG_TOP_UNITS:
    default:
        return value;
    }
    value.is_known = value.is_known && seconds > 0;
    value.number = seconds > 0 ? value.number / seconds : 0;
    return value;
}

static bool fits_filter(const char *filter, const char *text)
{
    return strpbrk(filter, "*?") != NULL ? umig_glob_matches(filter, text)
                                         : strcasestr(text, filter) != NULL;
}

static bool is_wanted(const struct umig_top_model *model,
                      const struct umig_top_panel *panel,
                      const struct umig_top_cell *cells)
{
    if (model->filter[0] == '\0') {
        return true;
    }
    for (size_t i = 0; i < panel->column_count; i++) {
        if (cells[i].text != NULL && fits_filter(model->filter, cells[i].text)) {
            return true;
        }
    }
    return false;
}

static int compare_values(const struct umig_top_value *a, const struct umig_top_value *b)
{
    if (a->is_known != b->is_known) {
        return a->is_known ? -1 : 1; /* what is not known stands last, whichever way it is sorted */
    }
    if (a->text != NULL && b->text != NULL) {
        return strcasecmp(a->text, b->text);
    }
    return (a->number < b->number) - (a->number > b->number);
}

static int compare_rows(const void *a, const void *b, void *context)
{
    const struct umig_top_order *order = context;
    const struct umig_top_value *x = &((const struct umig_top_shown_row *)a)->values[order->column];
    const struct umig_top_value *y = &((const struct umig_top_shown_row *)b)->values[order->column];
    const int by = compare_values(x, y);
    return order->is_reversed && x->is_known && y->is_known ? -by : by;
}

/* Equal rows stay in the order they came: qsort_r() is a merge sort where there is memory for it.
 */
static int make_rows(struct umig_top_model *model)
{
    const struct umig_top_panel *panel = umig_top_model_panel(model);
    const size_t room = panel != NULL ? panel->row_count : 0;
    struct umig_top_shown_row *rows = calloc(room + 1, sizeof *rows);
    struct base_rows base = {.panel = NULL};
    size_t count = 0;
    if (rows == NULL || (panel != NULL && order_base(model, panel, &base) != UMIG_OK)) {
        free(rows);
        model->row_count = 0; /* its texts may be gone */
        return UMIG_E_NOMEM;
    }
    for (size_t i = 0; i < room; i++) {
        const struct umig_top_cell *cells = umig_top_row(panel, i);
        for (size_t k = 0; is_wanted(model, panel, cells) && k < panel->column_count; k++) {
            rows[count].values[k] = value_of(model, panel, &base, cells, k);
            count += k + 1 == panel->column_count;
        }
    }
    struct umig_top_order order = umig_top_model_order(model);
    qsort_r(rows, count, sizeof *rows, compare_rows, &order);
    free(base.order);
    free(model->rows);
    model->rows = rows;
    model->row_count = count;
    model->cursor = model->cursor < count ? model->cursor : count > 0 ? count - 1 : 0;
    return UMIG_OK;
}

/* --- what changes it --- */

static int show(struct umig_top_model *model)
{
    if (model->panel[0] == '\0' && umig_top_model_panel_count(model) > 0) {
        snprintf(model->panel, sizeof model->panel, "%s", umig_top_model_panel_at(model, 0)->key);
    }
    choose_base(model);
    return make_rows(model);
}

int umig_top_model_take(struct umig_top_model *model, struct umig_top_doc *doc)
{
    if (model->newest != NULL && strcmp(umig_top_doc_text(model->newest, "session"),
                                        umig_top_doc_text(doc, "session")) != 0) {
        umig_top_model_forget(model);
    }
    struct umig_top_doc *before = model->newest;
    const bool was_shown = before == model->shown;
    model->newest = doc;
    if (model->is_frozen && model->shown != NULL) {
        if (!was_shown) {
            umig_top_doc_destroy(before);
        }
        return UMIG_OK;
    }
    model->shown = doc;
    if (before != NULL) {
        keep(model, before);
    }
    return show(model);
}

int umig_top_model_take_agent(struct umig_top_model *model, struct umig_top_doc *doc)
{
    struct umig_top_doc *before = model->agent;
    model->agent = doc;
    const int rc = make_rows(model);
    umig_top_doc_destroy(before);
    return rc;
}

int umig_top_model_freeze(struct umig_top_model *model, bool is_frozen)
{
    model->is_frozen = is_frozen && model->shown != NULL;
    if (!model->is_frozen && model->shown != model->newest) {
        struct umig_top_doc *before = model->shown;
        model->shown = model->newest;
        keep(model, before);
        return show(model);
    }
    return UMIG_OK;
}

size_t umig_top_model_panel_count(const struct umig_top_model *model)
{
    return (model->shown != NULL ? model->shown->panel_count : 0) +
           (model->agent != NULL ? model->agent->panel_count : 0);
}

const struct umig_top_panel *umig_top_model_panel_at(const struct umig_top_model *model,
                                                     size_t index)
{
    const size_t of_shown = model->shown != NULL ? model->shown->panel_count : 0;
    if (index < of_shown) {
        return &model->shown->panels[index];
    }
    return index < umig_top_model_panel_count(model) ? &model->agent->panels[index - of_shown]
                                                     : NULL;
}

static const struct umig_top_panel *find_panel(const struct umig_top_model *model, const char *key)
{
    const struct umig_top_panel *panel = umig_top_doc_panel(model->shown, key);
    return panel != NULL ? panel : umig_top_doc_panel(model->agent, key);
}

const struct umig_top_panel *umig_top_model_panel(const struct umig_top_model *model)
{
    return find_panel(model, model->panel);
}

int umig_top_model_look_at(struct umig_top_model *model, const char *key)
{
    if (find_panel(model, key) == NULL) {
        return UMIG_NOT_FOUND;
    }
    snprintf(model->panel, sizeof model->panel, "%s", key);
    model->cursor = 0;
    return make_rows(model);
}

static struct umig_top_order *find_order(struct umig_top_model *model, bool should_make)
{
    for (size_t i = 0; i < model->order_count; i++) {
        if (strcmp(model->orders[i].panel, model->panel) == 0) {
            return &model->orders[i];
        }
    }
    if (!should_make || model->order_count == UMIG_TOP_PANELS_MAX) {
        return NULL;
    }
    struct umig_top_order *order = &model->orders[model->order_count++];
    *order = (struct umig_top_order){.column = 0};
    memcpy(order->panel, model->panel, sizeof order->panel);
    return order;
}

struct umig_top_order umig_top_model_order(const struct umig_top_model *model)
{
    const struct umig_top_panel *panel = umig_top_model_panel(model);
    for (size_t i = 0; i < model->order_count; i++) {
        if (strcmp(model->orders[i].panel, model->panel) == 0 && panel != NULL &&
            model->orders[i].column < panel->column_count) {
            return model->orders[i];
        }
    }
    return (struct umig_top_order){.column = 0};
}

int umig_top_model_sort(struct umig_top_model *model, size_t column, bool is_reversed)
{
    struct umig_top_order *order = find_order(model, true);
    if (order != NULL) {
        order->column = column;
        order->is_reversed = is_reversed;
    }
    return make_rows(model);
}

int umig_top_model_filter(struct umig_top_model *model, const char *filter)
{
    snprintf(model->filter, sizeof model->filter, "%s", filter);
    return make_rows(model);
}
