/*
 * The JVM writes, after two lines of title, one line a class and one for all:
 *
 *    1:         15344         921864  [B (java.base@17.0.15)
 *   25:             1             24  svc.Orders$_total_closure3
 * Total         48213        2913472
 */
#include "cli/heap_histogram.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/naming.h"
#include "core/err.h"
#include "core/parse.h"

/* A reader of one histogram. */
struct reader {
    struct umig_heap_histogram *histogram;
    struct umig_naming naming;
    struct umig_buf name; /* of one class: scratch */
    size_t room;          /* of rows */
    bool folds;
    bool has_total;
};

/* Takes the next number off a text, white space before it skipped; false if there is none. */
static bool take_number(struct umig_span *text, uint64_t *out)
{
    while (text->len > 0 && *text->at == ' ') {
        text->at++;
        text->len--;
    }
    size_t digits = 0;
    while (digits < text->len && text->at[digits] >= '0' && text->at[digits] <= '9') {
        digits++;
    }
    if (umig_parse_number((struct umig_span){text->at, digits}, out, NULL) != UMIG_OK) {
        return false;
    }
    text->at += digits;
    text->len -= digits;
    return true;
}

static bool take_text(struct umig_span *text, const char *word)
{
    const size_t len = strlen(word);
    if (text->len < len || memcmp(text->at, word, len) != 0) {
        return false;
    }
    text->at += len;
    text->len -= len;
    return true;
}

/* Cuts " (java.base@17.0.15)" off a class; the version goes, it is the JDK's as a rule. */
static struct umig_span cut_module(struct umig_span *class_name)
{
    size_t at = class_name->len;
    if (at == 0 || class_name->at[at - 1] != ')') {
        return (struct umig_span){class_name->at, 0};
    }
    while (at > 0 && class_name->at[at - 1] != '(') {
        at--;
    }
    if (at < 2 || class_name->at[at - 2] != ' ') {
        return (struct umig_span){class_name->at, 0};
    }
    struct umig_span module = {class_name->at + at, class_name->len - at - 1};
    class_name->len = at - 2;
    return umig_span_cut(&module, '@');
}

/* What a JVM calls an array's elements: "[[I" int, "[Ljava.lang.Object;" the class. */
static struct umig_span element_of(struct umig_span class_name, size_t dimensions)
{
    static const struct {
        char letter;
        const char *name;
    } primitives[] = {
        {'Z', "boolean"}, {'B', "byte"}, {'C', "char"}, {'D', "double"},
        {'F', "float"},   {'I', "int"},  {'J', "long"}, {'S', "short"},
    };
    const struct umig_span rest = {class_name.at + dimensions, class_name.len - dimensions};
    for (size_t i = 0; rest.len == 1 && i < sizeof primitives / sizeof primitives[0]; i++) {
        if (*rest.at == primitives[i].letter) {
            return umig_span_of(primitives[i].name);
        }
    }
    if (rest.len > 2 && *rest.at == 'L' && rest.at[rest.len - 1] == ';') {
        return (struct umig_span){rest.at + 1, rest.len - 2};
    }
    return class_name; /* no array after all */
}

/* As reports name it: a closure by the method it stands in. */
static void put_source_name(struct reader *reader, const char *element, struct umig_buf *out)
{
    struct umig_naming *naming = &reader->naming;
    if (umig_naming_read(element, "doCall", "", naming) != UMIG_OK) {
        umig_buf_text(out, element);
        return;
    }
    umig_buf_text(out, umig_buf_str(&naming->class_name));
    if (naming->origin == UMIG_NAMING_CLOSURE) {
        const char *name = umig_buf_str(&naming->name);
        umig_buf_byte(out, *name == '{' ? ' ' : '.');
        umig_buf_text(out, name);
    }
}

/* Appends a text with its NUL and gives its place. */
static size_t keep_text(struct umig_buf *texts, struct umig_span text)
{
    const size_t at = texts->len;
    umig_buf_put(texts, text.at, text.len);
    umig_buf_byte(texts, '\0');
    return at;
}

static size_t keep_name(struct reader *reader, struct umig_span class_name)
{
    struct umig_buf *name = &reader->name;
    size_t dimensions = 0;
    while (dimensions < class_name.len && class_name.at[dimensions] == '[') {
        dimensions++;
    }
    struct umig_span element = element_of(class_name, dimensions);
    dimensions = element.at == class_name.at ? 0 : dimensions;
    umig_buf_clear(name);
    umig_buf_put(name, element.at, element.len);
    if (reader->folds && name->failed == UMIG_OK) {
        struct umig_buf source = UMIG_BUF_INIT(UMIG_HEAP_HISTOGRAM_BYTES);
        put_source_name(reader, umig_buf_str(name), &source);
        umig_buf_clear(name);
        umig_buf_text(name, umig_buf_str(&source));
        umig_buf_fini(&source);
    }
    for (size_t i = 0; i < dimensions; i++) {
        umig_buf_text(name, "[]");
    }
    return keep_text(&reader->histogram->texts, umig_span_of(umig_buf_str(name)));
}

static int add_row(struct reader *reader,
                   struct umig_span class_name,
                   uint64_t instance_count,
                   uint64_t byte_count,
                   struct umig_err *err)
{
    struct umig_heap_histogram *histogram = reader->histogram;
    if (histogram->count == reader->room) {
        const size_t room = reader->room == 0 ? 1024 : reader->room * 2;
        struct umig_heap_class *rows = realloc(histogram->rows, room * sizeof *rows);
        if (rows == NULL) {
            return umig_err_set(err, UMIG_E_NOMEM, "no memory for %zu classes", room);
        }
        histogram->rows = rows;
        reader->room = room;
    }
    const struct umig_span module = cut_module(&class_name);
    histogram->rows[histogram->count++] = (struct umig_heap_class){
        .name_at = keep_name(reader, class_name),
        .module_at = keep_text(&histogram->texts, module),
        .instance_count = instance_count,
        .byte_count = byte_count,
        .class_count = 1,
    };
    histogram->class_count++;
    return UMIG_OK;
}

/* "   1:   15344   921864  [B (java.base@17)"; false: it is something else. */
static bool read_row(struct umig_span line,
                     struct umig_span *out_class,
                     uint64_t *out_instances,
                     uint64_t *out_bytes)
{
    uint64_t number = 0;
    if (!take_number(&line, &number) || !take_text(&line, ":") ||
        !take_number(&line, out_instances) || !take_number(&line, out_bytes) ||
        !take_text(&line, "  ") || line.len == 0) {
        return false;
    }
    *out_class = line;
    return true;
}

static bool is_title(struct umig_span line)
{
    return line.len == 0 || *line.at == '-' || take_text(&line, " num ");
}

static int read_line(struct reader *reader, struct umig_span line, struct umig_err *err)
{
    struct umig_heap_histogram *histogram = reader->histogram;
    struct umig_span class_name;
    struct umig_span rest = line;
    uint64_t instances = 0;
    uint64_t bytes = 0;
    if (read_row(line, &class_name, &instances, &bytes)) {
        return add_row(reader, class_name, instances, bytes, err);
    }
    if (take_text(&rest, "Total ") && take_number(&rest, &histogram->instance_count) &&
        take_number(&rest, &histogram->byte_count)) {
        reader->has_total = true;
    } else if (!is_title(line)) {
        histogram->unread_count++;
    }
    return UMIG_OK;
}

static int read_lines(struct reader *reader, const char *text, size_t len, struct umig_err *err)
{
    struct umig_span rest = {text, len};
    int rc = UMIG_OK;
    while (rc == UMIG_OK && rest.at != NULL) {
        rc = read_line(reader, umig_span_cut(&rest, '\n'), err);
    }
    if (rc == UMIG_OK && !reader->has_total) {
        rc = umig_err_set(err, UMIG_E_PROTO, "the JVM's answer is no histogram, or half of one");
    }
    const struct umig_heap_histogram *histogram = reader->histogram;
    if (rc == UMIG_OK && (histogram->texts.failed != UMIG_OK || reader->name.failed != UMIG_OK)) {
        rc = umig_err_set(err, UMIG_E_NOMEM, "no memory for the names of %zu classes",
                          histogram->count);
    }
    return umig_err_trace(err, rc);
}

static int by_name(const void *a, const void *b, void *texts)
{
    const struct umig_heap_class *left = a;
    const struct umig_heap_class *right = b;
    return strcmp((const char *)texts + left->name_at, (const char *)texts + right->name_at);
}

static int by_size(const void *a, const void *b, void *texts)
{
    const struct umig_heap_class *left = a;
    const struct umig_heap_class *right = b;
    if (left->byte_count != right->byte_count) {
        return left->byte_count < right->byte_count ? 1 : -1;
    }
    if (left->instance_count != right->instance_count) {
        return left->instance_count < right->instance_count ? 1 : -1;
    }
    return by_name(a, b, texts);
}

/* Adds rows of one name, which stand side by side, to the first of them. */
static void merge(struct umig_heap_histogram *histogram)
{
    const char *texts = umig_buf_str(&histogram->texts);
    size_t kept = 0;
    for (size_t i = 0; i < histogram->count; i++) {
        const struct umig_heap_class *row = &histogram->rows[i];
        struct umig_heap_class *last = kept > 0 ? &histogram->rows[kept - 1] : NULL;
        if (last == NULL || strcmp(texts + last->name_at, texts + row->name_at) != 0) {
            histogram->rows[kept++] = *row;
            continue;
        }
        if (strcmp(texts + last->module_at, texts + row->module_at) != 0) {
            last->module_at = row->name_at + strlen(texts + row->name_at); /* an empty text */
        }
        last->instance_count += row->instance_count;
        last->byte_count += row->byte_count;
        last->class_count += row->class_count;
    }
    histogram->count = kept;
}

static void sort(struct umig_heap_histogram *histogram, bool folds)
{
    char *texts = histogram->texts.bytes;
    if (histogram->count == 0) {
        return;
    }
    if (folds) {
        qsort_r(histogram->rows, histogram->count, sizeof *histogram->rows, by_name, texts);
        merge(histogram);
    }
    qsort_r(histogram->rows, histogram->count, sizeof *histogram->rows, by_size, texts);
}

int umig_heap_histogram_read(const char *text,
                             size_t len,
                             bool folds,
                             struct umig_heap_histogram *out_histogram,
                             struct umig_err *err)
{
    struct umig_heap_histogram histogram = {.texts = UMIG_BUF_INIT(2u * UMIG_HEAP_HISTOGRAM_BYTES)};
    struct reader reader = {
        .histogram = &histogram,
        .naming = UMIG_NAMING_INIT,
        .name = UMIG_BUF_INIT(UMIG_HEAP_HISTOGRAM_BYTES),
        .folds = folds,
    };
    const int rc = read_lines(&reader, text, len, err);
    umig_naming_fini(&reader.naming);
    umig_buf_fini(&reader.name);
    if (rc != UMIG_OK) {
        umig_heap_histogram_fini(&histogram);
        return umig_err_trace(err, rc);
    }
    sort(&histogram, folds);
    *out_histogram = histogram;
    return UMIG_OK;
}

void umig_heap_histogram_fini(struct umig_heap_histogram *histogram)
{
    free(histogram->rows);
    histogram->rows = NULL;
    histogram->count = 0;
    umig_buf_fini(&histogram->texts);
}

const char *umig_heap_histogram_text(const struct umig_heap_histogram *histogram, size_t at)
{
    return umig_buf_str(&histogram->texts) + at;
}
