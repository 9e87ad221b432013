/*
 * The record that travels from a signal handler (or a JVMTI callback) through a ring to the
 * drainer. Layout shared by agent/signal, agent/ring, agent/vm and agent/session.
 */
#ifndef UMIG_SAMPLE_H
#define UMIG_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "include/umig/kinds.h"

/** Most frames kept of one stack. */
#define UMIG_STACK_MAX_FRAMES 2048u

/**
 * Frame ids from here on are the places of native code between two runs of Java frames: this plus
 * the number of the copy it is unwound from (struct umig_native_copy), 0 where none was taken.
 */
#define UMIG_FRAME_CROSSING 0xffff0000u

/** Longest name of a monitor's class kept in a record. */
#define UMIG_SAMPLE_TEXT_BYTES 120u

enum umig_record_type {
    UMIG_RECORD_CPU = 1,    /* frames, then text: what is told of a thread of the JVM, or
                             * the name of a virtual one */
    UMIG_RECORD_WAIT = 2,   /* frames, then text: signature of the monitor's class, or the type of
                             * a native lock */
    UMIG_RECORD_LOOK = 3,   /* as CPU, for kind wall: of no CPU time, without native frames */
    UMIG_RECORD_HOLDER = 5, /* frames of holder_tid, who holds what the slot's thread begins to wait
                             * for */
    UMIG_RECORD_ALLOC = 4,  /* frames, the class of the object first, then text: the name of a
                             * virtual thread */
};

/** What a thread of the JVM was doing, as far as the JVM tells; with outcome NO_JAVA. */
enum umig_doing {
    UMIG_DOING_UNKNOWN = 0,
    UMIG_DOING_COMPILE = 1, /* one frame: the method, of kind COMPILING */
    UMIG_DOING_PAUSE = 2,   /* a collection had stopped the world; text: its cause, or none */
    UMIG_DOING_BESIDE = 3,  /* no collection had */
};

/** What is kept of a virtual thread's name: 96 characters, and one that says that there are more.
 */
#define UMIG_VIRTUAL_NAME_CHARS 96u
#define UMIG_VIRTUAL_TEXT_BYTES (2 * (UMIG_VIRTUAL_NAME_CHARS + 1))

/** Whose stack it is: of the thread itself, or of a virtual thread on it, and what is known of it.
 */
enum umig_record_thread {
    UMIG_RECORD_PLATFORM,
    UMIG_RECORD_VIRTUAL,        /* neither its id nor its name could be read */
    UMIG_RECORD_VIRTUAL_ID,     /* its name could not be read */
    UMIG_RECORD_VIRTUAL_LATIN1, /* text is its name, a byte a character; empty: it has none */
    UMIG_RECORD_VIRTUAL_UTF16,  /* text is its name, in UTF-16 of this machine's order */
};

/**
 * Followed by frame_count frame ids (uint32_t, innermost first), then text_bytes bytes; then,
 * 8-byte aligned, kernel_bytes bytes: parts of the sample (agent/signal/perf_ring.h), then
 * native_bytes bytes: copies of registers and stack (agent/signal/native_copy.h).
 */
struct umig_record {
    uint32_t byte_count; /* of the whole record, a multiple of 8 */
    uint8_t type;        /* enum umig_record_type */
    uint8_t outcome;     /* enum umig_outcome */
    uint8_t text_bytes;
    uint8_t thread;       /* enum umig_record_thread; of a virtual one slot is its carrier's */
    uint64_t time_ns;     /* CLOCK_MONOTONIC */
    uint64_t value_ns;    /* cpu: ticks x interval; wait: time waited; alloc: the object's bytes */
    uint32_t slot;        /* index in the thread table */
    uint32_t slot_serial; /* tells a reused slot from the thread that was meant */
    uint32_t names;       /* generation of the name tables that the frame ids refer to */
    uint32_t frame_count;
    uint32_t walk_ns;    /* cost of taking this record */
    uint32_t wait_count; /* wait: those that end with value_ns; 0: it goes on */
    int32_t holder_tid;  /* wait: 0 unknown */
    uint32_t cut_at;     /* 0, or frames are missing behind so many innermost ones */
    uint32_t native_bytes;
    bool has_told_wait;    /* wait: records of it that goes on came before */
    uint8_t doing;         /* enum umig_doing */
    uint8_t tier;          /* compile: 1 to 3 C1, 4 C2 */
    bool is_osr;           /* compile: to be entered in a loop; the frame is at the loop */
    uint32_t kernel_bytes; /* cpu: 0, or parts whose values add up to value_ns */
    union {
        uint32_t interval; /* alloc: mean bytes between two samples, as they were then */
        uint32_t deadlock; /* wait: number of the deadlock it is part of; 0: of none */
    };
    uint64_t virtual_id; /* Thread.threadId() of a virtual thread; 0 unknown */
    uint32_t live;       /* alloc: the object, followed as this (agent/vm/live.h); 0: it is not */
    bool is_in_native;   /* cpu: its thread ran native code, which no safepoint waits for */
    bool is_mutex;       /* wait: for a lock of the C library's, with native frames */
    uint8_t unused[2];
};

_Static_assert(sizeof(struct umig_record) == 88, "handler, rings and drainer share this layout");

#endif
