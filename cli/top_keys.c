#include "cli/top_keys.h"

#include <stdio.h>
#include <string.h>

void umig_top_say(struct umig_top_ui *ui, enum umig_top_look look, const char *text)
{
    ui->message_look = look;
    snprintf(ui->message, sizeof ui->message, "%s", text);
}

/* Without memory for the rows there are none; the next answer tries again. */
static void done(struct umig_top_ui *ui, int rc)
{
    if (rc == UMIG_E_NOMEM) {
        umig_top_say(ui, UMIG_TOP_BAD, "no memory for the rows");
    }
}

const char *umig_top_chosen_session(const struct umig_top_model *model)
{
    const struct umig_top_panel *panel = umig_top_model_panel(model);
    if (panel == NULL || strcmp(panel->key, UMIG_TOP_SESSIONS) != 0 ||
        model->cursor >= model->row_count) {
        return NULL;
    }
    for (size_t i = 0; i < panel->column_count; i++) {
        if (panel->columns[i].unit == UMIG_TOP_NAME) {
            return model->rows[model->cursor].values[i].text;
        }
    }
    return NULL;
}

/* --- the filter --- */

/* The bytes of a code point in UTF-8 (RFC 3629). */
static size_t encode(uint32_t point, char out[4])
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    const size_t count = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const unsigned char heads[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = count - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (point & 0x3F));
        point >>= 6;
    }
    out[0] = (char)(heads[count] | point);
    return count;
}

static void type(struct umig_top_ui *ui, uint32_t point)
{
    char bytes[4];
    const size_t count = encode(point, bytes);
    const size_t len = strlen(ui->typed);
    if (len + count < sizeof ui->typed) {
        memcpy(ui->typed + len, bytes, count);
        ui->typed[len + count] = '\0';
    }
}

static void untype(struct umig_top_ui *ui)
{
    size_t len = strlen(ui->typed);
    while (len > 0 && ((unsigned char)ui->typed[len - 1] & 0xC0) == 0x80) {
        len--;
    }
    ui->typed[len > 0 ? len - 1 : 0] = '\0';
}

static void filter_key(struct umig_top_model *model, struct umig_top_ui *ui, uint32_t key)
{
    if (key == UMIG_TOP_KEY_ENTER || key == UMIG_TOP_KEY_ESCAPE) {
        ui->mode = UMIG_TOP_TABLE;
        done(ui, umig_top_model_filter(model, key == UMIG_TOP_KEY_ENTER ? ui->typed : ui->before));
        return;
    }
    if (key == UMIG_TOP_KEY_BACKSPACE) {
        untype(ui);
    } else if (key == 0x15) { /* Ctrl-U, as in a shell */
        ui->typed[0] = '\0';
    } else if (key >= 0x20 && key != 0x7F && key < UMIG_TOP_KEY_NONE) {
        type(ui, key);
    }
    done(ui, umig_top_model_filter(model, ui->typed));
}

static void begin_filter(struct umig_top_model *model, struct umig_top_ui *ui)
{
    snprintf(ui->before, sizeof ui->before, "%s", model->filter);
    snprintf(ui->typed, sizeof ui->typed, "%s", model->filter);
    ui->mode = UMIG_TOP_FILTERING;
}

/* --- panels, order, place --- */

static void look_at(struct umig_top_model *model, struct umig_top_ui *ui, size_t index)
{
    const struct umig_top_panel *panel = umig_top_model_panel_at(model, index);
    if (panel != NULL) {
        ui->scroll = 0;
        done(ui, umig_top_model_look_at(model, panel->key));
    }
}

static void turn_panel(struct umig_top_model *model, struct umig_top_ui *ui, size_t steps)
{
    const size_t count = umig_top_model_panel_count(model);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(umig_top_model_panel_at(model, i)->key, model->panel) == 0) {
            look_at(model, ui, (i + steps) % count);
            return;
        }
    }
    look_at(model, ui, 0); /* it is not there any more */
}

static void turn_order(struct umig_top_model *model, struct umig_top_ui *ui, bool is_back)
{
    const struct umig_top_panel *panel = umig_top_model_panel(model);
    const struct umig_top_order order = umig_top_model_order(model);
    if (panel != NULL && panel->column_count > 0) {
        const size_t steps = is_back ? panel->column_count - 1 : 1;
        done(ui, umig_top_model_sort(model, (order.column + steps) % panel->column_count, false));
    }
}

static void reverse_order(struct umig_top_model *model, struct umig_top_ui *ui)
{
    const struct umig_top_order order = umig_top_model_order(model);
    done(ui, umig_top_model_sort(model, order.column, !order.is_reversed));
}

static void move_up(struct umig_top_model *model, size_t rows)
{
    model->cursor -= rows < model->cursor ? rows : model->cursor;
}

static void move_down(struct umig_top_model *model, size_t rows)
{
    const size_t last = model->row_count > 0 ? model->row_count - 1 : 0;
    model->cursor = rows < last - model->cursor ? model->cursor + rows : last;
}

static bool move_key(struct umig_top_model *model, const struct umig_top_ui *ui, uint32_t key)
{
    const size_t page = ui->page_rows > 1 ? ui->page_rows - 1 : 1;
    switch (key) {
    case UMIG_TOP_KEY_UP:
    case 'k':
        move_up(model, 1);
        return true;
    case UMIG_TOP_KEY_DOWN:
    case 'j':
        move_down(model, 1);
        return true;
    case UMIG_TOP_KEY_PAGE_UP:
        move_up(model, page);
        return true;
    case UMIG_TOP_KEY_PAGE_DOWN:
        move_down(model, page);
        return true;
    case UMIG_TOP_KEY_HOME:
    case 'g':
        model->cursor = 0;
        return true;
    case UMIG_TOP_KEY_END:
    case 'G':
        move_down(model, model->row_count);
        return true;
    default:
        return false;
    }
}

static void escape(struct umig_top_model *model, struct umig_top_ui *ui)
{
    if (ui->mode != UMIG_TOP_TABLE) {
        ui->mode = UMIG_TOP_TABLE;
    } else {
        done(ui, umig_top_model_filter(model, ""));
    }
}

static enum umig_top_action enter(struct umig_top_model *model, struct umig_top_ui *ui)
{
    if (ui->mode == UMIG_TOP_TABLE && umig_top_chosen_session(model) != NULL) {
        return UMIG_TOP_SWITCH;
    }
    ui->mode = ui->mode == UMIG_TOP_TABLE ? UMIG_TOP_DETAILS : UMIG_TOP_TABLE;
    return UMIG_TOP_GO_ON;
}

static void toggle(struct umig_top_ui *ui, enum umig_top_mode mode)
{
    ui->mode = ui->mode == mode ? UMIG_TOP_TABLE : mode;
}

static void panel_key(struct umig_top_model *model, struct umig_top_ui *ui, uint32_t key)
{
    if (key >= '1' && key <= '9') {
        look_at(model, ui, key - '1');
    } else if (key == '\t' || key == UMIG_TOP_KEY_RIGHT) {
        turn_panel(model, ui, 1);
    } else if (key == UMIG_TOP_KEY_BACK_TAB || key == UMIG_TOP_KEY_LEFT) {
        turn_panel(model, ui, umig_top_model_panel_count(model) - 1);
    }
}

enum umig_top_action umig_top_key(struct umig_top_model *model,
                                  struct umig_top_ui *ui,
                                  uint32_t key)
{
    if (key == UMIG_TOP_KEY_RESIZE || key == UMIG_TOP_KEY_NONE) {
        return UMIG_TOP_GO_ON;
    }
    if (ui->mode == UMIG_TOP_FILTERING) {
        filter_key(model, ui, key);
        return UMIG_TOP_GO_ON;
    }
    umig_top_say(ui, UMIG_TOP_PLAIN, "");
    if (move_key(model, ui, key)) {
        return UMIG_TOP_GO_ON;
    }
    switch (key) {
    case 'q':
    case 'Q':
        return UMIG_TOP_QUIT;
    case 'o':
        return UMIG_TOP_REPORT;
    case UMIG_TOP_KEY_ENTER:
        return enter(model, ui);
    case UMIG_TOP_KEY_ESCAPE:
        escape(model, ui);
        break;
    case '?':
    case 'h':
        toggle(ui, UMIG_TOP_HELPING);
        break;
    case '/':
        begin_filter(model, ui);
        break;
    case 's':
    case 'S':
        turn_order(model, ui, key == 'S');
        break;
    case 'r':
        reverse_order(model, ui);
        break;
    case 'f':
    case ' ':
        done(ui, umig_top_model_freeze(model, !model->is_frozen));
        break;
    default:
        panel_key(model, ui, key);
        break;
    }
    return UMIG_TOP_GO_ON;
}
