#include "agent/vm/jvm_names.h"

#include <string.h>

/* Of HotSpot 17 to 25, those above 15 bytes; without their numbers, which are cut. */
static const char *const g_names[] = {
    "C1 CompilerThread",   "C2 CompilerThread",         "Monitor Deflation Thread",
    "Notification Thread", "Shenandoah Control Thread", "Shenandoah GC Threads",
    "Signal Dispatcher",   "VM Periodic Task Thread",
};

void umig_jvm_names_complete(char *name, size_t room)
{
    if (strlen(name) != UMIG_JVM_NAMES_KERNEL_BYTES) {
        return;
    }
    for (size_t i = 0; i < sizeof g_names / sizeof g_names[0]; i++) {
        if (strncmp(name, g_names[i], UMIG_JVM_NAMES_KERNEL_BYTES) == 0 &&
            strlen(g_names[i]) < room) {
            memcpy(name, g_names[i], strlen(g_names[i]) + 1);
            return;
        }
    }
}
