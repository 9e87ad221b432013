#include "analysis/label.h"

#include <stdio.h>
#include <string.h>

#include "analysis/shorten.h"
#include "core/parse.h"
#include "core/utf8.h"

void umig_label_method(const struct umig_profile *profile,
                       uint32_t method,
                       bool is_short,
                       struct umig_buf *out)
{
    if (method == 0) {
        umig_buf_byte(out, '?');
        return;
    }
    const struct umig_profile_method *at = &profile->methods.items[method];
    const char *class_name = umig_profile_text(profile, at->class_name);
    const char *name = umig_profile_text(profile, at->name);
    if (is_short && at->class_name == 0) {
        umig_shorten_native(name, UMIG_SHORTEN_MAX, out);
        return;
    }
    const char *simple = is_short ? strrchr(class_name, '.') : NULL;
    umig_buf_text(out, simple != NULL ? simple + 1 : class_name);
    if (*class_name != '\0' && *name != '\0') {
        umig_buf_byte(out, *name == '{' ? ' ' : '.');
    }
    umig_buf_text(out, name);
}

/* Bytes of the character that a text begins with. */
static size_t first_character(const char *text)
{
    uint32_t point = 0;
    const size_t bytes = umig_utf8_read(text, strnlen(text, 4), &point);
    return bytes == 0 ? 1 : bytes;
}

void umig_label_method_within(const struct umig_profile *profile,
                              uint32_t method,
                              size_t characters,
                              struct umig_buf *out)
{
    if (profile->methods.items[method].class_name == 0) {
        umig_label_method(profile, method, true, out);
        return;
    }
    struct umig_buf whole = UMIG_BUF_INIT(1u << 20);
    umig_label_method(profile, method, false, &whole);
    const char *class_name = umig_profile_text(profile, profile->methods.items[method].class_name);
    const char *simple = strrchr(class_name, '.');
    const char *at = umig_buf_str(&whole);
    const char *const package_end = at + (simple == NULL ? 0 : simple - class_name + 1);
    size_t left = whole.len; /* bytes stand in for characters: packages are ASCII */
    while (at < package_end && left > characters) {
        const size_t segment = strcspn(at, ".");
        const size_t kept = segment == 0 ? 0 : first_character(at);
        umig_buf_put(out, at, kept);
        umig_buf_byte(out, '.');
        left -= segment - kept;
        at += segment + 1;
    }
    umig_buf_text(out, at);
    if (whole.failed != UMIG_OK && out->failed == UMIG_OK) {
        out->failed = whole.failed;
    }
    umig_buf_fini(&whole);
}

bool umig_label_is_library(const struct umig_profile *profile, uint32_t method)
{
    static const char *const prefixes[] = {
        /* the JDK and its standard interfaces */
        "java.",
        "javax.",
        "jakarta.",
        "jdk.",
        "sun.",
        "com.sun.",
        /* Groovy */
        "groovy.",
        "groovyjarjar",
        "org.codehaus.groovy.",
        "org.apache.groovy.",
        /* servers and frameworks that call the application */
        "org.apache.catalina.",
        "org.apache.coyote.",
        "org.apache.tomcat.",
        "org.eclipse.jetty.",
        "org.glassfish.",
        "org.jboss.",
        "io.undertow.",
        "io.netty.",
        "io.vertx.",
        "io.micronaut.",
        "io.quarkus.",
        "org.springframework.",
        "reactor.",
        "ratpack.",
        "grails.",
        "org.grails.",
    };
    const char *class_name = umig_profile_text(profile, profile->methods.items[method].class_name);
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        if (strncmp(class_name, prefixes[i], strlen(prefixes[i])) == 0) {
            return true;
        }
    }
    return false;
}

bool umig_label_is_application(const struct umig_profile *profile, uint32_t method)
{
    return profile->methods.items[method].class_name != 0 &&
           !umig_label_is_library(profile, method);
}

void umig_label_frame(const struct umig_profile *profile,
                      uint32_t frame,
                      bool is_short,
                      struct umig_buf *out)
{
    const struct umig_profile_frame *at = &profile->frames.items[frame];
    umig_label_method(profile, at->method, is_short, out);
    if (at->line != 0) {
        umig_buf_printf(out, ":%u", at->line);
    }
}

void umig_label_share(uint64_t part, uint64_t whole, struct umig_buf *out)
{
    const double percent = whole == 0 ? 0 : 100.0 * (double)part / (double)whole;
    if (part == 0 || whole == 0) {
        umig_buf_text(out, "0 %");
    } else if (percent < 0.1) {
        umig_buf_text(out, "< 0.1 %");
    } else {
        umig_buf_printf(out, percent < 9.95 ? "%.1f %%" : "%.0f %%", percent);
    }
}

void umig_label_number(uint64_t number, struct umig_buf *out)
{
    char digits[24];
    const int count = snprintf(digits, sizeof digits, "%llu", (unsigned long long)number);
    for (int i = 0; i < count; i++) {
        if (i > 0 && (count - i) % 3 == 0) {
            umig_buf_byte(out, ',');
        }
        umig_buf_byte(out, digits[i]);
    }
}

bool umig_label_is_bytes(enum umig_kind kind)
{
    return kind == UMIG_KIND_ALLOC || kind == UMIG_KIND_LIVE;
}

void umig_label_value(enum umig_kind kind, uint64_t value, struct umig_buf *out)
{
    char text[48];
    if (kind == UMIG_KIND_HEAP || umig_label_is_bytes(kind)) {
        umig_format_bytes(value, text, sizeof text);
    } else {
        umig_format_duration(value, text, sizeof text);
    }
    umig_buf_text(out, text);
}
