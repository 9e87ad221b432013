#include "cli/top_doc.h"

#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "core/parse.h"

enum {
    WORDS_MAX = UMIG_TOP_COLUMNS_MAX + 1,
    CELLS_FIRST = 256,
    ROWS_MAX = 20000, /* of one panel: more than the writer's bound */
    WIDTH_MAX = 200
};

/* A line taken apart. */
struct words {
    char *at[WORDS_MAX];
    size_t count;
};

/* Cuts a line at its tabs; what is beyond the last word stays in it and is refused later. */
static void cut(char *line, struct words *words)
{
    words->count = 0;
    while (line != NULL && words->count < WORDS_MAX) {
        char *tab = strchr(line, '\t');
        words->at[words->count++] = line;
        if (tab != NULL) {
            *tab++ = '\0';
        }
        line = tab;
    }
}

static bool number_of(const char *word, uint64_t *out)
{
    return umig_parse_number(umig_span_of(word), out, NULL) == UMIG_OK;
}

static bool small_number_of(const char *word, unsigned limit, unsigned *out)
{
    uint64_t number = 0;
    if (!number_of(word, &number) || number > limit) {
        return false;
    }
    *out = (unsigned)number;
    return true;
}

static bool unit_of(const char *word, enum umig_top_unit *out)
{
    for (unsigned unit = 0; unit < UMIG_TOP_UNITS; unit++) {
        if (strcmp(word, umig_top_unit_key((enum umig_top_unit)unit)) == 0) {
            *out = (enum umig_top_unit)unit;
            return true;
        }
    }
    return false;
}

/* --- lines --- */

/* What a line's reader returns: UMIG_OK, UMIG_E_PROTO, UMIG_E_NOMEM. */
static int add_fact(struct umig_top_doc *doc, const struct words *words)
{
    if (words->count != 3) {
        return UMIG_E_PROTO;
    }
    if (doc->fact_count < UMIG_TOP_FACTS_MAX) { /* more of them are a newer collector's */
        doc->facts[doc->fact_count++] =
            (struct umig_top_fact){.key = words->at[1], .value = words->at[2]};
    }
    return UMIG_OK;
}

static int add_panel(struct umig_top_doc *doc, const struct words *words)
{
    struct umig_top_panel panel = {.key = words->at[1], .title = words->at[2]};
    if (words->count != 4 || doc->panel_count == UMIG_TOP_PANELS_MAX ||
        !number_of(words->at[3], &panel.left_out)) {
        return UMIG_E_PROTO;
    }
    doc->panels[doc->panel_count++] = panel;
    return UMIG_OK;
}

static int add_column(struct umig_top_doc *doc, const struct words *words)
{
    if (words->count != 7 || doc->panel_count == 0) {
        return UMIG_E_PROTO;
    }
    struct umig_top_panel *panel = &doc->panels[doc->panel_count - 1];
    struct umig_top_column column = {
        .key = words->at[1], .title = words->at[2], .grows = strcmp(words->at[6], "1") == 0};
    /* A unit that is not known is shown as it stands. */
    if (!unit_of(words->at[3], &column.unit)) {
        column.unit = UMIG_TOP_TEXT;
    }
    if (panel->column_count == UMIG_TOP_COLUMNS_MAX || panel->row_count > 0 ||
        !small_number_of(words->at[4], WIDTH_MAX, &column.rank) ||
        !small_number_of(words->at[5], WIDTH_MAX, &column.width)) {
        return UMIG_E_PROTO;
    }
    panel->columns[panel->column_count++] = column;
    return UMIG_OK;
}

static int reserve(struct umig_top_panel *panel)
{
    const size_t wanted = (panel->row_count + 1) * panel->column_count;
    if (wanted <= panel->room) {
        return UMIG_OK;
    }
    const size_t room = panel->room == 0 ? CELLS_FIRST : panel->room * 2;
    struct umig_top_cell *cells = realloc(panel->cells, room * sizeof *cells);
    if (cells == NULL) {
        return UMIG_E_NOMEM;
    }
    panel->cells = cells;
    panel->room = room;
    return UMIG_OK;
}

static int add_row(struct umig_top_doc *doc, const struct words *words)
{
    if (doc->panel_count == 0) {
        return UMIG_E_PROTO;
    }
    struct umig_top_panel *panel = &doc->panels[doc->panel_count - 1];
    if (panel->column_count == 0 || words->count != panel->column_count + 1 ||
        panel->row_count == ROWS_MAX) {
        return UMIG_E_PROTO;
    }
    if (reserve(panel) != UMIG_OK) {
        return UMIG_E_NOMEM;
    }
    struct umig_top_cell *cells = panel->cells + panel->row_count * panel->column_count;
    for (size_t i = 0; i < panel->column_count; i++) {
        const char *word = words->at[i + 1];
        cells[i] = (struct umig_top_cell){.is_known = strcmp(word, "-") != 0};
        if (umig_top_is_text(panel->columns[i].unit)) {
            cells[i].text = cells[i].is_known ? word : "";
        } else if (cells[i].is_known && !number_of(word, &cells[i].number)) {
            return UMIG_E_PROTO;
        }
    }
    panel->row_count++;
    return UMIG_OK;
}

/* UMIG_END: it was the last line. Lines that begin with another word are a newer collector's. */
static int take_line(struct umig_top_doc *doc, char *line, struct words *words)
{
    static const struct {
        const char *word;
        size_t least; /* words that its reader looks at unasked */
        int (*take)(struct umig_top_doc *doc, const struct words *words);
    } kinds[] = {
        {"fact", 3, add_fact},
        {"panel", 4, add_panel},
        {"column", 7, add_column},
        {"row", 2, add_row},
    };
    cut(line, words);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(words->at[0], kinds[i].word) == 0) {
            return words->count < kinds[i].least ? UMIG_E_PROTO : kinds[i].take(doc, words);
        }
    }
    return strcmp(words->at[0], "end") == 0 ? UMIG_END : UMIG_OK;
}

static int refuse(int rc, size_t line_number, struct umig_err *err)
{
    if (rc == UMIG_E_NOMEM) {
        return umig_err_set(err, rc, "no memory for what the collector answered");
    }
    return umig_err_set(err, UMIG_E_PROTO,
                        "line %zu of what the collector answered cannot be read; is it another "
                        "release than this command?",
                        line_number);
}

static int read_lines(struct umig_top_doc *doc, size_t byte_count, struct umig_err *err)
{
    struct words words;
    size_t number = 1;
    char *line = doc->bytes;
    const char *const end = doc->bytes + byte_count;
    for (;; number++) {
        char *newline = memchr(line, '\n', (size_t)(end - line));
        if (newline == NULL) {
            return refuse(UMIG_E_PROTO, number, err);
        }
        *newline = '\0';
        if (number == 1) {
            cut(line, &words);
            if (words.count != 2 || strcmp(words.at[0], UMIG_TOP_MAGIC) != 0 ||
                strcmp(words.at[1], UMIG_TOP_VERSION) != 0) {
                return refuse(UMIG_E_PROTO, number, err);
            }
        } else {
            const int rc = take_line(doc, line, &words);
            if (rc != UMIG_OK) {
                return rc == UMIG_END ? UMIG_OK : refuse(rc, number, err);
            }
        }
        line = newline + 1;
    }
}

int umig_top_doc_read(const char *bytes,
                      size_t byte_count,
                      struct umig_top_doc **out_doc,
                      struct umig_err *err)
{
    struct umig_top_doc *doc = calloc(1, sizeof *doc);
    char *copy = malloc(byte_count + 1);
    if (doc == NULL || copy == NULL) {
        free(doc);
        free(copy);
        return refuse(UMIG_E_NOMEM, 0, err);
    }
    memcpy(copy, bytes, byte_count);
    copy[byte_count] = '\0';
    doc->bytes = copy;
    const int rc = read_lines(doc, byte_count, err);
    if (rc != UMIG_OK) {
        umig_top_doc_destroy(doc);
        return umig_err_trace(err, rc);
    }
    *out_doc = doc;
    return UMIG_OK;
}

struct umig_top_doc *umig_top_doc_destroy(struct umig_top_doc *doc)
{
    if (doc != NULL) {
        for (size_t i = 0; i < doc->panel_count; i++) {
            free(doc->panels[i].cells);
        }
        free(doc->bytes);
        free(doc);
    }
    return NULL;
}

const struct umig_top_panel *umig_top_doc_panel(const struct umig_top_doc *doc, const char *key)
{
    for (size_t i = 0; doc != NULL && i < doc->panel_count; i++) {
        if (strcmp(doc->panels[i].key, key) == 0) {
            return &doc->panels[i];
        }
    }
    return NULL;
}

static const struct umig_top_fact *find_fact(const struct umig_top_doc *doc, const char *key)
{
    for (size_t i = 0; doc != NULL && i < doc->fact_count; i++) {
        if (strcmp(doc->facts[i].key, key) == 0) {
            return &doc->facts[i];
        }
    }
    return NULL;
}

const char *umig_top_doc_text(const struct umig_top_doc *doc, const char *key)
{
    const struct umig_top_fact *fact = find_fact(doc, key);
    return fact != NULL ? fact->value : "";
}

bool umig_top_doc_number(const struct umig_top_doc *doc, const char *key, uint64_t *out_number)
{
    const struct umig_top_fact *fact = find_fact(doc, key);
    return fact != NULL && number_of(fact->value, out_number);
}

bool umig_top_doc_has(const struct umig_top_doc *doc, const char *key, const char *value)
{
    for (size_t i = 0; doc != NULL && i < doc->fact_count; i++) {
        if (strcmp(doc->facts[i].key, key) == 0 && strcmp(doc->facts[i].value, value) == 0) {
            return true;
        }
    }
    return false;
}
