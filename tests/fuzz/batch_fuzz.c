/*
 * Any bytes as a batch, a Hello and a Query: bounded, decoded, checked. What passes must encode
 * again, and decode to the same.
 */
#include <stdlib.h>

#include "collector/batch/batch.h"
#include "tests/fuzz/fuzz.h"

static void check_again(struct umig_arena *arena, const struct umig_batch *batch)
{
    const size_t byte_count = umig__v1__batch__get_packed_size(batch->message);
    uint8_t *packed = malloc(byte_count + 1);
    struct umig_batch again;
    struct umig_known before = {.generation = 0};
    struct umig_known after = {.generation = 0};
    if (packed == NULL || umig__v1__batch__pack(batch->message, packed) != byte_count) {
        abort();
    }
    const uint64_t samples = batch->samples;
    /* From here on the first message is gone: the arena is used again. */
    if (umig_batch_decode(arena, packed, byte_count, &again, NULL) != UMIG_OK ||
        umig_batch_check(again.message, &before, &after, NULL) != UMIG_OK ||
        again.samples != samples) {
        abort();
    }
    free(packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct umig_arena arena;
    if (arena.base == NULL && umig_arena_init(&arena, NULL) != UMIG_OK) {
        abort();
    }
    struct umig_batch batch;
    struct umig_known known = {.generation = 0};
    const Umig__V1__Hello *hello = NULL;
    const Umig__V1__Query *query = NULL;
    if (umig_batch_decode(&arena, data, size, &batch, NULL) == UMIG_OK &&
        umig_batch_check(batch.message, &known, &known, NULL) == UMIG_OK) {
        check_again(&arena, &batch);
    }
    (void)!umig_hello_decode(&arena, data, size, &hello, NULL);
    (void)!umig_query_decode(&arena, data, size, &query, NULL);
    return 0;
}
