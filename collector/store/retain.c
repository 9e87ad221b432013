/* What is too old or too much: whole day files go, oldest first. */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
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

/* What is in the folder. */
struct survey {
    int64_t oldest; /* day files; INT64_MAX and -1 without one */
    int64_t newest;
    uint64_t newest_bytes;
    uint64_t bytes; /* of everything */
};

static int survey_folder(const struct umig_folder *folder, struct survey *out, struct umig_err *err)
{
    char path[UMIG_STORE_PATH_BYTES];
    snprintf(path, sizeof path, "%.*s/days", UMIG_STORE_MAX_DIR_BYTES, folder->dir);
    DIR *days = opendir(path);
    if (days == NULL) {
        return umig_err_set_cause(err, UMIG_E_IO, errno, "cannot read %s: %s", path,
                                  umig_errno_text(errno));
    }
    struct survey survey = {.oldest = INT64_MAX, .newest = -1};
    const struct dirent *entry = NULL;
    while ((entry = readdir(days)) != NULL) { /* NOLINT(concurrency-mt-unsafe): own stream */
        char file[UMIG_STORE_PATH_BYTES + 256];
        struct stat st;
        int64_t number = 0;
        snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        if (stat(file, &st) != 0 || !S_ISREG(st.st_mode)) {
            continue;
        }
        survey.bytes += (uint64_t)st.st_size; /* files that were set aside count too */
        if (umig_store_day_parse(entry->d_name, &number)) {
            survey.oldest = number < survey.oldest ? number : survey.oldest;
            survey.newest_bytes =
                number > survey.newest ? (uint64_t)st.st_size : survey.newest_bytes;
            survey.newest = number > survey.newest ? number : survey.newest;
        }
    }
    closedir(days);
    umig_store_main_path(folder->dir, path);
    survey.bytes += size_of(path);
    *out = survey;
    return UMIG_OK;
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

/* The newest file is being filled: it goes by age only. */
static bool must_go(const struct survey *survey, int64_t oldest_day, uint64_t size_bytes)
{
    if (survey->newest < 0) {
        return false;
    }
    const bool is_over = size_bytes > 0 && survey->bytes > size_bytes;
    return survey->oldest / UMIG_STORE_PARTS < oldest_day ||
           (is_over && survey->oldest != survey->newest);
}

uint64_t umig_retention_oldest_ns(const struct umig_retention *retention, uint64_t now_unix_ns)
{
    const uint64_t age_ns = retention->age_ns;
    return age_ns > 0 && age_ns < now_unix_ns ? now_unix_ns - age_ns : 0;
}

int umig_folder_retain(struct umig_folder *folder,
                       const struct umig_retention *retention,
                       uint64_t now_unix_ns,
                       struct umig_retain_result *out_result,
                       struct umig_err *err)
{
    struct umig_retain_result result = {.dropped_file = -1};
    struct survey survey = {.newest = -1};
    const int64_t oldest_day = umig_store_day_of(umig_retention_oldest_ns(retention, now_unix_ns));
    int rc = survey_folder(folder, &survey, err);
    while (rc == UMIG_OK && must_go(&survey, oldest_day, retention->size_bytes)) {
        uint64_t bytes = 0;
        rc = drop_day(folder, survey.oldest, &bytes, err);
        result.files_dropped += rc == UMIG_OK;
        result.dropped_file = rc == UMIG_OK ? survey.oldest : result.dropped_file;
        result.bytes_dropped += bytes;
        rc = rc != UMIG_OK ? rc : survey_folder(folder, &survey, err);
    }
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    const uint64_t size_bytes = retention->size_bytes;
    result.bytes_left = survey.bytes;
    result.is_over_size = size_bytes > 0 && survey.bytes > size_bytes;
    const bool is_full = size_bytes > 0 && survey.newest_bytes > size_bytes / UMIG_RETENTION_SHARES;
    result.full_file = is_full ? survey.newest : -1;
    *out_result = result;
    return UMIG_OK;
}
