/* What JVMs say of their heap and of a dump of it; how a dump is ended that nobody wants. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/heap_cut.h"
#include "cli/heap_dump.h"
#include "cli/heap_info.h"
#include "core/err.h"
#include "tests/support/test.h"

#define MIB (UINT64_C(1) << 20)

static const struct {
    const char *text;
    bool is_found;
    uint64_t bytes;
} g_infos[] = {
    {" garbage-first heap   total 262144K, used 4026K [0x0000000708e00000, 0x0000000800000000)\n"
     "  region size 2048K, 3 young (6144K), 0 survivors (0K)\n"
     " Metaspace       used 150K, committed 320K, reserved 1114112K\n"
     "  class space    used 6K, committed 128K, reserved 1048576K\n",
     true, 4026 << 10},
    {" garbage-first heap   total reserved 4046848K, committed 262144K, used 9K [0x0, 0x1)\n", true,
     9 << 10},
    {" def new generation   total 9792K, used 522K [0x00000000f0000000, 0x00000000f0aa0000)\n"
     "  eden space 8704K,   6% used [0x00000000f0000000, 0x00000000f0082a28)\n"
     " tenured generation   total 21888K, used 100K [0x00000000f5550000, 0x00000000f6ab0000)\n"
     "   the space 21888K,   0% used [0x00000000f5550000, 0x00000000f5550000)\n"
     " Metaspace       used 48M, committed 320K, reserved 1114112K\n",
     true, 622 << 10},
    {" ZHeap           used 24M, capacity 256M, max capacity 3956M\n", true, 24 * MIB},
    {"Shenandoah Heap\n 4G max, 4G soft max, 256M committed, 12M used\n 2000 x 2M regions\n", true,
     12 * MIB},
    {"Epsilon Heap\nAllocation space:\n space 1024K,  24% used [0x0, 0x1)\n", false, 0},
    {"used 99999999999999999999K\n", false, 0},
    {"used 99999999999999999T\n", false, 0},
    {"used 12", false, 0},
    {"", false, 0},
};

static void test_used_heap_is_read_of_each_collector(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof g_infos / sizeof g_infos[0]; i++) {
        const size_t len = strlen(g_infos[i].text);
        char *text = malloc(len + 1);
        assert_non_null(text);
        memcpy(text, g_infos[i].text, len);
        uint64_t bytes = 0;
        if (umig_heap_info_used(text, len, &bytes) != g_infos[i].is_found ||
            bytes != g_infos[i].bytes) {
            fail_msg("%llu of: %s", (unsigned long long)bytes, g_infos[i].text);
        }
        free(text);
    }
}

static void test_need_counts_the_pieces_of_newer_jdks(void **state)
{
    (void)state;
    assert_int_equal(umig_heap_dump_need(100 * MIB, 17, 0), 100 * MIB);
    assert_int_equal(umig_heap_dump_need(100 * MIB, 21, 0), 100 * MIB);
    assert_int_equal(umig_heap_dump_need(100 * MIB, 25, 0), 200 * MIB);
    assert_int_equal(umig_heap_dump_need(100 * MIB, 0, 0), 200 * MIB); /* unknown */
    assert_int_equal(umig_heap_dump_need(100 * MIB, 17, 1), 25 * MIB);
    assert_int_equal(umig_heap_dump_need(0, 25, 0), 0);
}

static void test_what_the_jvm_says_of_a_dump_is_understood(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int rc;
        const char *says;
    } cases[] = {
        {"Dumping heap to /x/heap.hprof ...\nHeap dump file created [4711 bytes in 0.1 secs]\n",
         UMIG_OK, ""},
        {"Dumping heap to /x/heap.hprof ...\nUnable to create /x/heap.hprof: Permission denied\n",
         UMIG_E_IO, "could not write the dump: Permission denied; nothing"},
        {"Dumping heap to /x/heap.hprof ...\nDump file is incomplete: No space left on device\n",
         UMIG_E_IO, "could not write the dump: No space left on device; nothing"},
        {"Dumping heap to /x/heap.hprof ...\nHeap dump file created [many bytes]\n", UMIG_E_PROTO,
         "how much"},
        {"Dumping heap to /x/heap.hprof ...\n", UMIG_E_IO, "could not write"},
        {"", UMIG_E_IO, "it does not say why"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct umig_err err = UMIG_ERR_INIT;
        uint64_t bytes = 0;
        const int rc = umig_heap_dump_read(umig_span_of(cases[i].text), &bytes, &err);
        if (rc != cases[i].rc || strstr(err.text, cases[i].says) == NULL) {
            fail_msg("'%s': %d and \"%s\"", cases[i].text, rc, err.text);
        }
        assert_int_equal(bytes, rc == UMIG_OK ? 4711 : 0);
    }
}

/* --- the cut --- */

/* Writes into one file until that fails, into another one all the while; 0: as it should be. */
static int write_until_cut(int cut_fd, int other_fd, int ready_fd)
{
    char block[4096] = "";
    if (write(cut_fd, block, sizeof block) != sizeof block || write(ready_fd, "r", 1) != 1) {
        return 1;
    }
    ssize_t n = 0;
    do {
        if (pwrite(other_fd, block, sizeof block, 0) != sizeof block) {
            return 2;
        }
        n = write(cut_fd, block, sizeof block);
    } while (n == sizeof block);
    const int cause = errno;
    /* The file system's word for it; tmpfs has no end before that of the numbers. */
    if (n >= 0 || (cause != EFBIG && cause != EINVAL && cause != EOVERFLOW)) {
        return 3;
    }
    return pwrite(other_fd, block, sizeof block, 0) == sizeof block ? 0 : 4;
}

static bool may_take_descriptors(pid_t pid)
{
    const int pid_fd = (int)syscall(SYS_pidfd_open, pid, 0u);
    const int fd = (int)syscall(SYS_pidfd_getfd, pid_fd, STDOUT_FILENO, 0u);
    close(pid_fd);
    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0;
}

static void test_cut_ends_the_writing_of_that_file_only(void **state)
{
    (void)state;
    char folder[] = "/tmp/umig-heap-cut-XXXXXX";
    int ready[2];
    char byte = 0;
    assert_non_null(mkdtemp(folder));
    const int folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int flags = O_RDWR | O_CREAT | O_CLOEXEC;
    const int cut_fd = openat(folder_fd, "cut", flags, 0600);
    const int other_fd = openat(folder_fd, "other", flags, 0600);
    assert_true(cut_fd >= 0 && other_fd >= 0 && pipe2(ready, O_CLOEXEC) == 0);
    const pid_t child = fork();
    if (child == 0) {
        _exit(write_until_cut(cut_fd, other_fd, ready[1]));
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    const bool may_cut = may_take_descriptors(child);
    struct umig_heap_cut cut = {.count = 0};
    umig_heap_cut_note(&cut, folder_fd, "cut");
    umig_heap_cut_note(&cut, folder_fd, "no such file");
    assert_int_equal(cut.count, 1);
    assert_int_equal(unlinkat(folder_fd, "cut", 0), 0);
    struct umig_attach_site site = {.jvm = {.pid = child}, .tmp_fd = -1};
    site.pid_fd = (int)syscall(SYS_pidfd_open, child, 0u);
    const bool is_cut = umig_heap_cut_do(&site, &cut);
    int status = 0;
    if (!is_cut) {
        kill(child, SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    unlinkat(folder_fd, "other", 0);
    close(site.pid_fd);
    close(cut_fd);
    close(other_fd);
    close(folder_fd);
    rmdir(folder);
    if (!may_cut) {
        assert_false(is_cut);
        print_message("skipped: descriptors of other processes cannot be had here\n");
        skip();
    }
    assert_true(is_cut);
    assert_int_equal(status, 0);
}

static void test_nothing_to_cut_is_cut(void **state)
{
    (void)state;
    const struct umig_attach_site site = {.jvm = {.pid = getpid()}, .pid_fd = -1, .tmp_fd = -1};
    assert_true(umig_heap_cut_do(&site, &(struct umig_heap_cut){.count = 0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_used_heap_is_read_of_each_collector),
        cmocka_unit_test(test_need_counts_the_pieces_of_newer_jdks),
        cmocka_unit_test(test_what_the_jvm_says_of_a_dump_is_understood),
        cmocka_unit_test(test_cut_ends_the_writing_of_that_file_only),
        cmocka_unit_test(test_nothing_to_cut_is_cut),
    };
    return cmocka_run_group_tests_name("unit.cli.heap_dump", tests, NULL, NULL);
}
