/*
 * Continuations: where the callers of a virtual thread are while only its innermost frames stand on
 * the carrier's stack.
 *
 * Continuation.enterSpecial, a piece of code of the JVM's own, calls what the continuation runs.
 * Its frame on the carrier's stack is a ContinuationEntry, to which JavaThread::_cont_entry points.
 * When the continuation yields, its frames are copied ("frozen") into a StackChunk, an object in
 * the heap; when it goes on, only one or two frames come back ("thaw"), and the outermost of them
 * returns to a stub, the return barrier, which fetches the next:
 *
 *      carrier's stack                        heap
 *
 *      frames that run the carrier            Continuation
 *      enterSpecial: ContinuationEntry  --->    tail ---> StackChunk
 *      thawed frames                                        sp .. bottom: the next callers
 *        the outermost returns to the barrier               parent ---> StackChunk
 *        ...                                                              sp .. bottom: theirs
 *        leaf                                                             parent: none
 *
 * A virtual thread's stack ends where enterSpecial was called: its own root. What lies beyond
 * belongs to the carrier, and is the same for all virtual threads.
 *
 * A frame in a chunk looks as on a stack, but for pointers into the stack: those of the interpreter
 * are distances in words from the frame's own fp, and the fp that an interpreted frame's callee
 * saved is a distance from the word it is saved in. (src/hotspot: share/runtime:
 * continuationFreezeThaw.cpp, continuationEntry.hpp; share/oops: stackChunkOop.hpp;
 * share/runtime/stackChunkFrameStream.inline.hpp and cpu/x86/stackChunkFrameStream_x86.inline.hpp;
 * cpu/x86/sharedRuntime_x86_64.cpp, gen_continuation_enter.)
 */
#ifndef UMIG_AGENT_WALK_CONTINUATION_H
#define UMIG_AGENT_WALK_CONTINUATION_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/walk/hotspot.h"
#include "agent/walk/kept.h"
#include "include/umig/attr.h"

struct umig_step;

/** StackChunks followed; each holds the frames of one or more yields, and is full before the next.
 */
#define UMIG_CONTINUATION_CHUNKS_MAX 64

/** Frames read from chunks; as many steps as a walk has would not end in time for a loop. */
#define UMIG_CONTINUATION_FRAMES_MAX (1u << 15)

/** The continuation a thread runs. */
struct umig_continuation {
    uintptr_t entry;         /* the ContinuationEntry on its stack; 0: it runs none */
    uintptr_t object;        /* the Continuation */
    uint32_t argument_words; /* between the outermost thawed frame and the entry */
    uintptr_t enter_code;    /* enterSpecial's blob */
    int32_t enter_words;     /* of its frame, which begins at the entry */
    uintptr_t called_from;   /* return address into the innermost Java frame; 0: not come to yet */
    uint32_t called_at;      /* frames kept before that one */
    /* Method and place of that frame: interpreted ones go on at the same few addresses. */
    uintptr_t called_method;
    int32_t called_bci;
};

/** Where a position on the stack of a thread that runs a continuation is. */
enum umig_continuation_place {
    UMIG_CONTINUATION_ELSEWHERE,
    UMIG_CONTINUATION_BARRIER, /* the return barrier: callers are frozen */
    UMIG_CONTINUATION_THAW,    /* in a stub that thaws: all frames may be frozen */
    UMIG_CONTINUATION_END,     /* in enterSpecial: all callers there are were thawed */
};

/**
 * Finds the continuation that a thread runs; entry is 0 if it runs none, or if this JVM's
 * continuations are not known.
 *
 * Signal: async-signal-safe, under the guard.
 */
UMIG_SIGNAL_SAFE struct umig_continuation umig_continuation_of(const struct umig_hotspot *hotspot,
                                                               uintptr_t thread);

/** Tells where a position is. Signal: async-signal-safe, under the guard. */
UMIG_SIGNAL_SAFE enum umig_continuation_place umig_continuation_place(const struct umig_step *step);

/**
 * Is this the sp that the outermost thawed frame leaves behind? Only there the return barrier is a
 * return address; elsewhere on the stack its address is what is left of frames that are gone.
 *
 * Signal: async-signal-safe.
 */
UMIG_SIGNAL_SAFE bool umig_continuation_is_bottom(const struct umig_continuation *continuation,
                                                  uintptr_t sp);

/**
 * Is the thread being frozen, so that the frames that stand on its stack are in the chunk as well?
 * Told by where the innermost frozen frame goes on, an interpreted one by its method, too: it must
 * be the innermost one of the stack.
 *
 * Signal: async-signal-safe, under the guard.
 */
UMIG_SIGNAL_SAFE bool umig_continuation_is_freezing(const struct umig_hotspot *hotspot,
                                                    const struct umig_continuation *continuation);

/**
 * Adds the frozen frames, innermost first.
 *
 * The heap is read in place. A collector that stops the world cannot move a chunk while this thread
 * is in Java or in a handler; one that moves objects beside it leaves the old copy readable, and
 * what was overwritten does not pass the checks.
 *
 * @return false if they could not be followed to the end
 *
 * Signal: async-signal-safe, under the guard.
 */
UMIG_SIGNAL_SAFE bool umig_continuation_add_frozen(const struct umig_hotspot *hotspot,
                                                   const struct umig_continuation *continuation,
                                                   struct umig_kept *kept);

/** Where the fields of a ContinuationEntry are, and of the JavaThread the pointer to it. */
struct umig_continuation_entry_layout {
    int32_t thread_entry; /* JavaThread::_cont_entry */
    int32_t object;
    int32_t arguments;
};

/**
 * Reads the layout from the code of enterSpecial, the only place that describes it on every JDK:
 *
 *      mov  [r15 + thread_entry], rsp
 *      mov  [rsp + object], rsi
 *      mov  [rsp + flags], ecx
 *      mov  qword [rsp + chunk], 0
 *      mov  dword [rsp + arguments], 0
 *
 * @return false if these instructions are not there
 *
 * Signal: async-signal-safe, under the guard; byte_count bytes from code must be readable.
 */
UMIG_SIGNAL_SAFE bool umig_continuation_read_entry_layout(
    uintptr_t code,
    uint32_t byte_count,
    struct umig_continuation_entry_layout *out_layout);

#endif
