/* Any answer of a collector to umig top: refused in a line, or shown, no line wider than the
 * screen. */
#include <string.h>

#include "cli/top_keys.h"
#include "core/units.h"
#include "report/cells.h"
#include "tests/fuzz/fuzz.h"

static void draw(const struct umig_top_model *model, size_t width, size_t height)
{
    struct umig_top_ui ui = {.mode = UMIG_TOP_TABLE};
    struct umig_top_screen screen = {.width = 0};
    umig_top_view_draw(model, &ui, width, height, &screen);
    FUZZ_CHECK(screen.height == height);
    for (size_t i = 0; i < height; i++) {
        const char *text = umig_buf_str(&screen.lines[i].text);
        FUZZ_CHECK(umig_cells_width(text) <= width);
        for (; *text != '\0'; text++) {
            FUZZ_CHECK((unsigned char)*text >= ' ' && *text != 0x7F);
        }
    }
    umig_top_screen_fini(&screen);
}

static void look_through(struct umig_top_model *model)
{
    for (size_t i = 0; i < umig_top_model_panel_count(model); i++) {
        const struct umig_top_panel *panel = umig_top_model_panel_at(model, i);
        if (umig_top_model_look_at(model, panel->key) != UMIG_OK) {
            continue; /* a key too long to be kept */
        }
        for (size_t column = 0; column < panel->column_count; column++) {
            FUZZ_CHECK(umig_top_model_sort(model, column, column % 2 == 0) == UMIG_OK);
        }
        draw(model, 80, 24);
        draw(model, 20, 5);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct umig_err err = UMIG_ERR_INIT;
    struct umig_top_model model;
    umig_top_model_init(&model, 5 * UMIG_NS_PER_S);
    for (int i = 0; i < 2; i++) { /* the second is compared with the first */
        struct umig_top_doc *doc = NULL;
        if (umig_top_doc_read((const char *)data, size, &doc, &err) != UMIG_OK) {
            FUZZ_CHECK(err.text[0] != '\0' && strchr(err.text, '\n') == NULL);
            break;
        }
        FUZZ_CHECK(umig_top_model_take(&model, doc) == UMIG_OK);
        look_through(&model);
        FUZZ_CHECK(umig_top_model_filter(&model, i == 0 ? "*a?" : "") == UMIG_OK);
    }
    umig_top_model_fini(&model);
    return 0;
}
