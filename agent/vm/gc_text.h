/*
 * Pieces of the lines of the JVM's GC log, for those who read them. Each reader takes its piece
 * from *at on and moves *at behind it; where the piece is not there, it moves nothing and says
 * false.
 */
#ifndef UMIG_AGENT_VM_GC_TEXT_H
#define UMIG_AGENT_VM_GC_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A piece of a line, without NUL. */
struct umig_gc_range {
    const char *begin;
    size_t len;
};

/** What every line begins with: "[123ns][gc,phases   ] GC(7) y: ". */
struct umig_gc_prefix {
    uint64_t time_ns;
    struct umig_gc_range tags; /* "gc,phases" */
    bool has_collection;       /* a line of a thread that does not collect has none */
    uint64_t collection;       /* the number in GC(7) */
    const char
        *z_generation; /* "Minor", "Major Young", "Major Old"; NULL: the line has no letter */
};

/** Reads the beginning of a line; blanks behind it are skipped as well. */
bool umig_gc_text_prefix(const char **at, struct umig_gc_prefix *out_prefix);

/** Skips exactly this text. */
bool umig_gc_text_skip(const char **at, const char *expected);

/** Decimal digits. */
bool umig_gc_text_number(const char **at, uint64_t *out_number);

/** Words up to the first parenthesis or figure, without the blanks at their end; they may be none.
 */
struct umig_gc_range umig_gc_text_words(const char **at);

/** "(System.gc()) ": the content of the parentheses, which may nest. */
bool umig_gc_text_group(const char **at, struct umig_gc_range *out_group);

/** "24M" in bytes; *out_unit becomes the unit if that is larger than it was. */
bool umig_gc_text_bytes(const char **at, uint64_t *out_bytes, uint64_t *out_unit);

/** "3.210ms" or "0.003s", which ends the line. */
bool umig_gc_text_duration(const char *at, uint64_t *out_duration_ns);

/** Is it exactly this text? */
bool umig_gc_text_is(struct umig_gc_range range, const char *expected);

/** Copies a piece, cut where it does not fit, and ends it with NUL. */
void umig_gc_text_copy(char *out, size_t room, struct umig_gc_range range);

#endif
