/*
 * umig heap loaders: class loaders that should be gone. The agent counts loaders by kind and
 * searches for what holds those of which there may be too many; the JVM says what they take of
 * metaspace.
 */
#ifndef UMIG_CLI_HEAP_LOADERS_H
#define UMIG_CLI_HEAP_LOADERS_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/heap_talk.h"
#include "cli/jvm.h"
#include "cli/progress.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"
#include "umig/v1/control.pb-c.h"

struct umig_cli;

/** What is asked for. */
struct umig_heap_loaders_request {
    const struct umig_jvm *jvm;
    struct umig_progress *progress;
    uint64_t cpu_ns;      /* that the search may take */
    uint64_t wait_ns;     /* for the JVM's own word */
    bool wants_metaspace; /* for which the JVM stands still */
    bool wants_json;
};

/**
 * Fewest loaders that are held and not needed to say that they should be gone: a few older
 * generations may be at work still.
 */
#define UMIG_HEAP_LOADERS_SURPLUS 4

/** A kind of class loaders, and what holds them. */
struct umig_heap_loaders_row {
    const Umig__V1__LoaderKind *kind;
    uint64_t held;   /* by ways that do not let go; 0 where they were not looked for */
    uint64_t softly; /* held by soft references, or in collections with a bound, alone */
    uint64_t surplus;
    uint64_t surplus_classes;
    uint64_t bytes; /* of metaspace, an estimate; 0: not known */
    uint64_t surplus_bytes;
};

/** The answer. Rows are as many as the report's kinds, in their order. */
struct umig_heap_loaders {
    const Umig__V1__SearchStatus *search; /* search->loaders is never NULL */
    struct umig_heap_loaders_row *rows;
    uint64_t surplus; /* of all rows */
    uint64_t surplus_classes;
    uint64_t surplus_bytes;
    uint64_t bytes;    /* of the JVM's metaspace; 0: not known */
    char problem[256]; /* why not */
    struct umig_heap_cost cost;
};

/** How a way holds. */
bool umig_heap_loaders_is_firm(const Umig__V1__LoaderWay *way);

/** Judges a row by what holds it; bytes and surplus_bytes are left alone. */
void umig_heap_loaders_judge(const Umig__V1__LoaderReport *report,
                             struct umig_heap_loaders_row *row);

/**
 * Writes the answer.
 *
 * @return UMIG_OK; UMIG_END: interrupted, nothing goes on; UMIG_E_UNSUPPORTED: no agent in the JVM,
 *         or one that knows no such search; else as umig_heap_search()
 */
UMIG_NODISCARD int umig_heap_loaders(struct umig_cli *cli,
                                     const struct umig_heap_loaders_request *request,
                                     struct umig_err *err);

#endif
