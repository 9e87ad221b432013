/* A way from a root of the heap to objects, as a person would tell it. */
#ifndef UMIG_ANALYSIS_WAY_H
#define UMIG_ANALYSIS_WAY_H

#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"

/** What leads from one object to the next, as the agent has it (enum umig_retainers_edge). */
enum umig_way_edge {
    UMIG_WAY_STATIC = 1,
    UMIG_WAY_THREAD,
    UMIG_WAY_FIELD,
    UMIG_WAY_ELEMENT,
    UMIG_WAY_CLASS,
    UMIG_WAY_SOFT,
    UMIG_WAY_BOUNDED,
};

/** One step. */
struct umig_way_step {
    uint32_t edge; /* enum umig_way_edge, or one that a newer agent has */
    const char *class_name;
    const char *name; /* of the field or thread; "" none */
};

/**
 * Appends a way, what collections are made of left out:
 *
 *   static svc.Cache.ENTRIES > HashMap
 *   thread http-nio-*-exec-* > ThreadLocal > svc.Context.log > ArrayList
 */
void umig_way_put(const struct umig_way_step *steps, size_t count, struct umig_buf *out);

/** "static", "thread", "field", "element", "class", "soft", "bounded", "unknown". */
const char *umig_way_edge_key(uint32_t edge);

#endif
