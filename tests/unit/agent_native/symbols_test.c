#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/native/symbols.h"
#include "tests/support/test.h"

struct fixture {
    char dir[32];
    char path[64];     /* a copy of the sample */
    char stripped[64]; /* the same without .symtab */
    struct umig_memory memory;
    struct umig_quota quota;
    struct umig_symbols symbols;
    struct umig_build_id id;
    uint64_t program_hash;
};

/* Runs a shell command in the fixture's folder. */
static void run(const struct fixture *fx, const char *command)
{
    char line[1024];
    assert_in_range(snprintf(line, sizeof line, "cd %s && %s", fx->dir, command), 1,
                    sizeof line - 1);
    assert_int_equal(system(line), 0); /* NOLINT(cert-env33-c): a fixture of our own */
}

static void read_id(struct fixture *fx)
{
    FILE *file = fopen(fx->path, "rb");
    struct umig_elf elf;
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    const struct umig_elf_source source = {.fd = fileno(file), .byte_count = (uint64_t)ftell(file)};
    assert_int_equal(umig_elf_open(&elf, source, NULL), UMIG_OK);
    fx->id = umig_elf_build_id(&elf);
    fx->program_hash = umig_elf_program_hash(&elf);
    fclose(file);
}

static int setup(void **state)
{
    struct fixture *fx = calloc(1, sizeof *fx);
    strcpy(fx->dir, "/tmp/umig_symbols_XXXXXX");
    assert_non_null(mkdtemp(fx->dir));
    snprintf(fx->path, sizeof fx->path, "%s/sample.so", fx->dir);
    snprintf(fx->stripped, sizeof fx->stripped, "%s/stripped.so", fx->dir);
    run(fx, "cp " UMIG_TEST_SAMPLE " sample.so && strip -o stripped.so sample.so");
    fx->memory.limit_bytes = 1 << 20;
    fx->quota = (struct umig_quota){.memory = &fx->memory, .limit_bytes = 1 << 20};
    read_id(fx);
    *state = fx;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fx = *state;
    umig_symbols_fini(&fx->symbols, &fx->quota);
    assert_int_equal(fx->memory.used_bytes, 0);
    run(fx, "rm -rf \"$PWD\"");
    free(fx);
    return 0;
}

static struct umig_symbols_query query_of(const struct fixture *fx, const char *path)
{
    return (struct umig_symbols_query){
        .path = path,
        .debug_root = fx->dir,
        .build_id = fx->id,
        .program_hash = fx->program_hash,
    };
}

/* The symbol of a name, plus 1; 0: there is none. */
static uint32_t find(const struct fixture *fx, const char *wanted)
{
    char name[64];
    for (uint32_t i = 1; i <= fx->symbols.count; i++) {
        if (umig_symbols_name(&fx->symbols, i, name, sizeof name) == UMIG_OK &&
            strcmp(name, wanted) == 0) {
            return i;
        }
    }
    return 0;
}

static void test_symtab_is_taken_first(void **state)
{
    struct fixture *fx = *state;
    const struct umig_symbols_query query = query_of(fx, fx->path);
    assert_int_equal(umig_symbols_read(&fx->symbols, &query, &fx->quota), UMIG_OK);

    const uint32_t hidden = find(fx, "sample_hidden");
    assert_true(hidden > 0);
    const struct umig_symbol *symbol = &fx->symbols.items[hidden - 1];
    assert_int_equal(umig_symbols_find(&fx->symbols, symbol->offset), hidden);
    assert_int_equal(umig_symbols_find(&fx->symbols, symbol->offset + symbol->size - 1), hidden);
    assert_true(umig_symbols_find(&fx->symbols, symbol->offset + symbol->size) != hidden);
    assert_int_equal(umig_symbols_find(&fx->symbols, 0), 0);
    assert_int_equal(umig_symbols_find(&fx->symbols, UINT64_MAX), 0);
    /* _init has no size: it ends with its section, before the PLT. */
    const uint32_t init = find(fx, "_init");
    assert_true(init > 0);
    assert_in_range(fx->symbols.items[init - 1].size, 1, 64);
    assert_true(find(fx, "sample_strong") > 0); /* names the place, not its weak alias */
    assert_int_equal(find(fx, "sample_weak"), 0);
}

static void test_a_stripped_file_has_what_it_exports(void **state)
{
    struct fixture *fx = *state;
    const struct umig_symbols_query query = query_of(fx, fx->stripped);
    assert_int_equal(umig_symbols_read(&fx->symbols, &query, &fx->quota), UMIG_OK);
    assert_true(find(fx, "sample_exported") > 0);
    assert_int_equal(find(fx, "sample_hidden"), 0);
}

static void test_debug_file_by_build_id(void **state)
{
    struct fixture *fx = *state;
    const struct umig_symbols_query query = query_of(fx, fx->stripped);
    run(fx, "id=$(readelf -n sample.so | sed -n 's/.*Build ID: //p') && "
            "mkdir -p .build-id/${id%${id#??}} && "
            "objcopy --only-keep-debug sample.so .build-id/${id%${id#??}}/${id#??}.debug");
    assert_int_equal(umig_symbols_read(&fx->symbols, &query, &fx->quota), UMIG_OK);
    assert_true(find(fx, "sample_hidden") > 0);

    /* The library's own file may be gone by now. */
    umig_symbols_fini(&fx->symbols, &fx->quota);
    run(fx, "rm stripped.so");
    assert_int_equal(umig_symbols_read(&fx->symbols, &query, &fx->quota), UMIG_OK);
    assert_true(find(fx, "sample_hidden") > 0);
}

static void test_debug_file_by_link(void **state)
{
    struct fixture *fx = *state;
    struct umig_symbols_query query = query_of(fx, fx->stripped);
    run(fx, "mkdir .debug && objcopy --only-keep-debug sample.so .debug/sample.debug && "
            "objcopy --add-gnu-debuglink=.debug/sample.debug stripped.so");
    assert_int_equal(umig_symbols_read(&fx->symbols, &query, &fx->quota), UMIG_OK);
    assert_true(find(fx, "sample_hidden") > 0);

    /* Without a build-id the checksum decides. */
    umig_symbols_fini(&fx->symbols, &fx->quota);
    query.build_id.byte_count = 0;
    assert_int_equal(umig_symbols_read(&fx->symbols, &query, &fx->quota), UMIG_OK);
    assert_true(find(fx, "sample_hidden") > 0);

    umig_symbols_fini(&fx->symbols, &fx->quota);
    run(fx, "echo >> .debug/sample.debug");
    assert_int_equal(umig_symbols_read(&fx->symbols, &query, &fx->quota), UMIG_OK);
    assert_int_equal(find(fx, "sample_hidden"), 0);
}

static void test_another_file_at_the_path_is_not_read(void **state)
{
    struct fixture *fx = *state;
    struct umig_symbols_query query = query_of(fx, fx->path);
    query.build_id.bytes[0] ^= 1;
    assert_int_equal(umig_symbols_read(&fx->symbols, &query, &fx->quota), UMIG_NOT_FOUND);
    query.build_id.byte_count = 0;
    query.program_hash ^= 2;
    assert_int_equal(umig_symbols_read(&fx->symbols, &query, &fx->quota), UMIG_NOT_FOUND);
    query.path = "/dev/zero";
    assert_int_equal(umig_symbols_read(&fx->symbols, &query, &fx->quota), UMIG_NOT_FOUND);
    query.path = "linux-vdso.so.1";
    assert_int_equal(umig_symbols_read(&fx->symbols, &query, &fx->quota), UMIG_NOT_FOUND);
}

static void test_a_file_that_changed_gives_no_names(void **state)
{
    struct fixture *fx = *state;
    const struct umig_symbols_query query = query_of(fx, fx->path);
    char name[64] = "before";
    assert_int_equal(umig_symbols_read(&fx->symbols, &query, &fx->quota), UMIG_OK);
    run(fx, ": > sample.so");
    assert_int_equal(umig_symbols_name(&fx->symbols, 1, name, sizeof name), UMIG_NOT_FOUND);
    assert_string_equal(name, "");
    run(fx, "rm sample.so");
    assert_int_equal(umig_symbols_name(&fx->symbols, 1, name, sizeof name), UMIG_NOT_FOUND);
    assert_int_equal(umig_symbols_name(&fx->symbols, 0, name, sizeof name), UMIG_NOT_FOUND);
}

static void test_memory_is_bounded(void **state)
{
    struct fixture *fx = *state;
    const struct umig_symbols_query query = query_of(fx, fx->path);
    fx->quota.limit_bytes = 16;
    assert_int_equal(umig_symbols_read(&fx->symbols, &query, &fx->quota), UMIG_E_NOMEM);
    assert_int_equal(fx->quota.refusals, 1);
    assert_int_equal(fx->symbols.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_symtab_is_taken_first, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_stripped_file_has_what_it_exports, setup, teardown),
        cmocka_unit_test_setup_teardown(test_debug_file_by_build_id, setup, teardown),
        cmocka_unit_test_setup_teardown(test_debug_file_by_link, setup, teardown),
        cmocka_unit_test_setup_teardown(test_another_file_at_the_path_is_not_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_file_that_changed_gives_no_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_memory_is_bounded, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
