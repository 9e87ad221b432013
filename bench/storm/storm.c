#include "bench/storm/storm.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <jni.h>

#include "core/clock.h"

enum {
    PERIOD_MS = 50,
    REST_MS = 10, /* of each period */
    FUZZ_US = 500,
    TICK_US_MAX = 1000000,
    FUZZ_MAX = 100000
};

struct storm g_storm;

/* The handler of SIGPROF, once it is the agent's. */
static storm_handler *find_handler(void)
{
    struct sigaction now;
    Dl_info info;
    if (sigaction(SIGPROF, NULL, &now) != 0 || (now.sa_flags & SA_SIGINFO) == 0 ||
        dladdr((const void *)(uintptr_t)now.sa_sigaction, &info) == 0 ||
        strstr(info.dli_fname, "libumigagent") == NULL) {
        return NULL;
    }
    return now.sa_sigaction;
}

static void write_stats(void)
{
    char text[512];
    const int len = snprintf(text, sizeof text, "walks %20llu\nunfit %20llu\nloads %20llu\n",
                             atomic_load(&g_storm.walks), atomic_load(&g_storm.unfit),
                             atomic_load(&g_storm.loads));
    const int fd = open(g_storm.stats_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || pwrite(fd, text, (size_t)len, 0) != len) {
        fprintf(stderr, "storm: %s cannot be written\n", g_storm.stats_path);
    }
    if (fd >= 0) {
        close(fd);
    }
}

static void pause_us(long us)
{
    const struct timespec pause = {.tv_nsec = us * 1000};
    nanosleep(&pause, NULL);
}

static void storm_for(struct storm_targets *targets, uint64_t end_ns)
{
    if (g_storm.tick_us > 0) {
        storm_targets_tick(targets, g_storm.tick_us);
    }
    while (umig_clock_monotonic_ns() < end_ns) {
        if (g_storm.fuzz_count > 0) {
            storm_targets_disturb(targets);
        }
        pause_us(FUZZ_US);
    }
    storm_targets_quiet(targets);
}

/*
 * What is interrupted again and again does not end: clone(), a page that others are waiting for, a
 * thread whose walk takes longer than a tick. So there is a rest in each period.
 */
static void *run(void *argument)
{
    static struct storm_targets targets;
    prctl(PR_SET_TIMERSLACK, 1UL);
    /* Before the threads it drives, where that is allowed: it begins and ends each rest. */
    (void)setpriority(PRIO_PROCESS, 0, -15);
    while (storm_targets_read(&targets)) {
        atomic_store(&g_storm.handler, find_handler());
        write_stats();
        if (atomic_load(&g_storm.handler) != NULL) {
            storm_for(&targets, umig_clock_monotonic_ns() + (PERIOD_MS - REST_MS) * UMIG_NS_PER_MS);
        }
        pause_us(REST_MS * 1000);
    }
    fputs("storm: this kernel has no /proc/self/timers (CONFIG_CHECKPOINT_RESTORE)\n", stderr);
    return argument;
}

static bool parse_count(const char *text, uint32_t max, uint32_t *out)
{
    char *end = NULL;
    const unsigned long value = strtoul(text, &end, 10);
    if (end == text || *end != '\0' || value < 1 || value > max) {
        return false;
    }
    *out = (uint32_t)value;
    return true;
}

static bool parse_word(const char *word)
{
    if (strncmp(word, "ticks=", 6) == 0) {
        return parse_count(word + 6, TICK_US_MAX, &g_storm.tick_us);
    }
    if (strncmp(word, "fuzz=", 5) == 0) {
        return parse_count(word + 5, FUZZ_MAX, &g_storm.fuzz_count);
    }
    if (strncmp(word, "stats=", 6) == 0) {
        snprintf(g_storm.stats_path, sizeof g_storm.stats_path, "%s", word + 6);
        return true;
    }
    g_storm.has_loads = g_storm.has_loads || strcmp(word, "loads") == 0;
    return strcmp(word, "loads") == 0;
}

static bool parse(const char *options)
{
    char text[1024];
    char *rest = NULL;
    snprintf(text, sizeof text, "%s", options == NULL ? "" : options);
    for (char *word = strtok_r(text, ",", &rest); word != NULL; word = strtok_r(NULL, ",", &rest)) {
        if (!parse_word(word)) {
            fprintf(stderr, "storm: '%s' is not understood; bench/storm/storm.h says what is\n",
                    word);
            return false;
        }
    }
    return g_storm.stats_path[0] != '\0';
}

/*
 * "umig-": the agent sets no timer on such threads. Signals are for the JVM's threads, but faults
 * and timers' come to whom they are meant for.
 */
static bool start_thread(void *(*body)(void *), void *argument, const char *name)
{
    static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGPROF};
    pthread_t thread;
    sigset_t others;
    sigset_t before;
    sigfillset(&others);
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        sigdelset(&others, own[i]);
    }
    pthread_sigmask(SIG_BLOCK, &others, &before);
    const bool has = pthread_create(&thread, NULL, body, argument) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (has) {
        pthread_setname_np(thread, name);
    }
    return has;
}

/* The JVM calls it. */
JNIEXPORT jint JNICALL Agent_OnLoad(JavaVM *vm, char *options, void *reserved);

JNIEXPORT jint JNICALL Agent_OnLoad(JavaVM *vm, char *options, void *reserved)
{
    static int which[2] = {0, 1};
    (void)vm;
    (void)reserved;
    if (!parse(options) || !storm_fuzz_install() || !start_thread(run, NULL, "umig-storm")) {
        return JNI_ERR;
    }
    for (int i = 0; g_storm.has_loads && i < 2; i++) {
        if (!start_thread(storm_load_always, &which[i], "storm-load")) {
            return JNI_ERR;
        }
    }
    return JNI_OK;
}
