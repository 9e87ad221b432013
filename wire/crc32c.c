#include "wire/crc32c.h"

#include "wire/crc32c_x86_64.h"

/* Remainders of the 16 half-bytes under the reflected polynomial 0x82f63b78. */
static const uint32_t half_byte[16] = {
    0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
    0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
};

uint32_t umig_crc32c_portable(uint32_t crc, const void *bytes, size_t byte_count)
{
    const uint8_t *at = bytes;
    uint32_t state = ~crc;
    for (size_t i = 0; i < byte_count; i++) {
        state ^= at[i];
        state = state >> 4 ^ half_byte[state & 15];
        state = state >> 4 ^ half_byte[state & 15];
    }
    return ~state;
}

uint32_t umig_crc32c(uint32_t crc, const void *bytes, size_t byte_count)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("sse4.2")) {
        return umig_crc32c_sse42(crc, bytes, byte_count);
    }
#endif
    return umig_crc32c_portable(crc, bytes, byte_count);
}
