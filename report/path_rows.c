#include "report/path_rows.h"

#include <stdlib.h>
#include <string.h>

#define TEXT_LIMIT_BYTES (1u << 20)

static int compare_rows(const void *a, const void *b)
{
    const struct umig_path_row *x = a;
    const struct umig_path_row *y = b;
    if (x->is_rest != y->is_rest) {
        return x->is_rest ? 1 : -1;
    }
    if (x->value != y->value) {
        return x->value > y->value ? -1 : 1;
    }
    return strcmp(umig_buf_str(&x->text), umig_buf_str(&y->text));
}

static struct umig_path_row *find(struct umig_path_rows *rows, const struct umig_buf *text)
{
    for (size_t i = 0; i < rows->count; i++) {
        if (strcmp(umig_buf_str(&rows->items[i].text), umig_buf_str(text)) == 0) {
            return &rows->items[i];
        }
    }
    return NULL;
}

/* Takes the text over. */
static void add(struct umig_path_rows *rows, struct umig_buf *text, const struct umig_path *path)
{
    struct umig_path_row *row = find(rows, text);
    if (row != NULL) {
        row->value += path->value;
        row->is_rest = row->is_rest && path->is_rest;
        umig_buf_fini(text);
        return;
    }
    rows->items[rows->count++] =
        (struct umig_path_row){.text = *text, .value = path->value, .is_rest = path->is_rest};
}

int umig_path_rows_write(const struct umig_paths *paths,
                         umig_path_writer *write,
                         const void *context,
                         struct umig_path_rows *out_rows)
{
    *out_rows = (struct umig_path_rows){.items = calloc(paths->count + 1, sizeof *out_rows->items)};
    if (out_rows->items == NULL) {
        return UMIG_E_NOMEM;
    }
    for (size_t i = 0; i < paths->count; i++) {
        struct umig_buf text = UMIG_BUF_INIT(TEXT_LIMIT_BYTES);
        write(context, &paths->items[i], &text);
        if (text.failed != UMIG_OK) {
            const int failed = text.failed;
            umig_buf_fini(&text);
            return failed;
        }
        add(out_rows, &text, &paths->items[i]);
    }
    qsort(out_rows->items, out_rows->count, sizeof *out_rows->items, compare_rows);
    return UMIG_OK;
}

uint64_t umig_path_rows_rest(const struct umig_path_rows *rows, size_t shown, size_t *out_count)
{
    uint64_t value = 0;
    *out_count = rows->count > shown ? rows->count - shown : 0;
    for (size_t i = shown; i < rows->count; i++) {
        value += rows->items[i].value;
    }
    return value;
}

void umig_path_rows_fini(struct umig_path_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        umig_buf_fini(&rows->items[i].text);
    }
    free(rows->items);
    *rows = (struct umig_path_rows){0};
}
