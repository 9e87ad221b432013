#include "agent/signal/perf_ring.h"

#include <linux/perf_event.h>
#include <string.h>

#include "agent/signal/sigsafe_only.h"

enum {
    HEADER_BYTES = sizeof(struct perf_event_header),
    SAMPLE_BYTES = HEADER_BYTES + 16, /* the event's clock and the number of addresses */
    LOST_BYTES = HEADER_BYTES + 16    /* the event's id and how many */
};

/* Positions count for ever; a record may go on at the ring's begin. */
static void copy_out(const uint8_t *bytes, uint64_t at, void *to, uint32_t count)
{
    const uint32_t from = (uint32_t)at & (UMIG_PERF_RING_BYTES - 1);
    const uint32_t to_end = UMIG_PERF_RING_BYTES - from;
    const uint32_t first = count < to_end ? count : to_end;
    memcpy(to, bytes + from, first);
    memcpy((uint8_t *)to + first, bytes, count - first);
}

static uint64_t word_at(const uint8_t *bytes, uint64_t at)
{
    uint64_t word;
    copy_out(bytes, at, &word, sizeof word);
    return word;
}

struct reading {
    struct umig_perf_ring *ring;
    struct umig_perf_terms terms;
    const uint8_t *bytes;
    uint8_t *parts;
    struct umig_perf_taken taken;
};

/*
 * A tick stands for a whole number of intervals: the kernel's timer comes some microseconds late,
 * and what it was late by counts with the next one. Beyond the first half it is the next one's.
 */
static uint64_t value_until(struct reading *reading, uint64_t clock_ns)
{
    const uint64_t interval = reading->terms.interval_ns;
    const uint64_t since = clock_ns - reading->ring->taken_ns;
    if ((int64_t)since <= 0 || interval == 0) {
        return 0;
    }
    const uint64_t value = (since + interval / 2) / interval * interval;
    const uint64_t most = (reading->terms.most_ns - reading->taken.value_ns) / interval * interval;
    reading->ring->taken_ns += value;
    return value < most ? value : most;
}

/* Addresses of the kernel, without the marks between contexts (PERF_CONTEXT_KERNEL ...). */
static uint32_t copy_frames(const struct reading *reading, uint64_t at, uint64_t count, uint8_t *to)
{
    uint32_t kept = 0;
    for (uint64_t i = 0; i < count && kept < UMIG_KERNEL_FRAMES_MAX; i++) {
        const uint64_t address = word_at(reading->bytes, at + i * sizeof address);
        if (address < (uint64_t)PERF_CONTEXT_MAX) {
            memcpy(to + kept * sizeof address, &address, sizeof address);
            kept++;
        }
    }
    return kept;
}

/* A part takes fewer bytes than its record did: the room never ends before the ring does. */
static void add_kernel(struct reading *reading, uint64_t value, uint64_t at, uint64_t count)
{
    uint8_t *to = reading->parts + reading->taken.part_bytes;
    struct umig_kernel_part part = {.value_ns = value, .is_kernel = true};
    part.frame_count = copy_frames(reading, at, count, to + sizeof part);
    memcpy(to, &part, sizeof part);
    reading->taken.part_bytes += (uint32_t)sizeof part + part.frame_count * 8;
}

static bool take_sample(struct reading *reading,
                        uint64_t at,
                        const struct perf_event_header *header)
{
    const uint64_t count =
        header->size >= SAMPLE_BYTES ? word_at(reading->bytes, at + HEADER_BYTES + 8) : 0;
    if (header->size < SAMPLE_BYTES || count > (header->size - SAMPLE_BYTES) / sizeof count) {
        return false;
    }
    const uint64_t value = value_until(reading, word_at(reading->bytes, at + HEADER_BYTES));
    reading->taken.value_ns += value;
    if (reading->parts == NULL || value == 0) {
        return true;
    }
    const uint32_t mode = header->misc & PERF_RECORD_MISC_CPUMODE_MASK;
    if (mode == PERF_RECORD_MISC_KERNEL) {
        add_kernel(reading, value, at + SAMPLE_BYTES, count);
    } else {
        struct umig_kernel_part *user = (struct umig_kernel_part *)(void *)reading->parts;
        user->value_ns += value;
    }
    return true;
}

static bool take_record(struct reading *reading,
                        uint64_t at,
                        const struct perf_event_header *header)
{
    switch (header->type) {
    case PERF_RECORD_SAMPLE:
        return take_sample(reading, at, header);
    case PERF_RECORD_LOST:
        if (header->size < LOST_BYTES) {
            return false;
        }
        reading->taken.lost += word_at(reading->bytes, at + HEADER_BYTES + 8);
        return true;
    default: /* THROTTLE and the like: the event's clock goes on, so nothing is missing */
        return true;
    }
}

struct umig_perf_taken umig_perf_ring_take(struct umig_perf_ring *ring,
                                           void *map,
                                           const struct umig_perf_terms *terms,
                                           uint8_t *parts)
{
    struct perf_event_mmap_page *page = map;
    struct reading reading = {
        .ring = ring,
        .terms = *terms,
        .bytes = (const uint8_t *)map + 4096,
        .parts = parts,
    };
    if (parts != NULL) {
        /* What did not tick in the kernel stands first. */
        memset(parts, 0, sizeof(struct umig_kernel_part));
        reading.taken.part_bytes = sizeof(struct umig_kernel_part);
    }
    /* Acquire: pairs with the kernel's barrier before it moves data_head; release: our reads are
     * done when it sees data_tail. */
    const uint64_t head = __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE);
    uint64_t tail = page->data_tail;
    while (tail != head && !reading.taken.is_broken) {
        struct perf_event_header header = {0};
        const uint64_t left = head - tail;
        if (left >= HEADER_BYTES && left <= UMIG_PERF_RING_BYTES) {
            copy_out(reading.bytes, tail, &header, HEADER_BYTES);
        }
        reading.taken.is_broken = header.size < HEADER_BYTES || header.size % 8 != 0 ||
                                  header.size > left || !take_record(&reading, tail, &header);
        tail += header.size;
    }
    __atomic_store_n(&page->data_tail, head, __ATOMIC_RELEASE);
    return reading.taken;
}
