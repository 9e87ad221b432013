#include "agent/native/libunwind.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#include "core/err.h"

struct function {
    const char *name;
    size_t offset; /* of its pointer */
};

#define FUNCTION(field)                                      \
 {                                                           \
  "_Ux86_64_" #field, offsetof(struct umig_libunwind, field) \
 }

static const struct function functions[] = {
    FUNCTION(create_addr_space),
    FUNCTION(destroy_addr_space),
    FUNCTION(init_remote),
    FUNCTION(reg_states_iterate),
    FUNCTION(apply_reg_state),
    FUNCTION(get_reg),
    {"_Ux86_64_dwarf_search_unwind_table", offsetof(struct umig_libunwind, search_unwind_table)},
};

int umig_libunwind_open(const char *soname,
                        struct umig_libunwind *out_libunwind,
                        struct umig_err *err)
{
    struct umig_libunwind opened = {.handle = dlopen(soname, RTLD_NOW | RTLD_LOCAL)};
    if (opened.handle == NULL) {
        return umig_err_set(err, UMIG_E_UNSUPPORTED,
                            "%s is not installed: apt-get install libunwind8", soname);
    }
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        void *function = dlsym(opened.handle, functions[i].name);
        if (function == NULL) {
            dlclose(opened.handle);
            return umig_err_set(err, UMIG_E_UNSUPPORTED,
                                "%s has no %s: version 1.3 or later is needed", soname,
                                functions[i].name);
        }
        memcpy((char *)&opened + functions[i].offset, &function, sizeof function);
    }
    *out_libunwind = opened;
    return UMIG_OK;
}
