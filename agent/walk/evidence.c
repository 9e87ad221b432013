#include "agent/walk/evidence.h"

#include <string.h>

#include "agent/signal/probe.h"
#include "agent/signal/sigsafe_only.h"
#include "agent/walk/codecache.h"

/* Copies words that may not be there; what cannot be read stays 0. */
static void copy_words(void *to, uintptr_t from, uint32_t words)
{
    for (uint32_t i = 0; i < words; i++) {
        uintptr_t word = 0;
        if (umig_probe_word(from + i * sizeof word, &word)) {
            memcpy((char *)to + i * sizeof word, &word, sizeof word);
        }
    }
}

/* The JVM's name of the code at a pc. Descriptions of code never move and are never unmapped. */
static struct umig_blob name_code(const struct umig_hotspot *hs,
                                  uintptr_t pc,
                                  char out[UMIG_EVIDENCE_NAME_BYTES])
{
    const struct umig_blob blob = umig_codecache_find(hs, pc);
    if (blob.kind != UMIG_BLOB_NONE) {
        copy_words(out, umig_hs_ptr(blob.at, hs->blob_name),
                   UMIG_EVIDENCE_NAME_BYTES / sizeof(uintptr_t));
        out[UMIG_EVIDENCE_NAME_BYTES - 1] = '\0';
    }
    return blob;
}

void umig_evidence_put(struct umig_evidence_ring *ring,
                       const struct umig_step *step,
                       const struct umig_evidence *head)
{
    const uint32_t at = atomic_fetch_add(&ring->next, 1) % UMIG_EVIDENCE_ROWS;
    struct umig_evidence *row = &ring->rows[at].evidence;
    if ((atomic_fetch_or(&ring->rows[at].version, 1) & 1) != 0) {
        return; /* another thread is at it since a whole round: one of the two is enough */
    }
    *row = *head;
    row->is_leaf = step->is_leaf;
    row->regs = step->regs;
    (void)name_code(step->hotspot, row->leaf.pc, row->leaf_name);
    copy_words(row->leaf_code, row->leaf.pc - UMIG_EVIDENCE_CODE_BYTES / 2,
               UMIG_EVIDENCE_CODE_BYTES / sizeof(uintptr_t));
    const struct umig_blob blob = name_code(step->hotspot, step->regs.pc, row->code_name);
    row->code_offset = blob.kind != UMIG_BLOB_NONE ? step->regs.pc - blob.code : 0;
    row->frame_words = blob.frame_words;
    row->frame_complete = blob.frame_complete;
    copy_words(row->code, step->regs.pc - UMIG_EVIDENCE_CODE_BYTES / 2,
               UMIG_EVIDENCE_CODE_BYTES / sizeof(uintptr_t));
    copy_words(row->stack, step->regs.sp, UMIG_EVIDENCE_STACK_WORDS);
    atomic_fetch_add(&ring->rows[at].version, 1);
}

bool umig_evidence_get(const struct umig_evidence_ring *ring,
                       uint32_t back,
                       struct umig_evidence *out)
{
    const uint32_t next = atomic_load(&ring->next);
    if (back >= UMIG_EVIDENCE_ROWS || back >= next) {
        return false;
    }
    const uint32_t at = (next - 1 - back) % UMIG_EVIDENCE_ROWS;
    const uint32_t version = atomic_load(&ring->rows[at].version);
    *out = ring->rows[at].evidence;
    atomic_thread_fence(memory_order_acquire);
    return (version & 1) == 0 && version == atomic_load(&ring->rows[at].version);
}
