#include "cli/heap_place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli/heap_cut.h"
#include "core/err.h"

#define DUMP_NAME "heap.hprof"

enum {
    OWN_BYTES = 48, /* ".umig-heap-0123456789abcdef/heap.hprof", and ".p12" of its pieces */
    REMOVE_TURNS = 1000
};

/* --- the folder of FILE --- */

/* Links are followed within the JVM's root, as it follows them itself. */
static int open_within(int root_fd, const char *path)
{
    const struct open_how how = {
        .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
        .resolve = RESOLVE_IN_ROOT,
    };
    const int fd = (int)syscall(SYS_openat2, root_fd, path, &how, sizeof how);
    if (fd >= 0 || errno != ENOSYS) {
        return fd;
    }
    path += strspn(path, "/");
    return openat(root_fd, *path != '\0' ? path : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static int open_parent(const struct umig_attach_site *site, const char *folder)
{
    char root[32];
    snprintf(root, sizeof root, "/proc/%d/root", (int)site->jvm.pid);
    const int root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root_fd < 0) {
        return -1;
    }
    const int fd = open_within(root_fd, folder);
    const int cause = errno;
    close(root_fd);
    errno = cause;
    return fd;
}

/* Do both see the same folder at a path? */
static bool is_same_folder(int fd, const char *folder)
{
    struct stat ours;
    struct stat theirs;
    return stat(folder, &ours) == 0 && fstat(fd, &theirs) == 0 && ours.st_dev == theirs.st_dev &&
           ours.st_ino == theirs.st_ino;
}

static int no_folder(const struct umig_attach_site *site,
                     const char *folder,
                     int cause,
                     struct umig_err *err)
{
    const int pid = (int)site->jvm.pid;
    struct stat st;
    if ((cause == ENOENT || cause == ENOTDIR) && stat(folder, &st) == 0 && S_ISDIR(st.st_mode)) {
        return umig_err_set_cause(err, UMIG_E_IO, cause,
                                  "JVM %d, in a container, has no folder %.100s: FILE is a path as "
                                  "the JVM sees it",
                                  pid, folder);
    }
    return umig_err_set_cause(err, cause == EACCES || cause == EPERM ? UMIG_E_DENIED : UMIG_E_IO,
                              cause, "the folder %.120s of JVM %d: %s", folder, pid,
                              umig_errno_text(cause));
}

/* --- FILE --- */

/* FILE made absolute. */
static int read_file(const char *file, struct umig_heap_place *place, struct umig_err *err)
{
    char here[UMIG_ATTACH_WORD_BYTES] = "";
    if (file[0] != '/' && getcwd(here, sizeof here) == NULL) {
        return umig_err_set_cause(err, UMIG_E_IO, errno, "%.100s: the current folder: %s", file,
                                  umig_errno_text(errno));
    }
    const char *between = file[0] != '/' && strcmp(here, "/") != 0 ? "/" : "";
    const int len = snprintf(place->file, sizeof place->file, "%s%s%s", here, between, file);
    const int most = UMIG_ATTACH_WORD_BYTES - OWN_BYTES - 1;
    if (len < 0 || len > most) {
        return umig_err_set(err, UMIG_E_ARG, "-o %.80s...: the path is longer than %d bytes", file,
                            most);
    }
    place->name = strrchr(place->file, '/') + 1;
    if (place->name[0] == '\0' || strcmp(place->name, ".") == 0 || strcmp(place->name, "..") == 0) {
        return umig_err_set(err, UMIG_E_ARG, "-o %.120s: this is a folder; name a file in it",
                            file);
    }
    return UMIG_OK;
}

static int check_file(const struct umig_attach_site *site,
                      const struct umig_heap_place *place,
                      bool overwrite,
                      struct umig_err *err)
{
    struct stat st;
    if (fstatat(place->parent_fd, place->name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        return errno == ENOENT
                   ? UMIG_OK
                   : umig_err_set_cause(err, errno == EACCES ? UMIG_E_DENIED : UMIG_E_IO, errno,
                                        "%.180s: %s", place->file, umig_errno_text(errno));
    }
    if (!S_ISREG(st.st_mode)) {
        return umig_err_set(err, UMIG_E_IO, "%.180s is there and no file: choose another name",
                            place->file);
    }
    if (!overwrite) {
        return umig_err_set_cause(err, UMIG_E_IO, EEXIST,
                                  "%.180s is there: choose another name, or --overwrite",
                                  place->file);
    }
    /* In a folder like /tmp it could not take its place: known before the JVM has stood still. */
    if (st.st_uid != site->jvm.uid) {
        return umig_err_set(err, UMIG_E_DENIED,
                            "%.180s is there and not of %s, whose JVM this is: choose another name",
                            place->file, site->jvm.user);
    }
    return UMIG_OK;
}

static int read_free(const struct umig_attach_site *site,
                     struct umig_heap_place *place,
                     struct umig_err *err)
{
    struct statvfs fs;
    struct rlimit limit;
    if (fstatvfs(place->parent_fd, &fs) != 0) {
        return umig_err_set_cause(err, UMIG_E_IO, errno, "free space for %.120s: %s", place->file,
                                  umig_errno_text(errno));
    }
    place->free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
    if (prlimit(site->jvm.pid, RLIMIT_FSIZE, NULL, &limit) == 0 &&
        limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < place->free_bytes) {
        place->free_bytes = limit.rlim_cur;
        place->is_limited = true;
    }
    return UMIG_OK;
}

/* The path of FILE from here: links in it are the JVM's, and would lead elsewhere. */
static void find_seen(const struct umig_attach_site *site, struct umig_heap_place *place)
{
    char link[32];
    char folder[UMIG_ATTACH_WORD_BYTES] = "";
    char here[UMIG_ATTACH_WORD_BYTES + 32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", place->parent_fd);
    if (readlink(link, folder, sizeof folder - 1) <= 0) {
        return;
    }
    snprintf(here, sizeof here, "/proc/%d/root%s", (int)site->jvm.pid, folder);
    const char *found = is_same_folder(place->parent_fd, folder) ? folder : here;
    const int len = snprintf(place->seen, sizeof place->seen, "%s/%s",
                             strcmp(found, "/") == 0 ? "" : found, place->name);
    if (!is_same_folder(place->parent_fd, found) || len >= (int)sizeof place->seen) {
        place->seen[0] = '\0';
    }
}

/* Finds the folder and the path that leads to FILE from here. */
static int find_parent(const struct umig_attach_site *site,
                       bool is_relative,
                       struct umig_heap_place *place,
                       struct umig_err *err)
{
    char folder[UMIG_ATTACH_WORD_BYTES];
    const size_t len = (size_t)(place->name - place->file);
    snprintf(folder, sizeof folder, "%.*s", (int)(len > 1 ? len - 1 : len), place->file);
    place->parent_fd = open_parent(site, folder);
    if (place->parent_fd < 0) {
        return no_folder(site, folder, errno, err);
    }
    const bool is_shared = is_same_folder(place->parent_fd, folder);
    if (is_relative && !is_shared) {
        return umig_err_set(err, UMIG_E_ARG,
                            "JVM %d, in a container, sees another %.100s: give FILE with its whole "
                            "path as the JVM sees it",
                            (int)site->jvm.pid, folder);
    }
    if (is_shared) {
        snprintf(place->seen, sizeof place->seen, "%s", place->file);
    } else {
        find_seen(site, place);
    }
    return UMIG_OK;
}

int umig_heap_place_open(const struct umig_attach_site *site,
                         const char *file,
                         bool overwrite,
                         struct umig_heap_place *out_place,
                         struct umig_err *err)
{
    *out_place = (struct umig_heap_place){.parent_fd = -1, .folder_fd = -1};
    int rc = read_file(file, out_place, err);
    if (rc == UMIG_OK) {
        rc = find_parent(site, file[0] != '/', out_place, err);
    }
    if (rc == UMIG_OK) {
        rc = check_file(site, out_place, overwrite, err);
    }
    if (rc == UMIG_OK) {
        rc = read_free(site, out_place, err);
    }
    return umig_err_trace(err, rc);
}

void umig_heap_place_close(struct umig_heap_place *place)
{
    if (place->name == NULL) {
        return;
    }
    if (place->parent_fd >= 0) {
        close(place->parent_fd);
    }
    if (place->folder_fd >= 0) {
        close(place->folder_fd);
    }
    *place = (struct umig_heap_place){.parent_fd = -1, .folder_fd = -1};
}

/* --- the folder of the JVM's own --- */

static int cannot_make(const struct umig_attach_site *site,
                       const struct umig_heap_place *place,
                       int cause,
                       struct umig_err *err)
{
    const int len = (int)(place->name - place->file);
    if (cause == EACCES || cause == EPERM) {
        return umig_err_set_cause(err, UMIG_E_DENIED, cause,
                                  "JVM %d, of %s, may not write to %.*s: choose a folder of its "
                                  "user",
                                  (int)site->jvm.pid, site->jvm.user, len, place->file);
    }
    return umig_err_set_cause(err, UMIG_E_IO, cause, "JVM %d cannot write to %.*s: %s",
                              (int)site->jvm.pid, len, place->file, umig_errno_text(cause));
}

int umig_heap_place_make(const struct umig_attach_site *site,
                         struct umig_heap_place *place,
                         struct umig_err *err)
{
    uint64_t random = 0;
    char name[sizeof place->folder];
    if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random) {
        return umig_err_set(err, UMIG_E_IO, "no random number");
    }
    snprintf(name, sizeof name, ".umig-heap-%016" PRIx64, random);
    int rc = umig_attach_site_enter(site, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    int cause = mkdirat(place->parent_fd, name, 0700) == 0 ? 0 : errno;
    if (cause == 0) {
        place->folder_fd =
            openat(place->parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        cause = place->folder_fd < 0 ? errno : 0;
        if (cause != 0) {
            (void)unlinkat(place->parent_fd, name, AT_REMOVEDIR);
        }
    }
    umig_attach_site_leave(site);
    if (cause != 0) {
        return cannot_make(site, place, cause, err);
    }
    memcpy(place->folder, name, sizeof name);
    snprintf(place->dump, sizeof place->dump, "%.*s%s/" DUMP_NAME, (int)(place->name - place->file),
             place->file, name);
    return UMIG_OK;
}

/* Calls for each file in the folder; false: it cannot be read. */
static bool each_file(const struct umig_heap_place *place,
                      void (*call)(void *ctx, const char *name),
                      void *ctx)
{
    const int fd = openat(place->folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (dir == NULL) {
        if (fd >= 0) {
            close(fd);
        }
        return false;
    }
    for (struct dirent *it = NULL; (it = readdir(dir)) != NULL;) {
        if (strcmp(it->d_name, ".") != 0 && strcmp(it->d_name, "..") != 0) {
            call(ctx, it->d_name);
        }
    }
    closedir(dir);
    return true;
}

struct sizes {
    const struct umig_heap_place *place;
    uint64_t whole_bytes;
    uint64_t piece_bytes;
};

static void add_size(void *ctx, const char *name)
{
    struct sizes *sizes = ctx;
    struct stat st;
    if (fstatat(sizes->place->folder_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        return;
    }
    if (strcmp(name, DUMP_NAME) == 0) {
        sizes->whole_bytes = (uint64_t)st.st_size;
    } else {
        sizes->piece_bytes += (uint64_t)st.st_size;
    }
}

uint64_t umig_heap_place_bytes(const struct umig_attach_site *site,
                               const struct umig_heap_place *place)
{
    struct sizes sizes = {.place = place};
    if (place->folder[0] != '\0' && umig_attach_site_enter(site, NULL) == UMIG_OK) {
        each_file(place, add_size, &sizes);
        umig_attach_site_leave(site);
    }
    /* Pieces are put together when all are there: the whole grows up to their sum then. */
    return sizes.whole_bytes > sizes.piece_bytes ? sizes.whole_bytes : sizes.piece_bytes;
}

/* --- its end --- */

/* The dump into FILE's place: never over another file, unless that is wanted. 0 or an errno. */
static int rename_dump(const struct umig_heap_place *place, bool overwrite)
{
    if (overwrite) {
        return renameat(place->folder_fd, DUMP_NAME, place->parent_fd, place->name) == 0 ? 0
                                                                                         : errno;
    }
    if (renameat2(place->folder_fd, DUMP_NAME, place->parent_fd, place->name, RENAME_NOREPLACE) ==
        0) {
        return 0;
    }
    if (errno != EINVAL && errno != ENOSYS) {
        return errno;
    }
    /* A file system without that: a second name fails where the first is taken. */
    if (linkat(place->folder_fd, DUMP_NAME, place->parent_fd, place->name, 0) != 0) {
        return errno;
    }
    return unlinkat(place->folder_fd, DUMP_NAME, 0) == 0 ? 0 : errno;
}

static int keep_as_user(const struct umig_attach_site *site,
                        struct umig_heap_place *place,
                        bool overwrite,
                        uint64_t said_bytes,
                        uint64_t *out_bytes,
                        struct umig_err *err)
{
    struct stat st;
    if (fstatat(place->folder_fd, DUMP_NAME, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(st.st_mode) || (said_bytes != 0 && (uint64_t)st.st_size != said_bytes)) {
        return umig_err_set(err, UMIG_E_IO,
                            "JVM %d says that it wrote a dump of %" PRIu64 " bytes, and that is "
                            "not what is there; it is removed",
                            (int)site->jvm.pid, said_bytes);
    }
    const int cause = rename_dump(place, overwrite);
    if (cause != 0) {
        return umig_err_set_cause(err, UMIG_E_IO, cause, "the dump cannot become %.150s: %s",
                                  place->file, umig_errno_text(cause));
    }
    (void)unlinkat(place->parent_fd, place->folder, AT_REMOVEDIR);
    place->folder[0] = '\0';
    *out_bytes = (uint64_t)st.st_size;
    return UMIG_OK;
}

int umig_heap_place_keep(const struct umig_attach_site *site,
                         struct umig_heap_place *place,
                         bool overwrite,
                         uint64_t said_bytes,
                         uint64_t *out_bytes,
                         struct umig_err *err)
{
    int rc = umig_attach_site_enter(site, err);
    if (rc == UMIG_OK) {
        rc = keep_as_user(site, place, overwrite, said_bytes, out_bytes, err);
        umig_attach_site_leave(site);
    }
    return umig_err_trace(err, rc);
}

struct removal {
    const struct umig_heap_place *place;
    struct umig_heap_cut *cut;
};

static void remove_file(void *ctx, const char *name)
{
    struct removal *removal = ctx;
    umig_heap_cut_note(removal->cut, removal->place->folder_fd, name);
    (void)unlinkat(removal->place->folder_fd, name, 0);
}

/* The JVM may make a file between two looks: again, until the folder is gone. */
static void remove_as_user(struct umig_heap_place *place, struct umig_heap_cut *cut)
{
    struct removal removal = {.place = place, .cut = cut};
    for (int turn = 0; turn < REMOVE_TURNS && place->folder[0] != '\0'; turn++) {
        each_file(place, remove_file, &removal);
        if (unlinkat(place->parent_fd, place->folder, AT_REMOVEDIR) == 0 || errno == ENOENT) {
            place->folder[0] = '\0';
        }
    }
}

bool umig_heap_place_remove(const struct umig_attach_site *site, struct umig_heap_place *place)
{
    struct umig_heap_cut cut = {.count = 0};
    if (place->folder[0] == '\0') {
        return true;
    }
    if (umig_attach_site_enter(site, NULL) != UMIG_OK) {
        return false;
    }
    remove_as_user(place, &cut);
    umig_attach_site_leave(site);
    return umig_heap_cut_do(site, &cut) && place->folder[0] == '\0';
}
