/* A library in two builds that differ in the size of one frame alone. */
#include "tests/component/native/subject.h"

int replaced_call(subject_hook hook, int seed);

int replaced_call(subject_hook hook, int seed)
{
    volatile char room[UMIG_TEST_ROOM];
    room[seed] = 1;
    hook();
    return room[seed] + seed;
}
