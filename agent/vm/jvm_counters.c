#include "agent/vm/jvm_counters.h"

#include <string.h>

#include "agent/vm/perfdata.h"

static const char *const g_names[UMIG_JVM_COUNTERS] = {
    [UMIG_JVM_SAFEPOINTS] = "sun.rt.safepoints",
    [UMIG_JVM_SAFEPOINT_NS] = "sun.rt.safepointTime",
    [UMIG_JVM_REACH_NS] = "sun.rt.safepointSyncTime",
    [UMIG_JVM_LOADED] = "java.cls.loadedClasses",
    [UMIG_JVM_UNLOADED] = "java.cls.unloadedClasses",
    [UMIG_JVM_LOAD_NS] = "sun.cls.time",
    [UMIG_JVM_COMPILED] = "sun.ci.totalCompiles",
    [UMIG_JVM_COMPILE_NS] = "java.ci.totalTime",
    [UMIG_JVM_STARTED] = "java.threads.started",
};

/* The JVM unmaps its counters when it exits: they are read through the kernel. */
static uint64_t value_at(uintptr_t at)
{
    uint64_t value;
    return at != 0 && umig_vm_peek((const void *)at, &value, sizeof value)
               ? value
               : UMIG_JVM_COUNTER_UNKNOWN;
}

void umig_jvm_counters_open(const struct umig_libjvm *libjvm, struct umig_jvm_counters *out)
{
    struct umig_perfdata perfdata = {0};
    memset(out, 0, sizeof *out);
    if (umig_perfdata_open(libjvm, &perfdata, NULL) != UMIG_OK) {
        return;
    }
    for (uint32_t i = 1; i < UMIG_JVM_COUNTERS; i++) {
        out->at[i] = g_names[i] != NULL ? umig_perfdata_number(&perfdata, g_names[i]) : 0;
    }
    out->shared_loaded = umig_perfdata_number(&perfdata, "java.cls.sharedLoadedClasses");
    out->shared_unloaded = umig_perfdata_number(&perfdata, "java.cls.sharedUnloadedClasses");
    umig_perfdata_close(&perfdata);
}

static void add_shared(uint64_t *value, uintptr_t shared_at)
{
    const uint64_t shared = value_at(shared_at);
    if (*value != UMIG_JVM_COUNTER_UNKNOWN && shared != UMIG_JVM_COUNTER_UNKNOWN) {
        *value += shared;
    }
}

void umig_jvm_counters_read(const struct umig_jvm_counters *counters, struct umig_jvm_reading *out)
{
    for (uint32_t i = 0; i < UMIG_JVM_COUNTERS; i++) {
        out->values[i] = value_at(counters->at[i]);
    }
    add_shared(&out->values[UMIG_JVM_LOADED], counters->shared_loaded);
    add_shared(&out->values[UMIG_JVM_UNLOADED], counters->shared_unloaded);
}
