/* From the words of 'umig start' to the message that an agent gets. */
#ifndef UMIG_CLI_START_REQUEST_H
#define UMIG_CLI_START_REQUEST_H

#include "cli/args.h"
#include "core/glob.h"
#include "core/kind_options.h"
#include "core/trigger.h"
#include "include/umig/attr.h"
#include "include/umig/kinds.h"
#include "include/umig/status.h"
#include "umig/v1/control.pb-c.h"

enum {
    UMIG_START_LABELS_MAX = 16
};

/** Kinds of measurement that a session may be asked for, as rows of a verb's table. */
/* clang-format off */
#define UMIG_KIND_OPTIONS                                                                          \
    {.name = "cpu",                                                                                \
     .arity = UMIG_ARITY_OPTIONAL,                                                                 \
     .value_name = "TIME",                                                                         \
     .help = "sample each thread after TIME on a CPU",                                             \
     .kind = UMIG_KIND_CPU},                                                                       \
    {.name = "gc", .help = "record every stop-the-world pause", .kind = UMIG_KIND_GC},             \
    {.name = "heap",                                                                               \
     .arity = UMIG_ARITY_OPTIONAL,                                                                 \
     .value_name = "TIME",                                                                         \
     .help = "read the memory pools every TIME",                                                   \
     .kind = UMIG_KIND_HEAP},                                                                      \
    {.name = "locks",                                                                              \
     .arity = UMIG_ARITY_OPTIONAL,                                                                 \
     .value_name = "TIME",                                                                         \
     .help = "sample contended locks per TIME waited",                                             \
     .kind = UMIG_KIND_LOCKS},                                                                     \
    {.name = "wall",                                                                               \
     .arity = UMIG_ARITY_OPTIONAL,                                                                 \
     .value_name = "TIME",                                                                         \
     .help = "look at each thread every TIME, asleep or not",                                      \
     .kind = UMIG_KIND_WALL},                                                                      \
    {.name = "threads",                                                                            \
     .arity = UMIG_ARITY_VALUE,                                                                    \
     .value_name = "PATTERN",                                                                      \
     .help = "of --wall: threads whose names fit, * for any characters; default: all"},            \
    {.name = "alloc",                                                                              \
     .arity = UMIG_ARITY_OPTIONAL,                                                                 \
     .value_name = "SIZE",                                                                         \
     .help = "sample allocation by stack and class, each SIZE",                                    \
     .kind = UMIG_KIND_ALLOC},                                                                     \
    {.name = "pools",                                                                              \
     .arity = UMIG_ARITY_OPTIONAL,                                                                 \
     .value_name = "TIME",                                                                         \
     .help = "read the pools of threads and connections every TIME",                               \
     .kind = UMIG_KIND_POOLS}
/* clang-format on */

/** What stacks are made of and by which clock, likewise. */
/* clang-format off */
#define UMIG_MEANS_OPTIONS                                                                         \
    {.name = "mutexes",                                                                            \
     .help = "of --locks: waits for mutexes of the JVM and of libraries, too, with native frames"}, \
    {.name = "native",                                                                             \
     .arity = UMIG_ARITY_VALUE,                                                                    \
     .value_name = "WHAT",                                                                         \
     .help = "native frames of CPU samples: off (default), leaf (the function that ran), on"},     \
    {.name = "clock",                                                                              \
     .arity = UMIG_ARITY_VALUE,                                                                    \
     .value_name = "WHAT",                                                                         \
     .help =                                                                                       \
         "CPU samples by: auto (default), perf (the only one with kernel frames), cputime, wall"}
/* clang-format on */

/** The message being made, with the memory its pointers lead to: it must not move. */
struct umig_start_request {
    Umig__V1__ControlRequest message;
    Umig__V1__StartSession start;
    Umig__V1__KindOption kinds[UMIG_KIND_COUNT];
    Umig__V1__KindOption *kind_items[UMIG_KIND_COUNT];
    Umig__V1__Label labels[UMIG_START_LABELS_MAX];
    Umig__V1__Label *label_items[UMIG_START_LABELS_MAX];
    char label_keys[UMIG_START_LABELS_MAX][72];
    char threads[UMIG_GLOB_BYTES];
    struct umig_trigger when;
};

/**
 * Reads --cpu, --native, --name and the like; nothing of them is for one agent more than for
 * another.
 *
 * @param args         borrowed as long as the request is used
 * @param now_unix_ns  the present time
 * @param request      zero-initialised
 * @return UMIG_OK, UMIG_E_ARG
 */
UMIG_NODISCARD int umig_start_request_read(const struct umig_args *args,
                                           uint64_t now_unix_ns,
                                           struct umig_start_request *request,
                                           struct umig_err *err);

#endif
