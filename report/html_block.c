#include "report/html_block.h"

#include <string.h>

#include "core/json.h"
#include "report/html_text.h"
#include "report/html_tree.h"

#define STRINGS_LIMIT (64u << 20)

/* The kinds as the block numbers them; KINDS in report/html/data.js. */
static const char *const kinds[] = {"java", "groovy",   "native",    "kernel",
                                    "jvm",  "dispatch", "truncated", "error"};

/* Names may hold anything: a less-than sign would let one leave the script element. */
void umig_html_block_strings(const struct umig_profile *names, struct umig_buf *out)
{
    struct umig_buf text = UMIG_BUF_INIT(STRINGS_LIMIT);
    struct umig_json json = UMIG_JSON_INIT(&text);
    umig_json_array(&json, NULL);
    for (size_t i = 0; i < names->strings.count; i++) {
        umig_json_text(&json, NULL, names->strings.items[i]);
    }
    umig_json_array_end(&json);
    for (size_t i = 0; i < text.len; i++) {
        if (text.bytes[i] == '<') {
            umig_buf_text(out, "\\u003c");
        } else {
            umig_buf_byte(out, text.bytes[i]);
        }
    }
    if (text.failed != UMIG_OK && out->failed == UMIG_OK) {
        out->failed = text.failed;
    }
    umig_buf_fini(&text);
}

enum frame_part {
    FRAME_CLASS,
    FRAME_METHOD,
    FRAME_KIND,
    FRAME_FILE
};

static uint64_t frame_number(const struct umig_profile *names, size_t frame, enum frame_part part)
{
    const struct umig_profile_frame *const f = &names->frames.items[frame];
    const struct umig_profile_method *const m = &names->methods.items[f->method];
    if (part != FRAME_KIND) {
        return part == FRAME_CLASS ? m->class_name : part == FRAME_METHOD ? m->name : m->file;
    }
    const char *const kind = umig_html_kind(names, f->method, (int)f->kind);
    uint64_t number = 0;
    while (strcmp(kinds[number], kind) != 0) {
        number++;
    }
    return number;
}

void umig_html_block_frames(const struct umig_profile *names, struct umig_buf *out)
{
    static const char *const parts[] = {"class", "method", "kind", "file"};
    const size_t count = names->frames.count;
    umig_buf_printf(out, "{\"count\":%zu", count - 1);
    for (int part = 0; part < 4; part++) {
        struct umig_html_column column = {.out = out};
        umig_buf_printf(out, ",\"%s\":\"", parts[part]);
        for (size_t i = 1; i < count; i++) {
            umig_html_column_put(&column, frame_number(names, i, (enum frame_part)part));
        }
        umig_html_column_end(&column);
        umig_buf_byte(out, '"');
    }
    struct umig_html_column lines = {.out = out};
    umig_buf_text(out, ",\"line\":\"");
    for (size_t i = 1; i < count; i++) {
        umig_html_column_put(&lines, 0); /* a frame stands for a method, whatever the line */
    }
    umig_html_column_end(&lines);
    umig_buf_text(out, "\"}");
}
