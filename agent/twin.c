#include "agent/twin.h"

#include <dlfcn.h>
#include <link.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "include/umig/attr.h"

#define SYMBOL "Agent_UmigIsHere"

enum {
    NAMES_BYTES = 64 * 1024
};

/** Read by other agents of this process, by its name. */
UMIG_EXPORT extern atomic_bool Agent_UmigIsHere;
atomic_bool Agent_UmigIsHere;

/* Paths of loaded objects, each with its NUL. */
struct paths {
    char *bytes;
    size_t used;
};

/* Nothing is asked of the loader while it goes through its list. */
static int copy_path(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size;
    struct paths *paths = context;
    const size_t len = strlen(info->dlpi_name) + 1;
    if (len > 1 && paths->used + len <= NAMES_BYTES) {
        memcpy(paths->bytes + paths->used, info->dlpi_name, len);
        paths->used += len;
    }
    return 0;
}

static bool is_twin(const char *path)
{
    void *object = dlopen(path, RTLD_LAZY | RTLD_NOLOAD);
    if (object == NULL) {
        return false;
    }
    atomic_bool *mark = dlsym(object, SYMBOL);
    const bool is_here = mark != NULL && mark != &Agent_UmigIsHere && atomic_load(mark);
    dlclose(object);
    return is_here;
}

bool umig_twin_is_here(void)
{
    struct paths paths = {.bytes = malloc(NAMES_BYTES)};
    bool is_here = false;
    if (paths.bytes != NULL) {
        dl_iterate_phdr(copy_path, &paths);
    }
    for (size_t at = 0; at < paths.used && !is_here; at += strlen(paths.bytes + at) + 1) {
        is_here = is_twin(paths.bytes + at);
    }
    free(paths.bytes);
    return is_here;
}

void umig_twin_show(void)
{
    atomic_store(&Agent_UmigIsHere, true);
}
