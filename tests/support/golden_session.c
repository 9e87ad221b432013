#include "tests/support/golden_session.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/support/test.h"

static const char path[] = UMIG_TEST_DATA "/wire/session.umig";

struct umig_emitter *umig_golden_emitter(void)
{
    const struct umig_emitter_options options = {
        .epoch = UINT64_C(0x1122334455667788),
        .seed = 7,
        .session = "golden",
        .service = "orders",
        .samples_per_batch = 12,
        .stacks_per_batch = 10,
        .batches_per_generation = 2,
        .anchor_unix_ns = UINT64_C(1700000000000000000),
    };
    struct umig_emitter *e = umig_emitter_create(&options);
    for (int i = 0; i < 3; i++) {
        umig_emitter_make_batch(e);
    }
    umig_emitter_make_end(e);
    return e;
}

static void write_golden(void)
{
    struct umig_emitter *e = umig_golden_emitter();
    struct umig_buf bytes = UMIG_BUF_INIT(1 << 20);
    umig_emitter_record(e, &bytes);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.bytes, 1, bytes.len, file), bytes.len);
    assert_int_equal(fclose(file), 0);
    umig_buf_fini(&bytes);
    umig_emitter_destroy(e);
}

void umig_golden_read(struct umig_buf *out)
{
    const char *update = getenv("UMIG_UPDATE_GOLDEN");
    if (update != NULL && update[0] == '1') {
        write_golden();
    }
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fail_msg("%s is missing; UMIG_UPDATE_GOLDEN=1 writes it", path);
    }
    char chunk[4096];
    size_t got = 0;
    while ((got = fread(chunk, 1, sizeof chunk, file)) > 0) {
        assert_int_equal(umig_buf_put(out, chunk, got), UMIG_OK);
    }
    (void)fclose(file);
}
