#include "report/html_text.h"

#include <inttypes.h>
#include <string.h>

#include "analysis/label.h"
#include "analysis/shorten.h"
#include "core/utf8.h"
#include "report/cells.h"

#define CLEAN_LIMIT_BYTES (8u << 20)

static void put_escaped(const char *text, size_t byte_count, struct umig_buf *out)
{
    for (size_t i = 0; i < byte_count; i++) {
        if (strchr("&<>\"'", text[i]) != NULL) {
            umig_buf_printf(out, "&#%d;", text[i]);
        } else {
            umig_buf_byte(out, text[i]);
        }
    }
}

/* Bytes of the first characters of well-formed text. */
static size_t front_bytes(const char *text, size_t characters)
{
    size_t at = 0;
    while (text[at] != '\0' && characters > 0) {
        at++;
        while ((text[at] & 0xC0) == 0x80) {
            at++;
        }
        characters--;
    }
    return at;
}

static void put_text(const char *text, size_t characters, struct umig_buf *out)
{
    struct umig_buf clean = UMIG_BUF_INIT(CLEAN_LIMIT_BYTES);
    umig_cells_clean(text, &clean);
    const char *const shown = umig_buf_str(&clean);
    const size_t bytes = front_bytes(shown, characters);
    put_escaped(shown, bytes, out);
    if (shown[bytes] != '\0') {
        umig_buf_text(out, "\xE2\x80\xA6"); /* ellipsis */
    }
    if (clean.failed != UMIG_OK && out->failed == UMIG_OK) {
        out->failed = clean.failed;
    }
    umig_buf_fini(&clean);
}

void umig_html_text(const char *text, struct umig_buf *out)
{
    put_text(text, SIZE_MAX, out);
}

void umig_html_name(const char *text, struct umig_buf *out)
{
    put_text(text, UMIG_HTML_NAME_MAX, out);
}

static bool ends_in(const char *text, const char *end)
{
    const size_t text_len = strlen(text);
    const size_t end_len = strlen(end);
    return text_len >= end_len && strcmp(text + text_len - end_len, end) == 0;
}

const char *umig_html_kind(const struct umig_profile *profile, uint32_t method, int frame_kind)
{
    switch (frame_kind) {
    case UMIG_FRAME_NATIVE:
        return "native";
    case UMIG_FRAME_KERNEL:
        return "kernel";
    case UMIG_FRAME_VM:
    case UMIG_FRAME_COMPILING:
        return "jvm";
    case UMIG_FRAME_ERROR:
        return "error";
    case UMIG_FRAME_TRUNCATED:
        return "truncated";
    case UMIG_FRAME_DISPATCH:
        return "dispatch";
    default:
        break;
    }
    const char *const file = umig_profile_text(profile, profile->methods.items[method].file);
    return ends_in(file, ".groovy") || ends_in(file, ".gvy") ? "groovy" : "java";
}

/* Frees a part; what failed in it has failed for the page. */
static void fini_part(struct umig_buf *part, struct umig_buf *out)
{
    if (part->failed != UMIG_OK && out->failed == UMIG_OK) {
        out->failed = part->failed;
    }
    umig_buf_fini(part);
}

void umig_html_method(const struct umig_profile *profile,
                      uint32_t method,
                      int frame_kind,
                      int64_t page_frame,
                      struct umig_buf *out)
{
    const struct umig_profile_method *const m = &profile->methods.items[method];
    const char *const class_name = umig_profile_text(profile, m->class_name);
    struct umig_buf full = UMIG_BUF_INIT(CLEAN_LIMIT_BYTES);
    struct umig_buf package = UMIG_BUF_INIT(CLEAN_LIMIT_BYTES);
    umig_label_method(profile, method, false, &full);
    const char *const dot = strrchr(class_name, '.');
    if (dot != NULL && strncmp(umig_buf_str(&full), class_name, (size_t)(dot - class_name)) == 0) {
        umig_buf_put(&package, class_name, (size_t)(dot - class_name) + 1);
    }
    umig_buf_printf(out, "<span class=\"k k-%s\"></span><span class=\"n\"",
                    umig_html_kind(profile, method, frame_kind));
    if (page_frame >= 0) {
        umig_buf_printf(out, " data-f=\"%" PRId64 "\"", page_frame);
    }
    struct umig_buf shown = UMIG_BUF_INIT(CLEAN_LIMIT_BYTES);
    if (m->class_name == 0) {
        umig_shorten_native(umig_buf_str(&full), UMIG_SHORTEN_MAX, &shown);
    } else {
        umig_buf_text(&shown, umig_buf_str(&full) + package.len);
    }
    if (m->class_name == 0 && strcmp(umig_buf_str(&shown), umig_buf_str(&full)) != 0) {
        umig_buf_text(out, " title=\"");
        umig_html_text(umig_buf_str(&full), out);
        umig_buf_byte(out, '"');
    }
    umig_buf_text(out, "><i>");
    umig_html_name(umig_buf_str(&package), out);
    umig_buf_text(out, "</i>");
    umig_html_name(umig_buf_str(&shown), out);
    umig_buf_text(out, "</span>");
    fini_part(&shown, out);
    fini_part(&package, out);
    fini_part(&full, out);
}

void umig_html_number(uint64_t exact, const char *text, struct umig_buf *out)
{
    umig_buf_printf(out, "<td class=\"num\" data-v=\"%" PRIu64 "\">%s</td>", exact, text);
}

void umig_html_count(uint64_t count, struct umig_buf *out)
{
    struct umig_buf text = UMIG_BUF_INIT(64);
    umig_label_number(count, &text);
    umig_html_number(count, umig_buf_str(&text), out);
    umig_buf_fini(&text);
}

void umig_html_value(enum umig_kind kind, uint64_t value, struct umig_buf *out)
{
    struct umig_buf text = UMIG_BUF_INIT(64);
    umig_label_value(kind, value, &text);
    umig_html_number(value, umig_buf_str(&text), out);
    umig_buf_fini(&text);
}

void umig_html_share(uint64_t part, uint64_t whole, struct umig_buf *out)
{
    struct umig_buf text = UMIG_BUF_INIT(64);
    struct umig_buf clean = UMIG_BUF_INIT(128);
    umig_label_share(part, whole, &text);
    put_escaped(umig_buf_str(&text), text.len, &clean); /* "< 0.1 %" */
    umig_html_number(part, umig_buf_str(&clean), out);
    umig_buf_fini(&clean);
    umig_buf_fini(&text);
}

void umig_html_bar(uint64_t part, uint64_t whole, struct umig_buf *out)
{
    const double percent = whole > 0 ? 100.0 * (double)part / (double)whole : 0.0;
    umig_buf_printf(out,
                    "<td class=\"bar\"><svg class=\"meter\" aria-hidden=\"true\">"
                    "<rect width=\"%.1f%%\" height=\"9\"/></svg></td>",
                    percent);
}
