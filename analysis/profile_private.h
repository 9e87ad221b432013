/* How a profile's lists grow; for profile.c and profile_rows.c. */
#ifndef UMIG_ANALYSIS_PROFILE_PRIVATE_H
#define UMIG_ANALYSIS_PROFILE_PRIVATE_H

#include "analysis/intern.h"
#include "analysis/profile.h"

/** What finds the interned items, and the rows that add up. */
struct umig_profile_index {
    struct umig_intern strings;
    struct umig_intern methods;
    struct umig_intern frames;
    struct umig_intern stacks;
    struct umig_intern threads;
    struct umig_intern samples;
    struct umig_intern thread_totals;
};

/** The shape that every UMIG_PROFILE_LIST shares, to write the growing once. */
struct umig_profile_list {
    void *items_at; /* address of the pointer to the items; its type differs, so bytes are copied */
    size_t *count;
    size_t *room;
    size_t item_bytes;
};

/** The shape of a list of a profile. */
#define UMIG_PROFILE_LIST_OF(list)                               \
 ((struct umig_profile_list){.items_at = (void *)&(list)->items, \
                             .count = &(list)->count,            \
                             .room = &(list)->room,              \
                             .item_bytes = sizeof *(list)->items})

/** A key of two ids. */
struct umig_profile_pair {
    uint32_t first, second;
};

/** The part of the session's time, of so many; what lies outside belongs to its edges. */
uint32_t umig_profile_part(const struct umig_profile_session *session,
                           uint32_t parts,
                           uint64_t unix_ns);

/** Room for one more item. UMIG_OK; UMIG_E_NOMEM: the bound is reached, all is as it was. */
UMIG_NODISCARD int umig_profile_reserve(struct umig_profile *profile,
                                        struct umig_profile_list list);

/** Room for one more item in a list and in its index. As umig_profile_reserve(). */
UMIG_NODISCARD int umig_profile_reserve_both(struct umig_profile *profile,
                                             struct umig_profile_list list,
                                             struct umig_intern *index);

#endif
