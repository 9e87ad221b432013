/*
 * A search for what holds objects: asked for by the loop, made by the attached thread, piece by
 * piece between its other work, while the application runs. Nothing is stopped for it.
 *
 * It begins at the static fields of classes and at the threads and reads references through JNI,
 * so any collector may run beside it. What local variables and native code hold is not found, and
 * what weak, soft, phantom and final references refer to is not looked at. What changes while the
 * search goes on may be found before or after, or not at all.
 *
 * Its price is CPU of one thread, up to a bound that the user sets; references to the objects it
 * is at, UMIG_SEARCH_REFERENCES at most beside those to classes and threads, which keep them alive
 * that long and are roots to a collection meanwhile; identity hashes of what it sees; and ids of
 * static fields, for which the JVM takes some 30 bytes each, once in a class's life.
 * docs/adr/0021-who-holds-it.md
 */
#ifndef UMIG_AGENT_VM_SEARCH_H
#define UMIG_AGENT_VM_SEARCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/memory.h"
#include "agent/vm/retainers.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** Bytes of a class's name, NUL included; longer ones are not looked for. */
#define UMIG_SEARCH_NAME_BYTES 256u

/** Ways that are told of a class. */
#define UMIG_SEARCH_WAYS 4u

/** Objects that are kept at a time for going on from. */
#define UMIG_SEARCH_REFERENCES 32768u

/** Range of the CPU time that a search may take. */
#define UMIG_SEARCH_CPU_MIN_NS     (100 * UINT64_C(1000000))
#define UMIG_SEARCH_CPU_MAX_NS     (600 * UINT64_C(1000000000))
#define UMIG_SEARCH_CPU_DEFAULT_NS (5 * UINT64_C(1000000000))

/** Whose the search is. */
enum umig_search_state {
    UMIG_SEARCH_IDLE,  /* the loop's: nothing is asked */
    UMIG_SEARCH_ASKED, /* the attached thread's, from here on */
    UMIG_SEARCH_DONE,  /* the loop's: the answer lies here until it is given up */
};

/** How a search ended. */
enum umig_search_end {
    UMIG_SEARCH_WHOLE = 1,  /* all that can be reached was looked at */
    UMIG_SEARCH_OUT_OF_CPU, /* its time was over */
    UMIG_SEARCH_CALLED_OFF,
    UMIG_SEARCH_FAILED,  /* problem says why */
    UMIG_SEARCH_NO_ROOM, /* something was not gone on from, for want of room */
};

/** What had no room; bits of umig_search.lacks, as on the wire. */
enum umig_search_lack {
    UMIG_SEARCH_LACK_LOADERS = 1,
    UMIG_SEARCH_LACK_CLASSES = 2, /* or fields of them */
    UMIG_SEARCH_LACK_OBJECTS = 4, /* or ways to them */
};

/** A step of a way, from the root on; texts lie in umig_search.text. */
struct umig_search_step {
    uint32_t edge;       /* enum umig_retainers_edge */
    uint32_t class_name; /* "java.util.HashMap", "java.lang.Object[]"; 0: "" */
    uint32_t name;       /* of the field, or of the thread; 0: "" */
};

/** What one way holds of one class. */
struct umig_search_way {
    uint32_t target;
    uint32_t first_step;
    uint32_t step_count;
    uint64_t objects; /* estimates */
    uint64_t bytes;   /* of the objects themselves */
};

/** Class loaders of one kind (agent/vm/loader_kinds.h), or of some whose ways are not told apart,
 * named after the first of them; texts as in a step. */
struct umig_search_loaders {
    uint32_t kinds;
    uint32_t loader_class;
    uint32_t source;     /* file of what they defined; "": not known */
    uint32_t class_name; /* of what they defined */
    uint32_t loaders;
    uint32_t classes;
    uint32_t needed; /* of the loaders, at most */
    uint32_t group;  /* 1 + the target of the ways that lead to them; 0: they were not looked for */
    bool is_by_text; /* different texts are needed, not the name's newest */
};

/** Kinds of class loaders that are told. */
#define UMIG_SEARCH_LOADERS 128u

/** The answer, and what is asked. Zeroed memory is idle. */
struct umig_search {
    atomic_int state;
    atomic_bool is_called_off;
    atomic_uint_fast64_t looked_at; /* references, so far */

    /* What is asked; the loop's to write. */
    char targets[UMIG_RETAINERS_TARGETS][UMIG_SEARCH_NAME_BYTES]; /* as class names on the wire */
    uint32_t target_count;
    uint64_t cpu_budget_ns;
    bool wants_loaders; /* class loaders of which there may be too many, instead of targets: ways
                           lead to groups of them, and their bytes are classes */
    uint32_t session;   /* the loop's own: number of the one that is told */
    uint32_t number;    /* the loop's own: counts searches */

    /* The answer. */
    enum umig_search_end end;
    char problem[160];
    uint64_t cpu_ns;
    uint64_t took_ns;
    uint64_t objects; /* gone on from */
    uint64_t skipped; /* not gone on from, for want of room */
    uint32_t lacks;   /* of what: enum umig_search_lack */
    struct umig_search_way *ways;
    uint32_t way_count;
    struct umig_search_step *steps;
    uint32_t step_count;
    char *text;
    uint32_t text_bytes;
    struct umig_search_loaders *loaders; /* where they are asked for */
    uint32_t loaders_told;
    uint32_t kind_count; /* of which those that are told have the most */
    uint32_t loader_count;
    uint32_t class_count; /* of the JVM, those of no loader as well */

    /* Its memory. */
    void *memory;
    size_t memory_bytes;
    size_t usual_bytes; /* that it would have had if the bound had left them */
    unsigned scale;
};

/** Counts what was not gone on from. */
static inline void umig_search_skip(struct umig_search *search, enum umig_search_lack lack)
{
    search->skipped++;
    search->lacks |= lack;
}

/**
 * Borrows the memory of a search, 19 MiB, less where what the agent has touched leaves less of its
 * bound.
 *
 * @return UMIG_OK; UMIG_E_NOMEM: the bound of the agent's memory leaves no room for the smallest
 *
 * Thread: the loop, in state IDLE.
 */
UMIG_NODISCARD int umig_search_take_memory(struct umig_search *search,
                                           struct umig_memory *memory,
                                           struct umig_err *err);

/** Gives it back and makes the search idle. Thread: the loop, in state IDLE or DONE. */
void umig_search_give_up(struct umig_search *search);

/** The text at a place; "" at 0. */
const char *umig_search_text(const struct umig_search *search, uint32_t at);

#endif
