#include "cli/top_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/top_head.h"
#include "cli/top_line.h"
#include "core/err.h"
#include "report/cells.h"

enum {
    LINE_BYTES = 16 << 10, /* of the widest line, however many bytes its characters have */
    CELL_BYTES = 1 << 20,
    TROUBLE_MAX = 3,
    FOOT_MAX = 4,      /* lines */
    PLACE_BESIDE = 20, /* columns for what stands beside the place in the list */
    /* From which height on there is room for what; below, rows of the table come first. */
    HEIGHT_STATUS = 2,
    HEIGHT_TITLE = 3,
    HEIGHT_HEADS = 4,
    HEIGHT_PANELS = 6,
    HEIGHT_TROUBLE = 8,
    HEIGHT_SUMS = 10,
    HEIGHT_TROUBLES = 20
};

/* --- columns of a table --- */

struct plan {
    size_t column[UMIG_TOP_COLUMNS_MAX];
    size_t width[UMIG_TOP_COLUMNS_MAX];
    size_t count;
};

static size_t natural_width(const struct umig_top_column *column)
{
    const size_t title = strlen(column->title);
    const size_t unit =
        umig_top_is_text(column->unit) ? column->width : umig_top_unit_width(column->unit);
    return title > unit ? title : unit;
}

static size_t width_of(const struct plan *plan)
{
    size_t width = plan->count > 0 ? plan->count - 1 : 0;
    for (size_t i = 0; i < plan->count; i++) {
        width += plan->width[i];
    }
    return width;
}

/* Leaves out the column of the highest rank; false: those that are left stay. */
static bool leave_out_one(const struct umig_top_panel *panel, struct plan *plan)
{
    size_t worst = 0;
    unsigned rank = 0;
    for (size_t i = 0; i < plan->count; i++) {
        const unsigned its = panel->columns[plan->column[i]].rank;
        if (its > 0 && its >= rank) {
            rank = its;
            worst = i;
        }
    }
    if (rank == 0) {
        return false;
    }
    plan->count--;
    for (size_t i = worst; i < plan->count; i++) {
        plan->column[i] = plan->column[i + 1];
        plan->width[i] = plan->width[i + 1];
    }
    return true;
}

static void share_rest(const struct umig_top_panel *panel, size_t rest, struct plan *plan)
{
    size_t growing = 0;
    for (size_t i = 0; i < plan->count; i++) {
        growing += panel->columns[plan->column[i]].grows;
    }
    for (size_t i = 0; i < plan->count && growing > 0; i++) {
        if (panel->columns[plan->column[i]].grows) {
            plan->width[i] += rest / growing;
            rest -= rest / growing--;
        }
    }
}

static void make_plan(const struct umig_top_panel *panel, size_t width, struct plan *plan)
{
    plan->count = panel->column_count;
    for (size_t i = 0; i < plan->count; i++) {
        plan->column[i] = i;
        plan->width[i] = natural_width(&panel->columns[i]);
    }
    while (width_of(plan) > width && leave_out_one(panel, plan)) {
    }
    if (width_of(plan) < width) {
        share_rest(panel, width - width_of(plan), plan);
    }
}

static void put_heads(const struct umig_top_model *model,
                      const struct umig_top_panel *panel,
                      const struct plan *plan,
                      size_t width,
                      struct umig_top_line *line)
{
    const struct umig_top_order order = umig_top_model_order(model);
    for (size_t i = 0; i < plan->count; i++) {
        const struct umig_top_column *column = &panel->columns[plan->column[i]];
        const enum umig_top_look look =
            plan->column[i] == order.column ? UMIG_TOP_CHOSEN : UMIG_TOP_HEAD;
        umig_top_line_cell(line, width, UMIG_TOP_HEAD, "", i > 0, false);
        umig_top_line_cell(line, width, look, column->title, plan->width[i],
                           !umig_top_is_text(column->unit));
    }
    umig_top_line_fill(line, width, UMIG_TOP_HEAD);
}

static void put_row(const struct umig_top_panel *panel,
                    const struct plan *plan,
                    const struct umig_top_shown_row *row,
                    enum umig_top_look look,
                    size_t width,
                    struct umig_top_line *line)
{
    struct umig_buf text = UMIG_BUF_INIT(CELL_BYTES);
    for (size_t i = 0; i < plan->count; i++) {
        const enum umig_top_unit unit = panel->columns[plan->column[i]].unit;
        umig_buf_clear(&text);
        umig_top_value_put(unit, &row->values[plan->column[i]], &text);
        umig_top_line_cell(line, width, look, "", i > 0, false);
        umig_top_line_cell(line, width, look, umig_buf_str(&text), plan->width[i],
                           !umig_top_is_text(unit));
    }
    umig_buf_fini(&text);
    if (look == UMIG_TOP_CHOSEN) {
        umig_top_line_fill(line, width, look);
    }
}

/* --- the screen --- */

static bool reserve(struct umig_top_screen *screen, size_t height)
{
    if (height <= screen->room) {
        return true;
    }
    struct umig_top_line *lines = realloc(screen->lines, height * sizeof *lines);
    if (lines == NULL) {
        return false;
    }
    for (size_t i = screen->room; i < height; i++) {
        lines[i] = (struct umig_top_line){.text = UMIG_BUF_INIT(LINE_BYTES)};
    }
    screen->lines = lines;
    screen->room = height;
    return true;
}

static void clear(struct umig_top_screen *screen)
{
    for (size_t i = 0; i < screen->height; i++) {
        struct umig_top_line *line = &screen->lines[i];
        umig_buf_clear(&line->text);
        line->span_count = 0;
        line->columns = 0;
    }
    screen->has_cursor = false;
}

void umig_top_screen_fini(struct umig_top_screen *screen)
{
    for (size_t i = 0; i < screen->room; i++) {
        umig_buf_fini(&screen->lines[i].text);
    }
    free(screen->lines);
    *screen = (struct umig_top_screen){0};
}

/* Lines from..to of the screen are being filled. */
struct area {
    struct umig_top_screen *screen;
    size_t from, to;
};

static void put_text_line(struct area *area, enum umig_top_look look, const char *text)
{
    if (area->from < area->to) {
        umig_top_line_put(&area->screen->lines[area->from++], area->screen->width, look, text);
    }
}

/* A text in as many lines as it takes. */
static void put_wrapped(struct area *area, enum umig_top_look look, const char *text, size_t indent)
{
    const size_t width = area->screen->width;
    struct umig_buf wrapped = UMIG_BUF_INIT(CELL_BYTES);
    if (width <= indent + 1) {
        put_text_line(area, look, text);
        return;
    }
    umig_cells_wrap(text, " ", width, indent, width, &wrapped);
    char *rest = NULL;
    for (char *line = wrapped.len > 0 ? strtok_r(wrapped.bytes, "\n", &rest) : NULL; line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        put_text_line(area, look, line);
    }
    umig_buf_fini(&wrapped);
}

/* Moves the part that is seen to where the cursor is. */
static void scroll(const struct umig_top_model *model, struct umig_top_ui *ui, size_t rows)
{
    ui->page_rows = rows;
    if (model->cursor < ui->scroll) {
        ui->scroll = model->cursor;
    } else if (rows > 0 && model->cursor >= ui->scroll + rows) {
        ui->scroll = model->cursor - rows + 1;
    }
    if (ui->scroll + rows > model->row_count) {
        ui->scroll = model->row_count > rows ? model->row_count - rows : 0;
    }
}

static const char *why_empty(const struct umig_top_model *model, const struct umig_top_ui *ui)
{
    if (model->shown == NULL) {
        return ui->waiting[0] != '\0' ? ui->waiting : "No data yet.";
    }
    if (umig_top_model_panel(model) == NULL) {
        return "There is no such panel here; Tab looks at another.";
    }
    return model->filter[0] != '\0' ? "Nothing here fits the filter."
                                    : "Nothing here in this time.";
}

static void put_table(const struct umig_top_model *model, struct umig_top_ui *ui, struct area *area)
{
    const struct umig_top_panel *panel = umig_top_model_panel(model);
    const size_t width = area->screen->width;
    struct plan plan = {.count = 0};
    if (panel != NULL && area->screen->height >= HEIGHT_HEADS) {
        make_plan(panel, width, &plan);
        put_heads(model, panel, &plan, width, &area->screen->lines[area->from++]);
    } else if (panel != NULL) {
        make_plan(panel, width, &plan);
    }
    scroll(model, ui, area->to - area->from);
    if (panel == NULL || model->row_count == 0) {
        put_wrapped(area, UMIG_TOP_FAINT, why_empty(model, ui), 0);
        return;
    }
    for (size_t row = ui->scroll; row < model->row_count && area->from < area->to; row++) {
        put_row(panel, &plan, &model->rows[row],
                row == model->cursor ? UMIG_TOP_CHOSEN : UMIG_TOP_PLAIN, width,
                &area->screen->lines[area->from++]);
    }
}

static void put_help(struct area *area)
{
    static const char *const lines[] = {
        "Tab, Shift-Tab, 1 to 9   another panel",
        "Up, Down, PgUp, PgDn     another row (also k, j)",
        "Home, End                first and last row (also g, G)",
        "s, S                     sort by the next column, the one before",
        "r                        turn the order around",
        "/                        filter: rows with this text; with * or ? a pattern",
        "Esc                      clear the filter, close what is open",
        "f, Space                 freeze, or go on",
        "Enter                    the whole row; in 'sessions': look at that one",
        "o                        write the session's report as a page",
        "q                        quit",
        "",
        "Figures are of the last seconds, as the first line says. 100 % of CPU is one CPU; of locks, "
        "one thread that waits all the time. STATE and WAITS FOR are of the thread's pool, but for "
        "threads that wait for a lock now.",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        if (lines[i][0] == '\0') {
            put_text_line(area, UMIG_TOP_PLAIN, " ");
        } else if (i + 1 < sizeof lines / sizeof lines[0]) {
            put_text_line(area, UMIG_TOP_PLAIN, lines[i]);
        } else {
            put_wrapped(area, UMIG_TOP_PLAIN, lines[i], 0);
        }
    }
}

static void put_details(const struct umig_top_model *model, struct area *area)
{
    const struct umig_top_panel *panel = umig_top_model_panel(model);
    if (panel == NULL || model->cursor >= model->row_count) {
        put_text_line(area, UMIG_TOP_FAINT, "There is no row.");
        return;
    }
    const struct umig_top_shown_row *row = &model->rows[model->cursor];
    for (size_t i = 0; i < panel->column_count; i++) {
        struct umig_buf text = UMIG_BUF_INIT(CELL_BYTES);
        umig_buf_printf(&text, "%-10s ", panel->columns[i].title);
        umig_top_value_put(panel->columns[i].unit, &row->values[i], &text);
        put_wrapped(area, UMIG_TOP_PLAIN, umig_buf_str(&text), 0);
        umig_buf_fini(&text);
    }
}

/* "3-20 of 57", with what is left out of the panel. */
static void put_place(const struct umig_top_model *model,
                      const struct umig_top_ui *ui,
                      char out[96])
{
    const struct umig_top_panel *panel = umig_top_model_panel(model);
    const size_t last = ui->scroll + ui->page_rows;
    const uint64_t all = model->row_count + (panel != NULL ? panel->left_out : 0);
    out[0] = '\0';
    if (ui->mode == UMIG_TOP_TABLE && model->row_count > ui->page_rows) {
        snprintf(out, 96, " %zu-%zu of %llu", ui->scroll + 1,
                 last < model->row_count ? last : model->row_count, (unsigned long long)all);
    }
}

static void put_typed(const struct umig_top_ui *ui,
                      struct umig_top_screen *screen,
                      struct umig_top_line *line)
{
    umig_top_line_put(line, screen->width, UMIG_TOP_STRONG, "Filter: ");
    umig_top_line_put(line, screen->width, UMIG_TOP_PLAIN, ui->typed);
    screen->has_cursor = line->columns < screen->width;
    screen->column = line->columns;
    screen->line = screen->height - 1;
}

/* The keys that matter most, as many as there is room for. */
static void put_keys(size_t room, struct umig_buf *out)
{
    static const char *const keys[] = {"q quit",   "? help",   "Tab panel", "s sort",
                                       "/ filter", "f freeze", "Enter row", "o report"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const size_t gap = i > 0 ? 2 : 0;
        if (out->len + gap + strlen(keys[i]) > room) {
            return;
        }
        umig_buf_printf(out, "%s%s", gap > 0 ? "  " : "", keys[i]);
    }
}

/* What has to be read: a message, else a notice; "" neither. */
static const char *said(const struct umig_top_ui *ui, enum umig_top_look *out_look)
{
    const bool is_message = ui->message[0] != '\0';
    *out_look = is_message ? ui->message_look : ui->notice_look;
    return is_message ? ui->message : ui->notice;
}

/* Lines at the bottom: one, but for what has to be read and does not fit. */
static size_t foot_of(const struct umig_top_ui *ui, const struct umig_top_screen *screen)
{
    enum umig_top_look look = UMIG_TOP_PLAIN;
    const char *text = ui->mode == UMIG_TOP_FILTERING ? "" : said(ui, &look);
    size_t lines = 0;
    if (screen->height < HEIGHT_PANELS || text[0] == '\0') {
        return screen->height >= HEIGHT_STATUS;
    }
    struct umig_buf wrapped = UMIG_BUF_INIT(CELL_BYTES);
    umig_cells_wrap(text, " ", screen->width, 0, screen->width, &wrapped);
    for (size_t i = 0; i < wrapped.len; i++) {
        lines += wrapped.bytes[i] == '\n';
    }
    umig_buf_fini(&wrapped);
    return lines < 1 ? 1 : lines < FOOT_MAX ? lines : FOOT_MAX;
}

static void put_status(const struct umig_top_model *model,
                       const struct umig_top_ui *ui,
                       struct umig_top_screen *screen,
                       struct umig_top_line *line)
{
    char place[96];
    struct umig_buf text = UMIG_BUF_INIT(LINE_BYTES);
    put_place(model, ui, place);
    const size_t place_width = umig_cells_clean_width(place, &line->text);
    const bool has_place = screen->width >= place_width + PLACE_BESIDE;
    const size_t room = has_place ? screen->width - place_width : screen->width;
    if (model->filter[0] != '\0') {
        umig_buf_printf(&text, "Filter: %s   Esc clears it   ? help   q quit", model->filter);
    } else {
        put_keys(room, &text);
    }
    umig_top_line_cell(line, screen->width, UMIG_TOP_FAINT, umig_buf_str(&text), room, false);
    umig_top_line_put(line, screen->width, UMIG_TOP_FAINT, has_place ? place : "");
    umig_buf_fini(&text);
}

static void put_foot(const struct umig_top_model *model,
                     const struct umig_top_ui *ui,
                     struct area *foot)
{
    enum umig_top_look look = UMIG_TOP_PLAIN;
    const char *text = said(ui, &look);
    if (ui->mode == UMIG_TOP_FILTERING) {
        put_typed(ui, foot->screen, &foot->screen->lines[foot->from]);
    } else if (text[0] == '\0') {
        put_status(model, ui, foot->screen, &foot->screen->lines[foot->from]);
    } else if (foot->screen->height < HEIGHT_PANELS) {
        put_text_line(foot, look, text);
    } else {
        put_wrapped(foot, look, text, 0);
    }
}

/* What is wrong, in some lines where there are many. */
static void put_trouble(const struct umig_top_model *model, struct area *area)
{
    const size_t height = area->screen->height;
    const size_t most = height >= HEIGHT_TROUBLES ? TROUBLE_MAX : height >= HEIGHT_TROUBLE;
    struct area lines = {.screen = area->screen, .from = area->from, .to = area->from + most};
    enum umig_top_look look = UMIG_TOP_PLAIN;
    char text[UMIG_TOP_MESSAGE_BYTES];
    for (size_t i = 0; umig_top_head_trouble(model, i, &look, text); i++) {
        put_wrapped(&lines, look, text, 0);
    }
    area->from = lines.from;
}

/* The head's lines, as many as there is room for. */
static void put_head(const struct umig_top_model *model, struct area *area)
{
    const size_t width = area->screen->width;
    const size_t height = area->screen->height;
    struct umig_top_line *lines = area->screen->lines;
    if (height >= HEIGHT_TITLE) {
        umig_top_head_title(model, width, &lines[area->from++]);
    }
    if (height >= HEIGHT_SUMS && model->shown != NULL) {
        umig_top_head_sums(model, width, &lines[area->from++]);
        umig_top_head_more(model, width, &lines[area->from++]);
    }
    put_trouble(model, area);
    if (height >= HEIGHT_PANELS) {
        umig_top_head_panels(model, width, &lines[area->from++]);
    }
}

void umig_top_view_draw(const struct umig_top_model *model,
                        struct umig_top_ui *ui,
                        size_t width,
                        size_t height,
                        struct umig_top_screen *screen)
{
    screen->width = width < UMIG_TOP_WIDTH_MAX ? width : UMIG_TOP_WIDTH_MAX;
    screen->height = height < UMIG_TOP_LINES_MAX ? height : UMIG_TOP_LINES_MAX;
    if (!reserve(screen, screen->height)) {
        screen->height = screen->room;
    }
    clear(screen);
    if (screen->width == 0 || screen->height == 0) {
        return;
    }
    struct area area = {.screen = screen, .from = 0, .to = screen->height};
    area.to -= foot_of(ui, screen);
    struct area foot = {.screen = screen, .from = area.to, .to = screen->height};
    put_head(model, &area);
    if (ui->mode == UMIG_TOP_HELPING) {
        put_help(&area);
    } else if (ui->mode == UMIG_TOP_DETAILS) {
        put_details(model, &area);
    } else {
        put_table(model, ui, &area);
    }
    if (foot.from < foot.to) {
        put_foot(model, ui, &foot);
    }
}

/* --- text --- */

/* A line without the spaces at its end. */
static void append(struct umig_top_line *line, struct umig_buf *out)
{
    size_t byte_count = line->text.len;
    while (byte_count > 0 && line->text.bytes[byte_count - 1] == ' ') {
        byte_count--;
    }
    umig_buf_put(out, umig_buf_str(&line->text), byte_count);
    umig_buf_byte(out, '\n');
    out->failed = out->failed != UMIG_OK ? out->failed : line->text.failed;
    umig_buf_clear(&line->text);
    line->span_count = 0;
    line->columns = 0;
}

static void append_panel(const struct umig_top_model *model,
                         size_t width,
                         size_t row_count,
                         struct umig_top_line *line,
                         struct umig_buf *out)
{
    const struct umig_top_panel *panel = umig_top_model_panel(model);
    struct plan plan;
    umig_buf_byte(out, '\n');
    umig_top_line_put(line, width, UMIG_TOP_STRONG, panel->title);
    append(line, out);
    if (model->row_count == 0) {
        umig_buf_text(out, "Nothing here in this time.\n");
        return;
    }
    make_plan(panel, width, &plan);
    put_heads(model, panel, &plan, width, line);
    append(line, out);
    for (size_t i = 0; i < model->row_count && i < row_count; i++) {
        put_row(panel, &plan, &model->rows[i], UMIG_TOP_PLAIN, width, line);
        append(line, out);
    }
    const uint64_t all = model->row_count + panel->left_out;
    if (all > row_count) {
        umig_buf_printf(out, "and %llu more\n", (unsigned long long)(all - row_count));
    }
}

int umig_top_view_text(struct umig_top_model *model,
                       size_t width,
                       size_t row_count,
                       bool is_one,
                       struct umig_buf *out)
{
    struct umig_top_line line = {.text = UMIG_BUF_INIT(LINE_BYTES)};
    char chosen[UMIG_TOP_KEY_BYTES];
    int rc = UMIG_OK;
    memcpy(chosen, model->panel, sizeof chosen);
    umig_top_head_title(model, width, &line);
    append(&line, out);
    umig_top_head_sums(model, width, &line);
    append(&line, out);
    umig_top_head_more(model, width, &line);
    append(&line, out);
    enum umig_top_look look = UMIG_TOP_PLAIN;
    char text[UMIG_TOP_MESSAGE_BYTES];
    for (size_t i = 0; umig_top_head_trouble(model, i, &look, text); i++) {
        umig_cells_wrap(text, " ", width, 0, width, out);
    }
    for (size_t i = 0; rc == UMIG_OK && i < umig_top_model_panel_count(model); i++) {
        const struct umig_top_panel *panel = umig_top_model_panel_at(model, i);
        if (is_one && strcmp(panel->key, chosen) != 0) {
            continue;
        }
        rc = umig_top_model_look_at(model, panel->key);
        if (rc == UMIG_OK && (is_one || model->row_count > 0)) {
            append_panel(model, width, row_count, &line, out);
        }
    }
    umig_buf_fini(&line.text);
    return rc != UMIG_OK ? rc : out->failed;
}
