#include "cli/heap_histogram_write.h"

#include <inttypes.h>
#include <string.h>

#include "cli/table.h"
#include "core/err.h"
#include "core/json.h"
#include "core/parse.h"
#include "report/cells.h"

#define JSON_BYTES (512u << 20)

static const struct umig_column g_columns[] = {
    {"RANK", true}, {"INSTANCES", true}, {"BYTES", true}, {"SHARE", true}, {"CLASS", false},
};

/* Totals of some rows. */
struct sum {
    uint64_t instance_count;
    uint64_t byte_count;
    uint64_t class_count;
};

static double share_of(uint64_t byte_count, const struct umig_heap_histogram *histogram)
{
    return histogram->byte_count > 0 ? (double)byte_count / (double)histogram->byte_count : 0;
}

static size_t shown_count(const struct umig_heap_histogram_view *view)
{
    const size_t count = view->histogram->count;
    return view->top == 0 || view->top > count ? count : view->top;
}

static void put_row(struct umig_table *table,
                    const struct umig_heap_histogram *histogram,
                    const char *rank,
                    const struct sum *sum,
                    const char *name)
{
    char bytes[32];
    umig_format_bytes(sum->byte_count, bytes, sizeof bytes);
    umig_table_cell(table, "%s", rank);
    umig_table_cell(table, "%" PRIu64, sum->instance_count);
    umig_table_cell(table, "%s", bytes);
    umig_table_cell(table, "%.1f %%", 100 * share_of(sum->byte_count, histogram));
    umig_table_cell(table, "%s", name);
}

static void put_class(struct umig_table *table,
                      const struct umig_heap_histogram *histogram,
                      size_t index,
                      struct umig_buf *name)
{
    const struct umig_heap_class *row = &histogram->rows[index];
    const struct sum sum = {row->instance_count, row->byte_count, row->class_count};
    char rank[24];
    snprintf(rank, sizeof rank, "%zu", index + 1);
    umig_buf_clear(name);
    umig_buf_text(name, umig_heap_histogram_text(histogram, row->name_at));
    if (row->class_count > 1) {
        umig_buf_printf(name, " (%" PRIu64 " classes)", row->class_count);
    }
    put_row(table, histogram, rank, &sum, umig_buf_str(name));
}

static const char *plural(uint64_t count)
{
    return count == 1 ? "class" : "classes";
}

/* What is not shown, and all together. */
static void put_sums(struct umig_table *table, const struct umig_heap_histogram_view *view)
{
    const struct umig_heap_histogram *histogram = view->histogram;
    struct sum rest = {.instance_count = 0};
    char name[64];
    for (size_t i = shown_count(view); i < histogram->count; i++) {
        rest.instance_count += histogram->rows[i].instance_count;
        rest.byte_count += histogram->rows[i].byte_count;
        rest.class_count += histogram->rows[i].class_count;
    }
    if (rest.class_count > 0) {
        snprintf(name, sizeof name, "%" PRIu64 " more %s", rest.class_count,
                 plural(rest.class_count));
        put_row(table, histogram, "", &rest, name);
    }
    const struct sum all = {histogram->instance_count, histogram->byte_count,
                            histogram->class_count};
    snprintf(name, sizeof name, "all: %" PRIu64 " %s", all.class_count, plural(all.class_count));
    put_row(table, histogram, "", &all, name);
}

static void write_head(const struct umig_heap_histogram_view *view, FILE *out)
{
    char cost[160];
    char took[32];
    struct umig_buf name = UMIG_BUF_INIT(4096);
    umig_heap_cost_text(view->cost, cost, sizeof cost);
    umig_format_duration(view->cost->took_ns, took, sizeof took);
    umig_cells_clean(view->jvm->main_class, &name);
    fprintf(out, "%s of %s (pid %d, JDK %s), %s.\nIt took %s; %s.\n\n",
            view->is_all ? "All objects" : "Live objects",
            name.len > 0 ? umig_buf_str(&name) : "a JVM", (int)view->jvm->pid,
            view->jvm->jdk[0] != '\0' ? view->jvm->jdk : "unknown",
            view->is_all ? "what nobody can reach any more among them"
                         : "after a full collection made for it",
            took, cost);
    umig_buf_fini(&name);
}

int umig_heap_histogram_write_text(const struct umig_heap_histogram_view *view,
                                   FILE *out,
                                   struct umig_err *err)
{
    struct umig_table table;
    struct umig_buf name = UMIG_BUF_INIT(1u << 20);
    umig_table_init(&table, g_columns, sizeof g_columns / sizeof g_columns[0]);
    for (size_t i = 0; i < shown_count(view); i++) {
        put_class(&table, view->histogram, i, &name);
    }
    put_sums(&table, view);
    int rc = table.cells.failed != UMIG_OK ? table.cells.failed : name.failed;
    if (rc != UMIG_OK) {
        rc = umig_err_set(err, rc, "a table of %zu classes is too long: use --top or --format json",
                          shown_count(view));
    } else {
        write_head(view, out);
        umig_table_write(&table, view->has_color, out);
        if (view->histogram->unread_count > 0) {
            fprintf(out, "\n%" PRIu64 " lines of the JVM's are no classes; they are left out.\n",
                    view->histogram->unread_count);
        }
    }
    umig_buf_fini(&name);
    umig_table_fini(&table);
    return rc;
}

static void put_class_json(struct umig_json *json,
                           const struct umig_heap_histogram *histogram,
                           size_t index)
{
    const struct umig_heap_class *row = &histogram->rows[index];
    umig_json_object(json, NULL);
    umig_json_number(json, "rank", index + 1);
    umig_json_text(json, "name", umig_heap_histogram_text(histogram, row->name_at));
    umig_json_known(json, "module", umig_heap_histogram_text(histogram, row->module_at));
    umig_json_number(json, "class_count", row->class_count);
    umig_json_number(json, "instances", row->instance_count);
    umig_json_number(json, "bytes", row->byte_count);
    umig_json_decimal(json, "share", share_of(row->byte_count, histogram));
    umig_json_object_end(json);
}

static void put_head_json(struct umig_json *json, const struct umig_heap_histogram_view *view)
{
    umig_json_text(json, "schema", "umig.heap-histogram/1");
    umig_json_number(json, "pid", (uint64_t)view->jvm->pid);
    umig_json_known(json, "main_class", view->jvm->main_class);
    umig_json_known(json, "jdk", view->jvm->jdk);
    umig_json_bool(json, "live_only", !view->is_all);
    umig_json_bool(json, "folded", view->is_folded);
    umig_json_number(json, "took_ns", view->cost->took_ns);
    if (view->cost->is_known) {
        umig_json_number(json, "pause_ns", view->cost->pause_ns);
    }
    if (view->cost->has_collection) {
        umig_json_number(json, "collection_ns", view->cost->collection_ns);
    }
    umig_json_number(json, "instances", view->histogram->instance_count);
    umig_json_number(json, "bytes", view->histogram->byte_count);
    umig_json_number(json, "class_count", view->histogram->class_count);
    umig_json_number(json, "row_count", view->histogram->count);
    umig_json_number(json, "unread_lines", view->histogram->unread_count);
}

int umig_heap_histogram_write_json(const struct umig_heap_histogram_view *view,
                                   FILE *out,
                                   struct umig_err *err)
{
    struct umig_buf document = UMIG_BUF_INIT(JSON_BYTES);
    struct umig_json json = UMIG_JSON_INIT(&document);
    umig_json_object(&json, NULL);
    put_head_json(&json, view);
    umig_json_array(&json, "classes");
    for (size_t i = 0; i < shown_count(view); i++) {
        put_class_json(&json, view->histogram, i);
    }
    umig_json_array_end(&json);
    umig_json_object_end(&json);
    const int rc = umig_json_finish(&json, "the histogram", err);
    if (rc == UMIG_OK) {
        fwrite(document.bytes, 1, document.len, out);
    }
    umig_buf_fini(&document);
    return umig_err_trace(err, rc);
}
