#include "tests/support/golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "tests/support/test.h"

#define FILE_LIMIT_BYTES (64u << 20)

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    if (file == NULL || fputs(text, file) == EOF || fclose(file) != 0) {
        fail_msg("cannot write %s", path);
    }
}

static void read_file(const char *path, struct umig_buf *out)
{
    char block[65536];
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        fail_msg("no golden file %s: make it with UMIG_UPDATE_GOLDEN=1", path);
        return;
    }
    size_t got = 0;
    while ((got = fread(block, 1, sizeof block, file)) > 0) {
        assert_int_equal(umig_buf_put(out, block, got), UMIG_OK);
    }
    (void)fclose(file);
}

static void expect_equal(const char *path, const char *want, const char *got)
{
    size_t line = 1;
    size_t start = 0;
    size_t at = 0;
    while (want[at] != '\0' && want[at] == got[at]) {
        if (want[at++] == '\n') {
            line++;
            start = at;
        }
    }
    if (want[at] != got[at]) {
        fail_msg("%s:%zu\nwant %.*s\ngot  %.*s", path, line, (int)strcspn(want + start, "\n"),
                 want + start, (int)strcspn(got + start, "\n"), got + start);
    }
}

void umig_golden_expect(const char *folder, const char *name, const char *text)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): tests have one thread */
    const char *update = getenv("UMIG_UPDATE_GOLDEN");
    if (update != NULL && strcmp(update, "1") == 0) {
        write_file(path, text);
        return;
    }
    struct umig_buf want = UMIG_BUF_INIT(FILE_LIMIT_BYTES);
    read_file(path, &want);
    expect_equal(path, umig_buf_str(&want), text);
    umig_buf_fini(&want);
}
