/* The C side of Native.java. */
#include <stddef.h>

#include <jni.h>

enum {
    ROUNDS = 10000
};

JNIEXPORT jlong JNICALL Java_programs_known_Native_enter(JNIEnv *, jclass, jint, jlong);
JNIEXPORT jlong JNICALL Java_programs_known_Native_spin(JNIEnv *, jclass, jlong);

JNIEXPORT jlong JNICALL Java_programs_known_Native_enter(JNIEnv *env,
                                                         jclass type,
                                                         jint left,
                                                         jlong x)
{
    const jmethodID back = (*env)->GetStaticMethodID(env, type, "back", "(IJ)J");
    return back == NULL ? 0 : (*env)->CallStaticLongMethod(env, type, back, left, x);
}

JNIEXPORT jlong JNICALL Java_programs_known_Native_spin(JNIEnv *env, jclass type, jlong x)
{
    (void)env;
    (void)type;
    jlong sum = x;
    for (int i = 0; i < ROUNDS; i++) {
        sum += (sum >> 3) ^ i;
    }
    return sum;
}
