#include "cli/heap_cut.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

void umig_heap_cut_note(struct umig_heap_cut *cut, int folder_fd, const char *name)
{
    struct stat st;
    if (fstatat(folder_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode)) {
        return;
    }
    if (cut->count == UMIG_HEAP_CUT_MAX) {
        cut->has_more = true;
        return;
    }
    cut->files[cut->count].dev = st.st_dev;
    cut->files[cut->count].ino = st.st_ino;
    cut->count++;
}

static bool is_noted(const struct umig_heap_cut *cut, const struct stat *st)
{
    for (size_t i = 0; i < cut->count; i++) {
        if (cut->files[i].dev == st->st_dev && cut->files[i].ino == st->st_ino) {
            return true;
        }
    }
    return false;
}

/* The largest position that the file system allows, found by a descriptor of our own. */
static off_t last_position(int fd)
{
    off_t last = 0;
    for (uint64_t step = UINT64_C(1) << 62; step > 0; step >>= 1) {
        const off_t next = last + (off_t)step;
        if (lseek(fd, next, SEEK_SET) == next) {
            last = next;
        }
    }
    return last;
}

/* Sets the position that a duplicated descriptor shares with the JVM's. */
static bool end_writing(int shared_fd)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", shared_fd);
    const int own_fd = open(path, O_RDONLY | O_CLOEXEC); /* a position of its own */
    if (own_fd < 0) {
        return false;
    }
    const off_t last = last_position(own_fd);
    close(own_fd);
    return last > 0 && lseek(shared_fd, last, SEEK_SET) == last;
}

/* Between look and duplication the number may have become another file's: looked at again. */
static bool end_descriptor(const struct umig_attach_site *site,
                           const struct umig_heap_cut *cut,
                           int number)
{
    struct stat st;
    const int fd = (int)syscall(SYS_pidfd_getfd, site->pid_fd, number, 0u);
    if (fd < 0) {
        return errno == EBADF || errno == ESRCH; /* closed meanwhile, or with its process */
    }
    const bool is_ended = fstat(fd, &st) != 0 || !is_noted(cut, &st) || end_writing(fd);
    close(fd);
    return is_ended;
}

bool umig_heap_cut_do(const struct umig_attach_site *site, const struct umig_heap_cut *cut)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/%d/fd", (int)site->jvm.pid);
    DIR *fds = cut->count > 0 ? opendir(path) : NULL;
    if (fds == NULL) {
        return cut->count == 0 || errno == ENOENT;
    }
    bool are_ended = !cut->has_more;
    for (struct dirent *it = NULL; (it = readdir(fds)) != NULL;) {
        struct stat st;
        if (it->d_name[0] >= '0' && it->d_name[0] <= '9' &&
            fstatat(dirfd(fds), it->d_name, &st, 0) == 0 && is_noted(cut, &st) &&
            !end_descriptor(site, cut, (int)strtol(it->d_name, NULL, 10))) {
            are_ended = false;
        }
    }
    closedir(fds);
    return are_ended;
}
