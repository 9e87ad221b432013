#include "cli/heap_loaders_write.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/way.h"
#include "cli/say.h"
#include "cli/table.h"
#include "core/err.h"
#include "core/json.h"
#include "core/parse.h"

#define JSON_BYTES (16u << 20)
#define TEXT_BYTES (1u << 20)

/* Of one group; the agent tells four. */
#define WAYS_MAX 8

enum {
    LACK_BYTES = 256
};

/* As enum umig_search_end of the agent. */
enum search_end {
    SEARCH_WHOLE = 1,
    SEARCH_OUT_OF_CPU,
    SEARCH_CALLED_OFF,
    SEARCH_FAILED,
    SEARCH_NO_ROOM,
};

static const struct umig_column g_columns[] = {
    {"ALIVE", true},   {"HELD", true},      {"SOFTLY", true},  {"NEEDED", true},
    {"CLASSES", true}, {"METASPACE", true}, {"SOURCE", false}, {"LOADED BY", false},
};

static const char *plural(uint64_t count, const char *one, const char *more)
{
    return count == 1 ? one : more;
}

/* --- names --- */

static bool was_dealt_out(const char *name)
{
    return name[0] == '\0' || strchr(name, '*') != NULL;
}

/* What a person calls it: the file, or the class where the file's name was dealt out. */
static const char *name_of(const Umig__V1__LoaderKind *kind)
{
    if (!was_dealt_out(kind->source)) {
        return kind->source;
    }
    return was_dealt_out(kind->class_name) && kind->source[0] != '\0' ? kind->source
                                                                      : kind->class_name;
}

static void put_name(const Umig__V1__LoaderKind *kind, struct umig_buf *out)
{
    umig_buf_text(out, name_of(kind));
    if (kind->kinds > 1) {
        umig_buf_printf(out, " and %u more", kind->kinds - 1);
    } else if (kind->is_by_text != 0 && kind->needed > 1) {
        umig_buf_printf(out, ", %u different texts", kind->needed);
    }
}

/* --- ways --- */

/* From a class to its loader: that is said already. */
static bool is_to_loader(const Umig__V1__WayStep *step)
{
    return step->edge == UMIG_WAY_FIELD && strcmp(step->class_name, "java.lang.Class") == 0 &&
           strcmp(step->name, "classLoader") == 0;
}

static void put_way(const Umig__V1__LoaderWay *way, struct umig_buf *out)
{
    struct umig_way_step *steps = calloc(way->n_steps + 1, sizeof *steps);
    size_t count = 0;
    for (size_t i = 0; i < way->n_steps && steps != NULL; i++) {
        const Umig__V1__WayStep *step = way->steps[i];
        if (i + 1 < way->n_steps || !is_to_loader(step)) {
            steps[count++] = (struct umig_way_step){step->edge, step->class_name, step->name};
        }
    }
    umig_way_put(steps, count, out);
    free(steps);
}

/* Ways that are told with the same words are one. */
struct told_way {
    const Umig__V1__LoaderWay *first;
    struct umig_buf text;
    uint64_t loaders;
    uint64_t classes;
};

static void add_way(struct told_way *ways, size_t *count, const Umig__V1__LoaderWay *way)
{
    struct umig_buf text = UMIG_BUF_INIT(TEXT_BYTES);
    size_t at = 0;
    put_way(way, &text);
    while (at < *count &&
           (strcmp(umig_buf_str(&ways[at].text), umig_buf_str(&text)) != 0 ||
            umig_heap_loaders_is_firm(ways[at].first) != umig_heap_loaders_is_firm(way))) {
        at++;
    }
    if (at == *count && *count < WAYS_MAX) {
        ways[(*count)++] = (struct told_way){.first = way, .text = text};
    } else {
        umig_buf_fini(&text);
    }
    if (at < *count) {
        ways[at].loaders += way->loaders;
        ways[at].classes += way->classes;
    }
}

static int by_loaders(const void *a, const void *b)
{
    const struct told_way *x = a;
    const struct told_way *y = b;
    return x->loaders < y->loaders ? 1 : x->loaders > y->loaders ? -1 : 0;
}

/* Those of a group, most first; give them back to forget_ways(). */
static size_t tell_ways(const Umig__V1__LoaderReport *report,
                        uint32_t group,
                        struct told_way ways[WAYS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < report->n_ways && group != 0; i++) {
        if (report->ways[i]->group == group && report->ways[i]->n_steps > 0) {
            add_way(ways, &count, report->ways[i]);
        }
    }
    qsort(ways, count, sizeof *ways, by_loaders);
    return count;
}

static void forget_ways(struct told_way *ways, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        umig_buf_fini(&ways[i].text);
    }
}

/* --- text --- */

static void say_head(const struct umig_heap_loaders_view *view, FILE *out)
{
    const struct umig_heap_loaders *loaders = view->loaders;
    const Umig__V1__LoaderReport *report = loaders->search->loaders;
    char metaspace[64] = "";
    char size[32];
    if (loaders->bytes > 0) {
        umig_format_bytes(loaders->bytes, size, sizeof size);
        snprintf(metaspace, sizeof metaspace, " and %s of metaspace", size);
    }
    umig_say(out, "%s (pid %d, JDK %s) has %s%u class %s with %u %s%s.",
             view->jvm->main_class[0] != '\0' ? view->jvm->main_class : "A JVM",
             (int)view->jvm->pid, view->jvm->jdk[0] != '\0' ? view->jvm->jdk : "unknown",
             loaders->search->skipped > 0 ? "at least " : "", report->loaders,
             plural(report->loaders, "loader", "loaders"), report->classes,
             plural(report->classes, "class", "classes"), metaspace);
}

static void say_cost(const struct umig_heap_loaders_view *view, FILE *out)
{
    const struct umig_heap_loaders *loaders = view->loaders;
    char cpu[32];
    char cost[160];
    umig_format_duration(loaders->search->cpu_ns, cpu, sizeof cpu);
    umig_heap_cost_text(&loaders->cost, cost, sizeof cost);
    if (loaders->problem[0] != '\0') {
        umig_say(out, "It took %s of CPU. What they take of metaspace is not known: %s.", cpu,
                 loaders->problem);
    } else if (loaders->bytes > 0) {
        umig_say(out, "It took %s of CPU. To say what they take of metaspace, %s.", cpu, cost);
    } else {
        umig_say(out, "It took %s of CPU; nothing was stopped.", cpu);
    }
}

/* What had no room, and in what; an older agent does not say. */
static void put_lack(const Umig__V1__SearchStatus *search, char out[LACK_BYTES])
{
    static const char *const names[] = {"loaders", "classes", "objects"};
    const char *lead = "";
    char had[32];
    char usual[32];
    size_t len = (size_t)snprintf(out, LACK_BYTES, "not all ");
    for (unsigned i = 0; i < 3; i++) {
        if (search->lacks == 0 || (search->lacks >> i & 1) != 0) {
            len += (size_t)snprintf(out + len, LACK_BYTES - len, "%s%s", lead, names[i]);
            lead = search->lacks == 0 ? " or " : " and ";
        }
    }
    umig_format_bytes(search->memory_bytes, had, sizeof had);
    umig_format_bytes(search->usual_bytes, usual, sizeof usual);
    if (search->memory_bytes == 0) {
        snprintf(out + len, LACK_BYTES - len, " had room in the agent's memory");
    } else if (search->memory_bytes < search->usual_bytes) {
        snprintf(out + len, LACK_BYTES - len,
                 " had room in %s, which is what sessions left of the agent's bound; %s are usual: "
                 "end sessions, or load the agent with a larger memory=",
                 had, usual);
    } else {
        snprintf(out + len, LACK_BYTES - len,
                 " had room in %s, which is all that a search may have", had);
    }
}

static void say_end(const struct umig_heap_loaders *loaders, FILE *out)
{
    char lack[LACK_BYTES] = "";
    const char *const ends[] = {
        [SEARCH_OUT_OF_CPU] = "its CPU time was over (--cpu)",
        [SEARCH_CALLED_OFF] = "it was called off",
        [SEARCH_NO_ROOM] = lack,
    };
    const uint32_t end = loaders->search->end;
    put_lack(loaders->search, lack);
    if (loaders->search->loaders->ways_left_out > 0) {
        umig_say(out, "%u ways had no room in the agent's answer. More may be held than is told.",
                 loaders->search->loaders->ways_left_out);
    }
    if (end != SEARCH_WHOLE) {
        const char *why = end < sizeof ends / sizeof ends[0] ? ends[end] : NULL;
        umig_say(out, "The search is not whole: %s. More may be held than was found.",
                 why != NULL ? why : "the agent ended it");
    }
}

/* Beside the first, ways that hold a tenth at least. */
static void say_ways(const Umig__V1__LoaderReport *report,
                     const struct umig_heap_loaders_row *row,
                     FILE *out)
{
    struct told_way ways[WAYS_MAX];
    const uint64_t held = row->held + row->softly;
    const size_t count = tell_ways(report, row->kind->group, ways);
    for (size_t i = 0; i < count && (i == 0 || ways[i].loaders * 10 >= held); i++) {
        umig_say(out, "        held by %s (%" PRIu64 " of them)", umig_buf_str(&ways[i].text),
                 ways[i].loaders < held ? ways[i].loaders : held);
    }
    forget_ways(ways, count);
}

static void say_row(const struct umig_heap_loaders *loaders,
                    const struct umig_heap_loaders_row *row,
                    FILE *out)
{
    struct umig_buf name = UMIG_BUF_INIT(TEXT_BYTES);
    put_name(row->kind, &name);
    umig_say(out, "    %s: %" PRIu64 " of %u loaders are held, of which %u %s needed",
             umig_buf_str(&name), row->held, row->kind->loaders, row->kind->needed,
             plural(row->kind->needed, "is", "are"));
    say_ways(loaders->search->loaders, row, out);
    umig_buf_fini(&name);
}

static void say_surplus(const struct umig_heap_loaders *loaders, FILE *out)
{
    const size_t count = loaders->search->loaders->n_kind;
    char size[32];
    char metaspace[64] = "";
    if (loaders->surplus == 0) {
        umig_say(out, "None was found that should be gone.");
        return;
    }
    if (loaders->surplus_bytes > 0) {
        umig_format_bytes(loaders->surplus_bytes, size, sizeof size);
        snprintf(metaspace, sizeof metaspace, " and some %s of metaspace", size);
    }
    umig_say(out,
             "%" PRIu64 " of them should be gone, with %" PRIu64 " classes%s:", loaders->surplus,
             loaders->surplus_classes, metaspace);
    for (size_t i = 0; i < count; i++) {
        if (loaders->rows[i].surplus > 0) {
            say_row(loaders, &loaders->rows[i], out);
        }
    }
}

static void put_row(struct umig_table *table, const struct umig_heap_loaders_row *row)
{
    struct umig_buf name = UMIG_BUF_INIT(TEXT_BYTES);
    char size[32] = "";
    put_name(row->kind, &name);
    if (row->bytes > 0) {
        umig_format_bytes(row->bytes, size, sizeof size);
    }
    umig_table_cell(table, "%u", row->kind->loaders);
    if (row->kind->group != 0) {
        umig_table_cell(table, "%" PRIu64, row->held);
        umig_table_cell(table, "%" PRIu64, row->softly);
        umig_table_cell(table, "%u", row->kind->needed);
    } else {
        umig_table_cell(table, "%s", "");
        umig_table_cell(table, "%s", "");
        umig_table_cell(table, "%s", "");
    }
    umig_table_cell(table, "%u", row->kind->classes);
    umig_table_cell(table, "%s", size);
    umig_table_cell(table, "%s", umig_buf_str(&name));
    umig_table_cell(table, "%s", row->kind->loader_class);
    umig_buf_fini(&name);
}

/* What the agent did not tell one by one. */
static void say_rest(const struct umig_heap_loaders *loaders, FILE *out)
{
    const Umig__V1__LoaderReport *report = loaders->search->loaders;
    uint64_t kinds = 0;
    uint64_t told = 0;
    for (size_t i = 0; i < report->n_kind; i++) {
        kinds += report->kind[i]->kinds;
        told += report->kind[i]->loaders;
    }
    if (report->kinds > kinds && report->loaders > told) {
        umig_say(out, "%" PRIu64 " more kinds, of %" PRIu64 " loaders.", report->kinds - kinds,
                 report->loaders - told);
    }
}

int umig_heap_loaders_write_text(const struct umig_heap_loaders_view *view,
                                 FILE *out,
                                 struct umig_err *err)
{
    const struct umig_heap_loaders *loaders = view->loaders;
    struct umig_table table;
    umig_table_init(&table, g_columns, sizeof g_columns / sizeof g_columns[0]);
    for (size_t i = 0; i < loaders->search->loaders->n_kind; i++) {
        put_row(&table, &loaders->rows[i]);
    }
    const int failed = table.cells.failed;
    if (failed == UMIG_OK) {
        say_head(view, out);
        say_cost(view, out);
        say_end(loaders, out);
        fputc('\n', out);
        say_surplus(loaders, out);
        fputc('\n', out);
        umig_table_write(&table, view->has_color, out);
        say_rest(loaders, out);
    }
    umig_table_fini(&table);
    return failed == UMIG_OK
               ? UMIG_OK
               : umig_err_set(err, failed, "writing class loaders: %s", umig_status_text(failed));
}

/* --- JSON --- */

static void put_way_json(struct umig_json *json, const struct told_way *way)
{
    umig_json_object(json, NULL);
    umig_json_text(json, "way", umig_buf_str(&way->text));
    umig_json_array(json, "steps");
    for (size_t i = 0; i < way->first->n_steps; i++) {
        const Umig__V1__WayStep *step = way->first->steps[i];
        umig_json_object(json, NULL);
        umig_json_text(json, "by", umig_way_edge_key(step->edge));
        umig_json_known(json, "class", step->class_name);
        umig_json_text(json, "name", step->name);
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
    umig_json_bool(json, "lets_go", !umig_heap_loaders_is_firm(way->first));
    umig_json_number(json, "loaders", way->loaders);
    umig_json_number(json, "classes", way->classes);
    umig_json_object_end(json);
}

static void put_ways_json(struct umig_json *json,
                          const Umig__V1__LoaderReport *report,
                          uint32_t group)
{
    struct told_way ways[WAYS_MAX];
    const size_t count = tell_ways(report, group, ways);
    umig_json_array(json, "held_by");
    for (size_t i = 0; i < count; i++) {
        put_way_json(json, &ways[i]);
    }
    umig_json_array_end(json);
    forget_ways(ways, count);
}

static void put_row_json(struct umig_json *json,
                         const Umig__V1__LoaderReport *report,
                         const struct umig_heap_loaders_row *row)
{
    const Umig__V1__LoaderKind *kind = row->kind;
    umig_json_object(json, NULL);
    umig_json_text(json, "name", name_of(kind));
    umig_json_text(json, "loader_class", kind->loader_class);
    umig_json_known(json, "source", kind->source);
    umig_json_known(json, "class", kind->class_name);
    umig_json_number(json, "kinds", kind->kinds);
    umig_json_number(json, "loaders", kind->loaders);
    umig_json_number(json, "classes", kind->classes);
    umig_json_number(json, "needed", kind->needed);
    umig_json_text(json, "needed_is", kind->is_by_text != 0 ? "each_text" : "the_newest");
    if (row->bytes > 0) {
        umig_json_number(json, "metaspace_bytes", row->bytes);
    }
    if (kind->group != 0) {
        umig_json_number(json, "held", row->held);
        umig_json_number(json, "held_softly", row->softly);
    }
    umig_json_number(json, "should_be_gone", row->surplus);
    put_ways_json(json, report, kind->group);
    umig_json_object_end(json);
}

static void put_search_json(struct umig_json *json, const Umig__V1__SearchStatus *search)
{
    static const char *const ends[] = {
        [SEARCH_WHOLE] = "whole",
        [SEARCH_OUT_OF_CPU] = "out_of_cpu",
        [SEARCH_CALLED_OFF] = "called_off",
        [SEARCH_NO_ROOM] = "out_of_room",
    };
    const char *end = search->end < sizeof ends / sizeof ends[0] ? ends[search->end] : NULL;
    umig_json_object(json, "search");
    umig_json_text(json, "end", end != NULL ? end : "unknown");
    umig_json_number(json, "objects", search->objects);
    umig_json_number(json, "skipped", search->skipped);
    umig_json_number(json, "cpu_ns", search->cpu_ns);
    umig_json_number(json, "took_ns", search->took_ns);
    umig_json_object_end(json);
}

static void put_gone_json(struct umig_json *json, const struct umig_heap_loaders *loaders)
{
    umig_json_object(json, "should_be_gone");
    umig_json_number(json, "loaders", loaders->surplus);
    umig_json_number(json, "classes", loaders->surplus_classes);
    if (loaders->bytes > 0) {
        umig_json_number(json, "metaspace_bytes", loaders->surplus_bytes);
    }
    umig_json_object_end(json);
}

static void put_head_json(struct umig_json *json, const struct umig_heap_loaders_view *view)
{
    const struct umig_heap_loaders *loaders = view->loaders;
    const Umig__V1__LoaderReport *report = loaders->search->loaders;
    umig_json_text(json, "schema", "umig.heap-loaders/1");
    umig_json_number(json, "pid", (uint64_t)view->jvm->pid);
    umig_json_known(json, "main_class", view->jvm->main_class);
    umig_json_known(json, "jdk", view->jvm->jdk);
    put_search_json(json, loaders->search);
    if (loaders->bytes > 0) {
        umig_json_number(json, "metaspace_bytes", loaders->bytes);
    }
    if (loaders->cost.is_known) {
        umig_json_number(json, "pause_ns", loaders->cost.pause_ns);
    }
    umig_json_known(json, "metaspace_problem", loaders->problem);
    umig_json_number(json, "loaders", report->loaders);
    umig_json_number(json, "classes", report->classes);
    umig_json_number(json, "kind_count", report->kinds);
    put_gone_json(json, loaders);
}

int umig_heap_loaders_write_json(const struct umig_heap_loaders_view *view,
                                 FILE *out,
                                 struct umig_err *err)
{
    const struct umig_heap_loaders *loaders = view->loaders;
    struct umig_buf document = UMIG_BUF_INIT(JSON_BYTES);
    struct umig_json json = UMIG_JSON_INIT(&document);
    umig_json_object(&json, NULL);
    put_head_json(&json, view);
    umig_json_array(&json, "kinds");
    for (size_t i = 0; i < loaders->search->loaders->n_kind; i++) {
        put_row_json(&json, loaders->search->loaders, &loaders->rows[i]);
    }
    umig_json_array_end(&json);
    umig_json_object_end(&json);
    const int rc = umig_json_finish(&json, "class loaders", err);
    if (rc == UMIG_OK) {
        fwrite(document.bytes, 1, document.len, out);
    }
    umig_buf_fini(&document);
    return umig_err_trace(err, rc);
}
