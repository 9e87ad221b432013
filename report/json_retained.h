/* JSON of what holds objects: a part of the report. */
#ifndef UMIG_REPORT_JSON_RETAINED_H
#define UMIG_REPORT_JSON_RETAINED_H

#include <stdint.h>

#include "analysis/retained.h"
#include "core/json.h"

/** Puts "held_by", the ways that hold objects of a class, and "held_bytes" into the open object. */
void umig_json_put_ways(struct umig_json *json,
                        const struct umig_profile *profile,
                        const struct umig_retained *retained,
                        uint32_t class_name);

/** Puts "search", how it ended and what it has looked at; nothing if there was none. */
void umig_json_put_search(struct umig_json *json, const struct umig_retained *retained);

/** Puts "classes", all that the search has found, into the open object. */
void umig_json_put_holders(struct umig_json *json,
                           const struct umig_profile *profile,
                           const struct umig_retained *retained);

#endif
