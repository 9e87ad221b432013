/* CRC-32C by the SSE4.2 instruction; ask __builtin_cpu_supports("sse4.2") first. */
#ifndef UMIG_WIRE_CRC32C_X86_64_H
#define UMIG_WIRE_CRC32C_X86_64_H

#include <stddef.h>
#include <stdint.h>

#ifdef __x86_64__
/** As umig_crc32c(). Pure; any thread; only on a processor with SSE4.2. */
uint32_t umig_crc32c_sse42(uint32_t crc, const void *bytes, size_t byte_count);
#endif

#endif
