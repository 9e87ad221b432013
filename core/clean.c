#include "core/clean.h"

#include <stdio.h>
#include <string.h>

#include "core/utf8.h"

bool umig_clean_is_hidden(uint32_t code_point)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        {0x80, 0x9F},     {0xAD, 0xAD},     {0x61C, 0x61C},   {0x200B, 0x200F},   {0x2028, 0x202E},
        {0x2060, 0x206F}, {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        if (code_point >= ranges[i].first && code_point <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

size_t umig_clean_step(const char *text, size_t byte_count, char out[UMIG_CLEAN_STEP_BYTES])
{
    uint32_t point = 0;
    const size_t count = umig_utf8_read(text, byte_count, &point);
    if (count == 0) {
        memcpy(out, UMIG_UTF8_REPLACEMENT, sizeof UMIG_UTF8_REPLACEMENT);
        return 1;
    }
    if (point < 0x20 || point == 0x7F) {
        /* U+2400 to U+241F and U+2421 are the pictures of the control characters. */
        const unsigned picture = point == 0x7F ? 0x21 : point;
        snprintf(out, UMIG_CLEAN_STEP_BYTES, "\xE2\x90%c", (char)(0x80 + picture));
    } else if (umig_clean_is_hidden(point)) {
        snprintf(out, UMIG_CLEAN_STEP_BYTES, "\\u{%X}", (unsigned)point);
    } else {
        memcpy(out, text, count);
        out[count] = '\0';
    }
    return count;
}

size_t umig_clean_copy(const char *text, char *out, size_t room)
{
    char step[UMIG_CLEAN_STEP_BYTES];
    size_t whole = 0;
    size_t used = 0;
    while (*text != '\0') {
        text += umig_clean_step(text, 4, step);
        const size_t len = strlen(step);
        if (whole == used && len < room - used) {
            memcpy(out + used, step, len);
            used += len;
        }
        whole += len;
    }
    out[used] = '\0';
    return whole;
}
