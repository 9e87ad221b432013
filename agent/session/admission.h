/*
 * Who of a great many gets a row of its own: a bound on rows over time, kept for those who are seen
 * most.
 *
 * Rows are paid for with tokens. While more than half of them are left, whoever is seen first gets
 * one; from then on only who was seen UMIG_ADMISSION_EVIDENCE times. Tokens come back with time, so
 * that a session of a month still tells what is new, and a store grows by a known number of rows.
 *
 * What is known is in a table of fixed size, in sets of which the entry seen longest ago makes
 * room. An entry that is forgotten and seen again pays again.
 *
 * Pure; not thread-safe.
 */
#ifndef UMIG_AGENT_SESSION_ADMISSION_H
#define UMIG_AGENT_SESSION_ADMISSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Times one is seen before it gets one of the last tokens. */
#define UMIG_ADMISSION_EVIDENCE 4

struct umig_admission_entry {
    uint64_t key; /* 0: free */
    uint32_t seen_at;
    uint8_t seen_count; /* up to UMIG_ADMISSION_EVIDENCE */
    bool is_admitted;
};

struct umig_admission {
    struct umig_admission_entry *entries;
    uint32_t entry_count; /* a power of two */
    uint32_t tokens_max;
    uint32_t tokens;
    uint64_t refill_ns; /* a token comes back so often */
    uint64_t refilled_ns;
    uint32_t clock;          /* counts what is seen */
    uint64_t admitted_count; /* tokens ever paid */
};

/**
 * Sets up in memory of the caller.
 *
 * @param entries      zeroed, borrowed
 * @param entry_count  a power of two, at least 8
 * @param tokens_max   of which all are there at first
 */
void umig_admission_init(struct umig_admission *admission,
                         struct umig_admission_entry *entries,
                         uint32_t entry_count,
                         uint32_t tokens_max,
                         uint64_t refill_ns);

/**
 * Sees one, and tells whether it has a row.
 *
 * @param key             a hash of 64 bits
 * @param needs_evidence  never give it a token on first sight
 */
bool umig_admission_see(struct umig_admission *admission,
                        uint64_t key,
                        bool needs_evidence,
                        uint64_t now_ns);

#endif
