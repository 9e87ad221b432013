/*
 * What an import reads: names and stacks, interned, and rows of samples. Pure: no file, no socket.
 * Names come from somebody else's file: they are bounded here and made harmless by reports.
 */
#ifndef UMIG_IMPORT_ROWS_H
#define UMIG_IMPORT_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "analysis/profile.h"
#include "core/parse.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** Frames of one stack; a file with more is refused. */
#define UMIG_IMPORT_MAX_DEPTH 4096u

/** Samples of one import, each of which travels as one. */
#define UMIG_IMPORT_MAX_SAMPLES 5000000u

/** Bytes of one name, cut at a character: what the wire takes. */
#define UMIG_IMPORT_NAME_BYTES 4096u

/** Memory names and stacks may take. */
#define UMIG_IMPORT_LIMIT_BYTES (256u << 20)

struct umig_import_row {
    uint32_t thread; /* of the profile */
    uint32_t stack;
    uint32_t count; /* samples, 1 and up */
    uint32_t at_ms; /* since the first one */
};

/** One frame as it is read, the caller's text. */
struct umig_import_frame {
    struct umig_span class_name; /* empty: none */
    struct umig_span name;
    uint32_t line;
    enum umig_frame_kind kind;
};

/** What was read so far. */
struct umig_import {
    struct umig_profile *profile; /* interns; its samples stay empty */
    struct umig_import_row *rows;
    size_t row_count, row_room;
    uint64_t samples;
    uint64_t interval_ns; /* CPU a sample stands for, if the file says; 0: it does not */
    uint64_t skipped;     /* samples without a stack */
};

/** UMIG_OK, UMIG_E_NOMEM. Free with umig_import_fini(). */
UMIG_NODISCARD int umig_import_init(struct umig_import *import, struct umig_err *err);

/** Frees all; takes what umig_import_init() failed on. */
void umig_import_fini(struct umig_import *import);

/**
 * Adds samples of one stack.
 *
 * @param thread  its name
 * @param frames  the leaf first; frame_count of them, 1 to UMIG_IMPORT_MAX_DEPTH
 * @return UMIG_OK, UMIG_E_NOMEM, UMIG_E_LIMIT (too deep, too many samples: the text says which)
 */
UMIG_NODISCARD int umig_import_add(struct umig_import *import,
                                   struct umig_span thread,
                                   const struct umig_import_frame *frames,
                                   size_t frame_count,
                                   uint64_t count,
                                   uint32_t at_ms,
                                   struct umig_err *err);

#endif
