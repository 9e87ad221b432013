#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "agent/native/libunwind.h"
#include "agent/native/objects.h"
#include "core/clock.h"
#include "tests/support/test.h"

enum {
    LIMIT_BYTES = 16 << 20
};

struct fixture {
    struct umig_memory memory;
    struct umig_objects objects;
};

static int setup(void **state)
{
    struct fixture *fx = calloc(1, sizeof *fx);
    fx->memory.limit_bytes = LIMIT_BYTES;
    assert_int_equal(umig_objects_init(&fx->objects, &fx->memory, LIMIT_BYTES, NULL), UMIG_OK);
    assert_true(umig_objects_refresh(&fx->objects));
    *state = fx;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fx = *state;
    umig_objects_fini(&fx->objects);
    umig_objects_fini(&fx->objects); /* takes a zeroed one */
    assert_int_equal(fx->memory.used_bytes, 0);
    free(fx);
    return 0;
}

/* What is there now, or was there last. */
static struct umig_object *find_now(const struct fixture *fx, uintptr_t pc)
{
    return umig_objects_find(&fx->objects, pc, UMIG_OBJECTS_ANY_TIME);
}

static void assert_symbol(struct fixture *fx, uintptr_t pc, const char *expected)
{
    char name[128];
    struct umig_object *object = find_now(fx, pc);
    assert_non_null(object);
    const uint32_t symbol = umig_objects_symbol(&fx->objects, object, pc);
    assert_int_equal(umig_objects_name(object, symbol, name, sizeof name), UMIG_OK);
    assert_string_equal(name, expected);
}

static uintptr_t address_of(void *handle, const char *name)
{
    void *symbol = dlsym(handle, name);
    assert_non_null(symbol);
    return (uintptr_t)symbol;
}

/* A library of its own: the same file would only be counted. */
static void *load_copy(int number)
{
    char path[64];
    char command[1024];
    snprintf(path, sizeof path, "/tmp/umig-objects-%d-%d.so", (int)getpid(), number);
    snprintf(command, sizeof command, "cp %s %s", UMIG_TEST_SAMPLE, path);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c) */
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    assert_non_null(library);
    assert_int_equal(unlink(path), 0);
    return library;
}

static void test_the_program_and_libc_are_there(void **state)
{
    struct fixture *fx = *state;
    char path[512] = "";
    assert_true(readlink("/proc/self/exe", path, sizeof path - 1) > 0);
    const struct umig_object *program = find_now(fx, (uintptr_t)setup);
    assert_non_null(program);
    assert_string_equal(program->path, path);
    assert_int_equal(program->build_id.byte_count, 20);
    assert_ptr_equal(umig_objects_by_serial(&fx->objects, program->serial), program);
    assert_symbol(fx, (uintptr_t)setup + 1, "setup");
    assert_symbol(fx, address_of(RTLD_DEFAULT, "gnu_get_libc_version"), "gnu_get_libc_version");
    assert_null(find_now(fx, 0));
    assert_null(find_now(fx, (uintptr_t)fx)); /* heap */
    assert_null(umig_objects_by_serial(&fx->objects, 0));
    assert_false(umig_objects_refresh(&fx->objects));
}

static void test_the_vdso_has_tables_and_names(void **state)
{
    struct fixture *fx = *state;
    char name[128];
    const uintptr_t base = getauxval(AT_SYSINFO_EHDR);
    struct umig_object *vdso = NULL;
    for (uint32_t i = 0; i < fx->objects.slot_count && vdso == NULL; i++) {
        struct umig_object *object = &fx->objects.slots[i];
        vdso = strstr(object->path, "vdso") != NULL ? object : NULL;
    }
    if (base == 0 || vdso == NULL) {
        skip(); /* a kernel without one */
    }
    assert_non_null(umig_objects_table(&fx->objects, vdso));
    uint32_t named = 0;
    for (uintptr_t pc = vdso->segments[0].low; pc < vdso->segments[0].high; pc += 16) {
        const uint32_t symbol = umig_objects_symbol(&fx->objects, vdso, pc);
        named += symbol != 0 && umig_objects_name(vdso, symbol, name, sizeof name) == UMIG_OK &&
                 (strstr(name, "clock_gettime") != NULL || strstr(name, "gettimeofday") != NULL);
    }
    assert_true(named > 0);
}

/* A time that lies between two lists in which the same was loaded. */
static uint64_t certain_time(struct fixture *fx)
{
    umig_objects_refresh(&fx->objects);
    const uint64_t time_ns = umig_clock_monotonic_ns();
    umig_objects_refresh(&fx->objects);
    return time_ns;
}

static void test_a_library_comes_goes_and_comes_again(void **state)
{
    struct fixture *fx = *state;
    void *library = dlopen(UMIG_TEST_SAMPLE, RTLD_NOW);
    assert_non_null(library);
    const uintptr_t pc = address_of(library, "sample_exported");
    assert_null(find_now(fx, pc));
    assert_true(umig_objects_refresh(&fx->objects));
    struct umig_object *object = find_now(fx, pc);
    assert_string_equal(object->path, UMIG_TEST_SAMPLE);
    const uint32_t serial = object->serial;
    assert_non_null(umig_objects_table(&fx->objects, object));
    assert_symbol(fx, pc, "sample_exported");
    const uint64_t first_ns = certain_time(fx);
    assert_ptr_equal(umig_objects_find(&fx->objects, pc, first_ns), object);

    dlclose(library);
    const uint64_t gone_ns = umig_clock_monotonic_ns();
    assert_true(umig_objects_refresh(&fx->objects));
    object = umig_objects_find(&fx->objects, pc, first_ns);
    assert_int_equal(object->serial, serial);
    assert_non_null(umig_objects_table(&fx->objects, object)); /* it was copied in time */
    assert_symbol(fx, pc, "sample_exported");
    assert_null(umig_objects_find(&fx->objects, pc, gone_ns));

    library = dlopen(UMIG_TEST_SAMPLE, RTLD_NOW);
    assert_int_equal(address_of(library, "sample_exported"), pc);
    const uint64_t early_ns = umig_clock_monotonic_ns();
    const uint64_t second_ns = certain_time(fx);
    object = umig_objects_find(&fx->objects, pc, second_ns);
    assert_int_equal(object->serial, serial); /* by its build-id: nothing was read anew */
    assert_true(object->has_read_table && object->has_read_symbols);
    /* Nothing was closed since the list before: it has been there since it was loaded. */
    assert_ptr_equal(umig_objects_find(&fx->objects, pc, early_ns), object);
    assert_null(umig_objects_find(&fx->objects, pc, gone_ns));
    dlclose(library);
}

static void pin_all(struct fixture *fx)
{
    for (uint32_t i = 0; i < fx->objects.slot_count; i++) {
        fx->objects.slots[i].is_pinned = fx->objects.slots[i].serial != 0;
    }
}

/* What stands before a pinned object stays certain; of the others only the times of lists are. */
static void test_only_what_may_be_new_is_read(void **state)
{
    struct fixture *fx = *state;
    const uintptr_t libc = address_of(RTLD_DEFAULT, "gnu_get_libc_version");
    pin_all(fx);
    uint64_t described = fx->objects.described;
    void *library = dlopen(UMIG_TEST_SAMPLE, RTLD_NOW);
    const uintptr_t pc = address_of(library, "sample_exported");
    umig_objects_refresh(&fx->objects);
    assert_int_equal(fx->objects.described, described + 1);

    described = fx->objects.described;
    void *copies[2] = {load_copy(0), load_copy(1)};
    dlclose(copies[1]);
    dlclose(copies[0]); /* both came and went unseen */
    const uint64_t time_ns = umig_clock_monotonic_ns();
    assert_true(umig_objects_refresh(&fx->objects));
    assert_int_equal(fx->objects.described, described + 1); /* the sample, which may have gone */
    assert_null(umig_objects_find(&fx->objects, pc, time_ns));
    assert_non_null(find_now(fx, pc));
    assert_non_null(umig_objects_find(&fx->objects, libc, time_ns));
    dlclose(library);
}

/* Of what is closed, the last ones stay. */
static void test_closed_libraries_are_bounded(void **state)
{
    struct fixture *fx = *state;
    uintptr_t pcs[UMIG_OBJECTS_CLOSED_MAX + 2];
    void *copies[UMIG_OBJECTS_CLOSED_MAX + 2];
    uint32_t serials[UMIG_OBJECTS_CLOSED_MAX + 2];
    for (int i = 0; i < (int)UMIG_OBJECTS_CLOSED_MAX + 2; i++) {
        copies[i] = load_copy(i);
        pcs[i] = address_of(copies[i], "sample_exported");
        umig_objects_refresh(&fx->objects);
        struct umig_object *object = find_now(fx, pcs[i]);
        serials[i] = object->serial;
        assert_non_null(umig_objects_table(&fx->objects, object));
    }
    for (int i = 0; i < (int)UMIG_OBJECTS_CLOSED_MAX + 2; i++) {
        dlclose(copies[i]);
        umig_objects_refresh(&fx->objects);
        assert_non_null(umig_objects_by_serial(&fx->objects, serials[i]));
    }
    assert_int_equal(fx->objects.closed_count, UMIG_OBJECTS_CLOSED_MAX);
    assert_null(umig_objects_by_serial(&fx->objects, serials[0]));
    assert_null(umig_objects_by_serial(&fx->objects, serials[1]));
    assert_non_null(umig_objects_by_serial(&fx->objects, serials[2]));

    /* And no more of them than an eighth of the memory holds. */
    const struct umig_object *last = find_now(fx, pcs[UMIG_OBJECTS_CLOSED_MAX + 1]);
    fx->objects.quota.limit_bytes = 8 * 3 * umig_object_bytes(last);
    fx->objects.closes--; /* as if something had changed */
    assert_true(umig_objects_refresh(&fx->objects));
    assert_int_equal(fx->objects.closed_count, 3);
    fx->objects.quota.limit_bytes = LIMIT_BYTES;
}

/* What finds no room is counted and unknown, and a known object never loses its place to it. */
static void test_objects_beyond_the_room_are_counted(void **state)
{
    struct fixture *fx = *state;
    for (uint32_t i = 0; i < UMIG_OBJECTS_MAX; i++) {
        if (fx->objects.slots[i].serial == 0) {
            fx->objects.slots[i].serial = UINT32_MAX - i; /* somebody else's */
        }
    }
    fx->objects.slot_count = UMIG_OBJECTS_MAX;
    void *library = dlopen(UMIG_TEST_SAMPLE, RTLD_NOW);
    const uintptr_t pc = address_of(library, "sample_exported");
    assert_true(umig_objects_refresh(&fx->objects));
    assert_int_equal(fx->objects.refused, 1);
    assert_null(find_now(fx, pc));
    assert_symbol(fx, (uintptr_t)setup + 1, "setup");
    dlclose(library);
}

/* Its tables were not wanted while it was there: they are not made up, and come with it again. */
static void test_a_closed_library_has_no_tables_to_copy(void **state)
{
    struct fixture *fx = *state;
    void *library = dlopen(UMIG_TEST_SAMPLE, RTLD_NOW);
    const uintptr_t pc = address_of(library, "sample_exported");
    umig_objects_refresh(&fx->objects);
    struct umig_object *object = find_now(fx, pc);
    dlclose(library);
    assert_null(umig_objects_table(&fx->objects, object)); /* closed, and nobody told us */
    umig_objects_refresh(&fx->objects);
    assert_null(umig_objects_table(&fx->objects, find_now(fx, pc)));

    library = dlopen(UMIG_TEST_SAMPLE, RTLD_NOW);
    umig_objects_refresh(&fx->objects);
    object = find_now(fx, address_of(library, "sample_exported"));
    object->identity++; /* another one is where it was */
    assert_null(umig_objects_table(&fx->objects, object));
    object->identity--;
    object->has_read_table = false;
    assert_non_null(umig_objects_table(&fx->objects, object));
    dlclose(library);
}

static void test_memory_is_bounded(void **state)
{
    struct fixture *fx = *state;
    struct umig_err err = UMIG_ERR_INIT;
    struct umig_objects none;
    assert_int_equal(umig_objects_init(&none, &fx->memory, 4096, &err), UMIG_E_NOMEM);
    assert_string_equal(err.text, "no memory for an index of 1024 loaded objects");

    fx->objects.quota.limit_bytes = fx->objects.quota.used_bytes;
    struct umig_object *program = find_now(fx, (uintptr_t)setup);
    assert_null(umig_objects_table(&fx->objects, program));
    assert_int_equal(umig_objects_symbol(&fx->objects, program, (uintptr_t)setup), 0);
    assert_int_equal(fx->objects.quota.refusals, 2);
}

static void test_without_libunwind_the_reason_is_told(void **state)
{
    (void)state;
    struct umig_libunwind libunwind = {.handle = NULL};
    struct umig_err err = UMIG_ERR_INIT;
    assert_int_equal(umig_libunwind_open("libunwind-none.so.8", &libunwind, &err),
                     UMIG_E_UNSUPPORTED);
    assert_string_equal(err.text,
                        "libunwind-none.so.8 is not installed: apt-get install libunwind8");
    assert_int_equal(umig_libunwind_open("libc.so.6", &libunwind, &err), UMIG_E_UNSUPPORTED);
    assert_string_equal(err.text, "libc.so.6 has no _Ux86_64_create_addr_space: version 1.3 or "
                                  "later is needed");
    assert_null(libunwind.handle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_program_and_libc_are_there, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_vdso_has_tables_and_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_library_comes_goes_and_comes_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_only_what_may_be_new_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_closed_libraries_are_bounded, setup, teardown),
        cmocka_unit_test_setup_teardown(test_objects_beyond_the_room_are_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_closed_library_has_no_tables_to_copy, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_memory_is_bounded, setup, teardown),
        cmocka_unit_test(test_without_libunwind_the_reason_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
