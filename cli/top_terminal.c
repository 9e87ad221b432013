#include "cli/top_terminal.h"

#include <langinfo.h>
#include <locale.h>
#include <string.h>
#include <wchar.h>

#define NCURSES_WIDECHAR 1
#include <curses.h>

#include "cli/top_keys.h"
#include "core/err.h"
#include "core/utf8.h"
#include "report/cells.h"

enum {
    PAIR_WARN = 1,
    PAIR_BAD,
    ESCAPE_MS = 50, /* a key that sends ESC and more has sent it all by then */
    CTRL_L = 0x0C
};

static SCREEN *g_screen; /* NULL: the terminal is not ours. ncurses keeps one as global anyway */
static bool g_is_utf8;
static bool g_has_color;

/* --- taking and giving back --- */

static void choose_colors(bool has_color)
{
    g_has_color = has_color && has_colors() == TRUE && start_color() == OK;
    if (g_has_color) {
        const short background = use_default_colors() == OK ? -1 : COLOR_BLACK;
        (void)init_pair(PAIR_WARN, COLOR_YELLOW, background);
        (void)init_pair(PAIR_BAD, COLOR_RED, background);
    }
}

int umig_top_terminal_open(bool has_color, struct umig_err *err)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread formats anything yet */
    (void)setlocale(LC_CTYPE, "");
    g_is_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    g_screen = newterm(NULL, stdout, stdin); /* initscr() would end the process */
    if (g_screen == NULL) {
        return umig_err_set(
            err, UMIG_E_UNSUPPORTED,
            "this terminal cannot be drawn on; write one screen as text with --once");
    }
    (void)cbreak();
    (void)noecho();
    (void)nonl();
    (void)nodelay(stdscr, TRUE);
    (void)keypad(stdscr, TRUE);
    (void)set_escdelay(ESCAPE_MS);
    (void)curs_set(0);
    choose_colors(has_color);
    return UMIG_OK;
}

void umig_top_terminal_close(void)
{
    if (g_screen != NULL) {
        (void)curs_set(1);
        (void)endwin();
        delscreen(g_screen);
        g_screen = NULL;
    }
}

void umig_top_terminal_size(size_t *out_width, size_t *out_height)
{
    const int width = getmaxx(stdscr);
    const int height = getmaxy(stdscr);
    *out_width = width > 0 ? (size_t)width : 0;
    *out_height = height > 0 ? (size_t)height : 0;
}

/* --- drawing --- */

static attr_t attributes_of(enum umig_top_look look)
{
    switch (look) {
    case UMIG_TOP_STRONG:
        return A_BOLD;
    case UMIG_TOP_HEAD:
        return A_UNDERLINE;
    case UMIG_TOP_CHOSEN:
        return A_REVERSE;
    case UMIG_TOP_WARN:
        return g_has_color ? (attr_t)COLOR_PAIR(PAIR_WARN) | A_BOLD : A_BOLD;
    case UMIG_TOP_BAD:
        return g_has_color ? (attr_t)COLOR_PAIR(PAIR_BAD) | A_BOLD : A_BOLD | A_REVERSE;
    case UMIG_TOP_FAINT:
    case UMIG_TOP_PLAIN:
    default:
        return A_NORMAL;
    }
}

/* One character as the terminal has it, and the columns it takes by the layout. */
struct glyph {
    wchar_t text[2];
    size_t columns;
};

/*
 * The layout counts columns by a table of its own, the C library by another. Where they differ, or
 * where the locale has no such character, a question mark stands in its place: so columns stay.
 */
static size_t take_glyph(const char *text, size_t byte_count, struct glyph *out)
{
    char one[5] = "";
    uint32_t point = '?';
    const size_t bytes = umig_utf8_read(text, byte_count, &point);
    const size_t taken = bytes == 0 ? 1 : bytes;
    memcpy(one, text, taken);
    out->columns = bytes == 0 ? 1 : umig_cells_width(one);
    out->text[0] = (wchar_t)point;
    out->text[1] = L'\0';
    const bool is_ascii = point >= 0x20 && point < 0x7F;
    if (!is_ascii && (!g_is_utf8 || wcwidth((wchar_t)point) != (int)out->columns)) {
        out->text[0] = point == 0x2026 ? L'~' : L'?';
    }
    return taken;
}

static void put_glyph(const struct glyph *glyph)
{
    const int columns = wcwidth(glyph->text[0]);
    if (glyph->columns == 0 && columns != 0) {
        return; /* a mark on the character before, which this terminal cannot add */
    }
    (void)addnwstr(glyph->text, 1);
    if (glyph->columns > 1 && columns == 1) {
        (void)addnwstr(glyph->text, 1);
    }
}

static void draw_span(const char *text, size_t byte_count, enum umig_top_look look)
{
    struct glyph glyph;
    (void)attrset((int)attributes_of(look));
    for (size_t at = 0; at < byte_count;) {
        const size_t taken = take_glyph(text + at, byte_count - at, &glyph);
        put_glyph(&glyph);
        at += taken;
    }
    (void)attrset(A_NORMAL);
}

void umig_top_terminal_draw(const struct umig_top_screen *screen)
{
    (void)erase();
    for (size_t y = 0; y < screen->height; y++) {
        const struct umig_top_line *line = &screen->lines[y];
        (void)move((int)y, 0);
        for (size_t i = 0; i < line->span_count; i++) {
            draw_span(line->text.bytes + line->spans[i].at, line->spans[i].byte_count,
                      line->spans[i].look);
        }
    }
    (void)curs_set(screen->has_cursor ? 1 : 0);
    if (screen->has_cursor) {
        (void)move((int)screen->line, (int)screen->column);
    }
    (void)refresh();
}

void umig_top_terminal_redraw(void)
{
    (void)clearok(curscr, TRUE);
}

/* --- keys --- */

static uint32_t key_of(wint_t code)
{
    switch (code) {
    case KEY_UP:
        return UMIG_TOP_KEY_UP;
    case KEY_DOWN:
        return UMIG_TOP_KEY_DOWN;
    case KEY_PPAGE:
        return UMIG_TOP_KEY_PAGE_UP;
    case KEY_NPAGE:
        return UMIG_TOP_KEY_PAGE_DOWN;
    case KEY_HOME:
        return UMIG_TOP_KEY_HOME;
    case KEY_END:
        return UMIG_TOP_KEY_END;
    case KEY_LEFT:
        return UMIG_TOP_KEY_LEFT;
    case KEY_RIGHT:
        return UMIG_TOP_KEY_RIGHT;
    case KEY_BTAB:
        return UMIG_TOP_KEY_BACK_TAB;
    case KEY_BACKSPACE:
        return UMIG_TOP_KEY_BACKSPACE;
    case KEY_ENTER:
        return UMIG_TOP_KEY_ENTER;
    case KEY_RESIZE:
        umig_top_terminal_redraw(); /* what terminals leave of the old screen differs */
        return UMIG_TOP_KEY_RESIZE;
    default:
        return UMIG_TOP_KEY_RESIZE; /* means nothing here */
    }
}

uint32_t umig_top_terminal_key(void)
{
    wint_t code = 0;
    const int kind = get_wch(&code);
    if (kind == ERR) {
        return UMIG_TOP_KEY_NONE;
    }
    if (kind == KEY_CODE_YES) {
        return key_of(code);
    }
    switch (code) {
    case '\r':
    case '\n':
        return UMIG_TOP_KEY_ENTER;
    case 0x1B:
        return UMIG_TOP_KEY_ESCAPE;
    case 0x08:
    case 0x7F:
        return UMIG_TOP_KEY_BACKSPACE;
    case CTRL_L:
        umig_top_terminal_redraw();
        return UMIG_TOP_KEY_RESIZE;
    default:
        return code < UMIG_TOP_KEY_NONE ? (uint32_t)code : UMIG_TOP_KEY_RESIZE;
    }
}
