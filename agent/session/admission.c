#include "agent/session/admission.h"

enum {
    SET = 8 /* entries in which a key may be */
};

void umig_admission_init(struct umig_admission *admission,
                         struct umig_admission_entry *entries,
                         uint32_t entry_count,
                         uint32_t tokens_max,
                         uint64_t refill_ns)
{
    *admission = (struct umig_admission){
        .entries = entries,
        .entry_count = entry_count,
        .tokens_max = tokens_max,
        .tokens = tokens_max,
        .refill_ns = refill_ns,
    };
}

static void refill(struct umig_admission *admission, uint64_t now_ns)
{
    if (admission->refilled_ns == 0 || now_ns < admission->refilled_ns) {
        admission->refilled_ns = now_ns;
    }
    const uint64_t due = (now_ns - admission->refilled_ns) / admission->refill_ns;
    const uint64_t room = admission->tokens_max - admission->tokens;
    admission->tokens += (uint32_t)(due < room ? due : room);
    admission->refilled_ns += due * admission->refill_ns;
}

/* Should b make room rather than a? Who has no row goes before who has one. */
static bool goes_before(const struct umig_admission *admission,
                        const struct umig_admission_entry *b,
                        const struct umig_admission_entry *a)
{
    if (a->is_admitted != b->is_admitted) {
        return a->is_admitted;
    }
    return admission->clock - b->seen_at > admission->clock - a->seen_at;
}

/* The entry of a key; a new one in place of a free one, or of the one to make room. */
static struct umig_admission_entry *find(struct umig_admission *admission, uint64_t key)
{
    struct umig_admission_entry *set =
        &admission->entries[(uint32_t)(key >> 32) & (admission->entry_count - SET)];
    struct umig_admission_entry *out = &set[0];
    for (struct umig_admission_entry *at = set; at < set + SET; at++) {
        if (at->key == key) {
            return at;
        }
        if (out->key != 0 && (at->key == 0 || goes_before(admission, at, out))) {
            out = at;
        }
    }
    *out = (struct umig_admission_entry){.key = key};
    return out;
}

bool umig_admission_see(struct umig_admission *admission,
                        uint64_t key,
                        bool needs_evidence,
                        uint64_t now_ns)
{
    refill(admission, now_ns);
    struct umig_admission_entry *entry = find(admission, key | 1); /* 0 is free */
    entry->seen_at = ++admission->clock;
    if (entry->seen_count < UMIG_ADMISSION_EVIDENCE) {
        entry->seen_count++;
    }
    const bool is_cheap = !needs_evidence && admission->tokens > admission->tokens_max / 2;
    if (!entry->is_admitted && admission->tokens > 0 &&
        (is_cheap || entry->seen_count >= UMIG_ADMISSION_EVIDENCE)) {
        entry->is_admitted = true;
        admission->tokens--;
        admission->admitted_count++;
    }
    return entry->is_admitted;
}
