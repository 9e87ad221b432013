/*
 * The wire's dictionary: strings, methods, frames, stacks and threads get ids that count up from 1
 * within a generation. What is new since the last batch is written as a delta. When a table is full
 * the owner begins a new generation, in which everything still used is sent again.
 *
 * Not thread-safe; the drainer's alone.
 */
#ifndef UMIG_AGENT_SYMBOL_DICTIONARY_H
#define UMIG_AGENT_SYMBOL_DICTIONARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "include/umig/attr.h"
#include "wire/codec.h"

/** Most words one item of an intern table has. */
#define UMIG_INTERN_WORDS_MAX 5

/** Items of a few 32-bit words; equal items have one id. */
struct umig_intern {
    uint32_t *items; /* words per item; item of id is at (id - 1) * words */
    uint32_t *index; /* ids by hash, 0 free; a power of two, at least 4/3 of room */
    uint32_t words;
    uint32_t room;
    uint32_t count;
    uint32_t index_size;
    uint32_t sent; /* ids up to this one were in a delta */
};

struct umig_dictionary {
    struct umig_intern strings; /* items: offset in text, length, hash */
    char *text;
    uint32_t text_room;
    uint32_t text_used;
    uint32_t text_sent;         /* text up to here was in a delta */
    struct umig_intern methods; /* class, name, file */
    struct umig_intern frames;  /* kind, method, line */
    struct umig_intern stacks;  /* parent, frame */
    struct umig_intern threads; /* tid, kind, name, virtual id: lower and upper half */
    uint32_t generation;
    bool is_full; /* something found no room in this generation */
};

/** Memory for a dictionary of so many stacks; the other tables are sized in proportion. */
size_t umig_dictionary_bytes(uint32_t stack_room);

/** Sets up generation 1 in zeroed memory of umig_dictionary_bytes(stack_room) bytes; borrowed. */
void umig_dictionary_init(struct umig_dictionary *dictionary, void *memory, uint32_t stack_room);

/** Forgets everything and begins the next generation. */
void umig_dictionary_begin_generation(struct umig_dictionary *dictionary);

/** Is a table filled to nine tenths, or was something refused? Then begin a generation soon. */
bool umig_dictionary_nearly_full(const struct umig_dictionary *dictionary);

/** Ids; 0 when there was no room (is_full is set). A string may be 0 bytes: that is id 0. */
uint32_t umig_dictionary_string(struct umig_dictionary *dictionary, const char *bytes, size_t len);
/** Id of a method. */
uint32_t umig_dictionary_method(struct umig_dictionary *dictionary,
                                uint32_t class_name,
                                uint32_t name,
                                uint32_t file);
/** Id of a frame. */
uint32_t umig_dictionary_frame(struct umig_dictionary *dictionary,
                               uint32_t kind,
                               uint32_t method,
                               uint32_t line);
/** Id of a stack: its caller's stack (0 root) and a frame. */
uint32_t umig_dictionary_stack(struct umig_dictionary *dictionary, uint32_t parent, uint32_t frame);
/** Id of a thread; virtual_id: Thread.threadId() of a virtual one that is told by itself, else 0.
 */
uint32_t umig_dictionary_thread(struct umig_dictionary *dictionary,
                                uint32_t tid,
                                uint32_t kind,
                                uint32_t name,
                                uint64_t virtual_id);

/** Kind, method and line of a frame. Borrowed until the next generation. */
const uint32_t *umig_dictionary_frame_words(const struct umig_dictionary *dictionary,
                                            uint32_t frame);

/** Parent, 0 for a root, and frame of a stack. Borrowed until the next generation. */
const uint32_t *umig_dictionary_stack_words(const struct umig_dictionary *dictionary,
                                            uint32_t stack);

/** Items that are new since the last delta, over all tables. */
uint32_t umig_dictionary_unsent(const struct umig_dictionary *dictionary);

/** Bytes the delta takes at most. */
size_t umig_dictionary_delta_bytes(const struct umig_dictionary *dictionary);

/** Writes the delta as a Dictionary message in a field of the open message. */
void umig_dictionary_write_delta(const struct umig_dictionary *dictionary,
                                 struct umig_pb_writer *writer,
                                 uint32_t field);

/** Says that the delta written last is on its way: the next begins behind it. */
void umig_dictionary_mark_sent(struct umig_dictionary *dictionary);

#endif
