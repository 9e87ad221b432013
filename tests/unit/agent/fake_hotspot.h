/*
 * A JVM made of plain memory: methods with names, files and line tables laid out as the layout it
 * hands out says. What the walk reads of HotSpot can then be tested, and broken, at will.
 */
#ifndef UMIG_TESTS_UNIT_AGENT_FAKE_HOTSPOT_H
#define UMIG_TESTS_UNIT_AGENT_FAKE_HOTSPOT_H

#include <stdint.h>

#include "agent/walk/hotspot.h"

/** The layout of every fake method. */
extern const struct umig_hotspot fake_hotspot;

/** A method; its address is the Method*. Freed with fake_method_free(). */
struct fake_method;

/**
 * Makes a method.
 *
 * @param lines       bytes of a compressed line number table, 0 at the end; NULL: none
 * @param lines_bytes of it
 */
struct fake_method *fake_method_new(const char *class_name,
                                    const char *name,
                                    const char *file,
                                    const uint8_t *lines,
                                    uint32_t lines_bytes);

/** Memory a method needs. */
enum {
    FAKE_METHOD_BYTES = 4096
};

/** Makes a method, without file and lines, in memory of the caller's, aligned to 16 bytes. */
struct fake_method *fake_method_at(void *memory, const char *class_name, const char *name);

/** Makes the method another one at the same address, as a JVM does with memory it uses again. */
void fake_method_rename(struct fake_method *method, const char *class_name, const char *name);

/** Sets how long its bytecodes are said to be; 0 makes it a native one. */
void fake_method_set_code_bytes(struct fake_method *method, uint16_t byte_count);

/** Cuts its constant pool, as the JVM does for method handle linkers. */
void fake_method_cut_pool(struct fake_method *method, uint32_t entries);

/** Frees a method. */
void fake_method_free(struct fake_method *method);

#endif
