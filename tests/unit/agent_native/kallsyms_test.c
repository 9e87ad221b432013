#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/native/kallsyms.h"
#include "tests/support/test.h"

static struct umig_memory g_memory = {.limit_bytes = 1 << 20};

/* Reads a text as the kernel's file. */
static int read_text(const char *text, struct umig_kallsyms *out, struct umig_err *err)
{
    char path[] = "/tmp/umig-test-kallsyms-XXXXXX";
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    const int rc = umig_kallsyms_read(out, path, &g_memory, 1 << 19, err);
    unlink(path);
    return rc;
}

static const char g_kernel[] = "ffffffff81000000 T _stext\n"
                               "ffffffff81000010 t __pfx_vfs_read\n"
                               "ffffffff81000020 T vfs_read\n"
                               "ffffffff81000020 T vfs_read_alias\n"
                               "ffffffff81000100 d a_variable\n"
                               "ffffffff81000200 W weak_one\n"
                               "ffffffffc0300000 t late\t[second]\n"
                               "ffffffffc0100000 t first_begin\t[first]\n"
                               "ffffffffc0102000 t first_end\t[first]\n";

static void expect(const struct umig_kallsyms *symbols, uint64_t address, const char *name)
{
    const uint32_t function = umig_kallsyms_find(symbols, address);
    if (name == NULL) {
        assert_int_equal(function, 0);
        return;
    }
    assert_int_not_equal(function, 0);
    assert_string_equal(umig_kallsyms_name(symbols, function), name);
}

static void test_functions_are_found_by_any_address_of_theirs(void **state)
{
    (void)state;
    struct umig_kallsyms symbols;
    assert_int_equal(read_text(g_kernel, &symbols, NULL), UMIG_OK);

    assert_int_equal(symbols.count, 6);
    expect(&symbols, 0xffffffff81000000, "_stext");
    expect(&symbols, 0xffffffff8100001f, "_stext");
    expect(&symbols, 0xffffffff81000020, "vfs_read");
    expect(&symbols, 0xffffffff810001ff, "vfs_read");
    expect(&symbols, 0xffffffff81000fff, "weak_one");
    expect(&symbols, 0xffffffffc0101fff, "first_begin [first]");
    expect(&symbols, 0xffffffffc0300001, "late [second]");

    umig_kallsyms_fini(&symbols, &g_memory);
    assert_int_equal(atomic_load(&g_memory.used_bytes), 0);
}

/* Between the last function of one module and the next module another one may lie by now. */
static void test_addresses_behind_a_last_function_have_no_name(void **state)
{
    (void)state;
    struct umig_kallsyms symbols;
    assert_int_equal(read_text(g_kernel, &symbols, NULL), UMIG_OK);

    expect(&symbols, 0xffffffff81001200, NULL);
    expect(&symbols, 0xffffffffc0102fff, "first_end [first]");
    expect(&symbols, 0xffffffffc0103000, NULL);
    expect(&symbols, 0xffffffffc0301000, NULL);
    expect(&symbols, 0xffffffff80ffffff, NULL);
    expect(&symbols, 0x7f0000000000, NULL);
    expect(&symbols, UINT64_MAX, NULL);
    expect(&symbols, 0, NULL);

    umig_kallsyms_fini(&symbols, &g_memory);
}

static void test_hidden_addresses_are_refused_with_what_helps(void **state)
{
    (void)state;
    struct umig_kallsyms symbols;
    struct umig_err err = UMIG_ERR_INIT;

    assert_int_equal(
        read_text("0000000000000000 T _stext\n0000000000000000 t other\n", &symbols, &err),
        UMIG_E_UNSUPPORTED);

    assert_non_null(strstr(err.text, "kernel.kptr_restrict"));
}

static void test_a_look_at_the_begin_tells_whether_addresses_are_hidden(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int status;
    } cases[] = {
        {"ffffffff81000000 T _stext\n", UMIG_OK},
        {"0000000000000000 A zero\n0000000000000000 T _stext\n", UMIG_E_UNSUPPORTED},
        {"", UMIG_E_UNSUPPORTED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[] = "/tmp/umig-test-kallsyms-XXXXXX";
        const int fd = mkstemp(path);
        assert_int_equal(write(fd, cases[i].text, strlen(cases[i].text)),
                         (ssize_t)strlen(cases[i].text));
        close(fd);
        assert_int_equal(umig_kallsyms_check(path, NULL), cases[i].status);
        unlink(path);
    }
    assert_int_equal(umig_kallsyms_check("/nonexistent", NULL), UMIG_E_UNSUPPORTED);
}

static void test_more_than_the_bound_is_refused_and_nothing_kept(void **state)
{
    (void)state;
    struct umig_kallsyms symbols;
    struct umig_err err = UMIG_ERR_INIT;
    struct umig_memory small = {.limit_bytes = 4096};

    assert_int_equal(umig_kallsyms_read(&symbols, "/proc/self/maps", &small, 0, &err),
                     UMIG_E_UNSUPPORTED); /* no line of it is one */
    char *text = malloc(100 * 32 + 1);
    for (int i = 0; i < 100; i++) {
        sprintf(text + i * 32, "ffffffff810%05x t function%04x\n", (unsigned)i * 16, (unsigned)i);
    }
    g_memory.limit_bytes = 4096;
    assert_int_equal(read_text(text, &symbols, &err), UMIG_E_NOMEM);
    g_memory.limit_bytes = 1 << 20;
    free(text);

    assert_non_null(strstr(err.text, "memory="));
    assert_int_equal(atomic_load(&g_memory.used_bytes), 0);
}

/* Lines longer than what is read at once, cut lines, and what is no line. */
static void test_lines_without_sense_are_passed_over(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "",
        " ",
        "ffffffff81000000",
        "ffffffff81000000 T",
        "ffffffff81000000 T ",
        "fffffffff81000000 T too_many_digits",
        "ffffffff8100000g T no_hex",
        "FFFFFFFF81000000 T capitals",
        "ffffffff81000000 TT two_letters",
        "ffffffff81000000 T \t[module]",
    };
    struct umig_kallsyms_line line;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        if (umig_kallsyms_parse(lines[i], strlen(lines[i]), &line)) {
            fail_msg("taken for a line: '%s'", lines[i]);
        }
    }
    assert_true(umig_kallsyms_parse("c0 t f\t[m]", 10, &line));
    assert_int_equal(line.address, 0xc0);
    assert_int_equal(line.name_bytes, 1);
    assert_int_equal(line.module_bytes, 3);

    char *text = calloc(1, 40000);
    memset(text, 'x', 39000);
    strcat(text, "\nffffffff81000000 T after\n");
    struct umig_kallsyms symbols;
    assert_int_equal(read_text(text, &symbols, NULL), UMIG_OK);
    expect(&symbols, 0xffffffff81000000, "after");
    umig_kallsyms_fini(&symbols, &g_memory);
    free(text);
}

/* The file of this machine, where it shows addresses. */
static void test_this_kernels_functions_are_read(void **state)
{
    (void)state;
    struct umig_kallsyms symbols;
    struct umig_memory memory = {.limit_bytes = 32 << 20};
    if (umig_kallsyms_read(&symbols, "/proc/kallsyms", &memory, 6 << 20, NULL) != UMIG_OK) {
        print_message("skipped: /proc/kallsyms shows no addresses here\n");
        skip();
    }
    print_message("  %u functions, %zu KiB\n", symbols.count,
                  atomic_load(&memory.used_bytes) / 1024);
    for (uint32_t i = 1; i < symbols.count; i++) {
        assert_true(symbols.functions[i - 1].offset < symbols.functions[i].offset);
    }
    umig_kallsyms_fini(&symbols, &memory);
    assert_int_equal(atomic_load(&memory.used_bytes), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_functions_are_found_by_any_address_of_theirs),
        cmocka_unit_test(test_addresses_behind_a_last_function_have_no_name),
        cmocka_unit_test(test_hidden_addresses_are_refused_with_what_helps),
        cmocka_unit_test(test_a_look_at_the_begin_tells_whether_addresses_are_hidden),
        cmocka_unit_test(test_more_than_the_bound_is_refused_and_nothing_kept),
        cmocka_unit_test(test_lines_without_sense_are_passed_over),
        cmocka_unit_test(test_this_kernels_functions_are_read),
    };
    return cmocka_run_group_tests_name("kallsyms", tests, NULL, NULL);
}
