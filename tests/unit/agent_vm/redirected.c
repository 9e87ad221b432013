/* A library that calls functions of the C library: linked so that calls are bound when they are
 * first made, and so that all are when it is loaded, in a table that is read-only then. */
#include <unistd.h>

long redirected_call(void);
long redirected_call_late(void);

long redirected_call(void)
{
    return getppid();
}

/* Not called before it is redirected. */
long redirected_call_late(void)
{
    return getpgrp();
}
