/* Names of kernel frames: read when they are asked for, and what is said when they cannot be had.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/session/kernel.h"
#include "tests/support/test.h"

/* Opens names whose file has this text. */
static void open_text(struct umig_kernel_frames *kernel, const char *text, size_t limit_bytes)
{
    static struct umig_memory memory;
    char path[] = "/tmp/umig-test-kernel-XXXXXX";
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    memory = (struct umig_memory){.limit_bytes = limit_bytes};
    umig_kernel_frames_open(kernel, path, &memory);
    unlink(path);
}

static struct umig_kernel_frames g_kernel; /* too large for a stack */

static int reset(void **state)
{
    (void)state;
    g_kernel = (struct umig_kernel_frames){.is_open = false};
    return 0;
}

static void test_names_are_there_once_they_are_asked_for(void **state)
{
    (void)state;

    open_text(&g_kernel, "ffffffff81000000 T vfs_read\n", 1 << 20);

    assert_string_equal(g_kernel.problem, "");
    assert_int_equal(g_kernel.symbols.count, 1);
}

static void test_without_memory_the_one_who_asks_is_told_at_once(void **state)
{
    (void)state;

    open_text(&g_kernel, "ffffffff81000000 T vfs_read\n", 1);

    assert_string_equal(g_kernel.problem, "names of kernel frames (the names of the kernel's "
                                          "functions take 1 KiB; raise memory=)");
}

static void test_hidden_addresses_are_said_and_not_asked_for_again(void **state)
{
    (void)state;

    open_text(&g_kernel, "0000000000000000 T vfs_read\n", 1 << 20);
    open_text(&g_kernel, "ffffffff81000000 T vfs_read\n", 1 << 20);

    assert_memory_equal(g_kernel.problem, "names of kernel frames (the kernel hides", 40);
    assert_int_equal(g_kernel.symbols.count, 0);
}

int main(void)
{
    const struct CMUnitTest kernel_test[] = {
        cmocka_unit_test_setup(test_names_are_there_once_they_are_asked_for, reset),
        cmocka_unit_test_setup(test_without_memory_the_one_who_asks_is_told_at_once, reset),
        cmocka_unit_test_setup(test_hidden_addresses_are_said_and_not_asked_for_again, reset),
    };
    return cmocka_run_group_tests(kernel_test, NULL, NULL);
}
