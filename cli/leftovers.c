#include "cli/leftovers.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/places.h"

enum {
    YOUNG_S = 10,
    TRACE_S = 24 * 60 * 60 /* as UMIG_CRASHES_KEPT_S in agent/crashes.h */
};

/* "agent-4242.sock" */
static bool is_agent_socket(const char *name)
{
    int end = 0;
    return sscanf(name, "agent-%*u.sock%n", &end) == 0 && end > 0 && name[end] == '\0';
}

static bool is_old(int dir_fd, const char *name, time_t now)
{
    struct stat st;
    return fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISSOCK(st.st_mode) &&
           st.st_uid == geteuid() && now - st.st_ctime > YOUNG_S;
}

/* Only a refusal tells that nobody listens; a full backlog says EAGAIN. */
static bool is_abandoned(const char *dir, const char *name)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    const int len = snprintf(un.sun_path, sizeof un.sun_path, "%s/%s", dir, name);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || len < 0 || (size_t)len >= sizeof un.sun_path) {
        if (fd >= 0) {
            close(fd);
        }
        return false;
    }
    const bool is_refused =
        connect(fd, (const struct sockaddr *)&un, sizeof un) != 0 && errno == ECONNREFUSED;
    close(fd);
    return is_refused;
}

static bool is_ours(int dir_fd)
{
    struct stat st;
    return fstat(dir_fd, &st) == 0 && st.st_uid == geteuid() && (st.st_mode & 022) == 0;
}

/* "sampling-4242-0a1b2c3d-orders", "crashed-..." */
static bool is_trace(const char *name)
{
    return strncmp(name, UMIG_SAMPLING_PREFIX, strlen(UMIG_SAMPLING_PREFIX)) == 0 ||
           strncmp(name, UMIG_CRASHED_PREFIX, strlen(UMIG_CRASHED_PREFIX)) == 0;
}

/* Of a JVM that is gone, for so long that nobody would count it: its agent would hold a lock. */
static bool is_forgotten(int dir_fd, const char *name, time_t now)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    struct stat st;
    const int fd = openat(dir_fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    const bool is_it = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
                       st.st_uid == geteuid() && now - st.st_mtime > TRACE_S &&
                       fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type == F_UNLCK;
    if (fd >= 0) {
        close(fd);
    }
    return is_it;
}

static bool is_leftover(const char *dir, int dir_fd, const char *name, time_t now)
{
    return is_agent_socket(name) ? is_old(dir_fd, name, now) && is_abandoned(dir, name)
                                 : is_trace(name) && is_forgotten(dir_fd, name, now);
}

size_t umig_leftovers_remove(const char *dir, time_t now)
{
    DIR *entries = opendir(dir);
    if (entries == NULL) {
        return 0;
    }
    const int dir_fd = dirfd(entries);
    size_t removed = 0;
    for (struct dirent *it = NULL; is_ours(dir_fd) && (it = readdir(entries)) != NULL;) {
        if (is_leftover(dir, dir_fd, it->d_name, now) && unlinkat(dir_fd, it->d_name, 0) == 0) {
            removed++;
        }
    }
    closedir(entries);
    return removed;
}
