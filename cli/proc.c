#include "cli/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/err.h"

/* A listening socket in /proc/PID/net/unix has this flag (__SO_ACCEPTCON). */
#define FLAG_LISTENS 0x10000u

static int status_of_errno(int cause)
{
    switch (cause) {
    case ENOENT:
    case ESRCH:
        return UMIG_NOT_FOUND;
    case EACCES:
    case EPERM:
        return UMIG_E_DENIED;
    default:
        return UMIG_E_IO;
    }
}

static int proc_failure(pid_t pid, const char *name, int cause, struct umig_err *err)
{
    return umig_err_set_cause(err, status_of_errno(cause), cause, "cannot read /proc/%d/%s: %s",
                              (int)pid, name, umig_errno_text(cause));
}

static FILE *open_proc(pid_t pid, const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    return fopen(path, "re");
}

int umig_proc_read(pid_t pid, const char *name, struct umig_buf *out, struct umig_err *err)
{
    FILE *file = open_proc(pid, name);
    if (file == NULL) {
        return proc_failure(pid, name, errno, err);
    }
    umig_buf_clear(out);
    char chunk[4096];
    size_t n = 0;
    errno = 0;
    while ((n = fread(chunk, 1, sizeof chunk, file)) > 0) {
        umig_buf_put(out, chunk, n);
    }
    const int cause = ferror(file) ? errno : 0;
    fclose(file);
    if (cause != 0) {
        return proc_failure(pid, name, cause, err);
    }
    if (out->failed != UMIG_OK) {
        return umig_err_set(err, out->failed, "/proc/%d/%s is above %zu bytes", (int)pid, name,
                            out->limit);
    }
    return UMIG_OK;
}

/* SIGQUIT is bit 2 of the signals that have a handler. */
static bool catches_quit(const char *status)
{
    const char *caught = strstr(status, "\nSigCgt:\t");
    uint64_t mask = 0;
    return caught != NULL && sscanf(caught, "\nSigCgt: %" SCNx64, &mask) == 1 &&
           (mask >> (SIGQUIT - 1) & 1) != 0;
}

static bool is_stopped(const char *status)
{
    const char *state = strstr(status, "\nState:\t");
    return state != NULL && (state[8] == 'T' || state[8] == 't');
}

int umig_proc_ids(pid_t pid, struct umig_proc_ids *out_ids, struct umig_err *err)
{
    struct umig_buf status = UMIG_BUF_INIT(64 << 10);
    const int rc = umig_proc_read(pid, "status", &status, err);
    if (rc != UMIG_OK) {
        umig_buf_fini(&status);
        return rc < 0 ? umig_err_trace(err, rc) : rc;
    }
    struct umig_proc_ids ids = {.uid = 0, .inner_pid = pid};
    const char *uid = strstr(umig_buf_str(&status), "\nUid:\t");
    const char *inner = strstr(umig_buf_str(&status), "\nNSpid:\t");
    const char *gid = strstr(umig_buf_str(&status), "\nGid:\t");
    unsigned user = 0;
    unsigned group = 0;
    if (uid == NULL || sscanf(uid, "\nUid: %*u %u", &user) != 1 || gid == NULL ||
        sscanf(gid, "\nGid: %*u %u", &group) != 1) {
        umig_buf_fini(&status);
        return umig_err_set(err, UMIG_E_IO, "/proc/%d/status has no Uid and Gid", (int)pid);
    }
    ids.uid = user;
    ids.gid = group;
    ids.catches_quit = catches_quit(umig_buf_str(&status));
    ids.is_stopped = is_stopped(umig_buf_str(&status));
    /* One number per nested namespace; the last is what the process sees. */
    for (const char *at = inner != NULL ? inner + 7 : ""; *at == '\t';) {
        char *end = NULL;
        ids.inner_pid = (pid_t)strtol(at, &end, 10);
        at = end;
    }
    umig_buf_fini(&status);
    *out_ids = ids;
    return UMIG_OK;
}

/* Does the path end in the file name, a deleted file's mark put aside? */
static bool is_file_named(const char *path, const char *name)
{
    const char *base = strrchr(path, '/');
    const size_t len = strlen(name);
    return base != NULL && strncmp(base + 1, name, len) == 0 &&
           (base[1 + len] == '\0' || strcmp(base + 1 + len, " (deleted)") == 0);
}

static void note_mapping(const char *path, struct umig_proc_maps *maps)
{
    static const char deleted[] = " (deleted)";
    if (maps->libjvm[0] == '\0' && is_file_named(path, "libjvm.so")) {
        snprintf(maps->libjvm, sizeof maps->libjvm, "%s", path);
    }
    if (!maps->has_agent && is_file_named(path, "libumigagent.so")) {
        maps->has_agent = true;
        snprintf(maps->agent, sizeof maps->agent, "%s", path);
        char *mark = strstr(maps->agent, deleted);
        if (mark != NULL && mark[sizeof deleted - 1] == '\0') {
            *mark = '\0';
        }
    }
    if (maps->perfdata[0] == '\0' && strstr(path, "/hsperfdata_") != NULL) {
        snprintf(maps->perfdata, sizeof maps->perfdata, "%s", path);
    }
}

int umig_proc_maps(pid_t pid, struct umig_proc_maps *out_maps, struct umig_err *err)
{
    FILE *file = open_proc(pid, "maps");
    if (file == NULL) {
        return proc_failure(pid, "maps", errno, err);
    }
    struct umig_proc_maps maps = {.has_agent = false};
    char *line = NULL;
    size_t room = 0;
    errno = 0;
    for (ssize_t len = 0; (len = getline(&line, &room, file)) > 0;) {
        line[len - 1] = line[len - 1] == '\n' ? '\0' : line[len - 1];
        const char *path = strchr(line, '/');
        if (path != NULL) {
            note_mapping(path, &maps);
        }
    }
    const int cause = ferror(file) ? errno : 0;
    free(line);
    fclose(file);
    if (cause != 0) {
        return proc_failure(pid, "maps", cause, err);
    }
    *out_maps = maps;
    return UMIG_OK;
}

void umig_proc_root(pid_t pid, char out_prefix[32])
{
    char path[64];
    char ours[64] = "";
    char theirs[64] = "";
    snprintf(path, sizeof path, "/proc/%d/ns/mnt", (int)pid);
    const ssize_t our_len = readlink("/proc/self/ns/mnt", ours, sizeof ours - 1);
    const ssize_t their_len = readlink(path, theirs, sizeof theirs - 1);
    out_prefix[0] = '\0';
    if (our_len > 0 && their_len > 0 && strcmp(ours, theirs) != 0) {
        snprintf(out_prefix, 32, "/proc/%d/root", (int)pid);
    }
}

/* Does one of the process's descriptors refer to the socket? */
static bool has_socket(pid_t pid, uint64_t inode)
{
    char dir[64];
    char want[64];
    snprintf(dir, sizeof dir, "/proc/%d/fd", (int)pid);
    const int want_len = snprintf(want, sizeof want, "socket:[%" PRIu64 "]", inode);
    DIR *fds = opendir(dir);
    bool is_found = false;
    for (struct dirent *it = NULL; fds != NULL && !is_found && (it = readdir(fds)) != NULL;) {
        char link[64];
        const ssize_t len = readlinkat(dirfd(fds), it->d_name, link, sizeof link);
        is_found = len == want_len && memcmp(link, want, (size_t)len) == 0;
    }
    if (fds != NULL) {
        closedir(fds);
    }
    return is_found;
}

int umig_proc_agent_socket(pid_t pid,
                           pid_t inner_pid,
                           const char *control_path,
                           char out_path[UMIG_SOCKET_PATH_BYTES])
{
    char name[32];
    snprintf(name, sizeof name, "agent-%d.sock", (int)inner_pid);
    FILE *sockets = open_proc(pid, "net/unix");
    if (sockets == NULL) {
        return UMIG_NOT_FOUND;
    }
    bool is_found = false;
    char line[512];
    while (!is_found && fgets(line, sizeof line, sockets) != NULL) {
        unsigned flags = 0;
        uint64_t inode = 0;
        char path[UMIG_SOCKET_PATH_BYTES] = "";
        /* Num: RefCount Protocol Flags Type St Inode Path */
        if (sscanf(line, "%*s %*x %*x %x %*x %*x %" SCNu64 " %107[^\n]", &flags, &inode, path) !=
                3 ||
            (flags & FLAG_LISTENS) == 0) {
            continue;
        }
        if ((is_file_named(path, name) || strcmp(path, control_path) == 0) &&
            has_socket(pid, inode)) {
            snprintf(out_path, UMIG_SOCKET_PATH_BYTES, "%s", path);
            is_found = true;
        }
    }
    fclose(sockets);
    return is_found ? UMIG_OK : UMIG_NOT_FOUND;
}
