/* The JVM's counters and its memory pools. */
#include "report/json_parts.h"
#include "report/json_put.h"

/* Only what this JVM counts. */
void umig_report_json_jvm(struct umig_json *json, const struct umig_jvm *jvm)
{
    static const char *const keys[UMIG_JVM_COUNTERS] = {
#define KEY(name, number, key, text) [UMIG_JVM_##name] = (key),
        UMIG_JVM_COUNTER_TABLE(KEY)
#undef KEY
    };
    umig_json_object(json, "jvm");
    umig_json_number(json, "over_ns", jvm->over_ns);
    for (uint32_t i = 1; i < UMIG_JVM_COUNTERS; i++) {
        if (jvm->value[i] != UMIG_JVM_COUNTER_UNKNOWN) {
            umig_json_number(json, keys[i], jvm->value[i]);
        }
    }
    umig_json_object_end(json);
}

static void put_bytes(struct umig_json *json, const char *key, uint64_t bytes)
{
    if (bytes != UMIG_BYTES_UNKNOWN) {
        umig_json_number(json, key, bytes);
    }
}

/* null: the JVM did not know it while the session was on. */
static void put_pool_bytes(struct umig_json *json,
                           const char *key,
                           const struct umig_pool *pool,
                           uint64_t bytes)
{
    if (pool->points > 0) {
        umig_json_number(json, key, bytes);
    } else {
        umig_json_text(json, key, NULL);
    }
}

static void put_beside(struct umig_json *json, const struct umig_beside_pools *beside)
{
    if (beside->is_known) {
        umig_json_object(json, "memory_beside_pools");
        umig_json_number(json, "resident_bytes", beside->resident_bytes);
        umig_json_number(json, "committed_bytes", beside->committed_bytes);
        umig_json_number(json, "first_bytes", beside->first_bytes);
        umig_json_number(json, "last_bytes", beside->last_bytes);
        umig_json_object_end(json);
    }
}

void umig_report_json_memory(struct umig_json *json, const struct umig_figures *figures)
{
    umig_json_array(json, "memory");
    for (size_t i = 0; i < figures->pools.count; i++) {
        const struct umig_pool *pool = &figures->pools.items[i];
        umig_json_object(json, NULL);
        umig_json_text(json, "pool", umig_profile_text(figures->profile, pool->pool));
        umig_json_number(json, "points", pool->points);
        put_pool_bytes(json, "first_bytes", pool, pool->first_bytes);
        put_pool_bytes(json, "last_bytes", pool, pool->last_bytes);
        put_pool_bytes(json, "highest_bytes", pool, pool->highest_bytes);
        put_pool_bytes(json, "committed_bytes", pool, pool->committed_bytes);
        put_bytes(json, "maximum_bytes",
                  pool->points > 0 ? pool->maximum_bytes : UMIG_BYTES_UNKNOWN);
        umig_json_object_end(json);
    }
    umig_json_array_end(json);
    put_beside(json, &figures->pools.beside);
}
