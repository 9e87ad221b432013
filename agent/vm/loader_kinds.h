/*
 * Class loaders by kind: what they are themselves, and what they defined. Services that compile
 * scripts make a loader for each, so many loaders of one kind are many generations of one script.
 *
 * Whose name a person gave ("pricing.groovy") is one script however often it was edited: its newest
 * generation is needed. Names that were dealt out (Script12, script17000000001234567890) say
 * nothing; there each different text is needed once, as told by constant pools and bytecodes.
 *
 * Nothing here knows the JVM. One thread at a time.
 */
#ifndef UMIG_AGENT_VM_LOADER_KINDS_H
#define UMIG_AGENT_VM_LOADER_KINDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "include/umig/attr.h"

/** Loaders of a kind that are not needed: with fewer of them nobody is asked who holds them. */
#define UMIG_LOADER_SURPLUS 4u

/** One kind. Number 0 is none. */
struct umig_loader_kind {
    uint64_t name;         /* hash of what names it */
    uint32_t loader_class; /* number of the loaders' class */
    uint32_t top;          /* number of a class that one of them defined, which names the source */
    uint32_t loaders;
    uint32_t classes; /* that they defined */
    uint32_t texts;   /* different ones */
    uint32_t group;   /* whose holders are looked for together: 1 and up; 0: not looked for */
    uint32_t next;    /* in its bucket */
    bool is_by_text;  /* its name says nothing */
};

/** The kinds. Memory is the caller's, zeroed. */
struct umig_loader_kinds {
    struct umig_loader_kind *items; /* [0] is none */
    uint32_t *buckets;              /* room of them */
    uint64_t *texts;                /* a set; 0: free */
    uint32_t room;                  /* powers of two both */
    uint32_t text_room;
    uint32_t count; /* the next one's number */
    uint32_t text_count;
};

/** A loader, to be counted. */
struct umig_loader_facts {
    uint64_t name;
    uint64_t text; /* of all it defined */
    uint32_t loader_class;
    uint32_t top;
    uint32_t classes;
    bool is_by_text;
};

/** Counts a loader. Returns the number of its kind; 0: no room for another one. */
uint32_t umig_loader_kinds_add(struct umig_loader_kinds *kinds,
                               const struct umig_loader_facts *facts);

/** How many loaders of a kind are needed at most: one, or one for each text. */
uint32_t umig_loader_kinds_needed(const struct umig_loader_kind *kind);

/**
 * Numbers, most loaders first, the kinds of which more than UMIG_LOADER_SURPLUS loaders are not
 * needed; those there is no number for share the last one.
 *
 * @param group_max  highest number
 * @return how many groups there are
 */
uint32_t umig_loader_kinds_group(struct umig_loader_kinds *kinds, uint32_t group_max);

/**
 * The numbers of the kinds with the most loaders that are not needed, then with the most loaders,
 * then classes.
 *
 * @param out_numbers  room for `room`
 * @return how many
 */
size_t umig_loader_kinds_rank(const struct umig_loader_kinds *kinds,
                              uint32_t *out_numbers,
                              size_t room);

/**
 * Folds what GroovyClassLoader.parseClass(String) calls a text, Script_ and its MD5, to "Script_*",
 * in place; returns the length.
 */
size_t umig_loader_fold(char *name, size_t len);

/** Was a folded name dealt out, by Groovy or by the JVM? */
bool umig_loader_is_dealt(const char *name, size_t len);

/** Adds something to a text. */
uint64_t umig_loader_text_add(uint64_t text, const uint8_t *bytes, size_t len);

/**
 * What a class is about, as its constant pool has it, without its own name: with its bytecodes the
 * same for all that were compiled from one text.
 *
 * @param pool      as JVMTI's GetConstantPool() writes it: entries of a class file
 * @param own       name that what holds it is left out for: "Script12"
 * @param own_len   0: nothing is left out
 */
uint64_t umig_loader_text(const uint8_t *pool, size_t len, const char *own, size_t own_len);

#endif
