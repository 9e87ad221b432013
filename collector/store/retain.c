/* What is too old or too much: whole day files go, oldest first. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/store/fold_private.h"
#include "core/err.h"

/* Size of a database file with its log. */
static uint64_t size_of(const char *path)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    uint64_t bytes = 0;
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char file[UMIG_STORE_PATH_BYTES + 8];
        struct stat st;
        snprintf(file, sizeof file, "%s%s", path, suffixes[i]);
        if (stat(file, &st) == 0) {
            bytes += (uint64_t)st.st_size;
        }
    }
    return bytes;
}

/* The oldest day file and the size of all. UMIG_NOT_FOUND without one. */
static int survey(const struct umig_folder *folder,
                  int64_t *out_oldest,
                  uint64_t *out_bytes,
                  struct umig_err *err)
{
    char path[UMIG_STORE_PATH_BYTES];
    snprintf(path, sizeof path, "%.*s/days", UMIG_STORE_MAX_DIR_BYTES, folder->dir);
    DIR *days = opendir(path);
    if (days == NULL) {
        return umig_err_set_cause(err, UMIG_E_IO, errno, "cannot read %s: %s", path,
                                  umig_errno_text(errno));
    }
    *out_oldest = INT64_MAX;
    *out_bytes = 0;
    const struct dirent *entry = NULL;
    while ((entry = readdir(days)) != NULL) { /* NOLINT(concurrency-mt-unsafe): own stream */
        char file[UMIG_STORE_PATH_BYTES + 256];
        struct stat st;
        snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        if (stat(file, &st) == 0 && S_ISREG(st.st_mode)) {
            *out_bytes += (uint64_t)st.st_size; /* files that were set aside count too */
        }
        int64_t day = 0;
        if (umig_store_day_parse(entry->d_name, &day) && day < *out_oldest) {
            *out_oldest = day;
        }
    }
    closedir(days);
    umig_store_main_path(folder->dir, path);
    *out_bytes += size_of(path);
    return *out_oldest == INT64_MAX ? UMIG_NOT_FOUND : UMIG_OK;
}

/* Removes a day: the log first, so that no log is ever left for a new file of that name. */
static int drop_day(struct umig_folder *folder,
                    int64_t day,
                    uint64_t *out_bytes,
                    struct umig_err *err)
{
    static const char *const suffixes[] = {"-shm", "-wal", ""};
    char path[UMIG_STORE_PATH_BYTES];
    umig_store_day_path(folder->dir, day, path);
    *out_bytes = size_of(path);
    if (folder->day.db.handle != NULL && folder->day.day == day) {
        umig_day_close(&folder->day);
        umig_idmaps_clear(&folder->maps);
    }
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        char file[UMIG_STORE_PATH_BYTES + 8];
        snprintf(file, sizeof file, "%s%s", path, suffixes[i]);
        if (unlink(file) != 0 && errno != ENOENT) {
            return umig_err_set_cause(err, UMIG_E_IO, errno, "cannot remove %s: %s", file,
                                      umig_errno_text(errno));
        }
    }
    return UMIG_OK;
}

int umig_folder_retain(struct umig_folder *folder,
                       const struct umig_retention *retention,
                       uint64_t now_unix_ns,
                       struct umig_retain_result *out_result,
                       struct umig_err *err)
{
    struct umig_retain_result result = {.days_dropped = 0};
    const int64_t today = umig_store_day_of(now_unix_ns);
    const uint64_t oldest_ns = retention->age_ns > 0 && retention->age_ns < now_unix_ns
                                   ? now_unix_ns - retention->age_ns
                                   : 0;
    const int64_t oldest_kept = umig_store_day_of(oldest_ns);
    for (;;) {
        int64_t day = 0;
        const int rc = survey(folder, &day, &result.bytes_left, err);
        if (rc < 0) {
            return umig_err_trace(err, rc);
        }
        const bool is_over = retention->size_bytes > 0 && result.bytes_left > retention->size_bytes;
        const bool is_old = rc == UMIG_OK && oldest_ns > 0 && day < oldest_kept;
        if (rc == UMIG_NOT_FOUND || day >= today || (!is_over && !is_old)) {
            result.is_over_size = is_over;
            break;
        }
        uint64_t bytes = 0;
        const int dropped = drop_day(folder, day, &bytes, err);
        if (dropped != UMIG_OK) {
            return umig_err_trace(err, dropped);
        }
        result.days_dropped++;
        result.bytes_dropped += bytes;
        result.newest_day = day;
    }
    *out_result = result;
    return UMIG_OK;
}
