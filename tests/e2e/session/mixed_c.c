/* The C half of the library of Mixed.java; compiled with frame pointers. */
#include <pthread.h>
#include <sys/prctl.h>
#include <time.h>

#include <jni.h>

#include "tests/e2e/session/mixed.h"

#define DEPTH 100

static volatile unsigned long g_sink;

long long mixed_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

__attribute__((noinline)) long long planted_c_shallow(long long wanted_ns)
{
    const long long begin = mixed_clock();
    long long now = begin;
    while (now - begin < wanted_ns) {
        g_sink = mixed_step(g_sink);
        now = mixed_clock();
    }
    return now - begin;
}

__attribute__((noinline)) long long planted_c_deep(long long wanted_ns, int depth)
{
    if (depth > 0) {
        const long long spent = planted_c_deep(wanted_ns, depth - 1);
        MIXED_KEEP_FRAME();
        return spent;
    }
    const long long begin = mixed_clock();
    long long now = begin;
    while (now - begin < wanted_ns) {
        g_sink = mixed_step(g_sink);
        now = mixed_clock();
    }
    return now - begin;
}

/* Back into Java, which burns by itself or calls C++. */
__attribute__((noinline)) static long long call_java(JNIEnv *env, jclass mixed, jlong wanted_ns)
{
    const jmethodID called = (*env)->GetStaticMethodID(env, mixed, "called", "(J)J");
    const jlong spent = (*env)->CallStaticLongMethod(env, mixed, called, wanted_ns);
    MIXED_KEEP_FRAME();
    return spent;
}

__attribute__((noinline)) static long long call_java_and_down(JNIEnv *env,
                                                              jclass mixed,
                                                              jlong wanted_ns)
{
    const jmethodID down = (*env)->GetStaticMethodID(env, mixed, "calledAndDown", "(J)J");
    const jlong spent = (*env)->CallStaticLongMethod(env, mixed, down, wanted_ns);
    MIXED_KEEP_FRAME();
    return spent;
}

/* And by way of C++. */
__attribute__((noinline)) static long long call_by_cpp(JNIEnv *env, jclass mixed, jlong wanted_ns)
{
    const long long spent = mixed_cpp_call(env, mixed, "calledByCpp", wanted_ns);
    MIXED_KEEP_FRAME();
    return spent;
}

JNIEXPORT jlong JNICALL Java_Mixed_clock(JNIEnv *env, jclass mixed);
JNIEXPORT jlong JNICALL Java_Mixed_clock(JNIEnv *env, jclass mixed)
{
    (void)env;
    (void)mixed;
    return mixed_clock();
}

JNIEXPORT jlong JNICALL Java_Mixed_burn(JNIEnv *env, jclass mixed, jint kind, jlong wanted_ns);
JNIEXPORT jlong JNICALL Java_Mixed_burn(JNIEnv *env, jclass mixed, jint kind, jlong wanted_ns)
{
    long long spent;
    switch (kind) {
    case 0:
        spent = planted_c_shallow(wanted_ns);
        break;
    case 1:
        spent = planted_c_deep(wanted_ns, DEPTH);
        break;
    case 2:
        spent = call_java(env, mixed, wanted_ns);
        break;
    case 3:
        spent = call_java_and_down(env, mixed, wanted_ns);
        break;
    case 4:
        spent = call_by_cpp(env, mixed, wanted_ns);
        break;
    default:
        spent = mixed_cpp(kind - 5, wanted_ns);
        break;
    }
    MIXED_KEEP_FRAME();
    return spent;
}

JNIEXPORT jlong JNICALL Java_Mixed_down(JNIEnv *env, jclass mixed, jlong wanted_ns);
JNIEXPORT jlong JNICALL Java_Mixed_down(JNIEnv *env, jclass mixed, jlong wanted_ns)
{
    (void)env;
    (void)mixed;
    const jlong spent = mixed_cpp(2, wanted_ns);
    MIXED_KEEP_FRAME();
    return spent;
}

/* --- a thread that never sees Java --- */

struct plain {
    pthread_t thread;
    long long wanted_ns, spent_ns, clock_ns;
};

__attribute__((noinline)) static long long planted_plain(long long wanted_ns)
{
    const long long begin = mixed_clock();
    long long now = begin;
    while (now - begin < wanted_ns) {
        g_sink = mixed_step(g_sink);
        now = mixed_clock();
    }
    return now - begin;
}

static void *run_plain(void *context)
{
    struct plain *plain = context;
    prctl(PR_SET_NAME, "burner-plain");
    plain->spent_ns = planted_plain(plain->wanted_ns);
    plain->clock_ns = mixed_clock();
    return NULL;
}

static struct plain g_plain;

JNIEXPORT void JNICALL Java_Mixed_startPlain(JNIEnv *env, jclass mixed, jlong wanted_ns);
JNIEXPORT void JNICALL Java_Mixed_startPlain(JNIEnv *env, jclass mixed, jlong wanted_ns)
{
    (void)mixed;
    g_plain = (struct plain){.wanted_ns = wanted_ns};
    if (pthread_create(&g_plain.thread, NULL, run_plain, &g_plain) != 0) {
        (*env)->FatalError(env, "no thread");
    }
}

JNIEXPORT jlong JNICALL Java_Mixed_joinPlain(JNIEnv *env, jclass mixed);
JNIEXPORT jlong JNICALL Java_Mixed_joinPlain(JNIEnv *env, jclass mixed)
{
    (void)env;
    (void)mixed;
    pthread_join(g_plain.thread, NULL);
    return g_plain.spent_ns;
}
