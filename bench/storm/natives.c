/* The C side of bench/programs/Storm.java. */
#include <jni.h>

#include "bench/storm/storm.h"

JNIEXPORT jlong JNICALL Java_programs_Storm_enter(JNIEnv *, jclass, jint, jlong);
JNIEXPORT jlong JNICALL Java_programs_Storm_sum(JNIEnv *, jclass, jlongArray);
JNIEXPORT jlong JNICALL Java_programs_Storm_plugin(JNIEnv *, jclass, jint, jlong);

/* Java calls C calls Java. */
JNIEXPORT jlong JNICALL Java_programs_Storm_enter(JNIEnv *env, jclass type, jint left, jlong x)
{
    const jmethodID back = (*env)->GetStaticMethodID(env, type, "back", "(IJ)J");
    return back == NULL ? 0 : (*env)->CallStaticLongMethod(env, type, back, left, x);
}

/* Holds collections off while it works. */
JNIEXPORT jlong JNICALL Java_programs_Storm_sum(JNIEnv *env, jclass type, jlongArray numbers)
{
    (void)type;
    const jsize count = (*env)->GetArrayLength(env, numbers);
    jlong *at = (*env)->GetPrimitiveArrayCritical(env, numbers, NULL);
    jlong sum = 0;
    for (jsize i = 0; at != NULL && i < count; i++) {
        sum += at[i];
    }
    if (at != NULL) {
        (*env)->ReleasePrimitiveArrayCritical(env, numbers, at, JNI_ABORT);
    }
    return sum;
}

/* A library that is there for this call only. */
JNIEXPORT jlong JNICALL Java_programs_Storm_plugin(JNIEnv *env, jclass type, jint which, jlong seed)
{
    (void)env;
    (void)type;
    return storm_load_once(which, (long)seed);
}
