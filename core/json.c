#include "core/json.h"

#include <inttypes.h>
#include <math.h>

#include "core/clean.h"
#include "core/err.h"
#include "core/utf8.h"

/* A code point as JavaScript writes it: above U+FFFF in two halves. */
static void put_escaped(struct umig_buf *out, uint32_t point)
{
    if (point > 0xffff) {
        umig_buf_printf(out, "\\u%04x", (unsigned)(0xd800 + ((point - 0x10000) >> 10)));
        point = 0xdc00 + ((point - 0x10000) & 0x3ff);
    }
    umig_buf_printf(out, "\\u%04x", (unsigned)point);
}

/* A document may be looked at on a terminal: what that would obey is escaped. */
static void put_quoted(struct umig_buf *out, const char *text)
{
    umig_buf_byte(out, '"');
    size_t step = 0;
    for (const char *at = text; *at != '\0'; at += step) {
        uint32_t point = 0;
        const size_t count = umig_utf8_read(at, 4, &point); /* it stops at a NUL */
        step = count > 0 ? count : 1;
        if (*at == '"' || *at == '\\') {
            umig_buf_byte(out, '\\');
            umig_buf_byte(out, *at);
        } else if (count == 0) {
            umig_buf_text(out, UMIG_UTF8_REPLACEMENT);
        } else if (point < ' ' || point == 0x7f || umig_clean_is_hidden(point)) {
            put_escaped(out, point);
        } else {
            umig_buf_put(out, at, count);
        }
    }
    umig_buf_byte(out, '"');
}

/* What stands before a value: the comma after the one before, and the key. */
static void put_lead(struct umig_json *json, const char *key)
{
    if (json->needs_comma) {
        umig_buf_byte(json->out, ',');
    }
    if (key != NULL) {
        put_quoted(json->out, key);
        umig_buf_byte(json->out, ':');
    }
    json->needs_comma = true;
}

static void open_with(struct umig_json *json, const char *key, char bracket)
{
    put_lead(json, key);
    umig_buf_byte(json->out, bracket);
    json->needs_comma = false;
}

static void close_with(struct umig_json *json, char bracket)
{
    umig_buf_byte(json->out, bracket);
    json->needs_comma = true;
}

void umig_json_object(struct umig_json *json, const char *key)
{
    open_with(json, key, '{');
}

void umig_json_object_end(struct umig_json *json)
{
    close_with(json, '}');
}

void umig_json_array(struct umig_json *json, const char *key)
{
    open_with(json, key, '[');
}

void umig_json_array_end(struct umig_json *json)
{
    close_with(json, ']');
}

void umig_json_text(struct umig_json *json, const char *key, const char *text)
{
    put_lead(json, key);
    if (text == NULL) {
        umig_buf_text(json->out, "null");
    } else {
        put_quoted(json->out, text);
    }
}

void umig_json_known(struct umig_json *json, const char *key, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        umig_json_text(json, key, text);
    }
}

void umig_json_number(struct umig_json *json, const char *key, uint64_t number)
{
    put_lead(json, key);
    umig_buf_printf(json->out, "%" PRIu64, number);
}

void umig_json_signed(struct umig_json *json, const char *key, int64_t number)
{
    put_lead(json, key);
    umig_buf_printf(json->out, "%" PRId64, number);
}

void umig_json_decimal(struct umig_json *json, const char *key, double number)
{
    put_lead(json, key);
    if (isfinite(number)) {
        umig_buf_printf(json->out, "%.9g", number);
    } else {
        umig_buf_text(json->out, "null");
    }
}

void umig_json_bool(struct umig_json *json, const char *key, bool value)
{
    put_lead(json, key);
    umig_buf_text(json->out, value ? "true" : "false");
}

int umig_json_finish(struct umig_json *json, const char *what, struct umig_err *err)
{
    umig_buf_byte(json->out, '\n');
    if (json->out->failed != UMIG_OK) {
        return umig_err_set(err, json->out->failed, "writing %s: %s", what,
                            umig_status_text(json->out->failed));
    }
    return UMIG_OK;
}
