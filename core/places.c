#include "core/places.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/err.h"

/* The environment belongs to the host: getenv is called here, once, at start. */
static const char *env(const char *name)
{
    const char *value = getenv(name); /* NOLINT(concurrency-mt-unsafe): once, at start */
    return value != NULL && value[0] != '\0' ? value : NULL;
}

static void choose_data_dir(struct umig_places *places)
{
    const char *given = env("UMIG_DATA_DIR");
    const char *xdg = env("XDG_DATA_HOME");
    const char *home = env("HOME");
    char *out = places->data_dir;
    const size_t room = sizeof places->data_dir;
    if (given != NULL) {
        snprintf(out, room, "%s", given);
    } else if (places->uid == 0) {
        snprintf(out, room, "/var/lib/umig");
    } else if (xdg != NULL) {
        snprintf(out, room, "%s/umig", xdg);
    } else if (home != NULL) {
        snprintf(out, room, "%s/.local/share/umig", home);
    } else {
        snprintf(out, room, "%s/data", places->runtime_dir);
    }
}

int umig_places_read(struct umig_places *out_places, struct umig_err *err)
{
    struct umig_places places = {.uid = geteuid()};
    const char *runtime = env("UMIG_RUNTIME_DIR");
    places.is_runtime_dir_given = runtime != NULL;
    /* Room for "/agent-4194304.sock". */
    const size_t longest = sizeof places.runtime_dir - 20;
    if (runtime != NULL && strlen(runtime) > longest) {
        return umig_err_set(err, UMIG_E_ARG,
                            "UMIG_RUNTIME_DIR is %zu bytes long; sockets need at most %zu",
                            strlen(runtime), longest);
    }
    if (runtime != NULL && runtime[0] != '/') {
        return umig_err_set(err, UMIG_E_ARG,
                            "UMIG_RUNTIME_DIR is '%s': it must begin with '/', or it would be "
                            "another folder for each command and JVM",
                            runtime);
    }
    if (runtime != NULL) {
        snprintf(places.runtime_dir, sizeof places.runtime_dir, "%s", runtime);
    } else {
        snprintf(places.runtime_dir, sizeof places.runtime_dir, "/tmp/umig-%u", places.uid);
    }
    choose_data_dir(&places);
    *out_places = places;
    return UMIG_OK;
}

/*
 * A link in /tmp may be anybody's trap. One that was named by UMIG_RUNTIME_DIR and is ours or
 * root's leads where its owner wants; what it leads to is checked like any folder.
 */
static int follow_link(const struct umig_places *places, struct stat *st, struct umig_err *err)
{
    const char *dir = places->runtime_dir;
    if (!places->is_runtime_dir_given || (st->st_uid != places->uid && st->st_uid != 0)) {
        return umig_err_set(err, UMIG_E_DENIED,
                            "%s is a symbolic link of user %u; name the folder itself by "
                            "UMIG_RUNTIME_DIR, or remove the link",
                            dir, st->st_uid);
    }
    if (stat(dir, st) != 0) {
        return umig_err_set_cause(err, UMIG_E_IO, errno,
                                  "%s is a symbolic link and what it leads to cannot be read: %s",
                                  dir, umig_errno_text(errno));
    }
    return UMIG_OK;
}

int umig_places_make_runtime_dir(const struct umig_places *places, struct umig_err *err)
{
    const char *dir = places->runtime_dir;
    if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        return umig_err_set_cause(err, UMIG_E_IO, errno, "cannot make the folder %s: %s", dir,
                                  umig_errno_text(errno));
    }
    struct stat st;
    if (lstat(dir, &st) != 0) {
        return umig_err_set_cause(err, UMIG_E_IO, errno, "cannot read %s: %s", dir,
                                  umig_errno_text(errno));
    }
    const int rc = S_ISLNK(st.st_mode) ? follow_link(places, &st, err) : UMIG_OK;
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    if (!S_ISDIR(st.st_mode)) {
        return umig_err_set(err, UMIG_E_DENIED, "%s is not a folder", dir);
    }
    if (st.st_uid != places->uid) {
        return umig_err_set(err, UMIG_E_DENIED, "%s belongs to user %u, not to user %u", dir,
                            st.st_uid, places->uid);
    }
    if ((st.st_mode & 022) != 0) {
        return umig_err_set(err, UMIG_E_DENIED,
                            "%s may be written by other users (mode %03o); it must be 0700", dir,
                            st.st_mode & 0777);
    }
    return UMIG_OK;
}

static int join(const char *dir, const char *name, char *out, struct umig_err *err)
{
    const int len = snprintf(out, UMIG_SOCKET_PATH_BYTES, "%s/%s", dir, name);
    if (len < 0 || len >= UMIG_SOCKET_PATH_BYTES) {
        return umig_err_set(err, UMIG_E_ARG, "the socket path %s/%s is too long (at most %d bytes)",
                            dir, name, UMIG_SOCKET_PATH_BYTES - 1);
    }
    return UMIG_OK;
}

int umig_places_agent_socket(const struct umig_places *places,
                             pid_t pid,
                             char out_path[UMIG_SOCKET_PATH_BYTES],
                             struct umig_err *err)
{
    char name[32];
    snprintf(name, sizeof name, "agent-%d.sock", (int)pid);
    return join(places->runtime_dir, name, out_path, err);
}

int umig_places_collector_socket(const struct umig_places *places,
                                 char out_path[UMIG_SOCKET_PATH_BYTES],
                                 struct umig_err *err)
{
    return join(places->runtime_dir, "collector.sock", out_path, err);
}
