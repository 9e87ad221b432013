/*
 * A JVMTI agent for the truth test: writes down what agent/vm/gc and agent/vm/heap say, one line
 * each, so that the test can compare it with the JVM's own log and beans.
 *
 *     -agentpath:libgc_probe.so=PATH[,nolog]
 *
 *     ready NOW_NS
 *     robbed START_NS WAITED_NS  (before the pause: how long its thread had no processor meanwhile)
 *     pause START_NS DURATION_NS BEFORE AFTER|KIND|CAUSE
 *     event LINE_NS DURATION_NS BEFORE AFTER KIND|NAME|DETAIL  (of the line that told of it)
 *     until NOW_NS  (the probe's log was on until then)
 *     pool TIME_NS USED COMMITTED MAXIMUM|NAME
 *     rss TIME_NS BYTES
 *     lost COUNT
 *     silent WAS_SILENT
 *
 * An unknown figure is -1.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <jvmti.h>

#include "agent/vm/gc.h"
#include "agent/vm/heap.h"
#include "agent/vm/sched.h"
#include "core/clock.h"
#include "core/err.h"

#define PERIOD_NS (10 * UMIG_NS_PER_MS)

static struct umig_libjvm g_libjvm;
static struct umig_heap g_heap;
static struct umig_gc g_gc;
static FILE *g_out;
static bool g_wants_log = true;
static bool g_was_silent;
static uint64_t g_start_ns;  /* of the pause that lasts; the thread that pauses */
static uint64_t g_until_ns;  /* the log is on */
static uint64_t g_waited_ns; /* of that thread, when it began */
static sem_t g_stop;
static sem_t g_stopped;

static int64_t figure(uint64_t value)
{
    return value == UMIG_HEAP_UNKNOWN ? -1 : (int64_t)value;
}

static void write_events(void)
{
    struct umig_gc_event event;
    while (umig_gc_take_event(&g_gc, &event) == UMIG_OK) {
        const uint64_t since_ns = event.kind == UMIG_GC_EVENT_PHASE ? 0 : event.duration_ns;
        fprintf(g_out, "event %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %d|%s|%s\n",
                event.start_ns + since_ns, event.duration_ns, event.before, event.after,
                (int)event.kind, event.name, event.detail);
    }
}

static void write_pauses(uint64_t now_ns)
{
    struct umig_gc_pause pause;
    write_events();
    while (umig_gc_take(&g_gc, now_ns, &pause) == UMIG_OK) {
        fprintf(g_out, "pause %" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64 "|%s|%s\n",
                pause.start_ns, pause.duration_ns, figure(pause.heap_before),
                figure(pause.heap_after), pause.kind, pause.cause);
        write_events();
    }
    write_events();
}

static void write_heap(void)
{
    struct umig_heap_reading reading;
    umig_heap_read(&g_heap, &reading);
    for (size_t i = 0; i < reading.pool_count; i++) {
        const struct umig_heap_pool *pool = &reading.pools[i];
        fprintf(g_out, "pool %" PRIu64 " %" PRId64 " %" PRId64 " %" PRId64 "|%s\n", reading.time_ns,
                figure(pool->used), figure(pool->committed), figure(pool->maximum), pool->name);
    }
    fprintf(g_out, "rss %" PRIu64 " %" PRId64 "\n", reading.time_ns, figure(reading.rss_bytes));
}

static bool wait_period(void)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += (long)PERIOD_NS;
    if (until.tv_nsec >= (long)UMIG_NS_PER_S) {
        until.tv_nsec -= (long)UMIG_NS_PER_S;
        until.tv_sec++;
    }
    return sem_timedwait(&g_stop, &until) != 0;
}

static void *run(void *arg)
{
    (void)arg;
    do {
        write_heap();
        write_pauses(umig_clock_monotonic_ns());
        g_was_silent = g_was_silent || umig_gc_log_is_silent(&g_gc);
    } while (wait_period());
    write_pauses(UINT64_MAX); /* nothing waits for a line any longer */
    fprintf(g_out, "lost %" PRIu64 "\nsilent %d\nuntil %" PRIu64 "\n", umig_gc_lost(&g_gc),
            g_was_silent, g_until_ns);
    fclose(g_out);
    sem_post(&g_stopped);
    return NULL;
}

/* Of the calling thread in its life; 0 where the kernel does not say. */
static uint64_t waited_ns(void)
{
    uint64_t ns = 0;
    return umig_sched_delay_ns(gettid(), &ns) ? ns : 0;
}

static void JNICALL on_gc_start(jvmtiEnv *jvmti)
{
    (void)jvmti;
    g_waited_ns = waited_ns();
    g_start_ns = umig_clock_monotonic_ns();
    umig_gc_pause_begin(&g_gc, g_start_ns);
}

static void JNICALL on_gc_finish(jvmtiEnv *jvmti)
{
    (void)jvmti;
    umig_gc_pause_end(&g_gc, umig_clock_monotonic_ns());
    fprintf(g_out, "robbed %" PRIu64 " %" PRIu64 "\n", g_start_ns, waited_ns() - g_waited_ns);
}

static void complain(const char *what, const struct umig_err *err)
{
    fprintf(stderr, "gc_probe: %s: %s\n", what, err->text);
}

static void JNICALL on_vm_init(jvmtiEnv *jvmti, JNIEnv *env, jthread thread)
{
    (void)thread;
    struct umig_err err = UMIG_ERR_INIT;
    if (umig_libjvm_find(&g_libjvm, &err) < 0 || umig_heap_open(&g_libjvm, &g_heap, &err) < 0 ||
        umig_gc_open(&g_gc, &g_libjvm, &g_heap, &err) < 0) {
        complain("open", &err);
        return;
    }
    if (g_wants_log && umig_gc_log_start(&g_gc, env, &err) < 0) {
        complain("log", &err);
    }
    (*jvmti)->SetEventNotificationMode(jvmti, JVMTI_ENABLE, JVMTI_EVENT_GARBAGE_COLLECTION_START,
                                       NULL);
    (*jvmti)->SetEventNotificationMode(jvmti, JVMTI_ENABLE, JVMTI_EVENT_GARBAGE_COLLECTION_FINISH,
                                       NULL);
    fprintf(g_out, "ready %" PRIu64 "\n", umig_clock_monotonic_ns());
    pthread_t reader;
    if (pthread_create(&reader, NULL, run, NULL) == 0) {
        pthread_detach(reader);
    }
}

static void JNICALL on_vm_death(jvmtiEnv *jvmti, JNIEnv *env)
{
    (void)jvmti;
    struct umig_err err = UMIG_ERR_INIT;
    g_until_ns = umig_clock_monotonic_ns();
    if (g_wants_log && umig_gc_log_stop(&g_gc, env, &err) < 0) {
        complain("log", &err);
    }
    sem_post(&g_stop);
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 5;
    while (sem_timedwait(&g_stopped, &until) != 0 && errno == EINTR) {
    }
}

static bool read_options(char *options)
{
    char *comma = options != NULL ? strchr(options, ',') : NULL;
    if (comma != NULL) {
        g_wants_log = strcmp(comma, ",nolog") != 0;
        *comma = '\0';
    }
    g_out = options != NULL ? fopen(options, "we") : NULL;
    return g_out != NULL;
}

static jint enable(jvmtiEnv *jvmti)
{
    jvmtiCapabilities wanted;
    memset(&wanted, 0, sizeof wanted);
    wanted.can_generate_garbage_collection_events = 1;
    jvmtiEventCallbacks callbacks;
    memset(&callbacks, 0, sizeof callbacks);
    callbacks.VMInit = on_vm_init;
    callbacks.VMDeath = on_vm_death;
    callbacks.GarbageCollectionStart = on_gc_start;
    callbacks.GarbageCollectionFinish = on_gc_finish;
    if ((*jvmti)->AddCapabilities(jvmti, &wanted) != JVMTI_ERROR_NONE ||
        (*jvmti)->SetEventCallbacks(jvmti, &callbacks, sizeof callbacks) != JVMTI_ERROR_NONE) {
        return JNI_ERR;
    }
    (*jvmti)->SetEventNotificationMode(jvmti, JVMTI_ENABLE, JVMTI_EVENT_VM_INIT, NULL);
    (*jvmti)->SetEventNotificationMode(jvmti, JVMTI_ENABLE, JVMTI_EVENT_VM_DEATH, NULL);
    return JNI_OK;
}

JNIEXPORT jint JNICALL Agent_OnLoad(JavaVM *vm, char *options, void *reserved)
{
    (void)reserved;
    jvmtiEnv *jvmti = NULL;
    sem_init(&g_stop, 0, 0);
    sem_init(&g_stopped, 0, 0);
    if (!read_options(options)) {
        fprintf(stderr, "gc_probe: give a file to write: -agentpath:...=PATH\n");
        return JNI_ERR;
    }
    if ((*vm)->GetEnv(vm, (void **)&jvmti, JVMTI_VERSION_1_2) != JNI_OK) {
        return JNI_ERR;
    }
    return enable(jvmti);
}
