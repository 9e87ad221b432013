/* Debug information of a fake compiled method: PcDescs, scopes in UNSIGNED5, metadata. */
#ifndef UMIG_TESTS_UNIT_AGENT_WALK_FAKE_SCOPES_H
#define UMIG_TESTS_UNIT_AGENT_WALK_FAKE_SCOPES_H

#include "tests/unit/agent_walk/fake_jvm.h"

enum {
    FAKE_SCOPES_BYTES = 512,
    FAKE_PCDESCS = 16,
    FAKE_METADATA = 8,
};

struct fake_scopes {
    uint8_t bytes[FAKE_SCOPES_BYTES];
    uint32_t used;
    struct fake_pcdesc pcs[FAKE_PCDESCS];
    uint32_t pc_count;
    uintptr_t metadata[FAKE_METADATA];
};

/** Begins with the sentinels only, and makes the block's blob point here. */
void fake_scopes_init(struct fake_scopes *scopes, struct fake_jvm *jvm, enum fake_block_id block);

/** Writes a scope; returns where it is. caller 0: the outermost; index from 1. */
uint32_t fake_scopes_add(struct fake_scopes *scopes,
                         const struct umig_hotspot *hotspot,
                         uint32_t caller,
                         uint32_t index,
                         int32_t bci);

/** Describes a pc by a scope; in ascending order. */
void fake_scopes_describe(struct fake_scopes *scopes,
                          struct fake_jvm *jvm,
                          enum fake_block_id block,
                          int32_t pc_offset,
                          uint32_t scope);

#endif
