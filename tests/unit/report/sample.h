/* A session with something in every section, to write reports from. */
#ifndef UMIG_TESTS_UNIT_REPORT_SAMPLE_H
#define UMIG_TESTS_UNIT_REPORT_SAMPLE_H

#include "analysis/profile.h"

/** A Groovy service under load: stacks of a recording, collections, waits, pools, losses. */
struct umig_profile *umig_sample_service(void);

/** The same service with names that try to get at the reader. */
struct umig_profile *umig_sample_hostile(void);

/** A session in which whatever can have a name has this one, and every section has rows. */
struct umig_profile *umig_sample_named(const char *name);

/** A session in which next to nothing happened. */
struct umig_profile *umig_sample_quiet(void);

/** A session that was asked for waits only, and saw none. */
struct umig_profile *umig_sample_locks_only(void);

#endif
