/* The program of children that are executed: what it says of itself, on standard output. */
#include <unistd.h>

#include "tests/e2e/company/probe.h"

int main(void)
{
    static char text[16384];
    const size_t len = probe_write(text, sizeof text);
    return write(STDOUT_FILENO, text, len) == (ssize_t)len ? 0 : 1;
}
