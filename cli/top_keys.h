/* What keys do in umig top. Pure: what needs the world is left to the caller as an action. */
#ifndef UMIG_CLI_TOP_KEYS_H
#define UMIG_CLI_TOP_KEYS_H

#include <stdint.h>

#include "cli/top_view.h"

/** Keys that are no character; the others are their code points. */
enum umig_top_key {
    UMIG_TOP_KEY_NONE = 0x110000,
    UMIG_TOP_KEY_UP,
    UMIG_TOP_KEY_DOWN,
    UMIG_TOP_KEY_PAGE_UP,
    UMIG_TOP_KEY_PAGE_DOWN,
    UMIG_TOP_KEY_HOME,
    UMIG_TOP_KEY_END,
    UMIG_TOP_KEY_LEFT,
    UMIG_TOP_KEY_RIGHT,
    UMIG_TOP_KEY_BACK_TAB,
    UMIG_TOP_KEY_BACKSPACE,
    UMIG_TOP_KEY_ENTER,
    UMIG_TOP_KEY_ESCAPE,
    UMIG_TOP_KEY_RESIZE /* the screen has another size */
};

/** What the caller has to do. */
enum umig_top_action {
    UMIG_TOP_GO_ON, /* draw again */
    UMIG_TOP_QUIT,
    UMIG_TOP_REPORT, /* write the session's report */
    UMIG_TOP_SWITCH  /* look at the session that umig_top_chosen_session() names */
};

/** The agent's panel of sessions, and its column of their ids. */
#define UMIG_TOP_SESSIONS "sessions"

/**
 * Takes a key.
 *
 * @param key  a code point or an enum umig_top_key; one that means nothing does nothing
 */
enum umig_top_action umig_top_key(struct umig_top_model *model,
                                  struct umig_top_ui *ui,
                                  uint32_t key);

/** Id of the session whose row is chosen in the panel of sessions; NULL: none is. */
const char *umig_top_chosen_session(const struct umig_top_model *model);

/** Puts a message into the last line; "" takes it away. */
void umig_top_say(struct umig_top_ui *ui, enum umig_top_look look, const char *text);

#endif
