/*
 * Reads the document of report/top.h: facts and tables, of whatever panels the collector has. It
 * came from outside: everything is bounded, and what does not fit the format is refused.
 */
#ifndef UMIG_CLI_TOP_DOC_H
#define UMIG_CLI_TOP_DOC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "include/umig/attr.h"
#include "include/umig/status.h"
#include "report/top.h"

enum {
    UMIG_TOP_PANELS_MAX = 24,
    UMIG_TOP_COLUMNS_MAX = 16,
    UMIG_TOP_FACTS_MAX = 64
};

struct umig_top_column {
    const char *key, *title;
    enum umig_top_unit unit;
    unsigned rank;
    unsigned width;
    bool grows;
};

/** A cell is a number or a text, by the unit of its column. */
struct umig_top_cell {
    const char *text; /* NULL: a number, or unknown */
    uint64_t number;
    bool is_known;
};

struct umig_top_panel {
    const char *key, *title;
    uint64_t left_out; /* rows */
    struct umig_top_column columns[UMIG_TOP_COLUMNS_MAX];
    size_t column_count;
    struct umig_top_cell *cells; /* row by row */
    size_t row_count;
    size_t room; /* cells */
};

struct umig_top_fact {
    const char *key, *value;
};

/** One answer; texts lie in bytes. */
struct umig_top_doc {
    char *bytes;
    struct umig_top_fact facts[UMIG_TOP_FACTS_MAX];
    size_t fact_count;
    struct umig_top_panel panels[UMIG_TOP_PANELS_MAX];
    size_t panel_count;
};

/**
 * Reads a document.
 *
 * @param bytes    copied
 * @param out_doc  free with umig_top_doc_destroy()
 * @return UMIG_OK; UMIG_E_PROTO: it is none, or not whole: the text says what is wrong;
 *         UMIG_E_NOMEM
 */
UMIG_NODISCARD int umig_top_doc_read(const char *bytes,
                                     size_t byte_count,
                                     struct umig_top_doc **out_doc,
                                     struct umig_err *err);

/** Frees it; takes NULL; returns NULL. */
struct umig_top_doc *umig_top_doc_destroy(struct umig_top_doc *doc);

/** The panel with a key; NULL: there is none, or doc is NULL. */
const struct umig_top_panel *umig_top_doc_panel(const struct umig_top_doc *doc, const char *key);

/** A fact's text; "" where it is not told, or doc is NULL. */
const char *umig_top_doc_text(const struct umig_top_doc *doc, const char *key);

/** A fact's number. False: it is not told, or no number; doc may be NULL. */
bool umig_top_doc_number(const struct umig_top_doc *doc, const char *key, uint64_t *out_number);

/** Is this fact told with this value? Kinds of a session are facts of the same key. */
bool umig_top_doc_has(const struct umig_top_doc *doc, const char *key, const char *value);

/** Cells of a row. */
static inline const struct umig_top_cell *umig_top_row(const struct umig_top_panel *panel,
                                                       size_t row)
{
    return panel->cells + row * panel->column_count;
}

/** Is a cell of this unit a text? */
static inline bool umig_top_is_text(enum umig_top_unit unit)
{
    return unit == UMIG_TOP_TEXT || unit == UMIG_TOP_NAME;
}

#endif
