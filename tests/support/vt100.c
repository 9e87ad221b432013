#include "tests/support/vt100.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/utf8.h"
#include "report/cells.h"
#include "tests/support/test.h"

enum {
    PATIENCE_MS = 60000,
    TABS = 8
};

/* --- the screen --- */

static void blank(struct vt100 *t, unsigned y, unsigned from, unsigned to)
{
    for (unsigned x = from; x < to && x < t->width; x++) {
        strcpy(t->cells[y][x], " ");
    }
}

static void clear(struct vt100 *t, unsigned from_line)
{
    for (unsigned y = from_line; y < t->height; y++) {
        blank(t, y, 0, t->width);
    }
}

/* At the last line of the region that scrolls it moves up, at the first one down. */
static void line_feed(struct vt100 *t)
{
    if (t->y != t->bottom) {
        t->y += t->y + 1 < t->height;
        return;
    }
    memmove(t->cells[t->top], t->cells[t->top + 1], sizeof t->cells[0] * (t->bottom - t->top));
    blank(t, t->bottom, 0, t->width);
}

static void reverse_line_feed(struct vt100 *t)
{
    if (t->y != t->top) {
        t->y -= t->y > 0;
        return;
    }
    memmove(t->cells[t->top + 1], t->cells[t->top], sizeof t->cells[0] * (t->bottom - t->top));
    blank(t, t->top, 0, t->width);
}

static void put_character(struct vt100 *t, const char *text)
{
    const unsigned columns = (unsigned)umig_cells_width(text);
    if (columns == 0) {
        char *cell = t->cells[t->y][t->x > 0 ? t->x - 1 : 0];
        strncat(cell, text, VT100_CELL_BYTES - 1 - strlen(cell));
        return;
    }
    if (t->wraps || t->x + columns > t->width) {
        t->x = 0;
        t->wraps = false;
        line_feed(t);
    }
    snprintf(t->cells[t->y][t->x], VT100_CELL_BYTES, "%s", text);
    if (columns == 2 && t->x + 1 < t->width) {
        t->cells[t->y][t->x + 1][0] = '\0';
    }
    t->x += columns;
    if (t->x >= t->width) {
        t->x = t->width - 1;
        t->wraps = true;
    }
}

static void control(struct vt100 *t, char byte)
{
    t->wraps = false;
    switch (byte) {
    case '\r':
        t->x = 0;
        break;
    case '\n':
        line_feed(t);
        break;
    case '\b':
        t->x -= t->x > 0;
        break;
    case '\t':
        t->x = t->x / TABS * TABS + TABS;
        t->x = t->x < t->width ? t->x : t->width - 1;
        break;
    case '\a':
        t->has_alarm = true;
        break;
    default: /* padding, character sets */
        break;
    }
}

static unsigned bound(unsigned value, unsigned limit)
{
    return value < limit ? value : limit - 1;
}

/* ESC [ numbers final; numbers that are left out are 0. */
static void sequence(struct vt100 *t, const char *text, char final)
{
    unsigned numbers[2] = {0, 0};
    (void)sscanf(text, "%u;%u", &numbers[0], &numbers[1]);
    const unsigned count = numbers[0] > 0 ? numbers[0] : 1;
    t->wraps = false;
    switch (final) {
    case 'H':
    case 'f':
        t->y = bound(numbers[0] > 0 ? numbers[0] - 1 : 0, t->height);
        t->x = bound(numbers[1] > 0 ? numbers[1] - 1 : 0, t->width);
        break;
    case 'A':
        t->y -= count < t->y ? count : t->y;
        break;
    case 'B':
        t->y = bound(t->y + count, t->height);
        break;
    case 'C':
        t->x = bound(t->x + count, t->width);
        break;
    case 'D':
        t->x -= count < t->x ? count : t->x;
        break;
    case 'J':
        if (numbers[0] == 2) {
            clear(t, 0);
        } else {
            assert_int_equal(numbers[0], 0);
            blank(t, t->y, t->x, t->width);
            clear(t, t->y + 1);
        }
        break;
    case 'K':
        blank(t, t->y, numbers[0] == 1 ? 0 : t->x, numbers[0] == 1 ? t->x + 1 : t->width);
        break;
    case 'r':
        t->top = bound(numbers[0] > 0 ? numbers[0] - 1 : 0, t->height);
        t->bottom = bound(numbers[1] > 0 ? numbers[1] - 1 : t->height - 1, t->height);
        t->x = t->y = 0;
        break;
    case 'm':
    case 'h':
    case 'l':
        break;
    default:
        fail_msg("the terminal got ESC [ %s %c", text, final);
    }
}

/* Takes one escape sequence; bytes it has, 0: it is not whole yet. */
static size_t take_escape(struct vt100 *t, const char *bytes, size_t count)
{
    if (count < 2) {
        return 0;
    }
    if (bytes[1] == '(' || bytes[1] == ')') {
        return count < 3 ? 0 : 3;
    }
    if (bytes[1] != '[') {
        t->has_alarm = t->has_alarm || bytes[1] == ']';
        if (bytes[1] == 'M') {
            reverse_line_feed(t);
        }
        return 2;
    }
    for (size_t i = 2; i < count; i++) {
        if (bytes[i] >= 0x40 && bytes[i] <= 0x7E) {
            char numbers[64];
            const char *from = bytes + 2 + (bytes[2] == '?');
            snprintf(numbers, sizeof numbers, "%.*s", (int)(bytes + i - from), from);
            sequence(t, numbers, bytes[i]);
            return i + 1;
        }
    }
    assert_true(count < sizeof t->pending);
    return 0;
}

/* Takes one thing of what came; 0: it is not whole yet. */
static size_t take_one(struct vt100 *t, const char *bytes, size_t count)
{
    char text[5] = "";
    uint32_t point = 0;
    if (bytes[0] == '\x1b') {
        return take_escape(t, bytes, count);
    }
    if ((unsigned char)bytes[0] < ' ' || bytes[0] == '\x7f') {
        control(t, bytes[0]);
        return 1;
    }
    const size_t len = umig_utf8_read(bytes, count, &point);
    if (len == 0) {
        assert_true(count < 4); /* UTF-8, or nothing at all */
        return 0;
    }
    memcpy(text, bytes, len);
    put_character(t, text);
    return len;
}

static void take(struct vt100 *t, const char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        t->pending[t->pending_bytes++] = bytes[i];
        const size_t taken = take_one(t, t->pending, t->pending_bytes);
        if (taken > 0) {
            assert_int_equal(taken, t->pending_bytes);
            t->pending_bytes = 0;
        }
        assert_true(t->pending_bytes < sizeof t->pending);
    }
}

const char *vt100_line(const struct vt100 *t, unsigned line)
{
    static char text[VT100_WIDTH * VT100_CELL_BYTES];
    size_t len = 0;
    assert_true(line < t->height);
    for (unsigned x = 0; x < t->width; x++) {
        const size_t more = strlen(t->cells[line][x]);
        memcpy(text + len, t->cells[line][x], more);
        len += more;
    }
    while (len > 0 && text[len - 1] == ' ') {
        len--;
    }
    text[len] = '\0';
    return text;
}

int vt100_find(const struct vt100 *t, const char *text)
{
    for (unsigned y = 0; y < t->height; y++) {
        if (strstr(vt100_line(t, y), text) != NULL) {
            return (int)y;
        }
    }
    return -1;
}

static void show(const struct vt100 *t)
{
    for (unsigned y = 0; y < t->height; y++) {
        print_message("|%s\n", vt100_line(t, y));
    }
}

/* --- the line --- */

void vt100_start(struct vt100 *t,
                 unsigned width,
                 unsigned height,
                 char *const *argv,
                 const char *const *environment)
{
    const struct winsize size = {.ws_row = (unsigned short)height, .ws_col = (unsigned short)width};
    assert_true(width <= VT100_WIDTH && height <= VT100_HEIGHT);
    memset(t, 0, sizeof *t);
    t->width = width;
    t->height = height;
    t->bottom = height - 1;
    clear(t, 0);
    t->pid = forkpty(&t->fd, NULL, NULL, &size);
    assert_true(t->pid >= 0);
    if (t->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        setenv("TERM", "vt100", 1);
        for (size_t i = 0; environment[i] != NULL; i += 2) {
            setenv(environment[i], environment[i + 1], 1);
        }
        execv(argv[0], argv);
        _exit(127);
    }
    assert_int_equal(fcntl(t->fd, F_SETFD, FD_CLOEXEC), 0);
    assert_int_equal(tcgetattr(t->fd, &t->modes), 0);
}

void vt100_type(struct vt100 *t, const char *keys)
{
    assert_int_equal(write(t->fd, keys, strlen(keys)), (ssize_t)strlen(keys));
}

void vt100_resize(struct vt100 *t, unsigned width, unsigned height)
{
    const struct winsize size = {.ws_row = (unsigned short)height, .ws_col = (unsigned short)width};
    assert_true(width <= VT100_WIDTH && height <= VT100_HEIGHT);
    t->width = width;
    t->height = height;
    t->top = 0;
    t->bottom = height - 1;
    t->x = bound(t->x, width);
    t->y = bound(t->y, height);
    clear(t, 0); /* a terminal may keep what it likes: the program draws all of it again */
    assert_int_equal(ioctl(t->fd, TIOCSWINSZ, &size), 0);
}

/* False: the program has closed its end. */
static bool read_more(struct vt100 *t, uint64_t until_ns)
{
    char bytes[4096];
    struct pollfd ready = {.fd = t->fd, .events = POLLIN};
    if (umig_clock_monotonic_ns() > until_ns || poll(&ready, 1, PATIENCE_MS) <= 0) {
        show(t);
        fail_msg("what was waited for did not come for %d ms", PATIENCE_MS);
    }
    const ssize_t count = read(t->fd, bytes, sizeof bytes);
    if (count <= 0) {
        return false; /* EIO */
    }
    take(t, bytes, (size_t)count);
    return true;
}

static uint64_t deadline(void)
{
    return umig_clock_monotonic_ns() + PATIENCE_MS * UMIG_NS_PER_MS;
}

static void read_before_end(struct vt100 *t, uint64_t until_ns, const char *text)
{
    if (!read_more(t, until_ns)) {
        show(t);
        fail_msg("the program ended; it was about '%s'", text);
    }
}

void vt100_await(struct vt100 *t, const char *text)
{
    const uint64_t until_ns = deadline();
    while (vt100_find(t, text) < 0) {
        read_before_end(t, until_ns, text);
    }
}

void vt100_await_line(struct vt100 *t, unsigned line, const char *text)
{
    const uint64_t until_ns = deadline();
    while (strstr(vt100_line(t, line), text) == NULL) {
        read_before_end(t, until_ns, text);
    }
}

void vt100_await_gone(struct vt100 *t, const char *text)
{
    const uint64_t until_ns = deadline();
    while (vt100_find(t, text) >= 0) {
        read_before_end(t, until_ns, text);
    }
}

int vt100_wait(struct vt100 *t)
{
    int status = 0;
    const uint64_t until_ns = deadline();
    while (t->fd >= 0 && read_more(t, until_ns)) {
    }
    assert_int_equal(waitpid(t->pid, &status, 0), t->pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool vt100_is_restored(const struct vt100 *t)
{
    struct termios now;
    assert_int_equal(tcgetattr(t->fd, &now), 0);
    return now.c_iflag == t->modes.c_iflag && now.c_oflag == t->modes.c_oflag &&
           now.c_lflag == t->modes.c_lflag && now.c_cflag == t->modes.c_cflag;
}

void vt100_hang_up(struct vt100 *t)
{
    close(t->fd);
    t->fd = -1;
}
