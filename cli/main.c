/* The command umig: sets up what the verbs share, runs one, exits. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/say.h"
#include "cli/verb.h"

/* What reports can be laid out in; a narrower terminal breaks their lines. */
enum {
    WIDTH_MIN = 60,
    WIDTH_MAX = 400,
    WIDTH_DEFAULT = 100
};

static unsigned terminal_width(void)
{
    struct winsize size = {0};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
        return WIDTH_DEFAULT;
    }
    return size.ws_col < WIDTH_MIN ? WIDTH_MIN : size.ws_col > WIDTH_MAX ? WIDTH_MAX : size.ws_col;
}

int main(int argc, char **argv)
{
    const char *no_color = getenv("NO_COLOR"); /* NOLINT(concurrency-mt-unsafe): one thread */
    struct umig_cli cli = {
        .out = stdout,
        .notes = stderr,
        .is_out_terminal = isatty(STDOUT_FILENO) == 1,
        .width = terminal_width(),
    };
    cli.has_color = cli.is_out_terminal && (no_color == NULL || no_color[0] == '\0');
    struct umig_err err = UMIG_ERR_INIT;
    if (umig_places_read(&cli.places, &err) != UMIG_OK) {
        umig_say(stderr, "umig: %s", err.text);
        return UMIG_EXIT_USAGE;
    }
    return umig_verb_main(&cli, argc - 1, argv + 1);
}
