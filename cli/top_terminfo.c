/* Alone: term.h makes macros of many a word. */
#include "cli/top_terminfo.h"

#include <curses.h>
#include <stdlib.h>
#include <term.h>
#include <unistd.h>

#include "core/err.h"

int umig_top_terminfo_check(struct umig_err *err)
{
    const char *name = getenv("TERM"); /* NOLINT(concurrency-mt-unsafe): one thread yet */
    int answer = 0;
    if (name == NULL || name[0] == '\0') {
        return umig_err_set(err, UMIG_E_UNSUPPORTED,
                            "TERM is not set, so it is not known how to draw on this terminal; set "
                            "it (TERM=xterm, TERM=vt100), or write one screen as text with --once");
    }
    if (setupterm(NULL, STDOUT_FILENO, &answer) != OK) {
        return umig_err_set(
            err, UMIG_E_UNSUPPORTED,
            "the terminal '%.40s' (TERM) is not known here%s; set TERM to one that "
            "is, such as vt100 or xterm, or write one screen as text with --once",
            name, answer < 0 ? ", nor is any: no terminfo database (package ncurses-base)" : "");
    }
    const bool can_move = cursor_address != NULL;
    (void)del_curterm(cur_term);
    if (!can_move) {
        return umig_err_set(err, UMIG_E_UNSUPPORTED,
                            "the terminal '%.40s' (TERM) cannot place its cursor; write one screen "
                            "as text with --once",
                            name);
    }
    return UMIG_OK;
}
