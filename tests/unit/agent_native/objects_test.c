#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "agent/native/libunwind.h"
#include "agent/native/objects.h"
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

static void assert_symbol(struct fixture *fx, uintptr_t pc, const char *expected)
{
    char name[128];
    struct umig_object *object = umig_objects_find(&fx->objects, pc);
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

static void test_the_program_and_libc_are_there(void **state)
{
    struct fixture *fx = *state;
    char path[512] = "";
    assert_true(readlink("/proc/self/exe", path, sizeof path - 1) > 0);
    const struct umig_object *program = umig_objects_find(&fx->objects, (uintptr_t)setup);
    assert_non_null(program);
    assert_string_equal(program->path, path);
    assert_int_equal(program->build_id.byte_count, 20);
    assert_ptr_equal(umig_objects_by_serial(&fx->objects, program->serial), program);
    assert_symbol(fx, (uintptr_t)setup + 1, "setup");
    assert_symbol(fx, address_of(RTLD_DEFAULT, "gnu_get_libc_version"), "gnu_get_libc_version");
    assert_null(umig_objects_find(&fx->objects, 0));
    assert_null(umig_objects_find(&fx->objects, (uintptr_t)fx)); /* heap */
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

static void test_a_library_comes_goes_and_is_forgotten(void **state)
{
    struct fixture *fx = *state;
    void *library = dlopen(UMIG_TEST_SAMPLE, RTLD_NOW);
    assert_non_null(library);
    const uintptr_t pc = address_of(library, "sample_exported");
    assert_null(umig_objects_find(&fx->objects, pc));
    assert_true(umig_objects_refresh(&fx->objects));
    struct umig_object *object = umig_objects_find(&fx->objects, pc);
    assert_string_equal(object->path, UMIG_TEST_SAMPLE);
    const uint32_t serial = object->serial;
    assert_non_null(umig_objects_table(&fx->objects, object));

    dlclose(library);
    assert_true(umig_objects_refresh(&fx->objects));
    object = umig_objects_find(&fx->objects, pc);
    assert_int_equal(object->serial, serial);
    assert_true(object->is_closed);
    assert_non_null(umig_objects_table(&fx->objects, object)); /* it was copied in time */
    assert_symbol(fx, pc, "sample_exported");

    fx->objects.closes--; /* as if something had changed */
    assert_true(umig_objects_refresh(&fx->objects));
    assert_null(umig_objects_find(&fx->objects, pc));
    assert_null(umig_objects_by_serial(&fx->objects, serial));

    library = dlopen(UMIG_TEST_SAMPLE, RTLD_NOW);
    assert_true(umig_objects_refresh(&fx->objects));
    object = umig_objects_find(&fx->objects, address_of(library, "sample_exported"));
    assert_true(object->serial > serial);
    dlclose(library);
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
    assert_null(umig_objects_find(&fx->objects, pc));
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
    struct umig_object *object = umig_objects_find(&fx->objects, pc);
    dlclose(library);
    assert_null(umig_objects_table(&fx->objects, object)); /* closed, and nobody told us */
    umig_objects_refresh(&fx->objects);
    assert_null(umig_objects_table(&fx->objects, umig_objects_find(&fx->objects, pc)));

    library = dlopen(UMIG_TEST_SAMPLE, RTLD_NOW);
    umig_objects_refresh(&fx->objects);
    object = umig_objects_find(&fx->objects, address_of(library, "sample_exported"));
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
    struct umig_object *program = umig_objects_find(&fx->objects, (uintptr_t)setup);
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
        cmocka_unit_test_setup_teardown(test_a_library_comes_goes_and_is_forgotten, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_objects_beyond_the_room_are_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_closed_library_has_no_tables_to_copy, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_memory_is_bounded, setup, teardown),
        cmocka_unit_test(test_without_libunwind_the_reason_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
