#include "cli/jvm.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/proc.h"
#include "core/buf.h"
#include "core/err.h"

enum {
    WORDS_BYTES = 2 << 20,
    JVMS_MAX = 4096
};

static void user_name(uid_t uid, char *out, size_t room)
{
    struct passwd entry;
    struct passwd *found = NULL;
    char text[1024];
    if (getpwuid_r(uid, &entry, text, sizeof text, &found) == 0 && found != NULL) {
        snprintf(out, room, "%s", entry.pw_name);
    } else {
        snprintf(out, room, "%u", (unsigned)uid);
    }
}

/* JAVA_VERSION="17.0.12" from the release file of the installation. */
static bool read_release(const char *path, char *out, size_t room)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    char line[512];
    bool is_found = false;
    while (!is_found && fgets(line, sizeof line, file) != NULL) {
        char version[32];
        if (sscanf(line, "JAVA_VERSION=\"%31[^\"]\"", version) == 1) {
            snprintf(out, room, "%s", version);
            is_found = true;
        }
    }
    fclose(file);
    return is_found;
}

/* The release file stands in a folder above lib/server/libjvm.so. */
static void jdk_version(const char *root, const char *libjvm, char *out, size_t room)
{
    char path[1100];
    snprintf(path, sizeof path, "%s%s", root, libjvm);
    for (int i = 0; i < 5; i++) {
        char *slash = strrchr(path, '/');
        if (slash == NULL || slash < path + strlen(root)) {
            return;
        }
        snprintf(slash, sizeof path - (size_t)(slash - path), "/release");
        if (read_release(path, out, room)) {
            return;
        }
        *slash = '\0';
    }
}

/* Words of the command line: the program's name, and where the agent was told to listen. */
static void read_words(struct umig_jvm *jvm, char control[UMIG_SOCKET_PATH_BYTES])
{
    struct umig_buf words = UMIG_BUF_INIT(WORDS_BYTES);
    control[0] = '\0';
    if (umig_proc_read(jvm->pid, "cmdline", &words, NULL) == UMIG_OK) {
        umig_jvm_main_class(umig_buf_str(&words), words.len, jvm->main_class,
                            sizeof jvm->main_class);
        umig_jvm_control_option(umig_buf_str(&words), words.len, control);
    }
    if (control[0] == '\0' && umig_proc_read(jvm->pid, "environ", &words, NULL) == UMIG_OK) {
        umig_jvm_control_option(umig_buf_str(&words), words.len, control);
    }
    umig_buf_fini(&words);
}

static void find_socket(struct umig_jvm *jvm,
                        pid_t inner_pid,
                        const char *root,
                        const char *control)
{
    char path[UMIG_SOCKET_PATH_BYTES];
    if (umig_proc_agent_socket(jvm->pid, inner_pid, control, path) != UMIG_OK) {
        return;
    }
    const size_t room = sizeof jvm->socket.path;
    jvm->socket.is_unix = true;
    const int len = snprintf(jvm->socket.path, room, "%s%s", root, path);
    jvm->has_socket = len > 0 && (size_t)len < room;
    jvm->has_agent = true;
}

/* UMIG_OK, UMIG_NOT_FOUND: gone or no JVM, UMIG_E_DENIED, UMIG_E_IO. */
static int look_at(pid_t pid, struct umig_jvm *out_jvm, struct umig_err *err)
{
    struct umig_proc_maps maps;
    struct umig_proc_ids ids;
    int rc = umig_proc_maps(pid, &maps, err);
    if (rc != UMIG_OK) {
        return rc < 0 ? umig_err_trace(err, rc) : rc;
    }
    if (maps.libjvm[0] == '\0') {
        return UMIG_NOT_FOUND;
    }
    rc = umig_proc_ids(pid, &ids, err);
    if (rc != UMIG_OK) {
        return rc < 0 ? umig_err_trace(err, rc) : rc;
    }
    struct umig_jvm jvm = {.pid = pid, .uid = ids.uid, .has_agent = maps.has_agent};
    char root[32];
    char control[UMIG_SOCKET_PATH_BYTES];
    memcpy(jvm.agent_path, maps.agent, sizeof jvm.agent_path);
    umig_proc_root(pid, root);
    user_name(ids.uid, jvm.user, sizeof jvm.user);
    jdk_version(root, maps.libjvm, jvm.jdk, sizeof jvm.jdk);
    read_words(&jvm, control);
    find_socket(&jvm, ids.inner_pid, root, control);
    *out_jvm = jvm;
    return UMIG_OK;
}

/*
 * Whose process it is explains it to others. Its owner and root are kept away by something else: a
 * container without CAP_SYS_PTRACE, a security module, a program that made itself undumpable.
 */
static int denied(pid_t pid, uid_t owner, struct umig_err *err)
{
    char user[33];
    user_name(owner, user, sizeof user);
    if (geteuid() != 0 && geteuid() != owner) {
        return umig_err_set(err, UMIG_E_DENIED,
                            "process %d belongs to %s; only %s%s may look at it", (int)pid, user,
                            user, owner != 0 ? " and root" : "");
    }
    struct umig_buf name = UMIG_BUF_INIT(64);
    (void)!umig_proc_read(pid, "comm", &name, NULL);
    const char *text = umig_buf_str(&name);
    umig_err_set(
        err, UMIG_E_DENIED,
        "the system lets nobody look at process %d (%.*s, of %s), not even you; 'umig jvms' "
        "lists the JVMs that may be looked at",
        (int)pid, (int)strcspn(text, "\n"), text, user);
    umig_buf_fini(&name);
    return UMIG_E_DENIED;
}

int umig_jvm_inspect(pid_t pid, struct umig_jvm *out_jvm, struct umig_err *err)
{
    struct umig_proc_ids ids;
    if (umig_proc_ids(pid, &ids, NULL) != UMIG_OK) {
        return umig_err_set_cause(err, UMIG_E_IO, ESRCH, "there is no process %d", (int)pid);
    }
    const int rc = look_at(pid, out_jvm, err);
    if (rc == UMIG_NOT_FOUND) {
        return umig_err_set(err, UMIG_E_UNSUPPORTED,
                            "process %d is no JVM; 'umig jvms' lists those of this host", (int)pid);
    }
    return rc == UMIG_E_DENIED ? denied(pid, ids.uid, err) : rc;
}

/* Kernel threads have no command line; what cannot be read and has one may be a JVM. */
static bool is_program(pid_t pid)
{
    struct umig_buf words = UMIG_BUF_INIT(WORDS_BYTES);
    const bool has_words = umig_proc_read(pid, "cmdline", &words, NULL) == UMIG_OK && words.len > 0;
    umig_buf_fini(&words);
    return has_words;
}

static int append(struct umig_jvm_list *list, const struct umig_jvm *jvm, struct umig_err *err)
{
    if (list->count == JVMS_MAX) {
        return umig_err_set(err, UMIG_E_LIMIT, "more than %d JVMs on this host", JVMS_MAX);
    }
    if ((list->count & (list->count - 1)) == 0) { /* full at each power of two */
        const size_t room = list->count == 0 ? 1 : list->count * 2;
        struct umig_jvm *items = realloc(list->items, room * sizeof *items);
        if (items == NULL) {
            return umig_err_set(err, UMIG_E_NOMEM, "no memory for %zu JVMs", room);
        }
        list->items = items;
    }
    list->items[list->count++] = *jvm;
    return UMIG_OK;
}

static int by_pid(const void *a, const void *b)
{
    const struct umig_jvm *left = a;
    const struct umig_jvm *right = b;
    return (left->pid > right->pid) - (left->pid < right->pid);
}

int umig_jvm_list_scan(struct umig_jvm_list *out_list, struct umig_err *err)
{
    DIR *proc = opendir("/proc");
    if (proc == NULL) {
        return umig_err_set_cause(err, UMIG_E_IO, errno, "cannot read /proc: %s",
                                  umig_errno_text(errno));
    }
    struct umig_jvm_list list = {.items = NULL};
    int rc = UMIG_OK;
    for (struct dirent *it = NULL; rc == UMIG_OK && (it = readdir(proc)) != NULL;) {
        struct umig_jvm jvm;
        if (!isdigit((unsigned char)it->d_name[0])) {
            continue;
        }
        const pid_t pid = (pid_t)strtol(it->d_name, NULL, 10);
        const int looked = look_at(pid, &jvm, NULL);
        if (looked == UMIG_OK) {
            rc = append(&list, &jvm, err);
        } else if (looked == UMIG_E_DENIED && is_program(pid)) {
            list.unreadable_count++;
        }
    }
    closedir(proc);
    if (rc != UMIG_OK) {
        umig_jvm_list_fini(&list);
        return umig_err_trace(err, rc);
    }
    if (list.count > 0) {
        qsort(list.items, list.count, sizeof list.items[0], by_pid);
    }
    *out_list = list;
    return UMIG_OK;
}

void umig_jvm_list_fini(struct umig_jvm_list *list)
{
    free(list->items);
    *list = (struct umig_jvm_list){.items = NULL};
}
