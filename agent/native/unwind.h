/*
 * Unwinds native frames from a copy of registers and stack, off the signal handler.
 *
 *   handler   copies the registers and the stack from the red zone up (registers.h)
 *   drainer   umig_objects_refresh(), then umig_unwind() over the copy
 *
 * libunwind works with remote accessors: all it reads is the copied stack and copied unwind tables,
 * nothing of the process. Every step must be described by a table: where there is none for a pc the
 * unwind ends and says so. libunwind's guesses (chains of rbp) are never used: a wrong stack is
 * worse than a short one. The number of frames and of reads is bounded, and every step must move up
 * the stack.
 *
 * One thread owns an unwinder and its index of objects. Signal: never.
 */
#ifndef UMIG_AGENT_NATIVE_UNWIND_H
#define UMIG_AGENT_NATIVE_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/memory.h"
#include "agent/native/objects.h"
#include "agent/native/registers.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** Frames of one unwind at most; Java's are not among them. */
#define UMIG_UNWIND_FRAMES_MAX 128

/* X(name, sentence): why an unwind ended. */
#define UMIG_UNWIND_END_TABLE(X)                                         \
 X(ROOT, "the thread's first function was left")                         \
 X(STOPPED, "the caller is in the range to stop at")                     \
 X(TRUNCATED, "the stack goes on above the copy")                        \
 X(DEPTH, "the stack has more frames than were asked for")               \
 X(UNKNOWN_CODE, "the pc is in no loaded object: code made at run time") \
 X(UNSURE, "objects came and went there: which one it was is not known") \
 X(NO_TABLE, "the object has no unwind table for this pc")               \
 X(LIMIT, "more reads than one unwind may take")                         \
 X(BROKEN, "the unwind table leads nowhere")

enum umig_unwind_end {
#define UMIG_UNWIND_END_ENUM(name, text) UMIG_UNWIND_##name,
    UMIG_UNWIND_END_TABLE(UMIG_UNWIND_END_ENUM)
#undef UMIG_UNWIND_END_ENUM
};

/** A frame, innermost first. */
struct umig_unwind_frame {
    uintptr_t pc;
    uintptr_t sp;    /* by which native frames and Java frames are put in order */
    uint32_t object; /* serial; 0: in no object */
    uint32_t symbol; /* of umig_objects_name(); 0: none, show object and offset */
    bool is_exact;   /* pc is where it was interrupted, not a return address */
};

struct umig_unwind_request {
    struct umig_registers registers;
    bool is_return;       /* pc is a return address, not of interrupted code */
    uint64_t time_ns;     /* when they were taken, as umig_objects_find() */
    const uint8_t *stack; /* copy of the memory from stack_low on */
    uintptr_t stack_low;  /* at most sp less UMIG_RED_ZONE_BYTES */
    size_t stack_bytes;
    uintptr_t stop_low; /* ends before a frame with a pc in [stop_low, stop_high) */
    uintptr_t stop_high;
    struct umig_unwind_frame *frames;
    uint32_t max_frames; /* 1 to UMIG_UNWIND_FRAMES_MAX */
};

struct umig_unwind_result {
    enum umig_unwind_end end;
    uint32_t frame_count;
    /* STOPPED: where the frame to go on with stands; else of the last frame. */
    uintptr_t pc;
    uintptr_t sp;
    uintptr_t fp; /* 0: not in the copy */
};

struct umig_unwinder;

/**
 * Opens libunwind and makes an unwinder.
 *
 * @param objects  outlives the unwinder
 * @param memory   for what is remembered of 4,096 pcs (1.3 MB, touched as used); libunwind takes a
 *                 few KiB by itself
 * @return UMIG_OK; UMIG_E_UNSUPPORTED: no libunwind, the text is the reason to show; UMIG_E_NOMEM
 */
UMIG_NODISCARD int umig_unwinder_open(struct umig_objects *objects,
                                      struct umig_memory *memory,
                                      struct umig_unwinder **out_unwinder,
                                      struct umig_err *err);

/** Closes an unwinder; takes NULL, returns NULL. */
struct umig_unwinder *umig_unwinder_close(struct umig_unwinder *unwinder);

/**
 * Unwinds. The first frame is always given, unless it is in the range to stop at.
 *
 * Refresh the index before a series of unwinds; what is remembered of objects that went is dropped
 * by itself.
 */
struct umig_unwind_result umig_unwind(struct umig_unwinder *unwinder,
                                      const struct umig_unwind_request *request);

/** Sentence of an end. Never NULL. */
const char *umig_unwind_end_text(enum umig_unwind_end end);

#endif
