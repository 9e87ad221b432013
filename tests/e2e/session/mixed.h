/*
 * Planted work in native code: each function burns CPU time that it measures by its thread's own
 * clock, in a loop of its own, so that all of the time is below its name.
 */
#ifndef UMIG_TESTS_E2E_SESSION_MIXED_H
#define UMIG_TESTS_E2E_SESSION_MIXED_H

#include <jni.h>

#ifdef __cplusplus
extern "C" {
#endif

/** CPU time of the calling thread in ns. */
long long mixed_clock(void);

/** Some tens of microseconds of arithmetic. */
#define MIXED_STEPS 20000

/* Inlined: what they do is their caller's. */
static inline unsigned long mixed_step(unsigned long sum)
{
    for (int i = 0; i < MIXED_STEPS; i++) {
        sum = sum * 31 + (sum >> 7);
        __asm__ volatile("" : "+r"(sum));
    }
    return sum;
}

/* A call behind which the caller still has work: its frame stays. */
#define MIXED_KEEP_FRAME() __asm__ volatile("" ::: "memory")

/** Burns in C++ below three classes; 0 to 2 choose which. */
long long mixed_cpp(int which, long long wanted_ns);

/** Calls a static method of Java, (J)J, from below a class of C++. */
long long mixed_cpp_call(JNIEnv *env, jclass mixed, const char *method, long long wanted_ns);

/** Burns at the bottom of a recursion in C. */
long long planted_c_deep(long long wanted_ns, int depth);

/** Burns. */
long long planted_c_shallow(long long wanted_ns);

#ifdef __cplusplus
}
#endif

#endif
