#include "cli/jvm_counters.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/vm/perfdata.h"
#include "cli/proc.h"
#include "core/clock.h"

enum {
    PERFDATA_BYTES = 1 << 20
};

void umig_jvm_counters_open(pid_t pid, struct umig_jvm_counters *out_counters)
{
    struct umig_proc_maps maps;
    char path[600];
    *out_counters = (struct umig_jvm_counters){.bytes = NULL};
    if (umig_proc_maps(pid, &maps, NULL) != UMIG_OK || maps.perfdata[0] == '\0') {
        return;
    }
    snprintf(path, sizeof path, "/proc/%d/root%s", (int)pid, maps.perfdata);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return;
    }
    out_counters->bytes = malloc(PERFDATA_BYTES);
    if (out_counters->bytes != NULL) {
        out_counters->len = fread(out_counters->bytes, 1, PERFDATA_BYTES, file);
    }
    fclose(file);
}

void umig_jvm_counters_close(struct umig_jvm_counters *counters)
{
    free(counters->bytes);
    *counters = (struct umig_jvm_counters){.bytes = NULL};
}

bool umig_jvm_counters_number(const struct umig_jvm_counters *counters,
                              const char *name,
                              uint64_t *out_number)
{
    struct umig_perf_place place;
    if (counters->bytes == NULL ||
        !umig_perfdata_find(counters->bytes, counters->len, name, &place) ||
        place.vector_bytes != 0 || place.offset + sizeof *out_number > counters->len) {
        return false;
    }
    memcpy(out_number, counters->bytes + place.offset, sizeof *out_number);
    return true;
}

bool umig_jvm_counters_text(const struct umig_jvm_counters *counters,
                            const char *name,
                            char *out,
                            size_t room)
{
    struct umig_perf_place place;
    if (counters->bytes == NULL ||
        !umig_perfdata_find(counters->bytes, counters->len, name, &place) ||
        place.vector_bytes == 0 || place.offset >= counters->len) {
        return false;
    }
    const size_t most = counters->len - place.offset;
    const size_t len = strnlen(counters->bytes + place.offset,
                               place.vector_bytes < most ? place.vector_bytes : most);
    snprintf(out, room, "%.*s", (int)len, counters->bytes + place.offset);
    return true;
}

bool umig_jvm_counters_time(const struct umig_jvm_counters *counters,
                            const char *name,
                            uint64_t *out_ns)
{
    uint64_t ticks = 0;
    uint64_t frequency = 0;
    if (!umig_jvm_counters_number(counters, name, &ticks) ||
        !umig_jvm_counters_number(counters, "sun.os.hrt.frequency", &frequency) || frequency == 0) {
        return false;
    }
    *out_ns = (uint64_t)((double)ticks * (double)UMIG_NS_PER_S / (double)frequency);
    return true;
}

/* Collector 1 is the one of full collections, with these. */
static bool stops_for_collections(const struct umig_jvm_counters *counters)
{
    static const char *const policies[] = {"GarbageFirst", "Copy:MSC", "ParScav:MSC"};
    char policy[32];
    bool is_known = false;
    if (umig_jvm_counters_text(counters, "sun.gc.policy.name", policy, sizeof policy)) {
        for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++) {
            is_known = is_known || strcmp(policy, policies[i]) == 0;
        }
    }
    return is_known;
}

void umig_jvm_pauses_read(pid_t pid, struct umig_jvm_pauses *out_pauses)
{
    struct umig_jvm_counters counters;
    struct umig_jvm_pauses pauses = {.is_known = false};
    umig_jvm_counters_open(pid, &counters);
    pauses.is_known =
        umig_jvm_counters_time(&counters, "sun.rt.safepointTime", &pauses.safepoint_ns);
    pauses.has_collections =
        pauses.is_known && stops_for_collections(&counters) &&
        umig_jvm_counters_time(&counters, "sun.gc.collector.1.time", &pauses.full_collection_ns);
    umig_jvm_counters_close(&counters);
    *out_pauses = pauses;
}
