/*
 * What the JVM's own threads do, without native frames: a compiler that has but one method to
 * compile tells that one's name, collectors tell the pause they work in.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/jvm.h"
#include "tests/support/test.h"

#define MIN_SAMPLES 500
#define MIN_PERCENT 90.0

#define COMPILED "Compiled$Large.work"

/* The caller waits for C2, which may compile nothing else. */
#define FLAGS                                                                        \
 "-Xbatch -XX:-TieredCompilation -XX:CompileThreshold=500 -XX:CompileCommand=quiet " \
 "-XX:CompileCommand=compileonly,Compiled$Large::work -cp @java Compiled"

/* Values of collapsed stacks: CPU in intervals. */
struct shares {
    double compiler; /* of C2's thread */
    double named;    /* with the method */
    double own;      /* of the method, as if it ran on the compiler's thread */
};

static void count_stack(char *line, struct shares *shares)
{
    char *value = strrchr(line, ' ');
    if (value == NULL || strncmp(line, "[C2 Compiler", 12) != 0) {
        return;
    }
    *value = '\0';
    const double weight = strtod(value + 1, NULL);
    shares->compiler += weight;
    if (strstr(line, ";[compilation];[C2 compiles];compiling " COMPILED) != NULL) {
        shares->named += weight;
    } else if (strstr(line, ";" COMPILED) != NULL) {
        shares->own += weight;
    } else {
        print_message("  not named: %s %.0f\n", line, weight);
    }
}

static struct shares read_shares(struct umig_rig *rig, const char *session)
{
    struct shares shares = {0};
    char *text = umig_rig_text(rig, "report %s --format collapsed", session);
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        count_stack(line, &shares);
    }
    free(text);
    return shares;
}

static void compile_with(struct umig_rig *rig, const char *native, const char *session)
{
    assert_int_equal(umig_rig_command(rig, NULL, "start %d --cpu 1ms --native %s --name %s",
                                      rig->jvm.pid, native, session),
                     0);
    json_decref(umig_rig_await_session(rig, session, umig_rig_has_samples));
    struct shares shares = {0};
    while (shares.compiler < MIN_SAMPLES) {
        shares = read_shares(rig, session);
    }
    assert_int_equal(umig_rig_command(rig, NULL, "stop %d --name %s", rig->jvm.pid, session), 0);
    json_decref(umig_rig_await_session(rig, session, umig_rig_has_ended));
    shares = read_shares(rig, session);
    const double percent = 100 * shares.named / shares.compiler;
    print_message("  %d native=%-4s %6.0f ms of C2, %.2f %% with the method it compiled\n",
                  rig->jdk.feature, native, shares.compiler, percent);
    assert_true(percent >= MIN_PERCENT);
    assert_true(shares.own == 0);
}

static void compile(struct umig_rig *rig)
{
    umig_rig_start_collector(rig);
    umig_rig_start_jvm(rig, "", FLAGS);
    compile_with(rig, "off", "compiling");
    compile_with(rig, "leaf", "compiling-leaf");
    umig_rig_tell_jvm(rig, "!");
    json_t *said = umig_rig_read_jvm(rig);
    assert_true(umig_json_number_at(said, "copies") > 0);
    json_decref(said);
    umig_rig_tell_jvm(rig, "!");
    assert_int_equal(umig_rig_wait_jvm(rig), 0);
    umig_rig_stop_collector(rig);
}

static void test_compilers_tell_what_they_compile(void **state)
{
    (void)state;
    umig_rig_each_jdk(compile);
}

/* Value of the threads of a pool, and of those of their stacks that begin with a text. */
static void count_threads(struct umig_rig *rig,
                          const char *session,
                          const char *pool,
                          const char *begin,
                          double *out_all,
                          double *out_told)
{
    char *text = umig_rig_text(rig, "report %s --format collapsed", session);
    char *rest = NULL;
    *out_all = 0;
    *out_told = 0;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        const char *stack = strchr(line, ';');
        const char *value = strrchr(line, ' ');
        if (stack != NULL && value != NULL && strncmp(line, pool, strlen(pool)) == 0) {
            const bool is_told = strncmp(stack + 1, begin, strlen(begin)) == 0;
            *out_all += strtod(value + 1, NULL);
            *out_told += is_told ? strtod(value + 1, NULL) : 0;
        }
    }
    free(text);
}

/* One collector: what those of its threads do that work, not only steer. */
static void collect_with(struct umig_rig *rig,
                         const char *flags,
                         const char *pool,
                         const char *begin)
{
    char words[128];
    char session[48];
    double all = 0;
    double told = 0;
    snprintf(words, sizeof words, "%s -Xmx64m -Xmn16m -cp @java Garbage", flags);
    umig_rig_start_jvm(rig, "", words);
    snprintf(session, sizeof session, "collecting-%d", (int)rig->jvm.pid);
    assert_int_equal(
        umig_rig_command(rig, NULL, "start %d --cpu 1ms --name %s", rig->jvm.pid, session), 0);
    json_decref(umig_rig_await_session(rig, session, umig_rig_has_samples));
    while (all < MIN_SAMPLES) {
        count_threads(rig, session, pool, begin, &all, &told);
    }
    print_message("  %d %-20s %5.0f ms of %s, %.2f %% in %s\n", rig->jdk.feature, flags, all, pool,
                  100 * told / all, begin);
    assert_true(100 * told / all >= MIN_PERCENT);
    umig_rig_tell_jvm(rig, "!");
    assert_int_equal(umig_rig_wait_jvm(rig), 0);
}

static void collect(struct umig_rig *rig)
{
    umig_rig_start_collector(rig);
    collect_with(rig, "-XX:+UseSerialGC", "[VM Thread]", "[VM];[pause: Allocation Failure]");
    collect_with(rig, "-XX:+UseParallelGC", "[GC Thread", "[garbage collection];[pause: ");
    collect_with(rig, "-XX:+UseG1GC", "[GC Thread", "[garbage collection];[pause");
    collect_with(rig, "-XX:+UseShenandoahGC", "[Shenandoah GC T", "[garbage collection];[");
#ifndef __SANITIZE_ADDRESS__ /* its shadow lies where ZGC wants the heap */
    /* On 21, which has two of them, this is the one without generations: X, for once. */
    collect_with(rig, "-XX:+UseZGC", rig->jdk.feature == 21 ? "[XWorker" : "[ZWorker",
                 "[garbage collection];[concurrent cycle]");
#endif
    umig_rig_stop_collector(rig);
}

static void test_collectors_tell_their_pause(void **state)
{
    (void)state;
    umig_rig_each_jdk(collect);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_compilers_tell_what_they_compile, umig_rig_teardown),
        cmocka_unit_test_teardown(test_collectors_tell_their_pause, umig_rig_teardown),
    };
    return cmocka_run_group_tests_name("e2e.jvm_threads", tests, NULL, NULL);
}
