#include "collector/store/places.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"

enum {
    SECONDS_A_DAY = 86400
};

void umig_store_main_path(const char *dir, char out[UMIG_STORE_PATH_BYTES])
{
    snprintf(out, UMIG_STORE_PATH_BYTES, "%.*s/umig.db", UMIG_STORE_MAX_DIR_BYTES, dir);
}

static void day_name(int64_t day, char out[32])
{
    const time_t seconds = (time_t)(day * SECONDS_A_DAY);
    struct tm tm = {0};
    (void)gmtime_r(&seconds, &tm);
    (void)strftime(out, 32, "%Y-%m-%d.db", &tm);
}

void umig_store_day_path(const char *dir, int64_t day, char out[UMIG_STORE_PATH_BYTES])
{
    char name[32];
    day_name(day, name);
    snprintf(out, UMIG_STORE_PATH_BYTES, "%.*s/days/%s", UMIG_STORE_MAX_DIR_BYTES, dir, name);
}

int64_t umig_store_day_of(uint64_t unix_ns)
{
    return (int64_t)(unix_ns / UMIG_NS_PER_S / SECONDS_A_DAY);
}

bool umig_store_day_parse(const char *file_name, int64_t *out_day)
{
    struct tm tm = {0};
    const char *rest = strptime(file_name, "%Y-%m-%d", &tm);
    if (rest == NULL || strcmp(rest, ".db") != 0) {
        return false;
    }
    const int64_t day = (int64_t)timegm(&tm) / SECONDS_A_DAY;
    char canonical[32];
    day_name(day, canonical);
    if (strcmp(canonical, file_name) != 0) {
        return false;
    }
    *out_day = day;
    return true;
}
