/*
 * Folds Groovy's dispatch into the lines that caused it.
 *
 * Between two user methods of a dynamic Groovy program stand 10 to 20 frames of call sites, indy,
 * MetaClass, reflection and method handles. They go away; where time was spent in them (they are
 * the leaf), one frame "[groovy dispatch: indy]" of kind UMIG_FRAME_DISPATCH takes their place,
 * with the line of the caller: so each call site shows what its dispatch costs, and no value is
 * lost. What the dispatch itself calls in the JDK (maps, locks, class loading) belongs to it.
 *
 * Reflection, method handles and proxies that Java code uses are not Groovy's. Between two frames
 * they become one line "[reflection]", "[method handles]" or "[proxy]", which says that the call
 * was indirect; at the leaf they stay as they are: there they are work that somebody chose.
 *
 * Two more kinds of frames go away when they call on: the bridges that compilers write (doCall()
 * to doCall(Object), a class's forwarding method to its trait's body) and the JDK's hidden class
 * between a functional interface and a lambda's body.
 *
 * The frames that stay are named by analysis/naming.h, native ones by analysis/demangle.h.
 */
#ifndef UMIG_ANALYSIS_FOLD_H
#define UMIG_ANALYSIS_FOLD_H

#include <stdbool.h>
#include <stddef.h>

#include "analysis/profile.h"

/** How to fold. */
struct umig_fold_options {
    bool keep_dispatch; /* only make the names readable; every frame stays */
    size_t limit_bytes; /* bound of the new profile; 0: twice the bound of the old one */
};

/**
 * Makes a folded copy of a profile. Counts and values are the same in sum, by kind, outcome and
 * thread group; sessions, threads, pauses and pools are copied as they are.
 *
 * @param options      NULL: all zero
 * @param out_profile  destroy with umig_profile_destroy()
 * @return UMIG_OK, UMIG_E_NOMEM, UMIG_E_LIMIT (a name above 1 MiB)
 */
UMIG_NODISCARD int umig_fold(const struct umig_profile *profile,
                             const struct umig_fold_options *options,
                             struct umig_profile **out_profile,
                             struct umig_err *err);

#endif
