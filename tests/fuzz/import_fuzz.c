/*
 * Any file to import, as collapsed stacks and as what `jfr print` might say: rows that add up and
 * refer to what is there, or an error in words. The first byte chooses the format.
 */
#include <string.h>

#include "core/err.h"
#include "import/batch.h"
#include "import/collapsed.h"
#include "import/jfr.h"
#include "tests/fuzz/fuzz.h"

static void check_rows(const struct umig_import *import)
{
    uint64_t samples = 0;
    for (size_t i = 0; i < import->row_count; i++) {
        const struct umig_import_row *row = &import->rows[i];
        FUZZ_CHECK(row->count > 0);
        FUZZ_CHECK(row->stack > 0 && row->stack < import->profile->stacks.count);
        FUZZ_CHECK(row->thread < import->profile->threads.count);
        samples += row->count;
    }
    FUZZ_CHECK(samples == import->samples && samples <= UMIG_IMPORT_MAX_SAMPLES);
    for (size_t i = 0; i < import->profile->strings.count; i++) {
        FUZZ_CHECK(strlen(import->profile->strings.items[i]) <= UMIG_IMPORT_NAME_BYTES);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct umig_import import;
    struct umig_import_jfr jfr = {0};
    const bool is_jfr = size > 0 && data[0] == 'j';
    int rc = umig_import_init(&import, NULL);
    FUZZ_CHECK(rc == UMIG_OK);
    for (size_t at = size > 0 ? 1 : 0; rc == UMIG_OK && at < size;) {
        const uint8_t *end = memchr(data + at, '\n', size - at);
        const size_t len = end != NULL ? (size_t)(end - data) - at : size - at;
        struct umig_err err = UMIG_ERR_INIT;
        char *line = malloc(len + 1);
        memcpy(line, data + at, len);
        line[len] = '\0';
        rc = is_jfr ? umig_import_jfr_line(&import, &jfr, line, &err)
                    : umig_import_collapsed_line(&import, line, len, &err);
        FUZZ_CHECK(rc == UMIG_OK || err.text[0] != '\0');
        free(line);
        at += len + 1;
    }
    check_rows(&import);
    umig_import_jfr_fini(&jfr);
    umig_import_fini(&import);
    return 0;
}
