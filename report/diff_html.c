/* A comparison as one page that needs no network. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/label.h"
#include "include/umig/version.h"
#include "report/diff_html_data.h"
#include "report/diff_private.h"
#include "report/diff_words.h"
#include "report/html_fill.h"
#include "report/html_page.h"
#include "report/html_text.h"

#define DATA_LIMIT_BYTES (64u << 20)
#define TEXT_LIMIT_BYTES (1u << 20)
#define ROWS_MAX         200

struct page {
    const struct umig_diff *diff;
    const struct umig_diff_wording *wording;
    size_t *list;
    uint32_t *frames; /* by method: a frame of it */
    struct umig_buf data;
    struct umig_buf *out;
};

/* Text made harmless and escaped; the part is freed. */
static void put_escaped(struct page *page, struct umig_buf *text)
{
    umig_html_text(umig_buf_str(text), page->out);
    if (text->failed != UMIG_OK && page->out->failed == UMIG_OK) {
        page->out->failed = text->failed;
    }
    umig_buf_fini(text);
}

static void put_title(struct page *page)
{
    struct umig_buf text = UMIG_BUF_INIT(TEXT_LIMIT_BYTES);
    const struct umig_profile *a = page->diff->before;
    const struct umig_profile *b = page->diff->after;
    umig_buf_printf(&text, "%s and %s compared", umig_profile_text(a, a->session.id),
                    umig_profile_text(b, b->session.id));
    put_escaped(page, &text);
}

static void put_facts(struct page *page)
{
    for (int side = 0; side < UMIG_SIDES; side++) {
        struct umig_buf text = UMIG_BUF_INIT(TEXT_LIMIT_BYTES);
        umig_buf_text(&text, side == UMIG_BEFORE ? "before: " : "after: ");
        umig_diff_put_side(page->diff, (enum umig_change_side)side, &text);
        umig_buf_text(page->out, "<li>");
        put_escaped(page, &text);
        umig_buf_text(page->out, "</li>");
    }
}

static void put_sentence(struct page *page, struct umig_buf *text)
{
    if (text->len > 0 || text->failed != UMIG_OK) {
        umig_buf_text(page->out, "<p>");
        put_escaped(page, text);
        umig_buf_text(page->out, "</p>");
    }
}

static void put_sentences(struct page *page)
{
    struct umig_buf text = UMIG_BUF_INIT(TEXT_LIMIT_BYTES);
    umig_diff_put_answer(page->diff, page->wording, &text);
    put_sentence(page, &text);
    umig_diff_put_whole(page->diff, page->wording, &text);
    put_sentence(page, &text);
    umig_diff_put_blind(page->diff, &text);
    put_sentence(page, &text);
    umig_diff_put_doubts(page->diff, &text);
    put_sentence(page, &text);
    umig_buf_fini(&text);
}

static void put_number(struct page *page, double exact, struct umig_buf *text)
{
    umig_buf_printf(page->out, "<td class=\"num\" data-v=\"%.6g\">", exact);
    put_escaped(page, text);
    umig_buf_text(page->out, "</td>");
}

static void put_row(struct page *page, const struct umig_diff_method *method, bool is_total)
{
    const struct umig_diff *diff = page->diff;
    const struct umig_diff_figure *figure = umig_diff_figure_of(method, is_total);
    const uint32_t frame = page->frames[method->method];
    struct umig_buf text = UMIG_BUF_INIT(TEXT_LIMIT_BYTES);
    umig_buf_text(page->out, "<tr><th scope=\"row\">");
    umig_html_method(diff->names, method->method, (int)diff->names->frames.items[frame].kind,
                     (int64_t)frame - 1, page->out);
    umig_buf_text(page->out, "</th>");
    for (int side = 0; side < UMIG_SIDES; side++) {
        umig_diff_put_cost(diff, figure, (enum umig_change_side)side, &text);
        put_number(page, (double)figure->value[side] / (double)diff->value[side], &text);
    }
    umig_diff_put_change(figure->ratio, &text);
    put_number(page, figure->ratio, &text);
    if (figure->state == UMIG_DIFF_CHANGED) {
        umig_diff_put_interval(figure, &text);
        put_number(page, figure->low, &text);
    } else {
        umig_diff_put_least(figure->least, &text);
        put_number(page, figure->least, &text);
    }
    umig_buf_text(page->out, "</tr>\n");
}

static void put_rows(struct page *page, bool is_total, enum umig_diff_state state, const char *none)
{
    const size_t count = umig_diff_list(page->diff, is_total, state, page->list);
    for (size_t i = 0; i < count && i < ROWS_MAX; i++) {
        put_row(page, &page->diff->methods[page->list[i]], is_total);
    }
    if (count == 0) {
        umig_buf_printf(page->out, "<tr><td class=\"none\">%s</td></tr>", none);
    } else if (count > ROWS_MAX) {
        umig_buf_printf(page->out, "<tr><td colspan=\"5\">and %zu more</td></tr>",
                        count - ROWS_MAX);
    }
}

static void put_family(struct page *page, const struct umig_diff_family *family)
{
    umig_buf_printf(page->out, "%zu of %zu with enough samples", family->changed, family->tested);
}

static void put_self_note(struct page *page)
{
    put_family(page, &page->diff->by_self);
}

static void put_self_rows(struct page *page)
{
    put_rows(page, false, UMIG_DIFF_CHANGED, "No method changed by itself.");
}

static void put_total_note(struct page *page)
{
    put_family(page, &page->diff->by_total);
}

static void put_total_rows(struct page *page)
{
    put_rows(page, true, UMIG_DIFF_CHANGED, "No method changed with what it calls.");
}

static void put_rest_note(struct page *page)
{
    struct umig_buf text = UMIG_BUF_INIT(TEXT_LIMIT_BYTES);
    umig_buf_text(&text, "by themselves, ");
    umig_diff_put_basis(page->diff, page->wording, &text);
    umig_buf_text(&text, "; the last column says how large a change would have been seen");
    put_escaped(page, &text);
}

static void put_rest_rows(struct page *page)
{
    put_rows(page, false, UMIG_DIFF_NOISE_ONLY, "No method had enough samples.");
}

static void put_terms(struct page *page)
{
    struct umig_buf text = UMIG_BUF_INIT(TEXT_LIMIT_BYTES);
    umig_diff_put_terms(page->diff, &text);
    put_escaped(page, &text);
}

static void put_foot(struct page *page)
{
    umig_buf_text(page->out,
                  "UMIG " UMIG_VERSION " \xC2\xB7 this page needs no network and loads nothing");
}

static void put_data(struct page *page)
{
    umig_buf_put(page->out, umig_buf_str(&page->data), page->data.len);
}

static bool put_mark(void *context, const char *name, size_t length)
{
    static const struct {
        const char *name;
        void (*put)(struct page *page);
    } marks[] = {
        {"TITLE", put_title},
        {"SERVICE", put_title},
        {"FACTS", put_facts},
        {"SENTENCES", put_sentences},
        {"SELF_NOTE", put_self_note},
        {"SELF_ROWS", put_self_rows},
        {"TOTAL_NOTE", put_total_note},
        {"TOTAL_ROWS", put_total_rows},
        {"REST_NOTE", put_rest_note},
        {"REST_ROWS", put_rest_rows},
        {"TERMS", put_terms},
        {"FOOT", put_foot},
        {"DATA", put_data},
    };
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (strlen(marks[i].name) == length && memcmp(marks[i].name, name, length) == 0) {
            marks[i].put(context);
            return true;
        }
    }
    return false;
}

int umig_diff_html_write(const struct umig_diff *diff,
                         const struct umig_diff_wording *wording,
                         struct umig_buf *out)
{
    struct page page = {.diff = diff,
                        .wording = wording,
                        .list = calloc(diff->method_count + 1, sizeof *page.list),
                        .frames = calloc(diff->names->methods.count + 1, sizeof *page.frames),
                        .data = UMIG_BUF_INIT(DATA_LIMIT_BYTES),
                        .out = out};
    int rc = page.list != NULL && page.frames != NULL ? UMIG_OK : UMIG_E_NOMEM;
    for (size_t i = 1; i < diff->names->frames.count && rc == UMIG_OK; i++) {
        page.frames[diff->names->frames.items[i].method] = (uint32_t)i;
    }
    rc = rc != UMIG_OK ? rc : umig_diff_html_data_write(diff, &page.data);
    rc = rc != UMIG_OK ? rc : umig_html_fill(umig_html_diff_template, put_mark, &page, out, NULL);
    umig_buf_fini(&page.data);
    free(page.list);
    free(page.frames);
    return rc;
}
