#include "collector/ingest/streams.h"

#include <stdlib.h>
#include <string.h>

/* Epochs are random; hostile ones only lengthen a list that the cap on connections bounds. */
static size_t bucket_of(uint64_t epoch)
{
    return (size_t)(epoch % UMIG_STREAM_BUCKETS);
}

struct umig_live *umig_streams_find(const struct umig_streams *streams, uint64_t epoch)
{
    struct umig_live *live = streams->buckets[bucket_of(epoch)];
    while (live != NULL && live->now.epoch != epoch) {
        live = live->next;
    }
    return live;
}

struct umig_live *umig_streams_add(struct umig_streams *streams,
                                   const struct umig_stream *stream,
                                   uint64_t now_ns)
{
    struct umig_live *live = calloc(1, sizeof *live);
    if (live == NULL) {
        return NULL;
    }
    live->now = *stream;
    live->committed = *stream;
    live->gone_at_ns = now_ns;
    struct umig_live **bucket = &streams->buckets[bucket_of(stream->epoch)];
    live->next = *bucket;
    *bucket = live;
    streams->count++;
    return live;
}

int umig_live_set_hello(struct umig_live *live, const uint8_t *payload, size_t bytes)
{
    uint8_t *copy = malloc(bytes + 1);
    if (copy == NULL) {
        return UMIG_E_NOMEM;
    }
    memcpy(copy, payload, bytes);
    free(live->hello);
    live->hello = copy;
    live->hello_bytes = bytes;
    return UMIG_OK;
}

void umig_streams_remove(struct umig_streams *streams, struct umig_live *live)
{
    struct umig_live **at = &streams->buckets[bucket_of(live->now.epoch)];
    while (*at != live) {
        at = &(*at)->next;
    }
    *at = live->next;
    streams->count--;
    free(live->hello);
    free(live);
}

void umig_streams_fini(struct umig_streams *streams)
{
    for (size_t i = 0; i < UMIG_STREAM_BUCKETS; i++) {
        while (streams->buckets[i] != NULL) {
            umig_streams_remove(streams, streams->buckets[i]);
        }
    }
}

static bool has_expired(const struct umig_live *live, uint64_t now_ns, uint64_t lost_after_ns)
{
    if (live->conn != NULL || live->is_dirty) {
        return false;
    }
    const bool waits_for_nothing = live->now.key == 0 || live->now.has_ended;
    return waits_for_nothing || now_ns - live->gone_at_ns >= lost_after_ns;
}

struct umig_live *umig_streams_expired(const struct umig_streams *streams,
                                       uint64_t now_ns,
                                       uint64_t lost_after_ns)
{
    for (size_t i = 0; i < UMIG_STREAM_BUCKETS; i++) {
        for (struct umig_live *live = streams->buckets[i]; live != NULL; live = live->next) {
            if (has_expired(live, now_ns, lost_after_ns)) {
                return live;
            }
        }
    }
    return NULL;
}
