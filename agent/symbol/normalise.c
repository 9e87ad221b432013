#include "agent/symbol/normalise.h"

#include <stdbool.h>
#include <string.h>

enum {
    STAMP_DIGITS = 10
};

/* Words before a run of digits that make the digits volatile; at the start of a simple name, or
 * anywhere in it. */
struct prefix {
    const char *text;
    bool at_start;
    size_t min_digits;
};

static const struct prefix g_prefixes[] = {
    {"Script", true, 1},
    {"script", true, STAMP_DIGITS},
    {"GeneratedMethodAccessor", true, 1},
    {"GeneratedConstructorAccessor", true, 1},
    {"GeneratedSerializationConstructorAccessor", true, 1},
    {"$Proxy", true, 1},
    {"proxy", true, 1},
    {"BoundMethodHandle$Species_", false, 1},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t digits_at(const char *text, size_t len)
{
    size_t count = 0;
    while (count < len && is_digit(text[count])) {
        count++;
    }
    return count;
}

/* Is the run of digits at `at` one that a prefix before it makes volatile? */
static bool is_volatile(const char *name, size_t start, size_t at, size_t digits)
{
    for (size_t i = 0; i < sizeof g_prefixes / sizeof g_prefixes[0]; i++) {
        const struct prefix *row = &g_prefixes[i];
        const size_t len = strlen(row->text);
        if (at < start + len || digits < row->min_digits || (row->at_start && at != start + len)) {
            continue;
        }
        if (memcmp(name + at - len, row->text, len) == 0) {
            return true;
        }
    }
    return false;
}

/* Length without the suffix that numbers a hidden class: "+0x..." or "/0x...". */
static size_t without_hidden_suffix(const char *name, size_t len)
{
    for (size_t i = 0; i + 2 < len; i++) {
        if ((name[i] == '+' || name[i] == '/') && name[i + 1] == '0' && name[i + 2] == 'x') {
            return i;
        }
    }
    return len;
}

/* "$$Lambda$14" numbers its classes before the suffix on JDK 17. */
static size_t without_lambda_number(const char *name, size_t len)
{
    static const char mark[] = "$$Lambda$";
    const size_t mark_len = sizeof mark - 1;
    size_t end = len;
    while (end > 0 && is_digit(name[end - 1])) {
        end--;
    }
    if (end < len && end >= mark_len && memcmp(name + end - mark_len, mark, mark_len) == 0) {
        return end - 1;
    }
    return len;
}

size_t umig_normalise_class(const char *name, size_t len, char *out, size_t room)
{
    len = without_lambda_number(name, without_hidden_suffix(name, len));
    size_t start = 0; /* of the simple name, or of the package part we are in */
    size_t written = 0;
    for (size_t i = 0; i < len && written < room;) {
        const size_t digits = digits_at(name + i, len - i);
        if (digits > 0 && is_volatile(name, start, i, digits)) {
            out[written++] = '*';
            i += digits;
            continue;
        }
        if (digits > 0) {
            const size_t fits = digits < room - written ? digits : room - written;
            memcpy(out + written, name + i, fits);
            written += fits;
            i += digits;
            continue;
        }
        const bool is_separator = name[i] == '/' || name[i] == '.';
        out[written++] = is_separator ? '.' : name[i];
        i++;
        if (is_separator) {
            start = i;
        }
    }
    return written;
}

/* The word of a primitive type's letter; "" for another one. */
static const char *primitive(char letter)
{
    switch (letter) {
    case 'Z':
        return "boolean";
    case 'B':
        return "byte";
    case 'C':
        return "char";
    case 'S':
        return "short";
    case 'I':
        return "int";
    case 'J':
        return "long";
    case 'F':
        return "float";
    case 'D':
        return "double";
    default:
        return "";
    }
}

size_t umig_normalise_type(const char *name, size_t len, char *out, size_t room)
{
    size_t dimensions = 0;
    size_t written = 0;
    while (dimensions < len && name[dimensions] == '[') {
        dimensions++;
    }
    const char *element = name + dimensions;
    const size_t rest = len - dimensions;
    if (dimensions > 0 && rest == 1) {
        const char *word = primitive(element[0]);
        written = strlen(word) < room ? strlen(word) : room;
        memcpy(out, word, written);
    } else if (dimensions > 0 && rest > 2 && element[0] == 'L' && element[rest - 1] == ';') {
        written = umig_normalise_class(element + 1, rest - 2, out, room);
    } else {
        return umig_normalise_class(name, len, out, room);
    }
    for (; dimensions > 0 && written + 2 <= room; dimensions--) {
        out[written++] = '[';
        out[written++] = ']';
    }
    return written;
}

size_t umig_normalise_file(const char *name, size_t len, char *out, size_t room)
{
    return umig_normalise_class(name, len, out, room);
}
