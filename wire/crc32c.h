/* CRC-32C (Castagnoli), as in RFC 3720 appendix B.4: the checksum of every frame. */
#ifndef UMIG_WIRE_CRC32C_H
#define UMIG_WIRE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/**
 * Carries a checksum on over more bytes; the whole is the same as over all bytes at once.
 *
 * @param crc    0 to begin, or what the call before returned
 * @param bytes  may be NULL when byte_count is 0
 *
 * Pure; any thread. Uses the processor's instruction where there is one.
 */
uint32_t umig_crc32c(uint32_t crc, const void *bytes, size_t byte_count);

/** As umig_crc32c() without the instruction; the two must agree. */
uint32_t umig_crc32c_portable(uint32_t crc, const void *bytes, size_t byte_count);

#endif
