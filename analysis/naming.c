#include "analysis/naming.h"

#include <ctype.h>
#include <string.h>

#include "core/parse.h"

#define SCRIPT_HASH_LENGTH 32 /* Script_ and the MD5 of its text: GroovyClassLoader since 3.0 */
#define SCRIPT_TIME_DIGITS 10 /* script and time and hash code: GroovyClassLoader before that */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static struct umig_span span(const char *at, size_t len)
{
    return (struct umig_span){.at = at, .len = len};
}

static bool starts_with(struct umig_span text, const char *prefix)
{
    const size_t len = strlen(prefix);
    return text.len >= len && memcmp(text.at, prefix, len) == 0;
}

static bool ends_with(struct umig_span text, const char *suffix)
{
    const size_t len = strlen(suffix);
    return text.len >= len && memcmp(text.at + text.len - len, suffix, len) == 0;
}

static struct umig_span skip(struct umig_span text, size_t count)
{
    return span(text.at + count, text.len - count);
}

/* Number of digits that a text begins with. */
static size_t digit_run(struct umig_span text)
{
    size_t count = 0;
    while (count < text.len && is_digit(text.at[count])) {
        count++;
    }
    return count;
}

static size_t trailing_digits(struct umig_span text)
{
    size_t count = 0;
    while (count < text.len && is_digit(text.at[text.len - 1 - count])) {
        count++;
    }
    return count;
}

static bool is_hex(struct umig_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!isxdigit((unsigned char)text.at[i])) {
            return false;
        }
    }
    return text.len > 0;
}

/*
 * Cuts the tail that a hidden class carries: "/0x00007f06940da228" or, before JDK 15, "/1234567".
 * JVMTI writes '.' where Class.getName() writes '/', and some tools '+'.
 */
static struct umig_span cut_hidden(struct umig_span text)
{
    size_t at = text.len;
    while (at > 0 && text.at[at - 1] != '/' && text.at[at - 1] != '.' && text.at[at - 1] != '+') {
        at--;
    }
    if (at < 2) {
        return text;
    }
    const struct umig_span tail = skip(text, at);
    const bool is_address = starts_with(tail, "0x") && is_hex(skip(tail, 2));
    const bool is_number = text.at[at - 1] == '/' && tail.len > 0 && digit_run(tail) == tail.len;
    return is_address || is_number ? span(text.at, at - 1) : text;
}

/* Cuts the number off "Work$$Lambda$27". */
static struct umig_span cut_lambda_number(struct umig_span text)
{
    const size_t digits = trailing_digits(text);
    const struct umig_span head = span(text.at, text.len - digits);
    return digits > 0 && ends_with(head, "$$Lambda$") ? span(head.at, head.len - 1) : text;
}

/* Name prefixes that the JVM numbers. */
static const char *const numbered[] = {
    "GeneratedMethodAccessor",
    "GeneratedConstructorAccessor",
    "GeneratedSerializationConstructorAccessor",
    "$Proxy",
};

static struct umig_span simple_name(struct umig_span class_name)
{
    size_t at = class_name.len;
    while (at > 0 && class_name.at[at - 1] != '.') {
        at--;
    }
    return skip(class_name, at);
}

static bool is_numbered(struct umig_span simple)
{
    const size_t digits = trailing_digits(simple);
    const struct umig_span head = span(simple.at, simple.len - digits);
    for (size_t i = 0; digits > 0 && i < sizeof numbered / sizeof numbered[0]; i++) {
        if (umig_span_is(head, numbered[i])) {
            return true;
        }
    }
    return false;
}

static void put_span(struct umig_buf *out, struct umig_span text)
{
    umig_buf_put(out, text.at, text.len);
}

/* "jdk.proxy2." in front of a proxy is numbered as well. */
static void put_package(struct umig_buf *out, struct umig_span package)
{
    const struct umig_span number = skip(package, starts_with(package, "jdk.proxy") ? 9 : 0);
    const size_t digits = number.at > package.at ? digit_run(number) : 0;
    if (digits > 0) {
        umig_buf_text(out, "jdk.proxy*");
        put_span(out, skip(number, digits));
        return;
    }
    put_span(out, package);
}

/* Scripts that Groovy names by a counter. */
static const char *const counted_scripts[] = {
    "Script",
    "SimpleTemplateScript",
    "GStringTemplateScript",
    "StreamingTemplateScript",
    "XmlTemplateScript",
};

/* Length of the lasting part of a script's invented name; 0: a name somebody gave. */
static size_t invented_script(struct umig_span simple)
{
    const size_t digits = trailing_digits(simple);
    const struct umig_span head = span(simple.at, simple.len - digits);
    for (size_t i = 0; digits > 0 && i < sizeof counted_scripts / sizeof counted_scripts[0]; i++) {
        if (umig_span_is(head, counted_scripts[i])) {
            return head.len;
        }
    }
    if (digits >= SCRIPT_TIME_DIGITS && umig_span_is(head, "script")) {
        return head.len;
    }
    const bool is_hashed = starts_with(simple, "Script_") &&
                           simple.len == strlen("Script_") + SCRIPT_HASH_LENGTH &&
                           is_hex(skip(simple, strlen("Script_")));
    return is_hashed ? strlen("Script") : 0;
}

static struct umig_span without_extension(struct umig_span file)
{
    size_t at = file.len;
    while (at > 0 && file.at[at - 1] != '.') {
        at--;
    }
    return at > 1 ? span(file.at, at - 1) : file;
}

/* A script keeps one name over recompilation: its file's, else its invented name with a '*'. */
static void put_script(struct umig_naming *naming, struct umig_span simple, size_t lasting)
{
    const struct umig_span file = umig_span_of(umig_buf_str(&naming->file));
    const struct umig_span stem = without_extension(file);
    naming->is_groovy = true;
    if (stem.len > 0 && invented_script(stem) == 0) {
        put_span(&naming->class_name, stem);
        return;
    }
    put_span(&naming->class_name, span(simple.at, lasting));
    umig_buf_byte(&naming->class_name, '*');
    if (file.len > 0) {
        umig_buf_clear(&naming->file);
        put_span(&naming->file, span(simple.at, lasting));
        umig_buf_text(&naming->file, "*.groovy");
    }
}

/* Writes the class that holds a body: package, then the outermost name, then the inner ones. */
static void put_class(struct umig_naming *naming, struct umig_span class_name)
{
    const struct umig_span simple = simple_name(class_name);
    put_package(&naming->class_name, span(class_name.at, class_name.len - simple.len));
    if (is_numbered(simple)) {
        put_span(&naming->class_name, span(simple.at, simple.len - trailing_digits(simple)));
        umig_buf_byte(&naming->class_name, '*');
        return;
    }
    size_t outer = 0;
    while (outer < simple.len && simple.at[outer] != '$') {
        outer++;
    }
    const size_t lasting = invented_script(span(simple.at, outer));
    if (lasting == 0) {
        put_span(&naming->class_name, simple);
        return;
    }
    put_script(naming, span(simple.at, outer), lasting);
    put_span(&naming->class_name, skip(simple, outer));
    if (naming->origin == UMIG_NAMING_PLAIN) {
        naming->origin = UMIG_NAMING_SCRIPT;
    }
}

/* One body inside another: "_closure4", "_lambda1". */
struct body {
    const char *word;
    struct umig_span number;
    size_t len; /* of all of it */
};

/* Reads a body at the beginning of a text; false if there is none. */
static bool read_body(struct umig_span text, struct body *out)
{
    static const char *const words[] = {"closure", "lambda"};
    for (size_t i = 0; i < 2; i++) {
        const size_t len = 1 + strlen(words[i]);
        if (text.len <= len || text.at[0] != '_' || !starts_with(skip(text, 1), words[i])) {
            continue;
        }
        const size_t digits = digit_run(skip(text, len));
        if (digits > 0) {
            *out = (struct body){words[i], span(text.at + len, digits), len + digits};
            return true;
        }
    }
    return false;
}

/* The invented tail of a class: the bodies, outermost first, and whose bodies they are. */
struct bodies {
    struct umig_span holder; /* class in front of the tail */
    struct umig_span method; /* "" for a field's or a script's own closure */
    struct umig_span chain;  /* "_closure3$_closure4" */
};

/* Is a text nothing but bodies, with or without '$' between them? */
static bool is_chain(struct umig_span text)
{
    struct body body;
    while (read_body(text, &body)) {
        text = skip(text, body.len);
        if (text.len == 0) {
            return true;
        }
        text = skip(text, text.at[0] == '$' ? 1 : 0);
    }
    return false;
}

/* Reads "Holder$_method_closure3$_closure4" or "Holder$_closure1"; false if it is neither. */
static bool read_bodies(struct umig_span class_name, struct bodies *out)
{
    for (size_t at = 1; at + 1 < class_name.len; at++) {
        if (class_name.at[at] != '$' || class_name.at[at + 1] != '_') {
            continue;
        }
        const struct umig_span tail = skip(class_name, at + 1);
        for (size_t i = 0; i < tail.len; i++) {
            if (tail.at[i] == '_' && is_chain(skip(tail, i))) {
                const size_t method_at = i == 0 ? 0 : 1;
                *out = (struct bodies){span(class_name.at, at),
                                       span(tail.at + method_at, i - method_at), skip(tail, i)};
                return true;
            }
        }
    }
    return false;
}

/* A class name cannot hold '<' and '>': Groovy writes '_' for them. */
static void put_method(struct umig_buf *out, struct umig_span method)
{
    if (umig_span_is(method, "_clinit_")) {
        umig_buf_text(out, "<clinit>");
    } else if (umig_span_is(method, "_init_")) {
        umig_buf_text(out, "<init>");
    } else {
        put_span(out, method);
    }
}

static void put_word(struct umig_buf *out, const char *word, struct umig_span number)
{
    if (out->len > 0) {
        umig_buf_byte(out, ' ');
    }
    umig_buf_byte(out, '{');
    umig_buf_text(out, word);
    umig_buf_byte(out, ' ');
    put_span(out, number);
    umig_buf_byte(out, '}');
}

static void put_bodies(struct umig_naming *naming, const struct bodies *bodies, const char *name)
{
    put_method(&naming->name, bodies->method);
    struct umig_span chain = bodies->chain;
    struct body body;
    while (read_body(chain, &body)) {
        put_word(&naming->name, body.word, body.number);
        chain = skip(chain, body.len);
        chain = skip(chain, chain.len > 0 && chain.at[0] == '$' ? 1 : 0);
    }
    /* A class by itself has no method. */
    if (*name != '\0' && strcmp(name, "doCall") != 0 && strcmp(name, "call") != 0) {
        umig_buf_byte(&naming->name, ' ');
        umig_buf_text(&naming->name, name);
    }
}

/* javac: lambda$METHOD$NUMBER. */
static bool put_java_lambda(struct umig_buf *out, const char *name)
{
    const struct umig_span text = umig_span_of(name);
    const size_t digits = trailing_digits(text);
    const size_t prefix = strlen("lambda$");
    if (!starts_with(text, "lambda$") || digits == 0 || text.len < prefix + digits + 2 ||
        text.at[text.len - digits - 1] != '$') {
        return false;
    }
    const struct umig_span method = span(text.at + prefix, text.len - digits - 1 - prefix);
    if (umig_span_is(method, "new")) {
        umig_buf_text(out, "<init>");
    } else if (umig_span_is(method, "static")) {
        umig_buf_text(out, "<clinit>");
    } else if (!umig_span_is(method, "null")) {
        put_span(out, method);
    }
    put_word(out, "lambda", skip(text, text.len - digits));
    return true;
}

static bool is_groovy_file(struct umig_span file)
{
    static const char *const endings[] = {".groovy", ".gvy", ".gy", ".gsh", ".gsp", ".gradle"};
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        if (ends_with(file, endings[i])) {
            return true;
        }
    }
    return false;
}

static struct umig_span cut_trait(struct umig_span holder, struct umig_naming *naming)
{
    if (!ends_with(holder, "$Trait$Helper")) {
        return holder;
    }
    naming->is_groovy = true;
    if (naming->origin == UMIG_NAMING_PLAIN) {
        naming->origin = UMIG_NAMING_TRAIT;
    }
    return span(holder.at, holder.len - strlen("$Trait$Helper"));
}

int umig_naming_read(const char *class_name,
                     const char *name,
                     const char *file,
                     struct umig_naming *naming)
{
    umig_buf_clear(&naming->class_name);
    umig_buf_clear(&naming->name);
    umig_buf_clear(&naming->file);
    umig_buf_text(&naming->file, file);
    naming->origin = UMIG_NAMING_PLAIN;
    naming->is_groovy = is_groovy_file(umig_span_of(file));

    const struct umig_span whole = cut_lambda_number(cut_hidden(umig_span_of(class_name)));
    struct bodies bodies;
    if (read_bodies(whole, &bodies)) {
        naming->origin = UMIG_NAMING_CLOSURE;
        naming->is_groovy = true;
        put_class(naming, cut_trait(bodies.holder, naming));
        put_bodies(naming, &bodies, name);
    } else {
        put_class(naming, cut_trait(whole, naming));
        if (!put_java_lambda(&naming->name, name)) {
            umig_buf_text(&naming->name, name);
        }
    }
    const int failed =
        naming->class_name.failed != UMIG_OK ? naming->class_name.failed : naming->file.failed;
    return failed != UMIG_OK ? failed : naming->name.failed;
}

void umig_naming_fini(struct umig_naming *naming)
{
    umig_buf_fini(&naming->class_name);
    umig_buf_fini(&naming->name);
    umig_buf_fini(&naming->file);
}
