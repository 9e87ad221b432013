#include "agent/vm/thread_list.h"

#include <stdbool.h>
#include <stddef.h>

#include "agent/vm/vmstructs.h"

enum {
    AT_ONCE = 64,         /* entries of the list read by one call */
    THREADS_MAX = 1 << 20 /* a longer list is none */
};

static bool peek(uintptr_t base, int32_t offset, void *out, size_t byte_count)
{
    return umig_hs_plausible(base) &&
           umig_vm_peek((const void *)(base + (uintptr_t)(intptr_t)offset), out, byte_count);
}

static int tid_of(const struct umig_hotspot *hs, uintptr_t thread)
{
    uintptr_t os_thread = 0;
    int32_t tid = 0;
    return peek(thread, hs->thread_os_thread, &os_thread, sizeof os_thread) &&
                   peek(os_thread, hs->os_thread_id, &tid, sizeof tid)
               ? tid
               : 0;
}

uintptr_t umig_thread_list_find(const struct umig_hotspot *hotspot, int tid)
{
    const uintptr_t list = __atomic_load_n(hotspot->thread_list, __ATOMIC_ACQUIRE);
    uint32_t length = 0;
    uintptr_t threads = 0;
    if (!peek(list, hotspot->list_length, &length, sizeof length) ||
        !peek(list, hotspot->list_threads, &threads, sizeof threads) || length > THREADS_MAX) {
        return 0;
    }
    for (uint32_t at = 0; at < length; at += AT_ONCE) {
        uintptr_t some[AT_ONCE];
        const uint32_t count = length - at < AT_ONCE ? length - at : AT_ONCE;
        if (!peek(threads, (int32_t)(at * sizeof some[0]), some, count * sizeof some[0])) {
            return 0;
        }
        for (uint32_t i = 0; i < count; i++) {
            if (tid_of(hotspot, some[i]) == tid) {
                return some[i];
            }
        }
    }
    return 0;
}
