/* Which piece of generated code an address belongs to. */
#ifndef UMIG_AGENT_WALK_CODECACHE_H
#define UMIG_AGENT_WALK_CODECACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/walk/hotspot.h"
#include "include/umig/attr.h"

enum umig_blob_kind {
    UMIG_BLOB_NONE, /* not generated code */
    UMIG_BLOB_INTERPRETER,
    UMIG_BLOB_NMETHOD,      /* a compiled method */
    UMIG_BLOB_NATIVE,       /* wrapper of a native method, or a method handle linker */
    UMIG_BLOB_FRAMELESS,    /* adapters, vtable and itable stubs: the return address is on top */
    UMIG_BLOB_UPCALL,       /* by which a library calls Java without JNI, from JDK 21 */
    UMIG_BLOB_CONTINUATION, /* stubs by which virtual threads yield and go on, from JDK 21 */
    UMIG_BLOB_STUB,         /* runtime stubs, intrinsics, call stub */
};

struct umig_blob {
    enum umig_blob_kind kind;
    uintptr_t at;           /* the CodeBlob */
    uintptr_t code;         /* its first instruction */
    int32_t frame_words;    /* size of its frame; 0 or less: it has none, or it is not known */
    int32_t frame_complete; /* offset from code at which the frame is set up; negative: never */
};

/** Is the address inside the code cache? Signal: async-signal-safe, under the guard. */
UMIG_SIGNAL_SAFE bool umig_codecache_contains(const struct umig_hotspot *hotspot, uintptr_t pc);

/**
 * Describes the blob an address belongs to; kind UMIG_BLOB_NONE if there is none.
 *
 * Signal: async-signal-safe, under the guard; the segment map is followed at most 4096 steps.
 */
UMIG_SIGNAL_SAFE struct umig_blob umig_codecache_find(const struct umig_hotspot *hotspot,
                                                      uintptr_t pc);

#endif
