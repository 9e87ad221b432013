#include "agent/cpu_limit.h"

#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    TEXT_BYTES = 4096,
    PATH_BYTES = 1024,
    THOUSANDTHS = 1000,
};

static bool read_file(const char *path, char *out, size_t room)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    const ssize_t len = read(fd, out, room - 1);
    close(fd);
    out[len > 0 ? len : 0] = '\0';
    return len > 0;
}

static uint64_t quota_of(long long quota, long long period)
{
    return quota > 0 && period > 0 && quota < INT64_MAX / THOUSANDTHS
               ? (uint64_t)(quota * THOUSANDTHS / period)
               : UINT64_MAX;
}

/* Version 2: "max 100000" or "150000 100000". */
static uint64_t read_v2(const char *folder)
{
    char path[PATH_BYTES];
    char text[64];
    char *end = NULL;
    if (snprintf(path, sizeof path, "%s/cpu.max", folder) >= (int)sizeof path ||
        !read_file(path, text, sizeof text)) {
        return UINT64_MAX;
    }
    const long long quota = strtoll(text, &end, 10);
    return end != text ? quota_of(quota, strtoll(end, NULL, 10)) : UINT64_MAX;
}

static uint64_t read_v1(const char *folder)
{
    static const char *const names[] = {"cpu.cfs_quota_us", "cpu.cfs_period_us"};
    long long values[2] = {-1, -1};
    for (int i = 0; i < 2; i++) {
        char path[PATH_BYTES];
        char text[64];
        if (snprintf(path, sizeof path, "%s/%s", folder, names[i]) < (int)sizeof path &&
            read_file(path, text, sizeof text)) {
            values[i] = strtoll(text, NULL, 10);
        }
    }
    return quota_of(values[0], values[1]); /* -1: none */
}

/* The group's folder and those above it, up to the root of the tree. */
static uint64_t least_of(const char *tree, const char *group, uint64_t (*read_one)(const char *))
{
    char folder[PATH_BYTES];
    const size_t tree_len = strlen(tree);
    if (snprintf(folder, sizeof folder, "%s%s", tree, group) >= (int)sizeof folder) {
        return UINT64_MAX;
    }
    uint64_t least = UINT64_MAX;
    for (size_t len = strlen(folder);; len--) {
        if (folder[len] == '/' || folder[len] == '\0') {
            folder[len] = '\0';
            const uint64_t quota = read_one(folder);
            least = quota < least ? quota : least;
        }
        if (len <= tree_len) {
            return least;
        }
    }
}

static bool has_word(const char *list, const char *word)
{
    const size_t len = strlen(word);
    for (const char *at = list; at != NULL; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, word, len) == 0 && (at[len] == '\0' || at[len] == ',')) {
            return true;
        }
    }
    return false;
}

/* A line "NUMBER:CONTROLLERS:PATH"; without controllers it is version 2's. */
static uint64_t read_line(const char *root, char *line)
{
    char *controllers = strchr(line, ':');
    char *group = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
    char tree[PATH_BYTES];
    if (group == NULL) {
        return UINT64_MAX;
    }
    *group++ = '\0';
    controllers++;
    if (controllers[0] == '\0') {
        return least_of(root, group, read_v2);
    }
    if (!has_word(controllers, "cpu")) {
        return UINT64_MAX;
    }
    /* The folder has the controllers' names; "cpu" is a link to it nearly everywhere. */
    snprintf(tree, sizeof tree, "%s/cpu", root);
    return least_of(tree, group, read_v1);
}

uint64_t umig_cpu_quota(const struct umig_cpu_limit_places *places)
{
    char text[TEXT_BYTES];
    uint64_t least = UINT64_MAX;
    char *rest = NULL;
    if (!read_file(places->membership, text, sizeof text)) {
        return UINT64_MAX;
    }
    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        const uint64_t quota = read_line(places->root, line);
        least = quota < least ? quota : least;
    }
    return least;
}

uint64_t umig_cpu_limit(const struct umig_cpu_limit_places *places)
{
    cpu_set_t set;
    const int allowed = sched_getaffinity(getpid(), sizeof set, &set) == 0
                            ? CPU_COUNT(&set)
                            : (int)sysconf(_SC_NPROCESSORS_ONLN);
    const uint64_t processors = (uint64_t)(allowed > 0 ? allowed : 1) * THOUSANDTHS;
    const uint64_t quota = umig_cpu_quota(places);
    const uint64_t least = quota < processors ? quota : processors;
    return least > 0 ? least : 1;
}
