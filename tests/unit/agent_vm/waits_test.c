#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/vm/waits.h"
#include "tests/support/test.h"

enum {
    ADDERS = 4,
    NAMES = 64
};

static uint64_t from_of(struct umig_slot *slot)
{
    return atomic_load(&slot->wait_from_ns);
}

static void test_wait_that_is_never_told_is_its_threads_own(void **state)
{
    (void)state;
    struct umig_slot slot = {0};
    bool was_told = true;

    assert_true(umig_wait_begin(&slot, false, 1000));
    assert_int_equal(umig_wait_end(&slot, 1700, &was_told), 700);
    assert_false(was_told);
    assert_int_equal(umig_wait_end(&slot, 1800, &was_told), UINT64_MAX);
}

static void test_each_moment_of_a_wait_is_taken_once(void **state)
{
    (void)state;
    struct umig_slot slot = {0};
    bool was_told = false;
    uint64_t told_ns = 0;

    assert_true(umig_wait_begin(&slot, false, 1000));
    for (uint64_t now_ns = 1400; now_ns <= 2400; now_ns += 500) {
        const uint64_t from_ns = from_of(&slot);
        assert_true(umig_wait_tell(&slot, from_ns, now_ns));
        told_ns += now_ns - from_ns;
    }
    assert_int_equal(told_ns, 1400);
    assert_int_equal(umig_wait_end(&slot, 2450, &was_told), 50);
    assert_true(was_told);
}

static void test_wait_that_ended_meanwhile_cannot_be_told(void **state)
{
    (void)state;
    struct umig_slot slot = {0};
    bool was_told;

    assert_true(umig_wait_begin(&slot, false, 1000));
    const uint64_t from_ns = from_of(&slot);
    assert_int_equal(umig_wait_end(&slot, 1100, &was_told), 100);
    assert_false(umig_wait_tell(&slot, from_ns, 1200));
    assert_true(umig_wait_begin(&slot, false, 1150)); /* the next one is another wait */
    assert_false(umig_wait_tell(&slot, from_ns, 1200));
    assert_int_equal(from_of(&slot), 1150);
}

static void test_found_wait_gives_way_to_the_threads_own(void **state)
{
    (void)state;
    struct umig_slot slot = {0};
    bool was_told;

    assert_true(umig_wait_found(&slot, false, 0, 500));
    assert_int_equal(umig_wait_end(&slot, 800, &was_told), 300);
    assert_true(umig_wait_found(&slot, false, 0, 900));
    umig_wait_not_found(&slot, 900);
    assert_int_equal(from_of(&slot), 0);
    assert_true(umig_wait_begin(&slot, false, 1000));
    assert_false(umig_wait_found(&slot, false, 0, 1001));
    umig_wait_not_found(&slot, 1001);
    assert_int_equal(from_of(&slot), 1000);
    assert_true(umig_wait_forget(&slot));
    assert_false(umig_wait_forget(&slot));
    assert_int_equal(umig_wait_end(&slot, 1100, &was_told), UINT64_MAX);
}

static void test_wait_whose_end_nobody_hears_lasts_by_the_clock(void **state)
{
    (void)state;
    struct umig_slot slot = {0};
    bool was_told;

    assert_true(umig_wait_found(&slot, true, 77, 500));
    assert_true(atomic_load(&slot.is_park));
    assert_int_equal(atomic_load(&slot.wait_cpu_ns), 77);
    /* It came back unheard, and waits for a monitor now. */
    assert_false(umig_wait_begin(&slot, false, 900));
    assert_int_equal(atomic_load(&slot.wait_cpu_ns), 0);
    assert_false(atomic_load(&slot.is_park));
    assert_false(umig_wait_found(&slot, true, 78, 950));
    assert_int_equal(atomic_load(&slot.wait_cpu_ns), 0);
    assert_int_equal(umig_wait_end(&slot, 1000, &was_told), 100);
}

static uint32_t add(struct umig_wait_classes *classes, const char *signature)
{
    return umig_wait_classes_add(classes, signature, strlen(signature));
}

static void test_class_is_kept_once_and_cut(void **state)
{
    (void)state;
    struct umig_wait_classes *classes = calloc(1, sizeof *classes);
    char longest[2 * UMIG_SAMPLE_TEXT_BYTES + 1];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';

    const uint32_t object = add(classes, "Ljava/lang/Object;");
    const uint32_t ledger = add(classes, "LBank$Ledger;");
    assert_true(object > 0 && ledger > 0 && object != ledger);
    assert_int_equal(add(classes, "Ljava/lang/Object;"), object);
    assert_memory_equal(umig_wait_classes_get(classes, ledger)->text, "LBank$Ledger;", 13);
    assert_int_equal(umig_wait_classes_get(classes, ledger)->byte_count, 13);
    assert_int_equal(umig_wait_classes_get(classes, add(classes, longest))->byte_count,
                     UMIG_SAMPLE_TEXT_BYTES);
    assert_null(umig_wait_classes_get(classes, 0));
    free(classes);
}

static void test_full_table_says_unknown_and_keeps_what_it_has(void **state)
{
    (void)state;
    struct umig_wait_classes *classes = calloc(1, sizeof *classes);
    uint32_t refused = 0;
    char name[32];
    const uint32_t first = add(classes, "Lfirst;");
    for (uint32_t i = 0; i < 2 * UMIG_WAIT_CLASSES; i++) {
        snprintf(name, sizeof name, "LClass%u;", i);
        refused += add(classes, name) == 0;
    }
    assert_true(refused >= UMIG_WAIT_CLASSES);
    assert_int_equal(add(classes, "Lfirst;"), first);
    free(classes);
}

static void *add_many(void *arg)
{
    struct umig_wait_classes *classes = arg;
    char name[32];
    for (uint32_t i = 0; i < NAMES; i++) {
        snprintf(name, sizeof name, "LShared%u;", i);
        const uint32_t id = add(classes, name);
        const struct umig_wait_class *class = umig_wait_classes_get(classes, id);
        if (class != NULL && memcmp(class->text, name, strlen(name)) != 0) {
            return arg;
        }
    }
    return NULL;
}

static void test_threads_that_add_at_once_read_whole_names(void **state)
{
    (void)state;
    struct umig_wait_classes *classes = calloc(1, sizeof *classes);
    pthread_t threads[ADDERS];
    void *failed = NULL;
    for (int i = 0; i < ADDERS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, add_many, classes), 0);
    }
    for (int i = 0; i < ADDERS; i++) {
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    uint32_t ready = 0;
    for (uint32_t i = 0; i < UMIG_WAIT_CLASSES; i++) {
        ready += atomic_load(&classes->classes[i].state) != 0;
    }
    assert_int_equal(ready, NAMES);
    free(classes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wait_that_is_never_told_is_its_threads_own),
        cmocka_unit_test(test_each_moment_of_a_wait_is_taken_once),
        cmocka_unit_test(test_wait_that_ended_meanwhile_cannot_be_told),
        cmocka_unit_test(test_found_wait_gives_way_to_the_threads_own),
        cmocka_unit_test(test_wait_whose_end_nobody_hears_lasts_by_the_clock),
        cmocka_unit_test(test_class_is_kept_once_and_cut),
        cmocka_unit_test(test_full_table_says_unknown_and_keeps_what_it_has),
        cmocka_unit_test(test_threads_that_add_at_once_read_whole_names),
    };
    return cmocka_run_group_tests_name("unit.agent_vm.waits", tests, NULL, NULL);
}
