#include "core/json.h"

#include <inttypes.h>
#include <math.h>

#include "core/err.h"

/* May this byte follow this lead? Some leads leave others out: overlong forms, surrogates. */
static bool may_follow(unsigned char lead, unsigned char byte)
{
    const unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    const unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    return byte >= low && byte <= high;
}

/* Bytes of the well-formed UTF-8 sequence at a text (RFC 3629, table 3-7 of Unicode); 0: ill. */
static size_t sequence_bytes(const unsigned char *at)
{
    const unsigned char lead = at[0];
    size_t count = 0;
    if (lead < 0x80) {
        count = 1;
    } else if (lead >= 0xc2 && lead <= 0xf4) {
        count = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    }
    if (count > 1 && !may_follow(lead, at[1])) {
        return 0;
    }
    for (size_t i = 2; i < count; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0; /* also at the terminating NUL */
        }
    }
    return count;
}

static void put_quoted(struct umig_buf *out, const char *text)
{
    umig_buf_byte(out, '"');
    size_t step = 0;
    for (const char *at = text; *at != '\0'; at += step) {
        const size_t count = sequence_bytes((const unsigned char *)at);
        step = count > 0 ? count : 1;
        if (*at == '"' || *at == '\\') {
            umig_buf_byte(out, '\\');
            umig_buf_byte(out, *at);
        } else if ((unsigned char)*at < ' ' || *at == '\x7f') {
            umig_buf_printf(out, "\\u%04x", (unsigned)(unsigned char)*at);
        } else if (count == 0) {
            umig_buf_text(out, "\xef\xbf\xbd"); /* U+FFFD */
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
