/*
 * Native functions by the names their source has. Compilers write C++ and Rust names in a form of
 * their own (Itanium C++ ABI 5.1; Rust's legacy form and RFC 2603); agents send them as they are.
 *
 *   _ZNSt6vectorIiSaIiEE9push_backERKi           std::vector<int, std::allocator<int> >::push_back
 *   _ZN2os5yieldEv.part.0                         os::yield
 *   _ZN4core3fmt5write17h01db6bbd3a4af28bE        core::fmt::write
 *   _RNvCs1234_7mycrate3foo                       mycrate::foo
 *
 * Arguments are left away, as in every profiler: overloads are one function to look at.
 */
#ifndef UMIG_ANALYSIS_DEMANGLE_H
#define UMIG_ANALYSIS_DEMANGLE_H

#include "core/buf.h"
#include "include/umig/attr.h"

/** Longest mangled name that is read, and longest name that is made of one. */
#define UMIG_MANGLED_MAX_BYTES   1024
#define UMIG_DEMANGLED_MAX_BYTES 4096

/**
 * Demangles a name.
 *
 * Any text is survived: names may come from a hostile agent. Back references make names that grow
 * exponentially; work ends with the bound of the output.
 *
 * @param out  cleared; the name on UMIG_OK
 * @return UMIG_OK; UMIG_NOT_FOUND: not mangled, malformed or beyond the bounds: show it as it is;
 *         UMIG_E_NOMEM or UMIG_E_LIMIT of the buffer
 */
UMIG_NODISCARD int umig_demangle(const char *mangled, struct umig_buf *out);

#endif
