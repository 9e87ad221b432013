/*
 * Class loaders that should be gone, as the latest search for them found while the session ran:
 * kinds of loaders by source, how many of each are alive, held and needed, and what holds them. How
 * it is told: agent/session/held.h.
 */
#ifndef UMIG_ANALYSIS_LOADERS_H
#define UMIG_ANALYSIS_LOADERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/profile.h"
#include "analysis/retained.h"

/** Most kinds that are read. */
#define UMIG_LOADERS_MAX 128

/**
 * Fewest loaders that are held and not needed to say that they should be gone: a few older
 * generations may be at work still.
 */
#define UMIG_LOADERS_SURPLUS 4

/** A kind of class loaders. */
struct umig_loaders_row {
    uint32_t name;         /* string: the file of what they defined, or a class where the file's
                              name was dealt out */
    uint32_t loader_class; /* string */
    bool has_others;       /* it stands for several, named after the first */
    uint64_t loaders;      /* alive, or not unloaded yet */
    uint64_t classes;      /* that they defined */
    uint64_t needed;       /* of the loaders, at most */
    uint64_t held;         /* by ways that do not let go */
    uint64_t softly;       /* by soft references or in collections with a bound, alone */
    uint64_t surplus;      /* that should be gone */
    uint32_t way;          /* stack of the steps that hold most of them; 0: none is known */
    uint64_t way_loaders;  /* that it holds, and others that are told with the same words */
};

/** Those with the most that should be gone first. */
struct umig_loaders {
    enum umig_retained_end end; /* UMIG_RETAINED_NEVER: nobody has searched */
    uint64_t loaders;           /* of the JVM */
    uint64_t surplus;
    uint64_t surplus_classes;
    struct umig_loaders_row rows[UMIG_LOADERS_MAX];
    size_t count;
};

/** Reads the latest search. */
void umig_loaders_read(const struct umig_profile *profile, struct umig_loaders *out_loaders);

#endif
