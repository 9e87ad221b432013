/* What a profile has names for, as members of the open object: shared by the parts of the report.
 */
#ifndef UMIG_REPORT_JSON_PUT_H
#define UMIG_REPORT_JSON_PUT_H

#include <stdint.h>

#include "analysis/paths.h"
#include "analysis/profile.h"
#include "core/json.h"

/** Puts a string of the profile; nothing where it is unknown, 0, or empty. */
void umig_json_put_name(struct umig_json *json,
                        const struct umig_profile *profile,
                        const char *key,
                        uint32_t text);

/** Puts "class", "method" and "file". */
void umig_json_put_method(struct umig_json *json,
                          const struct umig_profile *profile,
                          uint32_t method);

/** Puts a frame's method, its "line" and its "kind". */
void umig_json_put_frame(struct umig_json *json,
                         const struct umig_profile *profile,
                         const struct umig_profile_frame *at);

/** Puts "stack", the frames from the innermost outwards. */
void umig_json_put_stack(struct umig_json *json,
                         const struct umig_profile *profile,
                         uint32_t stack);

/** Puts an array of paths, each with its "value_ns" and its "frames". */
void umig_json_put_paths(struct umig_json *json,
                         const struct umig_profile *profile,
                         const char *key,
                         const struct umig_paths *paths);

/** Puts a text and frees it; what failed in it has failed for the document. */
void umig_json_put_sentence(struct umig_json *json, const char *key, struct umig_buf *sentence);

#endif
