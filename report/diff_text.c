/* A comparison as text: the answer, what changed, and what could be told of the rest. */
#include <stdlib.h>

#include "analysis/label.h"
#include "report/cells.h"
#include "report/diff_private.h"
#include "report/diff_words.h"
#include "report/text_page.h"

#define LINE_LIMIT_BYTES (1u << 20)
#define ROWS_MAX         20
#define COST_COLUMNS     12
#define CHANGE_COLUMNS   10
#define RANGE_COLUMNS    22

struct text {
    struct umig_text_page page;
    const struct umig_diff *diff;
    const struct umig_diff_wording *wording;
    size_t *list;
};

static void put_cell(struct text *t, struct umig_buf *cell, size_t columns)
{
    umig_cells_put(umig_buf_str(cell), columns, UMIG_CELLS_RIGHT, t->page.out);
    umig_text_done(&t->page, cell);
}

static void write_row(struct text *t, const struct umig_diff_method *method, bool is_total)
{
    const struct umig_diff_figure *figure = umig_diff_figure_of(method, is_total);
    const bool is_changed = figure->state == UMIG_DIFF_CHANGED;
    struct umig_buf cell = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
    for (int side = 0; side < UMIG_SIDES; side++) {
        umig_diff_put_cost(t->diff, figure, (enum umig_change_side)side, &cell);
        put_cell(t, &cell, side == UMIG_BEFORE ? COST_COLUMNS - 2 : COST_COLUMNS);
    }
    umig_diff_put_change(figure->ratio, &cell);
    put_cell(t, &cell, CHANGE_COLUMNS);
    if (is_changed) {
        umig_diff_put_interval(figure, &cell);
    } else {
        umig_diff_put_least(figure->least, &cell);
    }
    put_cell(t, &cell, RANGE_COLUMNS);
    umig_buf_text(t->page.out, "  ");
    const size_t columns = t->page.line_width - 2 * COST_COLUMNS - CHANGE_COLUMNS - RANGE_COLUMNS;
    umig_label_method_within(t->diff->names, method->method, columns, &cell);
    umig_text_last(&t->page, umig_buf_str(&cell), columns);
    umig_text_done(&t->page, &cell);
}

static void write_list(struct text *t, const char *heading, bool is_total, bool is_changed)
{
    const size_t count = umig_diff_list(
        t->diff, is_total, is_changed ? UMIG_DIFF_CHANGED : UMIG_DIFF_NOISE_ONLY, t->list);
    const size_t most = is_changed ? ROWS_MAX : ROWS_MAX / 2;
    if (count == 0) {
        return;
    }
    umig_text_heading(&t->page, heading);
    umig_text_heads(&t->page, is_changed
                                  ? "    before       after    change              interval  method"
                                  : "    before       after  measured    seen if at least  method");
    for (size_t i = 0; i < count && i < most; i++) {
        write_row(t, &t->diff->methods[t->list[i]], is_total);
    }
    umig_text_rest(&t->page, count > most ? count - most : 0, 0, 0);
}

static void write_head(struct text *t)
{
    static const char *const names[UMIG_SIDES] = {"before: ", "after:  "};
    for (int side = 0; side < UMIG_SIDES; side++) {
        struct umig_buf line = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
        umig_buf_text(&line, names[side]);
        umig_diff_put_side(t->diff, (enum umig_change_side)side, &line);
        umig_text_wrap(&t->page, umig_buf_str(&line), " ", 0);
        umig_text_done(&t->page, &line);
    }
}

static void write_sentence(struct text *t, struct umig_buf *sentence)
{
    umig_text_wrap(&t->page, umig_buf_str(sentence), " ", 2);
    umig_text_done(&t->page, sentence);
}

static void write_answer(struct text *t)
{
    struct umig_buf sentence = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
    umig_buf_byte(t->page.out, '\n');
    umig_diff_put_answer(t->diff, t->wording, &sentence);
    write_sentence(t, &sentence);
    umig_diff_put_whole(t->diff, t->wording, &sentence);
    write_sentence(t, &sentence);
    umig_diff_put_blind(t->diff, &sentence);
    write_sentence(t, &sentence);
    umig_diff_put_doubts(t->diff, &sentence);
    if (sentence.len > 0) {
        write_sentence(t, &sentence);
    }
    umig_text_done(&t->page, &sentence);
}

int umig_diff_text_write(const struct umig_diff *diff,
                         const struct umig_diff_wording *wording,
                         struct umig_buf *out)
{
    struct text t = {.page = {.out = out},
                     .diff = diff,
                     .wording = wording,
                     .list = calloc(diff->method_count + 1, sizeof *t.list)};
    if (t.list == NULL) {
        return UMIG_E_NOMEM;
    }
    umig_text_set_width(&t.page, wording->width);
    write_head(&t);
    write_answer(&t);
    write_list(&t, "Changed by themselves", false, true);
    write_list(&t, "Changed with all they call", true, true);
    write_list(&t, "Not told from chance", false, false);
    struct umig_buf terms = UMIG_BUF_INIT(LINE_LIMIT_BYTES);
    umig_buf_byte(out, '\n');
    umig_diff_put_terms(diff, &terms);
    umig_text_note(&t.page, umig_buf_str(&terms));
    umig_text_done(&t.page, &terms);
    free(t.list);
    return out->failed;
}
