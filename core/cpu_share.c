#include "core/cpu_share.h"

#include <stdbool.h>

#include "core/err.h"

enum {
    MIN_PPM = 1000,
    MAX_PPM = 1000000,
    SHOWN_MAX = 80 /* of a wrong text, in its error */
};

/* "1%", "0.25%": digits, a point and up to two more of them, the sign. */
static bool read_percent(struct umig_span value, uint64_t *out_ppm)
{
    uint64_t scale = UMIG_CPU_SHARE_PERCENT;
    uint64_t ppm = 0;
    bool is_behind_point = false;
    if (value.len < 2 || value.at[value.len - 1] != '%') {
        return false;
    }
    for (size_t i = 0; i < value.len - 1; i++) {
        const char c = value.at[i];
        if (c == '.' && !is_behind_point && i > 0 && i < value.len - 2) {
            is_behind_point = true;
        } else if (c < '0' || c > '9' || ppm > MAX_PPM || (is_behind_point && scale <= 100)) {
            return false;
        } else if (is_behind_point) {
            scale /= 10;
            ppm += (uint64_t)(c - '0') * scale;
        } else {
            ppm = ppm * 10 + (uint64_t)(c - '0') * UMIG_CPU_SHARE_PERCENT;
        }
    }
    *out_ppm = ppm;
    return true;
}

int umig_cpu_share_parse(struct umig_span text, uint32_t *out_ppm, struct umig_err *err)
{
    const int shown = text.len < SHOWN_MAX ? (int)text.len : SHOWN_MAX;
    uint64_t ppm = 0;
    if (umig_span_is(text, "off")) {
        *out_ppm = 0;
        return UMIG_OK;
    }
    if (!read_percent(text, &ppm)) {
        return umig_err_set(err, UMIG_E_ARG, "'%.*s' is no share in percent", shown, text.at);
    }
    if (ppm < MIN_PPM || ppm > MAX_PPM) {
        return umig_err_set(err, UMIG_E_ARG, "'%.*s' is not within 0.1%% to 100%%", shown, text.at);
    }
    *out_ppm = (uint32_t)ppm;
    return UMIG_OK;
}
