/* A library that comes and goes. */
#include "tests/component/native/subject.h"

int plugin_call(subject_hook hook, int seed);

int plugin_call(subject_hook hook, int seed)
{
    hook();
    return seed + 1;
}
