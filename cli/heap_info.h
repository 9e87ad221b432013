/* What a JVM says of its heap to "GC.heap_info", of whatever collector. */
#ifndef UMIG_CLI_HEAP_INFO_H
#define UMIG_CLI_HEAP_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * Adds up what is used of the heap: "used 4026K", one line for each generation, or "12M used".
 * Metaspace is none of it, nor are the spaces within a generation, told in percent.
 *
 * @return false if no line says so
 */
bool umig_heap_info_used(const char *text, size_t len, uint64_t *out_bytes);

#endif
