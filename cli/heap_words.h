/* The words of umig heap, and which operands and options each takes. */
#ifndef UMIG_CLI_HEAP_WORDS_H
#define UMIG_CLI_HEAP_WORDS_H

#include "cli/args.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** What is asked of a heap. */
enum umig_heap_word {
    UMIG_HEAP_HISTOGRAM,
    UMIG_HEAP_DUMP,
    UMIG_HEAP_SUSPECTS,
    UMIG_HEAP_HOLDERS,
    UMIG_HEAP_LOADERS,
    UMIG_HEAP_WORDS
};

/** Reads a word. UMIG_OK, UMIG_E_ARG. */
UMIG_NODISCARD int umig_heap_word_read(const char *word,
                                       enum umig_heap_word *out,
                                       struct umig_err *err);

/** Refuses operands and options that would be ignored. UMIG_OK, UMIG_E_ARG. */
UMIG_NODISCARD int umig_heap_word_check(const struct umig_args *args,
                                        enum umig_heap_word word,
                                        struct umig_err *err);

#endif
