/* Reads what is imported: a file of collapsed stacks, or a JFR recording through the JDK's jfr. */
#ifndef UMIG_CLI_IMPORT_FILE_H
#define UMIG_CLI_IMPORT_FILE_H

#include <stdbool.h>

#include "cli/progress.h"
#include "import/rows.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"

/** A file to import. */
struct umig_import_file {
    const char *path;
    const char *jfr; /* the JDK's program; NULL: of JAVA_HOME, else of PATH */
    bool is_jfr;     /* set by umig_import_file_probe() */
};

/** Looks at its first bytes. UMIG_OK, UMIG_E_IO (it cannot be read: the text says why). */
UMIG_NODISCARD int umig_import_file_probe(struct umig_import_file *file, struct umig_err *err);

/**
 * Reads all of it, showing how far it is.
 *
 * @return UMIG_OK; UMIG_END: a signal came, see cli/interrupt.h; UMIG_E_ARG: not what it should be,
 *         the text names the line; UMIG_E_IO, UMIG_E_NOMEM, UMIG_E_LIMIT, UMIG_E_UNSUPPORTED (no
 *         jfr here, or it failed: the text says what it said)
 */
UMIG_NODISCARD int umig_import_file_read(const struct umig_import_file *file,
                                         struct umig_import *import,
                                         struct umig_progress *progress,
                                         struct umig_err *err);

#endif
