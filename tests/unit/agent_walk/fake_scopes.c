#include "tests/unit/agent_walk/fake_scopes.h"

#include <string.h>

#include "tests/support/test.h"

static void set_end(const struct fake_scopes *scopes,
                    struct fake_jvm *jvm,
                    enum fake_block_id block)
{
    jvm->blocks[block].blob.pcs_end = (uintptr_t)(scopes->pcs + scopes->pc_count);
}

void fake_scopes_init(struct fake_scopes *scopes, struct fake_jvm *jvm, enum fake_block_id block)
{
    struct fake_blob *blob = &jvm->blocks[block].blob;
    memset(scopes, 0, sizeof *scopes);
    scopes->used = 1; /* offset 0 means none */
    scopes->pcs[0] = (struct fake_pcdesc){-1, 0};
    scopes->pcs[1] = (struct fake_pcdesc){INT32_MAX, 0};
    scopes->pc_count = 2;
    blob->scopes = (uintptr_t)scopes->bytes;
    blob->pcs = (uintptr_t)scopes->pcs;
    blob->metadata = (uintptr_t)scopes->metadata;
    set_end(scopes, jvm, block);
}

/* A byte that is not the last has 64 more values for 6 bits of the number: HotSpot's encode(). */
static void write_unsigned5(struct fake_scopes *scopes, uint32_t base, uint32_t value)
{
    const uint32_t low = 192 - base; /* numbers below fit a last byte */
    uint32_t sum = value;
    for (int i = 0; i < 4 && sum >= low; i++) {
        sum -= low;
        scopes->bytes[scopes->used++] = (uint8_t)(base + low + sum % 64);
        sum /= 64;
    }
    scopes->bytes[scopes->used++] = (uint8_t)(base + sum);
}

uint32_t fake_scopes_add(struct fake_scopes *scopes,
                         const struct umig_hotspot *hotspot,
                         uint32_t caller,
                         uint32_t index,
                         int32_t bci)
{
    const uint32_t at = scopes->used;
    write_unsigned5(scopes, hotspot->unsigned5_base, caller);
    write_unsigned5(scopes, hotspot->unsigned5_base, index);
    write_unsigned5(scopes, hotspot->unsigned5_base, (uint32_t)(bci + 1));
    assert_true(scopes->used < FAKE_SCOPES_BYTES);
    return at;
}

void fake_scopes_describe(struct fake_scopes *scopes,
                          struct fake_jvm *jvm,
                          enum fake_block_id block,
                          int32_t pc_offset,
                          uint32_t scope)
{
    assert_true(scopes->pc_count < FAKE_PCDESCS);
    scopes->pcs[scopes->pc_count] = scopes->pcs[scopes->pc_count - 1];
    scopes->pcs[scopes->pc_count - 1] = (struct fake_pcdesc){pc_offset, (int32_t)scope};
    scopes->pc_count++;
    set_end(scopes, jvm, block);
}
