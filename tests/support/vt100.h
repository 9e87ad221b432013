/*
 * A terminal in a test: the other end of a pseudo-terminal, and what a VT100 would show of what
 * comes from there. Only what programs that use terminfo send is known; the rest fails the test.
 */
#ifndef UMIG_TESTS_SUPPORT_VT100_H
#define UMIG_TESTS_SUPPORT_VT100_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <termios.h>

enum {
    VT100_WIDTH = 200,
    VT100_HEIGHT = 60,
    VT100_CELL_BYTES = 16
};

struct vt100 {
    int fd; /* the terminal's side of the line; -1: it is gone */
    pid_t pid;
    struct termios modes; /* as the program found them */
    unsigned width, height;
    char cells[VT100_HEIGHT][VT100_WIDTH]
              [VT100_CELL_BYTES]; /* a character each; "" behind a wide one */
    unsigned x, y;
    unsigned top, bottom; /* lines that scroll */
    bool wraps;           /* the last column was written: the next character begins a line */
    char pending[64];     /* of a sequence, or a character, that is not whole yet */
    size_t pending_bytes;
    bool has_alarm; /* a title or a bell came: nobody asked for them */
};

/** Starts a program on a terminal of its own, TERM=vt100; name=value pairs are set before. */
void vt100_start(struct vt100 *t,
                 unsigned width,
                 unsigned height,
                 char *const *argv,
                 const char *const *environment);

/** Presses keys. */
void vt100_type(struct vt100 *t, const char *keys);

/** Gives the window another size, of which the program is told. */
void vt100_resize(struct vt100 *t, unsigned width, unsigned height);

/** The text of a line, without the spaces at its end. Valid until the next call. */
const char *vt100_line(const struct vt100 *t, unsigned line);

/** The line that holds a text; -1: none does. */
int vt100_find(const struct vt100 *t, const char *text);

/** Reads until the screen holds a text, or no more; fails the test, showing the screen, when the
 * program ends before or nothing comes for long. */
void vt100_await(struct vt100 *t, const char *text);

/** As vt100_await(), until a line holds it. */
void vt100_await_line(struct vt100 *t, unsigned line, const char *text);

/** As vt100_await(), until it is gone. */
void vt100_await_gone(struct vt100 *t, const char *text);

/** Reads until the program has ended; its exit code, or 128 + the signal that ended it. */
int vt100_wait(struct vt100 *t);

/** Is the terminal as the program found it: its modes? */
bool vt100_is_restored(const struct vt100 *t);

/** Hangs up: the terminal is gone. */
void vt100_hang_up(struct vt100 *t);

#endif
