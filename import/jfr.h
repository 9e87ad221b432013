/*
 * CPU samples of a JFR recording, from what the JDK's own `jfr print` says of the events
 * jdk.ExecutionSample, jdk.NativeMethodSample and jdk.CPUTimeSample:
 *
 *   jdk.ExecutionSample {
 *     startTime = 05:40:20.557 (2026-11-28)          the date from JDK 21 on
 *     sampledThread = "main" (javaThreadId = 1)      CPUTimeSample: eventThread
 *     samplingPeriod = 10.0 ms                       CPUTimeSample only
 *     stackTrace = [
 *       java.lang.invoke.MethodHandleNatives.linkCallSite(Object, int) line: 271
 *       ...
 *     ]
 *   }
 *
 * A sample of a native method is no CPU time (the thread may wait in it), so they are left out and
 * counted, as are samples without a stack.
 */
#ifndef UMIG_IMPORT_JFR_H
#define UMIG_IMPORT_JFR_H

#include <stdbool.h>

#include "import/rows.h"

/** Where in the text reading is. Zeroed is its beginning. */
struct umig_import_jfr {
    bool is_inside; /* of an event that counts */
    bool is_in_stack;
    bool has_first;
    uint32_t first_ms; /* of the day: the first event's */
    uint32_t at_ms;    /* since the first; of the event, a recording of a day at most */
    char thread[256];
    size_t thread_bytes;
    char *text; /* names of the stack's frames, one after the other */
    size_t text_bytes, text_room;
    struct umig_import_frame *frames; /* leaf first; spans are offsets in text until the end */
    size_t frame_count, frame_room;
};

/**
 * Reads one line; what is not understood is passed over.
 *
 * @param line  without its newline; NUL-terminated
 * @return UMIG_OK, UMIG_E_NOMEM, UMIG_E_LIMIT
 */
UMIG_NODISCARD int umig_import_jfr_line(struct umig_import *import,
                                        struct umig_import_jfr *jfr,
                                        const char *line,
                                        struct umig_err *err);

/** Frees what reading took. */
void umig_import_jfr_fini(struct umig_import_jfr *jfr);

#endif
