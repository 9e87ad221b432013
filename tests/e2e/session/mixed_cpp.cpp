// The C++ half of the library of Mixed.java; compiled without frame pointers.
#include "tests/e2e/session/mixed.h"

namespace planted {

static volatile unsigned long sink;

/* What every class of here does; inlined. */
static inline long long burn(long long wanted_ns)
{
    const long long begin = mixed_clock();
    long long now = begin;
    while (now - begin < wanted_ns) {
        sink = mixed_step(sink);
        now = mixed_clock();
    }
    return now - begin;
}

struct Shape {
    virtual ~Shape() = default;
    virtual long long area(long long wanted_ns) const = 0;
};

struct Circle : Shape {
    __attribute__((noinline)) long long area(long long wanted_ns) const override
    {
        return burn(wanted_ns);
    }
};

/* A recursion by way of a template: a name with arguments. */
template <typename Value> struct Tree {
    __attribute__((noinline)) static long long descend(long long wanted_ns, int depth)
    {
        if (depth > 0) {
            const long long spent = descend(wanted_ns, depth - 1);
            MIXED_KEEP_FRAME();
            return spent;
        }
        return burn(wanted_ns);
    }
};

/* Called from Java that C has called. */
struct Inner {
    __attribute__((noinline)) static long long work(long long wanted_ns)
    {
        return burn(wanted_ns);
    }
};

/* Calls Java; a frame of a size that only a table tells. */
struct Caller {
    __attribute__((noinline)) static long long call(JNIEnv *env,
                                                    jclass mixed,
                                                    const char *method,
                                                    long long wanted_ns)
    {
        volatile char room[333];
        room[0] = 1;
        const jmethodID id = env->GetStaticMethodID(mixed, method, "(J)J");
        const long long spent = env->CallStaticLongMethod(mixed, id, (jlong)wanted_ns);
        return spent + room[0] - 1;
    }
};

} // namespace planted

extern "C" __attribute__((noinline)) long long mixed_cpp_call(JNIEnv *env,
                                                              jclass mixed,
                                                              const char *method,
                                                              long long wanted_ns)
{
    const long long spent = planted::Caller::call(env, mixed, method, wanted_ns);
    MIXED_KEEP_FRAME();
    return spent;
}

extern "C" __attribute__((noinline)) long long mixed_cpp(int which, long long wanted_ns)
{
    static const planted::Circle circle;
    const planted::Shape *shape = &circle;
    __asm__ volatile("" : "+r"(shape)); // the call stays virtual
    long long spent;
    switch (which) {
    case 0:
        spent = shape->area(wanted_ns);
        break;
    case 1:
        spent = planted::Tree<int>::descend(wanted_ns, 300);
        break;
    default:
        spent = planted::Inner::work(wanted_ns);
        break;
    }
    MIXED_KEEP_FRAME();
    return spent;
}
