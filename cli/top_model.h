/*
 * What umig top shows: answers in, sorted and filtered rows out. Pure: no clock, no socket, no
 * terminal. Totals since a session began become those of the last while by an answer that is older.
 */
#ifndef UMIG_CLI_TOP_MODEL_H
#define UMIG_CLI_TOP_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/top_doc.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

enum {
    UMIG_TOP_HISTORY = 8,
    UMIG_TOP_FILTER_BYTES = 96,
    UMIG_TOP_KEY_BYTES = 32
};

/** A cell as it is shown: a text, or a number in the unit of umig_top_shown_unit(). */
struct umig_top_value {
    const char *text; /* NULL: a number, or unknown */
    double number;
    bool is_known;
};

struct umig_top_shown_row {
    struct umig_top_value values[UMIG_TOP_COLUMNS_MAX];
};

/** How a panel is sorted. */
struct umig_top_order {
    char panel[UMIG_TOP_KEY_BYTES];
    size_t column;
    bool is_reversed; /* texts from Z to A, numbers from the least on */
};

/** Initialise with umig_top_model_init(); change only through the functions below. */
struct umig_top_model {
    uint64_t window_ns;
    struct umig_top_doc *newest; /* the collector's newest answer */
    struct umig_top_doc *shown;  /* the same, or the one at which it was frozen */
    struct umig_top_doc *agent;  /* the agent's panels, as a document of their own; or NULL */
    struct umig_top_doc
        *history[UMIG_TOP_HISTORY]; /* older ones of the same session, oldest first */
    size_t history_count;
    const struct umig_top_doc *base; /* one of history that shown's totals are taken from; NULL:
                                        they are since the session began */
    uint64_t base_unix_ns;
    bool is_frozen;

    char panel[UMIG_TOP_KEY_BYTES]; /* key of the one that is looked at */
    struct umig_top_order orders[UMIG_TOP_PANELS_MAX];
    size_t order_count;
    char filter[UMIG_TOP_FILTER_BYTES]; /* "" none */

    struct umig_top_shown_row *rows; /* of the panel, sorted and filtered */
    size_t row_count;
    size_t cursor; /* row that is chosen */
};

/** @param window_ns  totals become those of about so long; borrowed nothing. */
void umig_top_model_init(struct umig_top_model *model, uint64_t window_ns);

/** Frees all answers. */
void umig_top_model_fini(struct umig_top_model *model);

/**
 * Takes a newer answer of the collector, and shows it unless frozen. An answer about another
 * session forgets those before it.
 *
 * @param doc  becomes the model's
 * @return UMIG_OK, UMIG_E_NOMEM: no rows are shown
 */
UMIG_NODISCARD int umig_top_model_take(struct umig_top_model *model, struct umig_top_doc *doc);

/** Takes the agent's panels, which stand behind the collector's; as umig_top_model_take(). */
UMIG_NODISCARD int umig_top_model_take_agent(struct umig_top_model *model,
                                             struct umig_top_doc *doc);

/** Forgets everything about the session: another one is looked at from now on. */
void umig_top_model_forget(struct umig_top_model *model);

/** Freezes what is shown, or shows the newest again. UMIG_OK, UMIG_E_NOMEM. */
UMIG_NODISCARD int umig_top_model_freeze(struct umig_top_model *model, bool is_frozen);

/** Panels there are. */
size_t umig_top_model_panel_count(const struct umig_top_model *model);

/** The panel in a place, from 0; NULL beyond the last. */
const struct umig_top_panel *umig_top_model_panel_at(const struct umig_top_model *model,
                                                     size_t index);

/** The panel that is looked at; NULL: it is not there (yet). */
const struct umig_top_panel *umig_top_model_panel(const struct umig_top_model *model);

/** Looks at another panel, from its top. UMIG_OK, UMIG_NOT_FOUND, UMIG_E_NOMEM. */
UMIG_NODISCARD int umig_top_model_look_at(struct umig_top_model *model, const char *key);

/** How the panel is sorted. */
struct umig_top_order umig_top_model_order(const struct umig_top_model *model);

/** Sorts the panel by a column. UMIG_OK, UMIG_E_NOMEM. */
UMIG_NODISCARD int umig_top_model_sort(struct umig_top_model *model,
                                       size_t column,
                                       bool is_reversed);

/**
 * Shows only rows of which a text fits: holds the filter, letters of either case, or fits it whole
 * where it has a * or a ?. "" shows all. UMIG_OK, UMIG_E_NOMEM.
 */
UMIG_NODISCARD int umig_top_model_filter(struct umig_top_model *model, const char *filter);

/** Time that the shown figures are of, in ns; 0: nothing is shown. */
uint64_t umig_top_model_span_ns(const struct umig_top_model *model);

/** What a fact that is a total since the session began comes to as a share of the last while; below
 * 0: unknown. */
double umig_top_model_total_share(const struct umig_top_model *model, const char *key);

#endif
