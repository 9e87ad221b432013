/* The table of pools: who is followed, what it is called, what is counted, and who makes room. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/vm/pools.h"
#include "core/err.h"
#include "tests/support/test.h"

enum {
    ROOM = 16
};

struct fixture {
    struct umig_memory memory;
    struct umig_pools *pools;
    struct umig_pool_ops ops;
    int references[UMIG_POOLS_MAX + 8];
    uint32_t forgotten;
};

static void forget(void *ctx, void *reference)
{
    struct fixture *f = ctx;
    assert_non_null(reference);
    f->forgotten++;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->memory.limit_bytes = 1 << 20;
    f->ops = (struct umig_pool_ops){.ctx = f, .forget = forget};
    assert_int_equal(umig_pools_create(&f->memory, ROOM, &f->pools, NULL), UMIG_OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < UMIG_MEMORY_BLOCKS_MAX; i++) {
        if (f->memory.blocks[i].begin != NULL) {
            umig_memory_give(&f->memory, f->memory.blocks[i].begin, f->memory.blocks[i].byte_count);
        }
    }
    free(f);
    return 0;
}

static struct umig_pool *add(struct fixture *f, int reference)
{
    return umig_pools_add(f->pools, &f->ops, &f->references[reference], UMIG_POOL_EXECUTOR);
}

/* One reading in which these threads are seen, those with an even id of the pool. */
static void read_threads(struct fixture *f, struct umig_pool *pool, int64_t first, int64_t last)
{
    umig_pools_begin(f->pools);
    for (int64_t id = first; id <= last; id++) {
        bool is_new = false;
        struct umig_pool_thread *thread = umig_pools_thread(f->pools, id, &is_new);
        if (thread != NULL && is_new && id % 2 == 0) {
            umig_pool_thread_lead(thread, f->pools, pool);
            thread->worker = &f->references[id];
        }
        if (thread != NULL && umig_pools_of(f->pools, thread) != NULL) {
            umig_pools_of(f->pools, thread)->threads++;
        }
    }
    umig_pools_end(f->pools, &f->ops);
}

static void test_threads_are_known_as_long_as_they_are_seen(void **state)
{
    struct fixture *f = *state;
    struct umig_pool *pool = add(f, 0);

    read_threads(f, pool, 1, 8);
    assert_int_equal(f->pools->thread_count, 8);
    assert_int_equal(pool->threads, 4);
    assert_int_equal(f->forgotten, 0);

    read_threads(f, pool, 6, 12); /* 1 to 5 have ended, of them two workers */
    assert_int_equal(f->pools->thread_count, 7);
    assert_int_equal(pool->threads, 4);
    assert_int_equal(f->forgotten, 2);

    read_threads(f, pool, 6, 12);
    assert_int_equal(pool->threads, 4);
    assert_int_equal(f->forgotten, 2);
}

static void test_threads_beyond_the_room_are_counted(void **state)
{
    struct fixture *f = *state;
    struct umig_pool *pool = add(f, 0);

    read_threads(f, pool, 1, ROOM + 3);
    assert_int_equal(f->pools->left_out, 3);
    assert_int_equal(pool->threads, ROOM / 2);
    umig_pools_tell(f->pools, 7);
    assert_int_equal(f->pools->reading.left_out, 3);
    assert_int_equal(f->pools->reading.time_ns, 7);
    assert_int_equal(f->pools->reading.count, 1);

    read_threads(f, pool, 1, 2); /* there is room again */
    assert_int_equal(f->pools->left_out, 0);
    read_threads(f, pool, 1, 8);
    assert_int_equal(pool->threads, 4);
}

static void test_pool_is_called_what_its_threads_have_in_common(void **state)
{
    (void)state;
    static const struct {
        const char *names[3];
        const char *want;
    } cases[] = {
        {{"http-nio-8080-exec-1", "http-nio-8080-exec-12", NULL}, "http-nio-8080-exec"},
        {{"pool-3-thread-10", "pool-3-thread-11", NULL}, "pool-3-thread"},
        {{"pool-3-thread-1", NULL, NULL}, "pool-3-thread"},
        {{"ForkJoinPool.commonPool-worker-1", "ForkJoinPool.commonPool-worker-2", NULL},
         "ForkJoinPool.commonPool-worker"},
        {{"HikariPool-1 housekeeper", NULL, NULL}, "HikariPool-1 housekeeper"},
        {{"alpha", "beta", NULL}, "alpha"}, /* nothing in common: the first */
        {{"a-1", "b-1", NULL}, "a"},        /* too little */
        {{"42", NULL, NULL}, "42"},         /* nothing but a number */
        {{"orders (2)", "orders (11)", NULL}, "orders"},
        {{"gr\xC3\xBC"
          "n",
          "gr\xC3\xBB", NULL},
         "gr\xC3\xBC"
         "n"}, /* cut at whole characters */
        {{"exec-1 GET /a", "exec-2 POST /b", "exec-3"}, "exec"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct umig_pool pool = {0};
        char name[UMIG_POOL_NAME_BYTES];
        for (size_t k = 0; k < 3 && cases[i].names[k] != NULL; k++) {
            umig_pool_learn_name(&pool, cases[i].names[k]);
        }
        umig_pool_put_name(&pool, name);
        assert_string_equal(name, cases[i].want);
    }
}

static void test_long_name_is_cut_at_a_character(void **state)
{
    (void)state;
    struct umig_pool pool = {0};
    char name[UMIG_POOL_NAME_BYTES];
    char given[3 * UMIG_POOL_NAME_BYTES] = "";
    for (int i = 0; i < (int)UMIG_POOL_NAME_BYTES; i++) {
        strcat(given, "\xC3\xA4");
    }

    umig_pool_learn_name(&pool, given);

    umig_pool_put_name(&pool, name);
    assert_int_equal(strlen(name), UMIG_POOL_NAME_BYTES - 2); /* 63 bytes are no whole number */
}

/* A worker that ends between two looks is missing in one reading; the count does not fall. */
static void test_completed_never_falls(void **state)
{
    (void)state;
    struct umig_pool pool = {.own_completed = 5, .threads_completed = 10};
    umig_pool_count_completed(&pool);
    assert_int_equal(pool.figures.completed, 15);

    pool.threads_completed = 3;
    umig_pool_count_completed(&pool);
    assert_int_equal(pool.figures.completed, 15);

    pool.own_completed = 14;
    umig_pool_count_completed(&pool);
    assert_int_equal(pool.figures.completed, 17);
}

static void test_pool_without_threads_is_read_twice_more(void **state)
{
    struct fixture *f = *state;
    struct umig_pool *pool = add(f, 0);
    read_threads(f, pool, 2, 2);
    assert_true(umig_pool_is_read(pool));

    for (uint32_t i = 0; i < UMIG_POOL_LAST_READINGS; i++) {
        umig_pools_begin(f->pools);
        assert_true(umig_pool_is_read(pool));
        umig_pools_end(f->pools, &f->ops);
    }
    umig_pools_begin(f->pools);
    assert_false(umig_pool_is_read(pool));
    umig_pools_end(f->pools, &f->ops);

    read_threads(f, pool, 4, 4); /* it works again */
    assert_true(umig_pool_is_read(pool));
}

static void test_who_has_no_thread_for_longest_makes_room(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < (int)UMIG_POOLS_MAX; i++) {
        assert_non_null(add(f, i));
    }
    struct umig_pool *rests = &f->pools->pools[3];
    assert_null(add(f, UMIG_POOLS_MAX)); /* all are new: each may have threads */
    for (int round = 0; round < 2; round++) {
        umig_pools_begin(f->pools);
        for (uint32_t i = 0; i < UMIG_POOLS_MAX; i++) {
            f->pools->pools[i].threads = &f->pools->pools[i] == rests ? 0 : 1;
        }
        umig_pools_end(f->pools, &f->ops);
    }

    struct umig_pool *added = add(f, UMIG_POOLS_MAX);

    assert_ptr_equal(added, rests);
    assert_int_equal(f->forgotten, 1);
    assert_int_equal(added->number, UMIG_POOLS_MAX + 1); /* none is used twice */
    assert_null(add(f, UMIG_POOLS_MAX + 1));
}

/* A number that another pool has taken the place of leads nowhere. */
static void test_thread_of_a_pool_that_went_leads_nowhere(void **state)
{
    struct fixture *f = *state;
    struct umig_pool *pool = add(f, 0);
    read_threads(f, pool, 2, 2);
    umig_pool_remove(pool, &f->ops);
    assert_ptr_equal(add(f, 1), pool);

    read_threads(f, pool, 2, 2);

    assert_int_equal(pool->threads, 0);
}

static void test_clear_forgets_everything(void **state)
{
    struct fixture *f = *state;
    struct umig_pool *pool = add(f, 0);
    f->pools->types[1].class = &f->references[1];
    read_threads(f, pool, 1, 4);

    umig_pools_clear(f->pools, &f->ops);

    assert_int_equal(f->forgotten, 4); /* two workers, a pool, a class */
    assert_int_equal(f->pools->thread_count, 0);
    umig_pools_tell(f->pools, 9);
    assert_int_equal(f->pools->reading.count, 0);
}

static void test_without_memory_it_says_so(void **state)
{
    (void)state;
    struct umig_memory memory = {.limit_bytes = 4096};
    struct umig_pools *pools = NULL;
    struct umig_err err = UMIG_ERR_INIT;

    assert_int_equal(umig_pools_create(&memory, ROOM, &pools, &err), UMIG_E_NOMEM);

    assert_null(pools);
    assert_non_null(strstr(err.text, "raise memory="));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_threads_are_known_as_long_as_they_are_seen, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_threads_beyond_the_room_are_counted, set_up,
                                        tear_down),
        cmocka_unit_test(test_pool_is_called_what_its_threads_have_in_common),
        cmocka_unit_test(test_long_name_is_cut_at_a_character),
        cmocka_unit_test(test_completed_never_falls),
        cmocka_unit_test_setup_teardown(test_pool_without_threads_is_read_twice_more, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_who_has_no_thread_for_longest_makes_room, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_thread_of_a_pool_that_went_leads_nowhere, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_clear_forgets_everything, set_up, tear_down),
        cmocka_unit_test(test_without_memory_it_says_so),
    };
    return cmocka_run_group_tests_name("pools", tests, NULL, NULL);
}
