#include <dlfcn.h>
#include <string.h>
#include <sys/mman.h>

#include "agent/vm/heap.h"
#include "agent/vm/jvmflag.h"
#include "tests/support/test.h"

/* A space as the JVM keeps it. */
struct space {
    uintptr_t bottom;
    uintptr_t top;
};

static struct umig_heap_figure figure(enum umig_heap_origin origin, const void *at)
{
    return (struct umig_heap_figure){.origin = origin,
                                     .at = (uintptr_t)at,
                                     .low_offset = offsetof(struct space, bottom),
                                     .high_offset = offsetof(struct space, top)};
}

static void test_read_takes_each_figure_from_its_origin(void **state)
{
    (void)state;
    struct space eden = {1000, 1300};
    struct space from = {2000, 2050};
    const struct space *survivor = &from;
    uint64_t committed = 4096;
    const struct umig_heap heap = {
        .source_count = 2,
        .sources =
            {
                {.name = "Eden Space",
                 .is_heap = true,
                 .used = figure(UMIG_HEAP_SPAN, &eden),
                 .committed = figure(UMIG_HEAP_WORD, &committed),
                 .maximum = {.origin = UMIG_HEAP_CONSTANT, .at = 9000}},
                {.name = "Survivor Space",
                 .is_heap = true,
                 .used = figure(UMIG_HEAP_SPAN_VIA, &survivor),
                 .committed = figure(UMIG_HEAP_COUNTER, &committed)},
            },
    };
    struct umig_heap_reading reading;

    umig_heap_read(&heap, &reading);

    assert_int_equal(reading.pool_count, 2);
    assert_string_equal(reading.pools[0].name, "Eden Space");
    assert_int_equal(reading.pools[0].used, 300);
    assert_int_equal(reading.pools[0].committed, 4096);
    assert_int_equal(reading.pools[0].maximum, 9000);
    assert_int_equal(reading.pools[1].used, 50);
    assert_int_equal(reading.pools[1].committed, 4096);
    assert_int_equal(reading.pools[1].maximum, UMIG_HEAP_UNKNOWN);
    assert_true(reading.rss_bytes > 100000 && reading.rss_bytes < UINT64_C(1) << 40);
    assert_true(reading.time_ns > 0);
}

static void test_read_follows_swapped_survivors(void **state)
{
    (void)state;
    struct space from = {2000, 2050};
    struct space to = {3000, 3007};
    const struct space *survivor = &from;
    const struct umig_heap heap = {
        .source_count = 1,
        .sources = {{.name = "s", .used = figure(UMIG_HEAP_SPAN_VIA, &survivor)}},
    };
    struct umig_heap_reading reading;

    umig_heap_read(&heap, &reading);
    assert_int_equal(reading.pools[0].used, 50);
    survivor = &to;
    umig_heap_read(&heap, &reading);
    assert_int_equal(reading.pools[0].used, 7);
}

static void test_read_of_a_counter_that_went_away_is_unknown(void **state)
{
    (void)state;
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(page, MAP_FAILED);
    const struct umig_heap heap = {
        .source_count = 1,
        .sources = {{.name = "Metaspace", .used = figure(UMIG_HEAP_COUNTER, page)}},
    };
    struct umig_heap_reading reading;

    umig_heap_read(&heap, &reading);
    assert_int_equal(reading.pools[0].used, 0);
    munmap(page, 4096);
    umig_heap_read(&heap, &reading);
    assert_int_equal(reading.pools[0].used, UMIG_HEAP_UNKNOWN);
}

static void test_counters_that_nobody_has_filled_are_unknown(void **state)
{
    (void)state;
    uint64_t used = 0;
    uint64_t committed = 0;
    const struct umig_heap heap = {
        .source_count = 1,
        .sources = {{.name = "Compressed Class Space",
                     .used = figure(UMIG_HEAP_COUNTER, &used),
                     .committed = figure(UMIG_HEAP_COUNTER, &committed)}},
    };
    struct umig_heap_reading reading;

    umig_heap_read(&heap, &reading);
    assert_int_equal(reading.pools[0].used, UMIG_HEAP_UNKNOWN);
    assert_int_equal(reading.pools[0].committed, UMIG_HEAP_UNKNOWN);
    committed = 4096;
    umig_heap_read(&heap, &reading);
    assert_int_equal(reading.pools[0].used, 0);
    assert_int_equal(reading.pools[0].committed, 4096);
}

static void test_read_of_a_space_caught_while_it_moves_is_unknown(void **state)
{
    (void)state;
    struct space eden = {1300, 1000};
    const struct umig_heap heap = {
        .source_count = 1,
        .sources = {{.name = "Eden Space", .used = figure(UMIG_HEAP_SPAN, &eden)}},
    };
    struct umig_heap_reading reading;

    umig_heap_read(&heap, &reading);

    assert_int_equal(reading.pools[0].used, UMIG_HEAP_UNKNOWN);
}

static void test_figure_of_a_collection_is_unknown_before_the_first(void **state)
{
    (void)state;
    uint32_t collections = 0;
    uint64_t old = 0;
    const struct umig_heap heap = {
        .collections_at = (uintptr_t)&collections,
        .source_count = 1,
        .sources = {{.name = "G1 Old Gen",
                     .is_heap = true,
                     .is_of_collection = true,
                     .used = figure(UMIG_HEAP_WORD, &old)}},
    };
    struct umig_heap_reading reading;

    umig_heap_read(&heap, &reading);
    assert_int_equal(reading.pools[0].used, UMIG_HEAP_UNKNOWN);
    collections = 1;
    umig_heap_read(&heap, &reading);
    assert_int_equal(reading.pools[0].used, 0);
}

static void test_used_is_the_sum_of_the_heap_pools(void **state)
{
    (void)state;
    uint64_t eden = 100;
    uint64_t old = 20;
    uint64_t metaspace = 7;
    const struct umig_heap heap = {
        .source_count = 3,
        .sources =
            {
                {.name = "Eden Space", .is_heap = true, .used = figure(UMIG_HEAP_WORD, &eden)},
                {.name = "Tenured Gen", .is_heap = true, .used = figure(UMIG_HEAP_WORD, &old)},
                {.name = "Metaspace", .used = figure(UMIG_HEAP_WORD, &metaspace)},
            },
    };

    assert_int_equal(umig_heap_used(&heap), 120);
}

static void test_used_is_the_collectors_own_total_if_it_keeps_one(void **state)
{
    (void)state;
    uint64_t total = 130;
    uint64_t old = 20;
    const struct umig_heap heap = {
        .source_count = 1,
        .sources = {{.name = "G1 Old Gen", .is_heap = true, .used = figure(UMIG_HEAP_WORD, &old)}},
        .used_total = figure(UMIG_HEAP_WORD, &total),
    };

    assert_int_equal(umig_heap_used(&heap), 130);
}

static void test_used_is_unknown_not_less_when_a_pool_is_unknown(void **state)
{
    (void)state;
    uint64_t eden = 100;
    const struct umig_heap heap = {
        .source_count = 2,
        .sources =
            {
                {.name = "Eden Space", .is_heap = true, .used = figure(UMIG_HEAP_WORD, &eden)},
                {.name = "Tenured Gen", .is_heap = true},
            },
    };
    const struct umig_heap nothing = {.source_count = 0};

    assert_int_equal(umig_heap_used(&heap), UMIG_HEAP_UNKNOWN);
    assert_int_equal(umig_heap_used(&nothing), UMIG_HEAP_UNKNOWN);
}

static void test_used_collected_is_of_the_moment_before_the_allocation(void **state)
{
    (void)state;
    uint64_t eden_now = 1100;
    uint64_t eden_collected = 100;
    uint64_t old_collected = 20;
    struct umig_heap heap = {
        .source_count = 1,
        .sources = {{.name = "Eden Space",
                     .is_heap = true,
                     .used = figure(UMIG_HEAP_WORD, &eden_now)}},
    };

    assert_int_equal(umig_heap_used_collected(&heap), 1100);
    heap.collected[0] = figure(UMIG_HEAP_WORD, &eden_collected);
    heap.collected[1] = figure(UMIG_HEAP_WORD, &old_collected);
    heap.collected_count = 2;
    assert_int_equal(umig_heap_used_collected(&heap), 120);
}

static void test_open_without_tables_knows_nothing_but_rss(void **state)
{
    (void)state;
    struct umig_libjvm libjvm = {.handle = dlopen(NULL, RTLD_LAZY)};
    struct umig_heap heap;
    struct umig_heap_reading reading;
    struct umig_err err = UMIG_ERR_INIT;

    assert_int_equal(umig_heap_open(&libjvm, &heap, &err), UMIG_E_UNSUPPORTED);

    assert_string_equal(umig_collector_name(heap.collector), "unknown");
    umig_heap_read(&heap, &reading);
    for (size_t i = 0; i < reading.pool_count; i++) {
        assert_int_equal(reading.pools[i].used, UMIG_HEAP_UNKNOWN);
    }
    assert_true(reading.rss_bytes != UMIG_HEAP_UNKNOWN);
    assert_false(umig_jvmflag_is_on(&libjvm, "UseG1GC"));
    dlclose(libjvm.handle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_takes_each_figure_from_its_origin),
        cmocka_unit_test(test_read_follows_swapped_survivors),
        cmocka_unit_test(test_read_of_a_counter_that_went_away_is_unknown),
        cmocka_unit_test(test_counters_that_nobody_has_filled_are_unknown),
        cmocka_unit_test(test_read_of_a_space_caught_while_it_moves_is_unknown),
        cmocka_unit_test(test_figure_of_a_collection_is_unknown_before_the_first),
        cmocka_unit_test(test_used_is_the_sum_of_the_heap_pools),
        cmocka_unit_test(test_used_is_the_collectors_own_total_if_it_keeps_one),
        cmocka_unit_test(test_used_is_unknown_not_less_when_a_pool_is_unknown),
        cmocka_unit_test(test_used_collected_is_of_the_moment_before_the_allocation),
        cmocka_unit_test(test_open_without_tables_knows_nothing_but_rss),
    };
    return cmocka_run_group_tests_name("heap_test", tests, NULL, NULL);
}
