/* Compiler attributes by the names the rest of the tree uses. */
#ifndef UMIG_ATTR_H
#define UMIG_ATTR_H

/** The caller must look at the returned status. */
#define UMIG_NODISCARD __attribute__((warn_unused_result))

/** Callable from a signal handler: no lock, no allocation, no libc beyond the audited list. */
#define UMIG_SIGNAL_SAFE

/** printf-like: format string is argument f, its values begin at argument a. */
#define UMIG_PRINTF(f, a) __attribute__((format(printf, f, a)))

/**
 * Reads memory the sanitizers would call out of bounds: what lies between the objects of a stack.
 * Without a sanitizer it costs nothing.
 */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
# define UMIG_NO_SANITIZE __attribute__((no_sanitize("address", "thread")))
#elif defined(__has_feature)
# if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#  define UMIG_NO_SANITIZE __attribute__((no_sanitize("address", "thread")))
# endif
#endif
#ifndef UMIG_NO_SANITIZE
# define UMIG_NO_SANITIZE
#endif

/** Visible outside the shared object; used by the agent's entry points only. */
#define UMIG_EXPORT __attribute__((visibility("default")))

#endif
