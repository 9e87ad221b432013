/* The library of Locked.java: threads wait for locks of the C library, and measure how long. */
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <time.h>

#include <jni.h>

#define HELD_NS  2000000
#define APART_NS 500000
#define BRIEF_NS 700000

static pthread_mutex_t g_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t g_brief = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t g_lock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_t g_plain;
static sem_t g_may_begin;

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void pause_ns(long ns)
{
    const struct timespec time = {.tv_nsec = ns};
    nanosleep(&time, NULL);
}

__attribute__((noinline)) static int64_t planted_mutex(void)
{
    const int64_t begin = now_ns();
    pthread_mutex_lock(&g_mutex);
    const int64_t waited = now_ns() - begin;
    pause_ns(HELD_NS);
    pthread_mutex_unlock(&g_mutex);
    return waited;
}

__attribute__((noinline)) static int64_t planted_write(void)
{
    const int64_t begin = now_ns();
    pthread_rwlock_wrlock(&g_lock);
    const int64_t waited = now_ns() - begin;
    pause_ns(HELD_NS);
    pthread_rwlock_unlock(&g_lock);
    return waited;
}

__attribute__((noinline)) static int64_t planted_read(void)
{
    const int64_t begin = now_ns();
    pthread_rwlock_rdlock(&g_lock);
    const int64_t waited = now_ns() - begin;
    pause_ns(HELD_NS);
    pthread_rwlock_unlock(&g_lock);
    return waited;
}

/* By a thread that was made for it. */
__attribute__((noinline)) static int64_t planted_brief(void)
{
    const int64_t begin = now_ns();
    pthread_mutex_lock(&g_brief);
    const int64_t waited = now_ns() - begin;
    pthread_mutex_unlock(&g_brief);
    return waited;
}

static void *run_brief(void *arg)
{
    (void)arg;
    return (void *)(intptr_t)planted_brief();
}

/* In turns, so that who waits gets the lock. */
__attribute__((noinline)) static int64_t repeat(int64_t (*planted)(void), int rounds)
{
    int64_t waited = 0;
    for (int i = 0; i < rounds; i++) {
        waited += planted();
        pause_ns(APART_NS);
    }
    return waited;
}

/* Locks as Java's threads do, and has never seen Java. */
static void *run_plain(void *arg)
{
    sem_wait(&g_may_begin);
    return (void *)(intptr_t)repeat(planted_mutex, (int)(intptr_t)arg);
}

JNIEXPORT jlong JNICALL Java_Locked_mutex(JNIEnv *env, jclass locked, jint rounds);
JNIEXPORT jlong JNICALL Java_Locked_mutex(JNIEnv *env, jclass locked, jint rounds)
{
    (void)env;
    (void)locked;
    return repeat(planted_mutex, rounds);
}

JNIEXPORT jlong JNICALL Java_Locked_write(JNIEnv *env, jclass locked, jint rounds);
JNIEXPORT jlong JNICALL Java_Locked_write(JNIEnv *env, jclass locked, jint rounds)
{
    (void)env;
    (void)locked;
    return repeat(planted_write, rounds);
}

JNIEXPORT jlong JNICALL Java_Locked_read(JNIEnv *env, jclass locked, jint rounds);
JNIEXPORT jlong JNICALL Java_Locked_read(JNIEnv *env, jclass locked, jint rounds)
{
    (void)env;
    (void)locked;
    return repeat(planted_read, rounds);
}

/* ns of so many locks and unlocks that nobody else wants. */
JNIEXPORT jlong JNICALL Java_Locked_free(JNIEnv *env, jclass locked, jint rounds);
JNIEXPORT jlong JNICALL Java_Locked_free(JNIEnv *env, jclass locked, jint rounds)
{
    pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;
    const int64_t begin = now_ns();
    (void)env;
    (void)locked;
    for (int i = 0; i < rounds; i++) {
        pthread_mutex_lock(&own);
        pthread_mutex_unlock(&own);
    }
    return now_ns() - begin;
}

JNIEXPORT void JNICALL Java_Locked_createPlain(JNIEnv *env, jclass locked, jint rounds);
JNIEXPORT void JNICALL Java_Locked_createPlain(JNIEnv *env, jclass locked, jint rounds)
{
    (void)env;
    (void)locked;
    sem_init(&g_may_begin, 0, 0);
    pthread_create(&g_plain, NULL, run_plain, (void *)(intptr_t)rounds);
}

JNIEXPORT void JNICALL Java_Locked_startPlain(JNIEnv *env, jclass locked);
JNIEXPORT void JNICALL Java_Locked_startPlain(JNIEnv *env, jclass locked)
{
    (void)env;
    (void)locked;
    sem_post(&g_may_begin);
}

JNIEXPORT jlong JNICALL Java_Locked_joinPlain(JNIEnv *env, jclass locked);
JNIEXPORT jlong JNICALL Java_Locked_joinPlain(JNIEnv *env, jclass locked)
{
    void *waited = NULL;
    (void)env;
    (void)locked;
    pthread_join(g_plain, &waited);
    return (jlong)(intptr_t)waited;
}

JNIEXPORT jlong JNICALL Java_Locked_brief(JNIEnv *env, jclass locked, jint threads);
JNIEXPORT jlong JNICALL Java_Locked_brief(JNIEnv *env, jclass locked, jint threads)
{
    int64_t sum = 0;
    (void)env;
    (void)locked;
    for (int i = 0; i < threads; i++) {
        pthread_t thread;
        void *waited = NULL;
        pthread_mutex_lock(&g_brief);
        pthread_create(&thread, NULL, run_brief, NULL);
        pause_ns(BRIEF_NS);
        pthread_mutex_unlock(&g_brief);
        pthread_join(thread, &waited);
        sum += (int64_t)(intptr_t)waited;
    }
    return sum;
}
