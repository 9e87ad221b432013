/* Day files of an older schema: brought up to date before anybody reads them. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>

#include "collector/store/fold_private.h"
#include "core/err.h"

/* Opening for writing migrates. A file that is damaged stays where it is: a report names it. */
static int migrate_day(const struct umig_folder *folder, int64_t number, struct umig_err *err)
{
    struct umig_err day_err = UMIG_ERR_INIT;
    const int rc = umig_day_migrate(folder->dir, number, &day_err);
    if (rc == UMIG_OK || umig_db_is_damaged(&day_err)) {
        return UMIG_OK;
    }
    if (err != NULL) {
        *err = day_err;
    }
    return umig_err_trace(err, rc);
}

int umig_folder_migrate(struct umig_folder *folder, struct umig_err *err)
{
    char path[UMIG_STORE_PATH_BYTES];
    snprintf(path, sizeof path, "%.*s/days", UMIG_STORE_MAX_DIR_BYTES, folder->dir);
    DIR *days = opendir(path);
    if (days == NULL) {
        return umig_err_set_cause(err, UMIG_E_IO, errno, "cannot read %s: %s", path,
                                  umig_errno_text(errno));
    }
    struct umig_err file_err = UMIG_ERR_INIT;
    int first = UMIG_OK;
    const struct dirent *entry = NULL;
    while ((entry = readdir(days)) != NULL) { /* NOLINT(concurrency-mt-unsafe): own stream */
        int64_t number = 0;
        if (!umig_store_day_parse(entry->d_name, &number)) {
            continue;
        }
        const int rc = migrate_day(folder, number, first == UMIG_OK ? &file_err : NULL);
        first = first == UMIG_OK ? rc : first;
    }
    closedir(days);
    if (first != UMIG_OK && err != NULL) {
        *err = file_err;
    }
    return umig_err_trace(err, first);
}
