#include "cli/attach_library.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/err.h"
#include "core/parse.h"

/* umig jvms and a second attach know the agent by this name. */
#define LIBRARY "libumigagent.so"

bool umig_attach_library_find(char out_path[UMIG_LIBRARY_PATH_BYTES])
{
    static const char *const places[] = {
        "../lib/" LIBRARY,
        "../agent/" LIBRARY,
        "../lib/umig/" LIBRARY,
        "../lib/x86_64-linux-gnu/umig/" LIBRARY,
        LIBRARY,
    };
    char exe[1024];
    const ssize_t len = readlink("/proc/self/exe", exe, sizeof exe - 1);
    exe[len > 0 ? len : 0] = '\0';
    char *slash = strrchr(exe, '/');
    for (size_t i = 0; slash != NULL && i < sizeof places / sizeof places[0]; i++) {
        char path[1100];
        char resolved[PATH_MAX];
        *slash = '\0';
        snprintf(path, sizeof path, "%s/%s", exe, places[i]);
        if (realpath(path, resolved) != NULL && strlen(resolved) < UMIG_LIBRARY_PATH_BYTES) {
            memcpy(out_path, resolved, strlen(resolved) + 1);
            return true;
        }
    }
    return false;
}

/* Is what the JVM has at this path the very file, and its user's to read? */
static bool is_in_reach(const struct umig_attach_site *site, const char *path)
{
    struct stat ours;
    struct stat theirs;
    char there[UMIG_LIBRARY_PATH_BYTES + 32];
    snprintf(there, sizeof there, "/proc/%d/root%s", (int)site->jvm.pid, path);
    if (stat(path, &ours) != 0 || stat(there, &theirs) != 0 || ours.st_dev != theirs.st_dev ||
        ours.st_ino != theirs.st_ino || umig_attach_site_enter(site, NULL) != UMIG_OK) {
        return false;
    }
    const bool is_readable = faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0;
    umig_attach_site_leave(site);
    return is_readable;
}

static int no_room(const struct umig_attach_site *site, int cause, struct umig_err *err)
{
    const bool is_full = cause == ENOSPC || cause == EDQUOT;
    return umig_err_set_cause(err, UMIG_E_IO, cause,
                              "the agent's library cannot be copied into the /tmp of JVM %d: %s%s",
                              (int)site->jvm.pid, umig_errno_text(cause),
                              is_full ? "; make room there and attach again" : "");
}

/* The whole file, from its beginning; 0 or an errno. */
static int copy_bytes(int from, int to)
{
    char chunk[65536];
    ssize_t got = 0;
    off_t at = 0;
    while ((got = pread(from, chunk, sizeof chunk, at)) > 0) {
        for (ssize_t put = 0; put < got;) {
            const ssize_t n = write(to, chunk + put, (size_t)(got - put));
            if (n < 0 && errno != EINTR) {
                return errno;
            }
            put += n > 0 ? n : 0;
        }
        at += got;
    }
    return got < 0 ? errno : 0;
}

static int write_copy(const struct umig_attach_site *site, int from, const char *name)
{
    const int flags = O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC;
    const int to = openat(site->tmp_fd, name, flags, 0500);
    if (to < 0) {
        return errno;
    }
    int cause = copy_bytes(from, to);
    if (close(to) != 0 && cause == 0) {
        cause = errno;
    }
    return cause;
}

/* As the JVM's user: nobody else may put another file in the place of the copy. */
static int copy(const struct umig_attach_site *site,
                int from,
                struct umig_attach_library *library,
                struct umig_err *err)
{
    uint64_t random = 0;
    char name[64];
    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random) {
        return umig_err_set(err, UMIG_E_IO, "no random number");
    }
    snprintf(library->folder, sizeof library->folder, "umig-attach-%016" PRIx64, random);
    snprintf(name, sizeof name, "%s/" LIBRARY, library->folder);
    int rc = umig_attach_site_enter(site, err);
    if (rc != UMIG_OK) {
        library->folder[0] = '\0';
        return umig_err_trace(err, rc);
    }
    int cause = mkdirat(site->tmp_fd, library->folder, 0700) == 0 ? 0 : errno;
    if (cause == 0) {
        cause = write_copy(site, from, name);
    } else {
        library->folder[0] = '\0'; /* not ours to remove */
    }
    umig_attach_site_leave(site);
    if (cause != 0) {
        umig_attach_library_withdraw(site, library);
        return no_room(site, cause, err);
    }
    snprintf(library->path, sizeof library->path, "/tmp/%s", name);
    return UMIG_OK;
}

int umig_attach_library_offer(const struct umig_attach_site *site,
                              const char *path,
                              struct umig_attach_library *out_library,
                              struct umig_err *err)
{
    struct umig_attach_library library = {.folder = ""};
    if (is_in_reach(site, path)) {
        snprintf(library.path, sizeof library.path, "%s", path);
        *out_library = library;
        return UMIG_OK;
    }
    const int from = open(path, O_RDONLY | O_CLOEXEC);
    if (from < 0) {
        return umig_err_set_cause(err, UMIG_E_IO, errno, "cannot read the agent's library %s: %s",
                                  path, umig_errno_text(errno));
    }
    const int rc = copy(site, from, &library, err);
    close(from);
    if (rc == UMIG_OK) {
        *out_library = library;
    }
    return umig_err_trace(err, rc);
}

void umig_attach_library_withdraw(const struct umig_attach_site *site,
                                  struct umig_attach_library *library)
{
    char name[64];
    if (library->folder[0] == '\0' || umig_attach_site_enter(site, NULL) != UMIG_OK) {
        return;
    }
    snprintf(name, sizeof name, "%s/" LIBRARY, library->folder);
    (void)unlinkat(site->tmp_fd, name, 0);
    (void)unlinkat(site->tmp_fd, library->folder, AT_REMOVEDIR);
    umig_attach_site_leave(site);
    library->folder[0] = '\0';
}
