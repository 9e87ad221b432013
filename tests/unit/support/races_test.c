/* Which reports of ThreadSanitizer in a JVM are ours; they are shortened from real ones. */
#include "tests/support/races.h"
#include "tests/support/test.h"

#define REPORT(kind) "==================\nWARNING: ThreadSanitizer: " kind " (pid=17860)\n"
#define SUMMARY      "\nSUMMARY: ThreadSanitizer: data race somewhere\n==================\n"
#define FIRST        "  Write of size 8 at 0x7fff918a9728 by thread T16 (mutexes: write M618):\n"
#define SECOND       "\n  Previous write of size 4 at 0x7fff918a9728 by thread T11:\n"
#define OF_AGENT     "    #0 on_contended ../../agent/vm/vm_locks.c:96 (libumigagent.so+0x69b50)\n"
#define OF_JVM       "    #0 Mutex::lock() <null> (libjvm.so+0xbe5a25)\n"
#define BELOW_AGENT \
 "    #1 JvmtiExport::post_thread_start(JavaThread*) <null> (libjvm.so+0xa30498)\n"
#define MEMSET     "    #0 memset ../sanitizer_common_interceptors.inc:799 (libtsan.so+0x5cbc4)\n"
#define MALLOC     "    #0 malloc ../tsan_interceptors_posix.cpp:647 (libtsan.so+0x3ebb8)\n"
#define BY_AGENT   "    #1 umig_slots_register_locked ../../slots.c:71 (libumigagent.so+0x9f4b8)\n"
#define BY_JVM     "    #1 os::malloc(unsigned long, MEMFLAGS) <null> (libjvm.so+0xc21cb8)\n"
#define FROM_AGENT "    #2 put_holder ../../agent/vm/vm_locks.c:89 (libumigagent.so+0x69ad7)\n"
#define CREATED                                                            \
 "\n  Thread T16 (tid=17932, running) created by thread T1 at:\n"          \
 "    #0 pthread_create ../tsan_interceptors.cpp:1001 (libtsan.so+0x5e)\n" \
 "    #1 os::create_thread(Thread*) <null> (libjvm.so+0xc2d443)\n"

static void expect(const char *text, size_t count)
{
    char first[64];
    assert_int_equal(umig_races_count(text, first, sizeof first), count);
    assert_int_equal(first[0] != '\0', count > 0);
}

static void test_race_between_two_accesses_of_ours_counts(void **state)
{
    (void)state;
    expect(REPORT("data race") FIRST OF_AGENT BELOW_AGENT SECOND OF_AGENT CREATED SUMMARY, 1);
    expect(REPORT("data race") FIRST MEMSET BY_AGENT SECOND OF_AGENT CREATED SUMMARY, 1);
    expect(REPORT("data race") FIRST OF_AGENT SECOND MEMSET BY_AGENT, 1);
}

static void test_race_with_an_access_of_the_jvm_does_not_count(void **state)
{
    (void)state;
    expect(REPORT("data race") FIRST OF_JVM SECOND OF_JVM CREATED SUMMARY, 0);
    expect(REPORT("data race") FIRST OF_AGENT SECOND MALLOC BY_JVM FROM_AGENT CREATED SUMMARY, 0);
    expect(REPORT("data race") FIRST MALLOC BY_JVM FROM_AGENT SECOND OF_AGENT SUMMARY, 0);
    expect(REPORT("data race") FIRST OF_AGENT, 0);
}

static void test_other_reports_count_by_their_first_stack(void **state)
{
    (void)state;
    expect(REPORT("lock-order-inversion (potential deadlock)") FIRST OF_AGENT SECOND OF_JVM SUMMARY,
           1);
    expect(REPORT("unlock of an unlocked mutex") FIRST OF_JVM SECOND OF_AGENT SUMMARY, 0);
}

static void test_each_report_is_looked_at(void **state)
{
    (void)state;
    expect("", 0);
    expect(REPORT("data race") FIRST OF_JVM SECOND OF_AGENT SUMMARY REPORT("data race")
               FIRST OF_AGENT SECOND OF_AGENT CREATED SUMMARY REPORT("data race")
                   FIRST OF_AGENT SECOND MEMSET BY_AGENT SUMMARY,
           2);
}

static void test_first_report_is_cut_at_the_room(void **state)
{
    (void)state;
    char first[16];
    assert_int_equal(umig_races_count(REPORT("data race") FIRST OF_AGENT SECOND OF_AGENT SUMMARY,
                                      first, sizeof first),
                     1);
    assert_string_equal(first, "WARNING: Thread");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_race_between_two_accesses_of_ours_counts),
        cmocka_unit_test(test_race_with_an_access_of_the_jvm_does_not_count),
        cmocka_unit_test(test_other_reports_count_by_their_first_stack),
        cmocka_unit_test(test_each_report_is_looked_at),
        cmocka_unit_test(test_first_report_is_cut_at_the_room),
    };
    return cmocka_run_group_tests_name("unit.support.races", tests, NULL, NULL);
}
