#include "wire/crc32c_x86_64.h"

#ifdef __x86_64__

# include <nmmintrin.h>
# include <string.h>

__attribute__((target("sse4.2"))) uint32_t umig_crc32c_sse42(uint32_t crc,
                                                             const void *bytes,
                                                             size_t byte_count)
{
    const uint8_t *at = bytes;
    uint64_t state = (uint32_t)~crc;
    for (; byte_count >= sizeof(uint64_t); byte_count -= sizeof(uint64_t)) {
        uint64_t word = 0;
        memcpy(&word, at, sizeof word);
        state = _mm_crc32_u64(state, word);
        at += sizeof word;
    }
    uint32_t tail = (uint32_t)state;
    for (; byte_count > 0; byte_count--) {
        tail = _mm_crc32_u8(tail, *at++);
    }
    return ~tail;
}

#endif
