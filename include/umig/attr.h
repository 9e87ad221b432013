/* Compiler attributes by the names the rest of the tree uses. */
#ifndef UMIG_ATTR_H
#define UMIG_ATTR_H

/** The caller must look at the returned status. */
#define UMIG_NODISCARD __attribute__((warn_unused_result))

/** Callable from a signal handler: no lock, no allocation, no libc beyond the audited list. */
#define UMIG_SIGNAL_SAFE

/** printf-like: format string is argument f, its values begin at argument a. */
#define UMIG_PRINTF(f, a) __attribute__((format(printf, f, a)))

/** Reads memory that belongs to nobody the sanitizers know: stacks, code. */
#define UMIG_NO_SANITIZE __attribute__((no_sanitize("address", "thread"), noinline))

/** Visible outside the shared object; used by the agent's entry points only. */
#define UMIG_EXPORT __attribute__((visibility("default")))

#endif
