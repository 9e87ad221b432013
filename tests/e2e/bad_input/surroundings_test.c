/*
 * What stands around the agent is wrong: paths that are taken, too long or closed, collectors that
 * are missing or talk rubbish, the agent loaded twice, other profilers in the JVM. The JVM runs,
 * one line says what is the matter, and what can still be done is done.
 */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/socket.h"
#include "tests/e2e/bad_input/outcome.h"
#include "tests/support/test.h"

enum {
    MAX_EXIT_MS = 2000, /* the agent's own bound is 400; a hang would be 5000 and more */
    PATH_BYTES = 108,
};

/* --- control= --- */

static void run_with_control(struct umig_rig *rig, const char *service, const char *path)
{
    static struct outcome outcome;
    char options[512];
    snprintf(options, sizeof options, "service=%s,control=%s,start=cpu:1ms", service, path);
    run_brief(rig, &outcome, options, "-Dms=300");
    expect_unharmed(&outcome);
    expect_line(&outcome, path);
    assert_true(is_profiled(rig, service));
}

static void try_control_paths(struct umig_rig *rig)
{
    struct umig_address taken = {.is_unix = true};
    char path[PATH_BYTES];
    int fd = -1;
    umig_rig_start_collector(rig);

    snprintf(taken.path, sizeof taken.path, "%s/taken.sock", rig->dir);
    assert_int_equal(umig_socket_listen(&taken, 0600, &fd, NULL), UMIG_OK);
    run_with_control(rig, "taken", taken.path);
    close(fd);

    snprintf(path, sizeof path, "%s/jvm.err", rig->dir);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fclose(file);
    run_with_control(rig, "file", path);
    assert_int_equal(access(path, F_OK), 0); /* a file that is no socket is not removed */

    snprintf(path, sizeof path, "%s/none/umig.sock", rig->dir);
    run_with_control(rig, "no-folder", path);
    run_with_control(rig, "closed", "/sys/umig.sock");
    umig_rig_stop_collector(rig);
}

static void test_control_path_that_cannot_be_used(void **state)
{
    (void)state;
    umig_rig_each_jdk(try_control_paths);
}

static void try_long_paths(struct umig_rig *rig)
{
    static struct outcome outcome;
    char options[512];
    char name[121];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';

    snprintf(options, sizeof options, "control=/%s,start=cpu", name);
    run_brief(rig, &outcome, options, "%s", "");
    expect_unharmed(&outcome);
    expect_line(&outcome, "control=PATH");

    run_program(rig, &outcome,
                "%sUMIG_RUNTIME_DIR=/tmp/%s %s/bin/java -agentpath:" UMIG_AGENT " -version",
                UMIG_JAVA_ENV, name, rig->jdk.home);
    assert_int_equal(outcome.code, 0);
    assert_non_null(strstr(outcome.err, "umig: "));
    assert_non_null(strstr(outcome.err, "UMIG_RUNTIME_DIR"));
}

static void test_paths_too_long_for_a_socket(void **state)
{
    (void)state;
    umig_rig_each_jdk(try_long_paths);
}

/* --- collectors --- */

/* A peer at the collector's place. */
struct speaker {
    int listen_fd;
    bool talks; /* random bytes; else it never answers */
    pthread_t thread;
    unsigned met; /* connections */
};

static void babble(int fd)
{
    uint8_t noise[4096];
    for (int i = 0; i < 16; i++) {
        assert_int_equal(getrandom(noise, sizeof noise, 0), sizeof noise);
        if (send(fd, noise, sizeof noise, MSG_NOSIGNAL) < 0) {
            return;
        }
    }
}

static void *speak(void *context)
{
    struct speaker *speaker = context;
    int silent[64];
    size_t silent_count = 0;
    struct pollfd pfd = {.fd = speaker->listen_fd, .events = POLLIN};
    while (poll(&pfd, 1, -1) > 0 && (pfd.revents & POLLHUP) == 0) {
        const int fd = accept4(speaker->listen_fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0) {
            continue;
        }
        speaker->met++;
        if (speaker->talks || silent_count == 64) {
            babble(fd);
            close(fd);
        } else {
            silent[silent_count++] = fd;
        }
    }
    while (silent_count > 0) {
        close(silent[--silent_count]);
    }
    return NULL;
}

static void run_with_speaker(struct umig_rig *rig, bool talks)
{
    static struct outcome outcome;
    char options[256];
    struct umig_address address = {.is_unix = true};
    struct speaker speaker = {.talks = talks};
    snprintf(address.path, sizeof address.path, "%s/speaker.sock", rig->dir);
    assert_int_equal(umig_socket_listen(&address, 0600, &speaker.listen_fd, NULL), UMIG_OK);
    assert_int_equal(pthread_create(&speaker.thread, NULL, speak, &speaker), 0);

    snprintf(options, sizeof options, "collector=unix:%s,start=cpu:1ms,gc,heap:100ms,locks",
             address.path);
    run_brief(rig, &outcome, options, "-Dms=1000");

    shutdown(speaker.listen_fd, SHUT_RDWR);
    pthread_join(speaker.thread, NULL);
    close(speaker.listen_fd);
    unlink(address.path);
    expect_unharmed(&outcome);
    assert_true(speaker.met > 0);
    print_message("a collector that %s: exit took %.0f ms\n", talks ? "babbles" : "is silent",
                  outcome.delay_ms);
    assert_in_range(outcome.delay_ms, 0, MAX_EXIT_MS);
}

static void try_collectors(struct umig_rig *rig)
{
    static struct outcome outcome;
    run_with_speaker(rig, true);
    run_with_speaker(rig, false);
    run_brief(rig, &outcome, "start=cpu:1ms,gc,heap:100ms,locks", "-Dms=300");
    expect_unharmed(&outcome);
    print_message("no collector: exit took %.0f ms\n", outcome.delay_ms);
    assert_in_range(outcome.delay_ms, 0, MAX_EXIT_MS);
    run_brief(rig, &outcome, "collector=tcp:no-such-host.invalid:7070,start=cpu:1ms", "-Dms=300");
    expect_unharmed(&outcome);
    assert_in_range(outcome.delay_ms, 0, MAX_EXIT_MS);
}

static void test_collectors_that_are_none(void **state)
{
    (void)state;
    umig_rig_each_jdk(try_collectors);
}

/* --- company in the JVM --- */

static void load_twice(struct umig_rig *rig)
{
    static struct outcome outcome;
    umig_rig_start_collector(rig);
    run_brief(rig, &outcome, "service=twice,start=cpu:1ms",
              "-Dms=300 -agentpath:" UMIG_AGENT "=service=other,start=cpu:1ms");
    expect_unharmed(&outcome);
    expect_line(&outcome, "loaded twice");
    assert_true(is_profiled(rig, "twice"));

    char copy[96];
    snprintf(copy, sizeof copy, "%s/libcopy.so", rig->dir);
    run_program(rig, &outcome, "cp " UMIG_AGENT " %s", copy);
    assert_int_equal(outcome.code, 0);
    run_brief(rig, &outcome, "service=original,start=cpu:1ms",
              "-Dms=300 -agentpath:%s=service=copy,start=cpu:1ms", copy);
    expect_unharmed(&outcome);
    expect_line(&outcome, "another UMIG agent is in this JVM: this one stands down");
    assert_true(is_profiled(rig, "original"));
    assert_false(is_profiled(rig, "copy"));
    umig_rig_stop_collector(rig);
}

static void test_agent_loaded_twice(void **state)
{
    (void)state;
    umig_rig_each_jdk(load_twice);
}

/* Known: fault handlers in front of the JVM's, told once each. Anything else is a fault of ours. */
static bool is_known_note(const char *line)
{
    return strstr(line, "SIGSEGV handler modified") != NULL ||
           strstr(line, "SIGBUS handler modified") != NULL;
}

static void check_notes(char *text)
{
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        const bool is_note = strcasestr(line, "warning") != NULL || strstr(line, "FATAL") != NULL;
        if (is_note && !is_known_note(line)) {
            fail_msg("-Xcheck:jni: %s", line);
        }
    }
}

static void check_jni(struct umig_rig *rig)
{
    static struct outcome outcome;
    umig_rig_start_collector(rig);
    run_brief(rig, &outcome, "service=checked,start=cpu:1ms,gc,heap:100ms,locks:10us",
              "-Dms=1000 -Xcheck:jni");
    expect_unharmed(&outcome);
    assert_true(is_profiled(rig, "checked"));
    umig_rig_stop_collector(rig);
    check_notes(outcome.out);
    check_notes(outcome.err);
}

static void test_checks_of_jni_find_nothing(void **state)
{
    (void)state;
    umig_rig_each_jdk(check_jni);
}

/* On a busy machine the end of a JVM, which waits 300 ms at most, may lose its last batches. */
static void expect_no_word_of_sampling(const struct outcome *outcome)
{
    for (const char *at = outcome->err; (at = strstr(at, "umig: ")) != NULL; at++) {
        if (strncmp(at, "umig: the JVM ends, and ", 24) != 0) {
            fail_msg("%s", outcome->err);
        }
    }
}

static void fly_along(struct umig_rig *rig)
{
    static struct outcome outcome;
    umig_rig_start_collector(rig);
    run_brief(
        rig, &outcome, "service=flown,start=cpu:1ms,gc,heap:100ms,locks:10us",
        "-Dms=1000 -XX:StartFlightRecording=filename=%s/r.jfr,settings=profile -Xlog:jfr*=off",
        rig->dir);
    expect_unharmed(&outcome);
    expect_no_word_of_sampling(&outcome);
    assert_true(is_profiled(rig, "flown"));
    umig_rig_stop_collector(rig);
}

static void test_flight_recorder_beside_us(void **state)
{
    (void)state;
    umig_rig_each_jdk(fly_along);
}

/* CPU time sampled of a service. */
static double profiled_seconds(struct umig_rig *rig, const char *service)
{
    json_t *list = NULL;
    double seconds = 0;
    assert_int_equal(umig_rig_command(rig, &list, "sessions --json"), 0);
    size_t i;
    json_t *session;
    json_array_foreach(json_object_get(list, "sessions"), i, session)
    {
        if (strcmp(umig_json_text_at(session, "service"), service) == 0) {
            seconds += umig_json_number_at(session, "cpu_ns") / 1e9;
        }
    }
    json_decref(list);
    return seconds;
}

/* The newest release that Maven has here, unpacked; false: none. */
static bool unpack_async_profiler(struct umig_rig *rig)
{
    static struct outcome outcome;
    run_program(
        rig, &outcome,
        "jar=$(ls \"$HOME\"/.m2/repository/tools/profiler/async-profiler/*/*.jar | sort -V | "
        "tail -n 1); test -n \"$jar\" && cd %s && %s/bin/jar xf \"$jar\" && "
        "mv linux-x64/libasyncProfiler.so .",
        rig->dir, rig->jdk.home);
    return outcome.code == 0;
}

/* Who comes second takes another signal: both sample. tests/e2e/safety has the figures. */
static void meet_async_profiler(struct umig_rig *rig)
{
    static struct outcome outcome;
    if (!unpack_async_profiler(rig)) {
        print_message("skipped: no async-profiler in ~/.m2\n");
        return;
    }
    umig_rig_start_collector(rig);
    run_brief(rig, &outcome, "service=second,start=cpu:1ms,gc,heap:100ms",
              "-Dms=1500 -agentpath:%s/libasyncProfiler.so=start,event=ctimer,file=%s/ap.txt",
              rig->dir, rig->dir);
    expect_unharmed(&outcome);
    expect_no_word_of_sampling(&outcome);
    assert_true(is_profiled(rig, "second"));
    umig_rig_stop_collector(rig);
}

static void test_async_profiler_beside_us(void **state)
{
    (void)state;
    umig_rig_each_jdk(meet_async_profiler);
}

/*
 * What is not ours to handle is not to be sent: the foreign handler may do anything with it.
 * Samples go on by another signal.
 */
static void meet_thief(struct umig_rig *rig)
{
    static struct outcome outcome;
    unsigned early = 0;
    unsigned late = 1;
    umig_rig_start_collector(rig);
    run_brief(rig, &outcome, "service=robbed,start=cpu:1ms", "-Dcpu=3000 -agentpath:" UMIG_THIEF);
    const double seconds = profiled_seconds(rig, "robbed");
    umig_rig_stop_collector(rig);
    expect_unharmed(&outcome);
    expect_line(&outcome, "another library took over SIGPROF: CPU samples go on by SIGRTMIN+8");
    assert_true(seconds > 0.8); /* of three; the theft comes within half of one */
    const char *said = strstr(outcome.out, "thief: ");
    assert_non_null(said);
    assert_int_equal(sscanf(said, "thief: %u %u", &early, &late), 2);
    print_message("a thief of SIGPROF: %u signals until it was noticed, %u later\n", early, late);
    assert_int_equal(late, 0);
}

static void test_samples_go_on_when_another_library_takes_the_signal(void **state)
{
    (void)state;
    umig_rig_each_jdk(meet_thief);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_control_path_that_cannot_be_used, umig_rig_teardown),
        cmocka_unit_test_teardown(test_paths_too_long_for_a_socket, umig_rig_teardown),
        cmocka_unit_test_teardown(test_collectors_that_are_none, umig_rig_teardown),
        cmocka_unit_test_teardown(test_agent_loaded_twice, umig_rig_teardown),
        cmocka_unit_test_teardown(test_checks_of_jni_find_nothing, umig_rig_teardown),
        cmocka_unit_test_teardown(test_flight_recorder_beside_us, umig_rig_teardown),
        cmocka_unit_test_teardown(test_async_profiler_beside_us, umig_rig_teardown),
        cmocka_unit_test_teardown(test_samples_go_on_when_another_library_takes_the_signal,
                                  umig_rig_teardown),
    };
    return cmocka_run_group_tests_name("e2e.bad_input.surroundings", tests, compile_programs,
                                       remove_programs);
}
