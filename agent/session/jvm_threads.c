#include "agent/session/jvm_threads.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

const char *umig_jvm_thread_text(enum umig_thread_kind kind)
{
    switch (kind) {
    case UMIG_THREAD_GC:
        return "[garbage collection]";
    case UMIG_THREAD_JIT:
        return "[compilation]";
    case UMIG_THREAD_VM:
        return "[VM]";
    case UMIG_THREAD_JAVA:
        return "[thread start or end]"; /* what a Java thread does outside of Java */
    case UMIG_THREAD_UNKNOWN:
    case UMIG_THREAD_NATIVE:
    case UMIG_THREAD_AGENT:
    case UMIG_THREAD_VIRTUAL:
    case UMIG_THREAD_COUNT:
    default:
        return "[native thread]";
    }
}

/*
 * Threads that collect, by the beginning of their names (the kernel keeps 15 bytes): those that
 * work in pauses, and what they do beside the application. Who only steers the others is not here.
 */
static const struct {
    const char *prefix;
    bool works_in_pauses;
    const char *beside; /* NULL: nothing, it waits */
} g_collecting[] = {
    {"VM Thread", true, NULL},
    {"GC Thread", true, NULL},
    {"ParGC", true, NULL},
    {"G1 Conc", false, "[concurrent cycle]"},
    {"G1 Main Marker", false, "[concurrent cycle]"},
    {"G1 Refine", false, "[concurrent refinement]"},
    {"Shenandoah GC", true, "[concurrent cycle]"},
    {"ZWorker", true, "[concurrent cycle]"},
    {"XWorker", true, "[concurrent cycle]"},
    {"RuntimeWorker", true, NULL},
};

static size_t put_pause(const struct umig_record *record, char *out)
{
    const char *cause = (const char *)(record + 1) + record->frame_count * sizeof(uint32_t);
    const int bytes = record->text_bytes > 0 ? snprintf(out, UMIG_JVM_THREAD_TEXT_BYTES,
                                                        "[pause: %.*s]", record->text_bytes, cause)
                                             : snprintf(out, UMIG_JVM_THREAD_TEXT_BYTES, "[pause]");
    return (size_t)bytes < UMIG_JVM_THREAD_TEXT_BYTES ? (size_t)bytes : 0;
}

static size_t put_collecting(const struct umig_record *record, const char *name, char *out)
{
    for (size_t i = 0; i < sizeof g_collecting / sizeof g_collecting[0]; i++) {
        if (strncmp(name, g_collecting[i].prefix, strlen(g_collecting[i].prefix)) != 0) {
            continue;
        }
        if (record->doing == UMIG_DOING_PAUSE && g_collecting[i].works_in_pauses) {
            return put_pause(record, out);
        }
        const char *beside = g_collecting[i].beside;
        return beside != NULL ? (size_t)snprintf(out, UMIG_JVM_THREAD_TEXT_BYTES, "%s", beside) : 0;
    }
    return 0;
}

static size_t put_compiling(const struct umig_record *record, char *out)
{
    const char *osr = record->is_osr ? ", OSR" : "";
    return record->tier > 3
               ? (size_t)snprintf(out, UMIG_JVM_THREAD_TEXT_BYTES, "[C2 compiles%s]", osr)
               : (size_t)snprintf(out, UMIG_JVM_THREAD_TEXT_BYTES, "[C1 compiles, tier %u%s]",
                                  record->tier, osr);
}

size_t umig_jvm_thread_doing(const struct umig_record *record,
                             enum umig_thread_kind kind,
                             const char *name,
                             char out[UMIG_JVM_THREAD_TEXT_BYTES])
{
    switch (record->doing) {
    case UMIG_DOING_COMPILE:
        return kind == UMIG_THREAD_JIT ? put_compiling(record, out) : 0;
    case UMIG_DOING_PAUSE:
    case UMIG_DOING_BESIDE:
        return kind == UMIG_THREAD_GC || kind == UMIG_THREAD_VM ? put_collecting(record, name, out)
                                                                : 0;
    default:
        return 0;
    }
}
