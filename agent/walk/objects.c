#include "agent/walk/objects.h"

#include "agent/signal/probe.h"
#include "agent/signal/sigsafe_only.h"

enum {
    WORD = sizeof(uintptr_t),
    PAGE_BYTES = 4096,
    PROBED_BYTES_MAX = 1 << 20, /* of a chunk: deeper ones are left to the guard */
    ZGC_COLOUR_BITS = 12,       /* of a coloured pointer; the next four tell its shift */
    ZGC_REMAPPED_MASK = 15,
    KLASS_AT = 8,          /* behind the mark word */
    COMPACT_KLASS_BIT = 42 /* of the mark word; those below are hash, age and lock */
};

bool umig_object_is_readable(uintptr_t low, uintptr_t high)
{
    const uintptr_t end = high - low < PROBED_BYTES_MAX ? high : low + PROBED_BYTES_MAX;
    uintptr_t word;
    for (uintptr_t at = low & ~(uintptr_t)(WORD - 1); at < end;
         at = (at & ~(uintptr_t)(PAGE_BYTES - 1)) + PAGE_BYTES) {
        if (!umig_probe_word(at, &word)) {
            return false;
        }
    }
    return true;
}

/*
 * ZGC with generations: 0 to 15 are colours, of which one of the bits 12 to 15 is set; the address
 * begins right above that bit. (src/hotspot/share/gc/z: zAddress.hpp, and zAddress.inline.hpp,
 * ZPointer::load_shift_lookup.)
 */
static uintptr_t uncolour(uintptr_t pointer)
{
    const uint32_t remapped = (uint32_t)(pointer >> ZGC_COLOUR_BITS) & ZGC_REMAPPED_MASK;
    if (remapped == 0 || (remapped & (remapped - 1)) != 0) {
        return 0;
    }
    return pointer >> (ZGC_COLOUR_BITS + 1 + __builtin_ctz(remapped));
}

uintptr_t umig_object_at(const struct umig_hotspot *hotspot, uintptr_t object, int32_t field)
{
    uintptr_t to = 0;
    switch (hotspot->references) {
    case UMIG_HS_NARROW: {
        const uintptr_t narrow = umig_hs_u32(object, field);
        to = narrow == 0 ? 0 : hotspot->narrow_base + (narrow << hotspot->narrow_shift);
        break;
    }
    case UMIG_HS_COLOURED:
        to = uncolour(umig_hs_ptr(object, field));
        break;
    case UMIG_HS_PLAIN:
    default:
        to = umig_hs_ptr(object, field);
        break;
    }
    return umig_hs_plausible(to) ? to : 0;
}

uintptr_t umig_object_of_handle(const struct umig_hotspot *hotspot, uintptr_t handle)
{
    const uintptr_t word = umig_hs_ptr(handle, 0);
    const uintptr_t to = hotspot->references == UMIG_HS_COLOURED ? uncolour(word) : word;
    return umig_hs_plausible(to) ? to : 0;
}

uintptr_t umig_object_klass(const struct umig_hotspot *hotspot, uintptr_t object)
{
    uintptr_t klass = 0;
    if (!umig_object_is_readable(object, object + KLASS_AT + WORD)) {
        return 0;
    }
    switch (hotspot->header) {
    case UMIG_HS_HEADER_NARROW:
        klass = hotspot->klass_base +
                ((uintptr_t)umig_hs_u32(object, KLASS_AT) << hotspot->klass_shift);
        break;
    case UMIG_HS_HEADER_COMPACT:
        klass = hotspot->klass_base +
                (umig_hs_ptr(object, 0) >> COMPACT_KLASS_BIT << hotspot->klass_shift);
        break;
    case UMIG_HS_HEADER_WIDE:
    default:
        klass = umig_hs_ptr(object, KLASS_AT);
        break;
    }
    return umig_hs_plausible(klass) ? klass : 0;
}
