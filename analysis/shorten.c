#include "analysis/shorten.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#define NAME_LIMIT_BYTES (1u << 20)

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

/*
 * Does a list of arguments begin here? Not so in "operator<", in Rust's "<T as Trait>::f" and in
 * "(anonymous namespace)".
 */
static bool opens_list(const char *name, size_t at)
{
    static const char word[] = "operator";
    const size_t len = sizeof word - 1;
    if (at == 0 || (at >= len && memcmp(name + at - len, word, len) == 0)) {
        return false;
    }
    const char before = name[at - 1];
    return is_name_char(before) || (name[at] == '(' && (before == '>' || before == ')'));
}

/*
 * Appends a name with each list between open and close as "<...>". Between angles, what stands in
 * parentheses may hold a '>' that closes nothing. Returns false if the lists do not close.
 */
static bool put_without_lists(const char *name, char open, char close, struct umig_buf *out)
{
    size_t depth = 0;
    size_t parentheses = 0;
    for (size_t at = 0; name[at] != '\0'; at++) {
        const char c = name[at];
        if (depth > 0 && open == '<' && (c == '(' || (c == ')' && parentheses > 0))) {
            parentheses += c == '(' ? 1 : (size_t)-1;
        } else if (parentheses == 0 && c == open && (depth > 0 || opens_list(name, at))) {
            if (depth++ == 0) {
                umig_buf_printf(out, "%c...%c", open, close);
            }
        } else if (parentheses == 0 && depth > 0 && c == close && name[at - 1] != '-') {
            depth--;
        } else if (depth == 0) {
            umig_buf_byte(out, c);
        }
    }
    return depth == 0 && parentheses == 0;
}

static size_t count_characters(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++) {
        count += ((unsigned char)*text & 0xC0) != 0x80 ? 1 : 0;
    }
    return count;
}

/* Bytes of the first characters of a text. */
static size_t front_bytes(const char *text, size_t characters)
{
    size_t at = 0;
    while (text[at] != '\0' && characters > 0) {
        at++;
        while (((unsigned char)text[at] & 0xC0) == 0x80) {
            at++;
        }
        characters--;
    }
    return at;
}

/* The end, with the function's own name, keeps the greater part. */
static void put_cut(const char *name, size_t characters, struct umig_buf *out)
{
    const size_t head = (characters - 1) / 3;
    const size_t tail = characters - 1 - head;
    umig_buf_put(out, name, front_bytes(name, head));
    umig_buf_text(out, "\xE2\x80\xA6"); /* U+2026, the ellipsis */
    umig_buf_text(out, name + front_bytes(name, count_characters(name) - tail));
}

/* Replaces a name by the one without lists, if it is too long and its lists close. */
static void drop_lists(struct umig_buf *name, size_t characters, char open, char close)
{
    struct umig_buf shorter = UMIG_BUF_INIT(NAME_LIMIT_BYTES);
    if (count_characters(umig_buf_str(name)) > characters &&
        put_without_lists(umig_buf_str(name), open, close, &shorter)) {
        umig_buf_clear(name);
        umig_buf_put(name, umig_buf_str(&shorter), shorter.len);
        name->failed = name->failed != UMIG_OK ? name->failed : shorter.failed;
    }
    umig_buf_fini(&shorter);
}

void umig_shorten_native(const char *name, size_t characters, struct umig_buf *out)
{
    struct umig_buf text = UMIG_BUF_INIT(NAME_LIMIT_BYTES);
    umig_buf_text(&text, name);
    drop_lists(&text, characters, '<', '>');
    drop_lists(&text, characters, '(', ')');
    if (count_characters(umig_buf_str(&text)) > characters) {
        put_cut(umig_buf_str(&text), characters, out);
    } else {
        umig_buf_put(out, umig_buf_str(&text), text.len);
    }
    if (text.failed != UMIG_OK && out->failed == UMIG_OK) {
        out->failed = text.failed;
    }
    umig_buf_fini(&text);
}
