/* Libraries that come and go. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "bench/storm/plugin.h"
#include "bench/storm/storm.h"

static const char *const g_names[2] = {"libumig_storm_plugin.so", "libumig_storm_other_plugin.so"};

/* Beside this library. */
static bool path_of(int which, char *out, size_t room)
{
    Dl_info self;
    if (dladdr((const void *)(uintptr_t)storm_load_once, &self) == 0) {
        return false;
    }
    const char *slash = strrchr(self.dli_fname, '/');
    const int folder = slash == NULL ? 0 : (int)(slash - self.dli_fname);
    return snprintf(out, room, "%.*s/%s", folder, self.dli_fname, g_names[which & 1]) < (int)room;
}

long storm_load_once(int which, long seed)
{
    char path[1024];
    long (*call)(long) = NULL;
    void *plugin = path_of(which, path, sizeof path) ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    void *symbol = plugin == NULL ? NULL : dlsym(plugin, STORM_PLUGIN_CALL);
    if (symbol == NULL) {
        return -1;
    }
    memcpy(&call, &symbol, sizeof call);
    const long answer = call(seed);
    if (dlclose(plugin) != 0) {
        return -1;
    }
    atomic_fetch_add(&g_storm.loads, 1);
    return answer;
}

void *storm_load_always(void *argument)
{
    const int which = *(const int *)argument;
    for (long seed = 0;; seed = (seed + 1) & 1023) {
        if (storm_load_once(which, seed) != seed + STORM_PLUGIN_ADDS) {
            fprintf(stderr, "storm: %s gave a wrong answer: %s\n", g_names[which & 1], dlerror());
            return argument;
        }
    }
}
