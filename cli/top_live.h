/* umig top while it runs: on a terminal until somebody leaves, or once as text. */
#ifndef UMIG_CLI_TOP_LIVE_H
#define UMIG_CLI_TOP_LIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/top_feed.h"
#include "cli/verb.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** What is looked at, and how. */
struct umig_top_looking {
    struct umig_top_feed_options feed;
    bool is_own;       /* the session was started for this: it may not be stored yet */
    const char *panel; /* key of the one to look at; NULL: the first, as text all */
    size_t row_count;  /* of each panel as text */
};

/**
 * Draws on the terminal until a key, a signal or the loss of the terminal ends it.
 *
 * @return UMIG_OK; UMIG_E_UNSUPPORTED: not on this terminal; UMIG_E_NOMEM, UMIG_E_IO
 */
UMIG_NODISCARD int umig_top_live(struct umig_cli *cli,
                                 const struct umig_top_looking *looking,
                                 struct umig_err *err);

/**
 * Waits until there are figures of one interval, and writes them as text.
 *
 * @return UMIG_OK; UMIG_E_ARG: no such panel; as umig_top_feed_ask(); UMIG_AGAIN: a signal ended it
 */
UMIG_NODISCARD int umig_top_once(struct umig_cli *cli,
                                 const struct umig_top_looking *looking,
                                 struct umig_err *err);

#endif
