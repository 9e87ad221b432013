#include <stdlib.h>

#include "tests/component/native/subject.h"

int subject_so_call(subject_hook hook, int seed)
{
    if (hook != NULL) {
        hook();
    }
    return abs(seed) + 1;
}

int subject_so_first(subject_hook hook, int seed)
{
    return subject_so_call(hook, seed) * 2;
}
