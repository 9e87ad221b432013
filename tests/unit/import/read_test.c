/* Lines of collapsed stacks and of `jfr print` as rows. */
#include <stdio.h>
#include <string.h>

#include "core/err.h"
#include "import/collapsed.h"
#include "import/jfr.h"
#include "tests/support/test.h"

static int read_one(struct umig_import *import, const char *line, struct umig_err *err)
{
    char text[512];
    snprintf(text, sizeof text, "%s", line);
    return umig_import_collapsed_line(import, text, strlen(text), err);
}

/* "java a.B.c > native memcpy" of a row's stack, root first, kinds by their numbers. */
static void write_stack(const struct umig_import *import, uint32_t stack, char *out, size_t room)
{
    const struct umig_profile *p = import->profile;
    size_t len = 0;
    uint32_t chain[64];
    size_t depth = 0;
    for (uint32_t at = stack; at != 0; at = p->stacks.items[at].parent) {
        chain[depth++] = p->stacks.items[at].frame;
    }
    out[0] = '\0';
    while (depth > 0) {
        const struct umig_profile_frame *frame = &p->frames.items[chain[--depth]];
        const struct umig_profile_method *method = &p->methods.items[frame->method];
        len += (size_t)snprintf(out + len, room - len, "%s%d %s|%s:%u", len > 0 ? " > " : "",
                                (int)frame->kind, umig_profile_text(p, method->class_name),
                                umig_profile_text(p, method->name), frame->line);
    }
}

static void test_collapsed_frames_are_told_apart(void **state)
{
    static const struct {
        const char *line, *thread, *stack;
        uint32_t count;
    } cases[] = {
        {"a.B.c;a.B.d 17", "imported", "1 a.B|c:0 > 1 a.B|d:0", 17},
        {"[worker-1 tid=77];java/lang/Thread.run_[j];shop/Orders.total_[i] 3", "worker-1",
         "3 java.lang|Thread.run:0", 3},
        {"[main];svc.Orders.total {closure 3};memcpy 1", "main",
         "1 svc.Orders|total {closure 3}:0 > 6 |memcpy:0", 1},
        {"start_thread;JavaThread::run;do_syscall_64_[k] 2", "imported",
         "6 |start_thread:0 > 6 |JavaThread::run:0 > 7 |do_syscall_64:0", 2},
        {"libc.so.6;[unknown] 4", "imported", "6 |libc.so.6:0 > 6 |[unknown]:0", 4},
        {"a.B.run(int, x.Y) 5", "imported", "1 a.B|run(int, x.Y):0", 5},
        {";;a.B.c;; 6", "imported", "1 a.B|c:0", 6},
        {"a.B.c 7  \r", "imported", "1 a.B|c:0", 7},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct umig_import import;
        char stack[512];
        assert_int_equal(umig_import_init(&import, NULL), UMIG_OK);

        assert_int_equal(read_one(&import, cases[i].line, NULL), UMIG_OK);

        assert_int_equal(import.row_count, 1);
        assert_int_equal(import.rows[0].count, cases[i].count);
        write_stack(&import, import.rows[0].stack, stack, sizeof stack);
        if (i == 1) { /* class and method of a name with slashes */
            assert_string_equal(stack, "3 java.lang.Thread|run:0 > 4 shop.Orders|total:0");
        } else {
            assert_string_equal(stack, cases[i].stack);
        }
        const uint32_t name = import.profile->threads.items[import.rows[0].thread].name;
        assert_string_equal(umig_profile_text(import.profile, name), cases[i].thread);
        umig_import_fini(&import);
    }
}

static void test_collapsed_lines_that_are_none_are_refused(void **state)
{
    static const char *const lines[] = {
        "a.B.c", "a.B.c x", "a.B.c 1.5", "17", " 17", "a.B.c -3", "a;b 99999999999999999999999"};
    struct umig_import import;
    (void)state;
    assert_int_equal(umig_import_init(&import, NULL), UMIG_OK);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct umig_err err = UMIG_ERR_INIT;
        assert_int_equal(read_one(&import, lines[i], &err), UMIG_E_ARG);
        assert_non_null(strstr(err.text, "is no collapsed stack; a line is 'root;caller;leaf 17'"));
    }
    assert_int_equal(read_one(&import, "", NULL), UMIG_OK);
    assert_int_equal(read_one(&import, "# a remark", NULL), UMIG_OK);
    assert_int_equal(read_one(&import, "a.B.c 0", NULL), UMIG_OK);
    assert_int_equal(import.row_count, 0);
    umig_import_fini(&import);
}

static void test_too_much_is_refused_with_its_bound(void **state)
{
    static char deep[3 * UMIG_IMPORT_MAX_DEPTH + 16];
    struct umig_import import;
    struct umig_err err = UMIG_ERR_INIT;
    size_t len = 0;
    (void)state;
    assert_int_equal(umig_import_init(&import, NULL), UMIG_OK);
    for (size_t i = 0; i <= UMIG_IMPORT_MAX_DEPTH; i++) {
        len += (size_t)snprintf(deep + len, sizeof deep - len, "f;");
    }
    snprintf(deep + len, sizeof deep - len, "g 1");

    assert_int_equal(umig_import_collapsed_line(&import, deep, strlen(deep), &err), UMIG_E_LIMIT);
    assert_non_null(strstr(err.text, "more than 4096 frames"));
    assert_int_equal(read_one(&import, "a.B.c 5000000", &err), UMIG_OK);
    assert_int_equal(read_one(&import, "a.B.c 1", &err), UMIG_E_LIMIT);
    assert_non_null(strstr(err.text, "more than 5000000 samples"));
    umig_import_fini(&import);
}

static void read_jfr(struct umig_import *import, const char *text)
{
    struct umig_import_jfr jfr = {0};
    char line[256];
    while (*text != '\0') {
        const size_t len = strcspn(text, "\n");
        snprintf(line, sizeof line, "%.*s", (int)len, text);
        assert_int_equal(umig_import_jfr_line(import, &jfr, line, NULL), UMIG_OK);
        text += len + (text[len] == '\n' ? 1 : 0);
    }
    umig_import_jfr_fini(&jfr);
}

/* As JDK 17 and 25 print them. */
static const char recording[] = "jdk.ExecutionSample {\n"
                                "  startTime = 23:59:59.500 (2026-11-28)\n"
                                "  sampledThread = \"worker-1\" (javaThreadId = 22)\n"
                                "  state = \"STATE_RUNNABLE\"\n"
                                "  stackTrace = [\n"
                                "    shop.Orders.total(int, String) line: 12\n"
                                "    shop.Main.run() line: 7\n"
                                "    ...\n"
                                "  ]\n"
                                "}\n"
                                "\n"
                                "jdk.NativeMethodSample {\n"
                                "  startTime = 23:59:59.600\n"
                                "  stackTrace = [\n"
                                "    sun.nio.ch.EPoll.wait(int, long, int, int)\n"
                                "  ]\n"
                                "}\n"
                                "\n"
                                "jdk.ExecutionSample {\n"
                                "  startTime = 23:59:59.700\n"
                                "  sampledThread = \"worker-1\" (javaThreadId = 22)\n"
                                "}\n"
                                "\n"
                                "jdk.CPUTimeSample {\n"
                                "  startTime = 00:00:01.250 (2026-11-29)\n"
                                "  stackTrace = [\n"
                                "    shop.Main.run() line: 8\n"
                                "  ]\n"
                                "  eventThread = \"main\" (javaThreadId = 1)\n"
                                "  failed = false\n"
                                "  samplingPeriod = 9.5 ms\n"
                                "  biased = false\n"
                                "}\n";

static void test_jfr_samples_are_read_with_time_and_thread(void **state)
{
    struct umig_import import;
    char stack[512];
    (void)state;
    assert_int_equal(umig_import_init(&import, NULL), UMIG_OK);

    read_jfr(&import, recording);

    assert_int_equal(import.row_count, 2);
    assert_int_equal(import.skipped, 2);
    assert_int_equal(import.interval_ns, 9500000);
    assert_int_equal(import.rows[0].at_ms, 0);
    assert_int_equal(import.rows[1].at_ms, 1750);
    write_stack(&import, import.rows[0].stack, stack, sizeof stack);
    assert_string_equal(stack, "10 |[truncated]:0 > 1 shop.Main|run:7 > 1 shop.Orders|total:12");
    const struct umig_profile_thread *threads = import.profile->threads.items;
    assert_string_equal(umig_profile_text(import.profile, threads[import.rows[0].thread].name),
                        "worker-1");
    assert_string_equal(umig_profile_text(import.profile, threads[import.rows[1].thread].name),
                        "main");
    umig_import_fini(&import);
}

static void test_jfr_text_that_breaks_off_adds_nothing(void **state)
{
    (void)state;
    for (size_t len = 0; len < sizeof recording; len++) {
        struct umig_import import;
        char text[sizeof recording];
        assert_int_equal(umig_import_init(&import, NULL), UMIG_OK);
        snprintf(text, len + 1, "%s", recording);

        read_jfr(&import, text);

        assert_true(import.row_count <= 2);
        umig_import_fini(&import);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_collapsed_frames_are_told_apart),
        cmocka_unit_test(test_collapsed_lines_that_are_none_are_refused),
        cmocka_unit_test(test_too_much_is_refused_with_its_bound),
        cmocka_unit_test(test_jfr_samples_are_read_with_time_and_thread),
        cmocka_unit_test(test_jfr_text_that_breaks_off_adds_nothing),
    };
    return cmocka_run_group_tests_name("import.read", tests, NULL, NULL);
}
