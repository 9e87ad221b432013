#include "analysis/jvm.h"

/* Counters are read one after the other, at one moment for all that is said here. */
void umig_jvm_read(const struct umig_profile *profile, struct umig_jvm *out_jvm)
{
    *out_jvm = (struct umig_jvm){0};
    for (uint32_t i = 0; i < UMIG_JVM_COUNTERS; i++) {
        const struct umig_profile_jvm_counter *counter = &profile->jvm[i];
        const uint64_t over_ns = counter->last_unix_ns - counter->first_unix_ns;
        const bool is_known = over_ns > 0 && counter->last >= counter->first;
        out_jvm->value[i] = is_known ? counter->last - counter->first : UMIG_JVM_COUNTER_UNKNOWN;
        out_jvm->over_ns = is_known && over_ns > out_jvm->over_ns ? over_ns : out_jvm->over_ns;
    }
}

size_t umig_jvm_rows(const struct umig_jvm *jvm, struct umig_jvm_row rows[UMIG_JVM_ROWS_MAX])
{
    static const struct {
        const char *what;
        enum umig_jvm_counter count, time; /* 0: none */
    } shown[UMIG_JVM_ROWS_MAX] = {
        {"safepoints: all threads stood", UMIG_JVM_SAFEPOINTS, UMIG_JVM_SAFEPOINT_NS},
        {"before, until the last one stood", 0, UMIG_JVM_REACH_NS},
        {"classes loaded", UMIG_JVM_LOADED, UMIG_JVM_LOAD_NS},
        {"classes unloaded", UMIG_JVM_UNLOADED, 0},
        {"methods compiled, each tier and loop", UMIG_JVM_COMPILED, UMIG_JVM_COMPILE_NS},
        {"platform threads started", UMIG_JVM_STARTED, 0},
        {"threads made, virtual ones too", UMIG_JVM_CREATED, 0},
    };
    size_t count = 0;
    for (size_t i = 0; jvm->over_ns > 0 && i < UMIG_JVM_ROWS_MAX; i++) {
        const struct umig_jvm_row row = {
            .what = shown[i].what,
            .count = shown[i].count == 0 ? UMIG_JVM_COUNTER_UNKNOWN : jvm->value[shown[i].count],
            .total_ns = shown[i].time == 0 ? UMIG_JVM_COUNTER_UNKNOWN : jvm->value[shown[i].time],
        };
        if (row.count != UMIG_JVM_COUNTER_UNKNOWN || row.total_ns != UMIG_JVM_COUNTER_UNKNOWN) {
            rows[count++] = row;
        }
    }
    return count;
}
