#include <string.h>

#include "agent/uplink/messages.h"
#include "core/utf8.h"
#include "tests/support/test.h"

/* A REFUSE with code 3 and this text. */
static size_t put_refuse(const char *text, size_t len, uint8_t out[600])
{
    const uint8_t head[] = {0x08, 3, 0x12, (uint8_t)(0x80 | (len & 0x7f)), (uint8_t)(len >> 7)};
    memcpy(out, head, sizeof head);
    memcpy(out + sizeof head, text, len);
    return sizeof head + len;
}

static void test_reason_of_a_refusal_is_made_harmless(void **state)
{
    (void)state;
    static const char text[] = "no\x1b[31m \xC3\xA9\xC2\x9B\xFF!";
    struct umig_refuse refuse;
    uint8_t payload[600];
    const size_t len = put_refuse(text, sizeof text - 1, payload);

    assert_int_equal(umig_refuse_read(payload, len, &refuse, NULL), UMIG_OK);

    assert_int_equal(refuse.code, 3);
    assert_string_equal(refuse.text, "no\xE2\x90\x9B[31m \xC3\xA9\\u{9B}\xEF\xBF\xBD!");
}

static void test_long_reason_is_cut_between_characters(void **state)
{
    (void)state;
    for (size_t lead = 0; lead < 4; lead++) {
        char text[500];
        struct umig_refuse refuse;
        uint8_t payload[600];
        memset(text, 'x', lead);
        for (size_t at = lead; at + 3 <= sizeof text; at += 3) {
            memcpy(text + at, "\xE5\x90\x8D", 3);
        }
        const size_t len = put_refuse(text, sizeof text - 5, payload);

        assert_int_equal(umig_refuse_read(payload, len, &refuse, NULL), UMIG_OK);

        const size_t text_len = strlen(refuse.text);
        assert_in_range(text_len, sizeof refuse.text - 4, sizeof refuse.text - 1);
        assert_int_equal(umig_utf8_whole(refuse.text, text_len), text_len);
        assert_null(strstr(refuse.text, UMIG_UTF8_REPLACEMENT));
    }
}

int main(void)
{
    const struct CMUnitTest messages_test[] = {
        cmocka_unit_test(test_reason_of_a_refusal_is_made_harmless),
        cmocka_unit_test(test_long_reason_is_cut_between_characters),
    };
    return cmocka_run_group_tests(messages_test, NULL, NULL);
}
