#include "cli/top_line.h"

#include <stdio.h>
#include <string.h>

#include "core/parse.h"
#include "report/cells.h"

/* A line of a table grows by the column: there is always a span for the next one. */
static void end_span(struct umig_top_line *line, size_t at, enum umig_top_look look)
{
    const size_t byte_count = line->text.len - at;
    struct umig_top_span *last = line->span_count > 0 ? &line->spans[line->span_count - 1] : NULL;
    if (byte_count == 0) {
        return;
    }
    if (last != NULL && (last->look == look || line->span_count == UMIG_TOP_SPANS_MAX)) {
        last->byte_count += byte_count;
        return;
    }
    line->spans[line->span_count++] =
        (struct umig_top_span){.look = look, .at = at, .byte_count = byte_count};
}

void umig_top_line_cell(struct umig_top_line *line,
                        size_t width,
                        enum umig_top_look look,
                        const char *text,
                        size_t columns,
                        bool is_right)
{
    const size_t left = width > line->columns ? width - line->columns : 0;
    const size_t taken = columns < left ? columns : left;
    const size_t at = line->text.len;
    if (taken > 0) {
        umig_cells_put(text, taken, is_right ? UMIG_CELLS_RIGHT : UMIG_CELLS_LEFT, &line->text);
        line->columns += taken;
        end_span(line, at, look);
    }
}

void umig_top_line_put(struct umig_top_line *line,
                       size_t width,
                       enum umig_top_look look,
                       const char *text)
{
    umig_top_line_cell(line, width, look, text, umig_cells_clean_width(text, &line->text), false);
}

void umig_top_line_fill(struct umig_top_line *line, size_t width, enum umig_top_look look)
{
    umig_top_line_cell(line, width, look, "", width, false);
}

/* "12345", "456.7k", "1.2M": never more than six characters below 10^15. */
static void put_count(double count, struct umig_buf *out)
{
    static const char units[] = {' ', 'k', 'M', 'G', 'T'};
    size_t unit = 0;
    while (count >= (unit == 0 ? 99999.5 : 999.95) && unit + 1 < sizeof units) {
        count /= 1000;
        unit++;
    }
    if (unit == 0) {
        umig_buf_printf(out, "%.0f", count);
    } else {
        umig_buf_printf(out, "%.1f%c", count, units[unit]);
    }
}

static void put_percent(double share, struct umig_buf *out)
{
    const double percent = 100 * share;
    if (percent > 0 && percent < 0.05) {
        umig_buf_text(out, "<0.1%");
    } else {
        umig_buf_printf(out, percent < 999.95 ? "%.1f%%" : "%.0f%%", percent);
    }
}

/* What does not fit 64 bits was made up. */
static uint64_t whole(double number)
{
    return number <= 0 ? 0 : number >= 9e18 ? (uint64_t)9e18 : (uint64_t)number;
}

static void put_number(enum umig_top_unit unit, double number, struct umig_buf *out)
{
    char text[48];
    switch (unit) {
    case UMIG_TOP_SHARE:
    case UMIG_TOP_TOTAL_SHARE:
        put_percent(number, out);
        break;
    case UMIG_TOP_PART:
        put_percent(number / 1e6, out);
        break;
    case UMIG_TOP_BYTES:
    case UMIG_TOP_RATE:
    case UMIG_TOP_TOTAL_RATE:
        umig_format_bytes(whole(number), text, sizeof text);
        umig_buf_text(out, text);
        break;
    case UMIG_TOP_TIME:
        umig_format_duration(whole(number), text, sizeof text);
        umig_buf_text(out, text);
        break;
    case UMIG_TOP_COUNT:
    case UMIG_TOP_PER_SECOND:
        put_count(number, out);
        break;
    case UMIG_TOP_NUMBER:
    case UMIG_TOP_TEXT:
    case UMIG_TOP_NAME:
    case UMIG_TOP_UNITS:
    default:
        umig_buf_printf(out, "%llu", (unsigned long long)whole(number));
        break;
    }
}

void umig_top_value_put(enum umig_top_unit unit,
                        const struct umig_top_value *value,
                        struct umig_buf *out)
{
    if (!value->is_known) {
        return;
    }
    if (value->text != NULL) {
        umig_buf_text(out, value->text);
    } else {
        put_number(unit, value->number, out);
    }
}

size_t umig_top_unit_width(enum umig_top_unit unit)
{
    switch (unit) {
    case UMIG_TOP_SHARE:
    case UMIG_TOP_TOTAL_SHARE:
    case UMIG_TOP_PART:
    case UMIG_TOP_COUNT:
    case UMIG_TOP_PER_SECOND:
        return 6;
    case UMIG_TOP_BYTES:
    case UMIG_TOP_RATE:
    case UMIG_TOP_TOTAL_RATE:
    case UMIG_TOP_TIME:
        return 10;
    case UMIG_TOP_NUMBER:
        return 8;
    case UMIG_TOP_TEXT:
    case UMIG_TOP_NAME:
    case UMIG_TOP_UNITS:
    default:
        return 0;
    }
}
