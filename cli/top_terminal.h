/* The terminal of umig top: all of ncurses is behind this. One at a time. */
#ifndef UMIG_CLI_TOP_TERMINAL_H
#define UMIG_CLI_TOP_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/top_view.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/**
 * Takes the terminal over: its own screen, keys one by one.
 *
 * @param has_color  colours may be used where the terminal has them
 * @return UMIG_OK, UMIG_E_UNSUPPORTED
 */
UMIG_NODISCARD int umig_top_terminal_open(bool has_color, struct umig_err *err);

/** Gives it back as it was; nothing if it was not taken. */
void umig_top_terminal_close(void);

/** Its size now. */
void umig_top_terminal_size(size_t *out_width, size_t *out_height);

/** Shows a screen; only what differs from the one before is sent. */
void umig_top_terminal_draw(const struct umig_top_screen *screen);

/** Draws all of it anew at the next drawing: something else has written there. */
void umig_top_terminal_redraw(void);

/**
 * Takes a key that was pressed, as umig_top_key() wants it.
 *
 * @return a code point or an enum umig_top_key; UMIG_TOP_KEY_NONE: no more are waiting
 */
uint32_t umig_top_terminal_key(void);

#endif
