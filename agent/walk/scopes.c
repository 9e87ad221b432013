#include "agent/walk/scopes.h"

#include "agent/signal/sigsafe_only.h"
#include "agent/walk/unsigned5.h"

enum {
    PCDESCS_MAX = 1 << 21 /* more are a misreading */
};

static int32_t offset_of(const struct umig_hotspot *hs, uintptr_t pcs, uint32_t index)
{
    return umig_hs_i32(pcs + (uintptr_t)index * hs->pcdesc_bytes, hs->pcdesc_pc);
}

/*
 * Offset into the scopes for a pc; 0 if it is not described. The table begins and ends with a
 * PcDesc that describes nothing.
 */
static uint32_t find_scope(const struct umig_hotspot *hs,
                           const struct umig_blob *blob,
                           uintptr_t pc)
{
    const uintptr_t pcs = umig_hs_part(&hs->pcs, blob->at);
    const uintptr_t bytes = umig_hs_part(&hs->pcs_end, blob->at) - pcs;
    const uint32_t count = (uint32_t)(bytes / hs->pcdesc_bytes);
    if (bytes > (uintptr_t)PCDESCS_MAX * hs->pcdesc_bytes || count == 0) {
        return 0;
    }
    const int32_t wanted = (int32_t)(pc - blob->code);
    uint32_t low = 0;
    uint32_t high = count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (offset_of(hs, pcs, middle) < wanted) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == count) {
        return 0;
    }
    return umig_hs_u32(pcs + (uintptr_t)low * hs->pcdesc_bytes, hs->pcdesc_scope);
}

static void add(struct umig_kept *kept, uintptr_t method, int32_t bci, enum umig_frame_kind kind)
{
    umig_kept_add(kept, &(struct umig_walk_frame){.method = method, .bci = bci, .kind = kind});
}

bool umig_scopes_expand(const struct umig_hotspot *hotspot,
                        const struct umig_blob *blob,
                        uintptr_t pc,
                        struct umig_kept *kept)
{
    const uintptr_t scopes = umig_hs_part(&hotspot->scopes, blob->at);
    const uintptr_t metadata = umig_hs_part(&hotspot->metadata, blob->at);
    uint32_t scope = find_scope(hotspot, blob, pc);
    bool is_found = false;
    for (int i = 0; scope != 0 && i < UMIG_SCOPES_MAX; i++) {
        uintptr_t at = scopes + scope;
        const uint32_t caller = umig_unsigned5_read(hotspot, &at);
        const uint32_t index = umig_unsigned5_read(hotspot, &at);
        const int32_t bci = (int32_t)umig_unsigned5_read(hotspot, &at) - 1;
        const uintptr_t method =
            index == 0 ? 0 : umig_hs_ptr(metadata, (int32_t)((index - 1) * sizeof(uintptr_t)));
        if (!umig_hs_plausible(method)) {
            break;
        }
        add(kept, method, bci, caller != 0 ? UMIG_FRAME_INLINED : UMIG_FRAME_COMPILED);
        is_found = true;
        if (caller >= scope) {
            break; /* callers are written first: anything else would not end */
        }
        scope = caller;
    }
    if (!is_found) {
        add(kept, umig_hs_ptr(blob->at, hotspot->nmethod_method), -1, UMIG_FRAME_COMPILED);
    }
    return is_found;
}
