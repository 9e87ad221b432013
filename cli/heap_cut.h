/*
 * Ends what a JVM writes into a file that nobody wants any more. A dump cannot be called off: the
 * JVM stands still until its whole heap is walked and written, and most of that time goes into
 * writing. A write that fails ends the writing for good, though, and the walk alone is short.
 *
 * The descriptor of such a file is duplicated from the JVM (pidfd_getfd), compared with the file
 * that is meant, and its position, which both share, is set behind the last byte that a file can
 * have. The JVM's next write fails with EFBIG, as one behind "ulimit -f" would: it notes the error
 * and goes on. No other file of the JVM and no memory of it is touched.
 */
#ifndef UMIG_CLI_HEAP_CUT_H
#define UMIG_CLI_HEAP_CUT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "cli/attach.h"

enum {
    UMIG_HEAP_CUT_MAX = 256 /* files; the JVM writes as many pieces as it has threads for that */
};

/** Files that are to be ended. */
struct umig_heap_cut {
    struct {
        dev_t dev;
        ino_t ino;
    } files[UMIG_HEAP_CUT_MAX];
    size_t count;
    bool has_more; /* than have room */
};

/** Notes a file by its name in a folder, before it is removed. */
void umig_heap_cut_note(struct umig_heap_cut *cut, int folder_fd, const char *name);

/**
 * Ends them in the JVM.
 *
 * @return whether each descriptor that the JVM has for one of them was ended
 */
bool umig_heap_cut_do(const struct umig_attach_site *site, const struct umig_heap_cut *cut);

#endif
