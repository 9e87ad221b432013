#include "report/cells.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "core/clean.h"
#include "core/utf8.h"

#define TEXT_LIMIT_BYTES (1u << 20)

struct range {
    uint32_t first, last;
};

static bool is_in(const struct range *ranges, size_t count, uint32_t point)
{
    for (size_t i = 0; i < count; i++) {
        if (point >= ranges[i].first && point <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

static bool is_wide(uint32_t point)
{
    static const struct range ranges[] = {
        {0x1100, 0x115F}, {0x2E80, 0xA4CF},   {0xAC00, 0xD7A3},
        {0xF900, 0xFAFF}, {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},
        {0xFFE0, 0xFFE6}, {0x1F300, 0x1FAFF}, {0x20000, 0x3FFFD},
    };
    return is_in(ranges, sizeof ranges / sizeof ranges[0], point);
}

static bool is_combining(uint32_t point)
{
    static const struct range ranges[] = {
        {0x300, 0x36F}, {0x1AB0, 0x1AFF}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F},
    };
    return is_in(ranges, sizeof ranges / sizeof ranges[0], point);
}

static size_t width_of(uint32_t point)
{
    return is_combining(point) ? 0 : is_wide(point) ? 2 : 1;
}

void umig_cells_clean(const char *text, struct umig_buf *out)
{
    char step[UMIG_CLEAN_STEP_BYTES];
    while (*text != '\0') {
        text += umig_clean_step(text, 4, step);
        umig_buf_text(out, step);
    }
}

/* Width of one character of clean text, and its bytes. */
static size_t step(const char *text, size_t *bytes)
{
    uint32_t point = 0;
    *bytes = umig_utf8_read(text, strlen(text) < 4 ? strlen(text) : 4, &point);
    if (*bytes == 0) {
        *bytes = 1;
        return 1;
    }
    return width_of(point);
}

size_t umig_cells_width(const char *text)
{
    size_t width = 0;
    size_t bytes = 0;
    for (; *text != '\0'; text += bytes) {
        width += step(text, &bytes);
    }
    return width;
}

/* Bytes of the longest front that fits into some columns, and the columns it takes. */
static size_t front(const char *text, size_t columns, size_t *width)
{
    size_t at = 0;
    size_t bytes = 0;
    *width = 0;
    while (text[at] != '\0') {
        const size_t more = step(text + at, &bytes);
        if (*width + more > columns) {
            break;
        }
        *width += more;
        at += bytes;
    }
    return at;
}

/* Cuts out of the middle; the end, with the method's name, keeps the greater part. */
static size_t put_cut(const char *text, size_t columns, struct umig_buf *out)
{
    size_t head_width = 0;
    const size_t head = front(text, (columns - 1) / 3, &head_width);
    umig_buf_put(out, text, head);
    umig_buf_text(out, "\xE2\x80\xA6"); /* U+2026, the ellipsis */
    const size_t rest = columns - 1 - head_width;
    const char *tail = text + head;
    size_t tail_width = umig_cells_width(tail);
    size_t bytes = 0;
    while (tail_width > rest) {
        tail_width -= step(tail, &bytes);
        tail += bytes;
    }
    umig_buf_text(out, tail);
    return head_width + 1 + tail_width;
}

static void pad(size_t count, struct umig_buf *out)
{
    for (size_t i = 0; i < count; i++) {
        umig_buf_byte(out, ' ');
    }
}

static void fail_with(const struct umig_buf *part, struct umig_buf *out)
{
    if (part->failed != UMIG_OK && out->failed == UMIG_OK) {
        out->failed = part->failed;
    }
}

size_t umig_cells_clean_width(const char *text, struct umig_buf *out)
{
    struct umig_buf clean = UMIG_BUF_INIT(TEXT_LIMIT_BYTES);
    umig_cells_clean(text, &clean);
    const size_t width = umig_cells_width(umig_buf_str(&clean));
    fail_with(&clean, out);
    umig_buf_fini(&clean);
    return width;
}

/* Puts a text cut to some columns after left spaces; returns the columns it takes. */
static size_t put_within(const char *text,
                         size_t columns,
                         enum umig_cells_side side,
                         struct umig_buf *out)
{
    struct umig_buf clean = UMIG_BUF_INIT(TEXT_LIMIT_BYTES);
    umig_cells_clean(text, &clean);
    size_t width = umig_cells_width(umig_buf_str(&clean));
    if (width > columns) {
        width = put_cut(umig_buf_str(&clean), columns, out);
    } else {
        pad(side == UMIG_CELLS_RIGHT ? columns - width : 0, out);
        umig_buf_text(out, umig_buf_str(&clean));
        width = side == UMIG_CELLS_RIGHT ? columns : width;
    }
    fail_with(&clean, out);
    umig_buf_fini(&clean);
    return width;
}

void umig_cells_put(const char *text,
                    size_t columns,
                    enum umig_cells_side side,
                    struct umig_buf *out)
{
    pad(columns - put_within(text, columns, side, out), out);
}

void umig_cells_fit(const char *text, size_t columns, struct umig_buf *out)
{
    put_within(text, columns, UMIG_CELLS_LEFT, out);
}

/* Width of the first so many bytes of a clean text. */
static size_t width_of_front(const char *text, size_t byte_count)
{
    size_t width = 0;
    size_t bytes = 0;
    for (size_t at = 0; at < byte_count; at += bytes) {
        width += step(text + at, &bytes);
    }
    return width;
}

/* A word that no line has room for is cut; what follows it begins a new line. */
static void put_word_cut(const char *at, size_t byte_count, size_t columns, struct umig_buf *out)
{
    struct umig_buf word = UMIG_BUF_INIT(TEXT_LIMIT_BYTES);
    umig_buf_put(&word, at, byte_count);
    put_cut(umig_buf_str(&word), columns, out);
    fail_with(&word, out);
    umig_buf_fini(&word);
}

void umig_cells_wrap(const char *text,
                     const char *separator,
                     size_t columns,
                     size_t indent,
                     size_t longest,
                     struct umig_buf *out)
{
    struct umig_buf clean = UMIG_BUF_INIT(TEXT_LIMIT_BYTES);
    umig_cells_clean(text, &clean);
    const char *at = umig_buf_str(&clean);
    size_t used = indent;
    pad(indent, out);
    while (*at != '\0') {
        /* A word takes its separator along, but for the space that the end of a line swallows. */
        const char *next = strstr(at, separator);
        const size_t bytes = next == NULL ? strlen(at) : (size_t)(next - at) + strlen(separator);
        const size_t trailing = next == NULL ? 0 : 1;
        const size_t width = width_of_front(at, bytes - trailing);
        if (used > indent && used + width > columns) {
            while (out->len > 0 && out->bytes[out->len - 1] == ' ') {
                out->bytes[--out->len] = '\0';
            }
            umig_buf_byte(out, '\n');
            pad(indent, out);
            used = indent;
        }
        if (width > longest - indent) {
            put_word_cut(at, bytes, longest - indent, out);
            used = columns;
        } else {
            umig_buf_put(out, at, bytes);
            used += width + trailing;
        }
        at += bytes;
    }
    umig_buf_byte(out, '\n');
    fail_with(&clean, out);
    umig_buf_fini(&clean);
}
