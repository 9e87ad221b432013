/* A race that ThreadSanitizer must find: a variable that threads of a JVM write without a lock. */
#include <jni.h>

static long g_count;

JNIEXPORT void JNICALL Java_Raced_count(JNIEnv *env, jclass raced);

JNIEXPORT void JNICALL Java_Raced_count(JNIEnv *env, jclass raced)
{
    (void)env;
    (void)raced;
    g_count++;
}
