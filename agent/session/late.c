#include "agent/session/late.h"

#include <stddef.h>

void umig_late_keep(struct umig_late *late,
                    uint32_t generation,
                    const struct umig_late_sample *sample)
{
    if (late->generation != generation) {
        late->generation = generation;
        late->kept = 0;
    }
    late->samples[late->kept++ % UMIG_LATE_SAMPLES] = *sample;
    if (late->kept == 2 * UMIG_LATE_SAMPLES) {
        late->kept = UMIG_LATE_SAMPLES; /* it counts no further than to tell that all are there */
    }
}

bool umig_late_find(const struct umig_late *late,
                    uint32_t generation,
                    uint64_t start_ns,
                    uint64_t reach_ns,
                    struct umig_late_sample *out_sample)
{
    const uint32_t count = late->kept < UMIG_LATE_SAMPLES ? late->kept : UMIG_LATE_SAMPLES;
    const struct umig_late_sample *last = NULL;
    for (uint32_t i = 0; i < count && late->generation == generation; i++) {
        const struct umig_late_sample *sample = &late->samples[i];
        if (sample->time_ns >= start_ns + UMIG_LATE_GRACE_NS &&
            sample->time_ns <= start_ns + reach_ns &&
            (last == NULL || sample->time_ns > last->time_ns)) {
            last = sample;
        }
    }
    if (last == NULL) {
        return false;
    }
    *out_sample = *last;
    return true;
}
