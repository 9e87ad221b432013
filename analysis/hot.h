/* Where the time goes: methods by self and total, thread groups, and what dispatch costs where. */
#ifndef UMIG_ANALYSIS_HOT_H
#define UMIG_ANALYSIS_HOT_H

#include <stddef.h>
#include <stdint.h>

#include "analysis/profile.h"
#include "core/buf.h"

/** One method. A recursive method counts once a sample in its total. */
struct umig_hot_method {
    uint32_t method; /* of the profile */
    uint64_t self_count;
    uint64_t self; /* in the kind's unit */
    uint64_t total_count;
    uint64_t total;
    uint32_t top_group; /* the thread group with the greatest share of total */
    uint64_t top_group_total;
    size_t group_count; /* thread groups that ran it */
};

/** One thread group. */
struct umig_hot_group {
    uint32_t group;
    uint32_t threads; /* threads seen with this group; 0 if the profile has no threads */
    uint64_t count;
    uint64_t value;
};

/** One line of the application whose calls, its own or a library's for it, cost dispatch. */
struct umig_hot_site {
    uint32_t method; /* of the caller; 0: unknown */
    uint32_t line;   /* 0 unknown */
    uint32_t way;    /* method that names the dispatch: "[groovy dispatch: indy]" */
    uint64_t count;
    uint64_t value;
};

/** Heaviest first everywhere; equals in the order of their names. */
struct umig_hot {
    uint64_t count; /* all samples of the kind */
    uint64_t value;
    uint64_t dispatch;               /* value of the leaves of kind UMIG_FRAME_DISPATCH */
    uint64_t jit;                    /* value of the JIT compiler's threads */
    uint64_t collecting;             /* value of the collector's threads */
    uint64_t scripts;                /* value of compiling Groovy source at run time */
    uint64_t unwalked;               /* value of Java stacks that could not be walked whole */
    struct umig_hot_method *methods; /* by self, then total */
    size_t method_count;
    struct umig_hot_group *groups;
    size_t group_count;
    struct umig_hot_site *sites;
    size_t site_count;
};

/**
 * Adds up the samples of one kind.
 *
 * @param group    only samples of this thread group; UMIG_HOT_ALL_GROUPS: all
 * @param out_hot  destroy with umig_hot_destroy()
 * @return UMIG_OK, UMIG_E_NOMEM
 */
UMIG_NODISCARD int umig_hot_create(const struct umig_profile *profile,
                                   enum umig_kind kind,
                                   uint32_t group,
                                   struct umig_hot **out_hot,
                                   struct umig_err *err);

#define UMIG_HOT_ALL_GROUPS UINT32_MAX

/**
 * Lists the methods of the application, greatest total first, of equals the one with more of its
 * own. The rule is umig_label_is_application() and nothing else: however much of everything runs
 * below a method somebody wrote, it is listed.
 *
 * @param out  borrowed from hot, the first of them; room for limit
 * @return how many there are in all
 */
size_t umig_hot_by_total(const struct umig_profile *profile,
                         const struct umig_hot *hot,
                         size_t limit,
                         const struct umig_hot_method **out);

/** Appends the pool a method mostly runs on: the one with more than half of it, or "3 pools". */
void umig_hot_put_pool(const struct umig_profile *profile,
                       const struct umig_hot_method *method,
                       struct umig_buf *out);

/** Frees it; takes NULL; returns NULL. */
struct umig_hot *umig_hot_destroy(struct umig_hot *hot);

#endif
