#include <string.h>

#include "tests/support/test.h"
#include "wire/crc32c.h"

/* RFC 3720, appendix B.4, and the check value of the CRC catalogue. */
static void test_crc32c_of_published_vectors_matches(void **state)
{
    (void)state;
    uint8_t zeros[32] = {0};
    uint8_t ones[32];
    uint8_t up[32];
    memset(ones, 0xff, sizeof ones);
    for (uint8_t i = 0; i < 32; i++) {
        up[i] = i;
    }

    assert_int_equal(umig_crc32c(0, zeros, 32), 0x8a9136aa);
    assert_int_equal(umig_crc32c(0, ones, 32), 0x62a8ab43);
    assert_int_equal(umig_crc32c(0, up, 32), 0x46dd794e);
    assert_int_equal(umig_crc32c(0, "123456789", 9), 0xe3069283);
    assert_int_equal(umig_crc32c(0, NULL, 0), 0);
}

static void test_crc32c_in_pieces_equals_whole_and_portable(void **state)
{
    (void)state;
    uint8_t bytes[257];
    uint32_t seed = 1;
    for (size_t i = 0; i < sizeof bytes; i++) {
        seed = seed * 1664525u + 1013904223u;
        bytes[i] = (uint8_t)(seed >> 24);
    }

    const uint32_t whole = umig_crc32c_portable(0, bytes, sizeof bytes);

    for (size_t cut = 0; cut <= sizeof bytes; cut++) {
        const uint32_t front = umig_crc32c(0, bytes, cut);
        assert_int_equal(umig_crc32c(front, bytes + cut, sizeof bytes - cut), whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crc32c_of_published_vectors_matches),
        cmocka_unit_test(test_crc32c_in_pieces_equals_whole_and_portable),
    };
    return cmocka_run_group_tests_name("unit.wire.crc32c", tests, NULL, NULL);
}
