#include "agent/vm/sched.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    TEXT_BYTES = 128
};

/* Reads the beginning of a file of a thread as a string; bytes read, 0 or less: none. */
static ssize_t read_file(int tid, const char *name, char text[TEXT_BYTES])
{
    char path[48];
    snprintf(path, sizeof path, "/proc/self/task/%d/%s", tid, name);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    const ssize_t len = read(fd, text, TEXT_BYTES - 1);
    close(fd);
    text[len > 0 ? len : 0] = '\0';
    return len;
}

/* "4711 (name) R ...", where the name may have brackets. */
bool umig_sched_is_running(int tid)
{
    char text[TEXT_BYTES];
    if (read_file(tid, "stat", text) <= 0) {
        return false;
    }
    const char *end = strrchr(text, ')');
    return end != NULL && end[1] == ' ' && end[2] == 'R';
}

/* "RUN DELAY SLICES", in ns: sched_info of the kernel's task, Documentation/scheduler/sched-stats.
 */
bool umig_sched_delay_ns(int tid, uint64_t *out_ns)
{
    char text[TEXT_BYTES];
    if (read_file(tid, "schedstat", text) <= 0) {
        return false;
    }
    const char *delay = strchr(text, ' ');
    if (delay == NULL) {
        return false;
    }
    *out_ns = strtoull(delay, NULL, 10);
    return true;
}
