#include "report/suspects.h"

#include <string.h>

#include "analysis/retained.h"
#include "analysis/survivors.h"
#include "analysis/suspects.h"
#include "core/err.h"

static bool is_listed(const struct umig_profile *profile,
                      const struct umig_suspects *suspects,
                      size_t before,
                      uint32_t class_name)
{
    for (size_t i = 0; i < before; i++) {
        const uint32_t method = suspects->items[i].row.class_method;
        if (profile->methods.items[method].class_name == class_name) {
            return true;
        }
    }
    return false;
}

static void put_classes(const struct umig_profile *profile,
                        const struct umig_suspects *suspects,
                        struct umig_buf *out)
{
    for (size_t i = 0; i < suspects->count; i++) {
        const uint32_t method = suspects->items[i].row.class_method;
        const uint32_t class_name = profile->methods.items[method].class_name;
        if (class_name != 0 && !is_listed(profile, suspects, i, class_name)) {
            umig_buf_printf(out, "class\t%s\n", umig_profile_text(profile, class_name));
        }
    }
}

int umig_suspects_list_write(const struct umig_profile *profile,
                             struct umig_buf *out,
                             struct umig_err *err)
{
    struct umig_suspects suspects;
    struct umig_survivors survivors;
    struct umig_retained retained;
    int rc = umig_survivors_read(profile, &survivors, err);
    if (rc == UMIG_OK) {
        umig_buf_printf(out, "snapshots\t%llu\n", (unsigned long long)survivors.snapshots);
        umig_survivors_fini(&survivors);
        rc = umig_suspects_find(profile, &suspects, err);
    }
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    umig_retained_read(profile, &retained);
    umig_buf_printf(out, "search\t%u\n", retained.moment);
    if (suspects.lack != NULL) {
        umig_buf_printf(out, "lack\t%s\n", suspects.lack);
    }
    put_classes(profile, &suspects, out);
    return out->failed != UMIG_OK ? umig_err_set(err, out->failed, "writing leak suspects: %s",
                                                 umig_status_text(out->failed))
                                  : UMIG_OK;
}
