/* Any answer of a JVM about its heap: rows that add up by name, or one line says what is wrong. */
#include <string.h>

#include "cli/attach.h"
#include "cli/heap_dump.h"
#include "cli/heap_histogram.h"
#include "cli/heap_info.h"
#include "cli/loader_stats.h"
#include "tests/fuzz/fuzz.h"

static void check_rows(const struct umig_heap_histogram *histogram, bool folds)
{
    uint64_t class_count = 0;
    for (size_t i = 0; i < histogram->count; i++) {
        const struct umig_heap_class *row = &histogram->rows[i];
        FUZZ_CHECK(row->name_at < histogram->texts.len && row->module_at < histogram->texts.len);
        FUZZ_CHECK(i == 0 || histogram->rows[i - 1].byte_count >= row->byte_count);
        class_count += row->class_count;
    }
    FUZZ_CHECK(class_count == histogram->class_count);
    FUZZ_CHECK(folds || histogram->count == histogram->class_count);
}

static void read_histogram(const char *text, size_t len, bool folds)
{
    struct umig_err err = UMIG_ERR_INIT;
    struct umig_heap_histogram histogram;
    const int rc = umig_heap_histogram_read(text, len, folds, &histogram, &err);
    if (rc == UMIG_OK) {
        check_rows(&histogram, folds);
        umig_heap_histogram_fini(&histogram);
    } else {
        FUZZ_CHECK(err.text[0] != '\0' && strchr(err.text, '\n') == NULL);
    }
}

static void read_loaders(const char *text, size_t len)
{
    static struct umig_loader_stats stats;
    struct umig_err err = UMIG_ERR_INIT;
    if (umig_loader_stats_read(text, len, UINT64_C(1) << 24, &stats, &err) != UMIG_OK) {
        FUZZ_CHECK(err.text[0] != '\0' && strchr(err.text, '\n') == NULL);
        return;
    }
    uint64_t bytes = 0;
    for (size_t i = 0; i < stats.count; i++) {
        const struct umig_loader_stats_row *row = &stats.rows[i];
        FUZZ_CHECK(row->loaders > 0);
        FUZZ_CHECK(umig_loader_stats_part(&stats, row->name, row->classes) <= row->bytes);
        bytes += row->bytes;
    }
    FUZZ_CHECK(bytes <= stats.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct umig_err err = UMIG_ERR_INIT;
    const char *text = (const char *)data;
    long status = 0;
    struct umig_span rest = {text, size};
    uint64_t bytes = 0;
    if (umig_attach_read_status(text, size, &status, &rest, &err) != UMIG_OK) {
        FUZZ_CHECK(err.text[0] != '\0');
    }
    if (rest.len == 0) {
        return 0;
    }
    read_histogram(rest.at, rest.len, true);
    read_histogram(rest.at, rest.len, false);
    read_loaders(rest.at, rest.len);
    (void)umig_heap_info_used(rest.at, rest.len, &bytes);
    if (umig_heap_dump_read(rest, &bytes, &err) != UMIG_OK) {
        FUZZ_CHECK(err.text[0] != '\0' && strchr(err.text, '\n') == NULL);
    }
    return 0;
}
