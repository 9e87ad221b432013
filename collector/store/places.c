#include "collector/store/places.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"

enum {
    SECONDS_A_DAY = 86400,
    NAME_BYTES = 64
};

void umig_store_main_path(const char *dir, char out[UMIG_STORE_PATH_BYTES])
{
    snprintf(out, UMIG_STORE_PATH_BYTES, "%.*s/umig.db", UMIG_STORE_MAX_DIR_BYTES, dir);
}

static void day_name(int64_t file, char out[NAME_BYTES])
{
    const time_t seconds = (time_t)(file / UMIG_STORE_PARTS * SECONDS_A_DAY);
    const int part = (int)(file % UMIG_STORE_PARTS);
    char date[NAME_BYTES];
    struct tm tm = {0};
    (void)gmtime_r(&seconds, &tm);
    (void)strftime(date, sizeof date, "%Y-%m-%d", &tm);
    if (part == 0) {
        snprintf(out, NAME_BYTES, "%.20s.db", date);
    } else {
        snprintf(out, NAME_BYTES, "%.20s.%d.db", date, part);
    }
}

void umig_store_day_path(const char *dir, int64_t file, char out[UMIG_STORE_PATH_BYTES])
{
    char name[NAME_BYTES];
    day_name(file, name);
    snprintf(out, UMIG_STORE_PATH_BYTES, "%.*s/days/%s", UMIG_STORE_MAX_DIR_BYTES, dir, name);
}

void umig_store_new_day_path(const char *dir, char out[UMIG_STORE_PATH_BYTES])
{
    snprintf(out, UMIG_STORE_PATH_BYTES, "%.*s/days/new.db", UMIG_STORE_MAX_DIR_BYTES, dir);
}

int64_t umig_store_day_of(uint64_t unix_ns)
{
    return (int64_t)(unix_ns / UMIG_NS_PER_S / SECONDS_A_DAY);
}

bool umig_store_day_parse(const char *file_name, int64_t *out_file)
{
    struct tm tm = {0};
    int64_t part = 0;
    const char *rest = strptime(file_name, "%Y-%m-%d", &tm);
    if (rest == NULL) {
        return false;
    }
    if (rest[0] == '.' && rest[1] >= '1' && rest[1] <= '9') {
        part = strtol(rest + 1, NULL, 10);
    }
    const int64_t file = umig_store_file_of((int64_t)timegm(&tm) / SECONDS_A_DAY, part);
    /* Only what we would write ourselves is ours: no 30th of February, no leading zeros. */
    char canonical[NAME_BYTES];
    day_name(file, canonical);
    if (part >= UMIG_STORE_PARTS || strcmp(canonical, file_name) != 0) {
        return false;
    }
    *out_file = file;
    return true;
}
