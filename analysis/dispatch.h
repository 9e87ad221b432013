/*
 * What is dispatch: the frames between a Groovy call and the method it calls.
 *
 * Genuine work of libraries (DefaultGroovyMethods.collect, groovy.json, groovy.sql, java.util) is
 * not dispatch. The judgement is by the names of one frame; analysis/fold.c adds the context.
 */
#ifndef UMIG_ANALYSIS_DISPATCH_H
#define UMIG_ANALYSIS_DISPATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "analysis/naming.h"
#include "include/umig/kinds.h"

/* X(NAME, words for the line that a report shows) */
#define UMIG_DISPATCH_TABLE(X)       \
 X(NONE, "")                         \
 X(INDY, "indy")                     \
 X(CALL_SITE, "call site")           \
 X(METACLASS, "metaclass")           \
 X(REFLECTION, "reflection")         \
 X(METHOD_HANDLES, "method handles") \
 X(CLOSURE, "closure")               \
 X(PROXY, "proxy")                   \
 X(CONVERSION, "conversion")         \
 X(PROPERTY, "property")             \
 X(BUILDER, "builder")               \
 X(CATEGORY, "category")

enum umig_dispatch_way {
#define UMIG_DISPATCH_ENUM(name, words) UMIG_DISPATCH_##name,
    UMIG_DISPATCH_TABLE(UMIG_DISPATCH_ENUM)
#undef UMIG_DISPATCH_ENUM
};

enum umig_dispatch_role {
    UMIG_ROLE_WORK,      /* the application's or a library's own work: ends a run of dispatch */
    UMIG_ROLE_SYSTEM,    /* the JDK's work: the target of an invoker, or a tool of the machinery */
    UMIG_ROLE_HELPER,    /* the JDK's or the kernel's: inside dispatch it belongs to dispatch */
    UMIG_ROLE_INVOKER,   /* dispatch; what it calls is what the user called */
    UMIG_ROLE_MACHINERY, /* dispatch; the JDK's work below it is its own: look-ups, locks, maps */
};

struct umig_dispatch {
    enum umig_dispatch_role role;
    enum umig_dispatch_way way;
    bool is_java; /* INVOKER or MACHINERY that Java uses as well: Groovy's only in its company */
};

/**
 * Judges one frame.
 *
 * @param class_name  raw binary name with dots
 * @param name        raw method name
 * @param line        0 unknown: Groovy gives its generated methods none
 * @param origin      from umig_naming_read() of the same names
 */
struct umig_dispatch umig_dispatch_of(const char *class_name,
                                      const char *name,
                                      uint32_t line,
                                      enum umig_frame_kind kind,
                                      enum umig_naming_origin origin);

/** Words of a way: "call site". */
const char *umig_dispatch_words(enum umig_dispatch_way way);

/** Longest name of a line, NUL included. */
#define UMIG_DISPATCH_LINE_BYTES 48

/** Writes the name of the line that a report has in place of a run: "[groovy dispatch: indy]". */
void umig_dispatch_line(enum umig_dispatch_way way,
                        bool is_groovy,
                        char out[UMIG_DISPATCH_LINE_BYTES]);

/** Is it the name of such a line? They come back where stacks of a report are imported. */
bool umig_dispatch_is_line(const char *name);

#endif
