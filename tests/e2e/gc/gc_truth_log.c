#include "tests/e2e/gc/gc_truth_log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/test.h"

#define KIB 1024
#define MIB (1024 * 1024)

static FILE *open_or_fail(const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        fail_msg("%s is not there", path);
    }
    return file;
}

static bool is_pause_line(const char *line)
{
    const size_t len = strlen(line);
    return strstr(line, "[gc,stats") == NULL && strstr(line, " Pause ") != NULL && len > 3 &&
           strcmp(line + len - 2, "ms") == 0;
}

static unsigned collection_of(const char *line)
{
    const char *at = strstr(line, "GC(");
    return at != NULL ? (unsigned)strtoul(at + 3, NULL, 10) : UINT32_MAX;
}

/* The letter in "GC(7) y: "; 0 without one. */
static char generation_of(const char *line)
{
    const char *at = strstr(line, ") ");
    return at != NULL && at[2] != '\0' && at[3] == ':' ? at[2] : 0;
}

static void add_logged(struct truth *truth, const char *line)
{
    assert_true(truth->logged_count < TRUTH_MAX_PAUSES);
    struct truth_logged *logged = &truth->logged[truth->logged_count++];
    *logged = (struct truth_logged){.time_ns = strtoull(line + 1, NULL, 10),
                                    .duration_ms = strtod(strrchr(line, ' '), NULL),
                                    .collection = collection_of(line),
                                    .generation = generation_of(line),
                                    .after_bytes = -1};
    snprintf(logged->line, sizeof logged->line, "%s", strstr(line, "Pause "));
}

/* Bytes in use of one generation: "  tenured generation   total 87424K, used 80615K [0x". */
static int64_t used_of_generation(const char *line)
{
    const char *used = strstr(line, ", used ");
    if (strstr(line, " total ") == NULL || used == NULL) {
        return -1;
    }
    return strtoll(used + strlen(", used "), NULL, 10) * KIB;
}

static void set_after(struct truth *truth, unsigned collection, int64_t bytes)
{
    for (size_t i = 0; i < truth->logged_count; i++) {
        struct truth_logged *logged = &truth->logged[i];
        /* Remark and Cleanup share the number of the cycle, not its figures. */
        if (logged->collection == collection && strstr(logged->line, "Pause Re") == NULL &&
            strstr(logged->line, "Pause Cl") == NULL) {
            logged->after_bytes = bytes;
        }
    }
}

/* Sums of "Heap after GC" sections by collection; the pause's own line may come before or after. */
struct sections {
    unsigned collection; /* of the section being read; UINT32_MAX: none */
    int64_t sum[TRUTH_MAX_PAUSES];
};

static void read_section(struct sections *sections, const char *line)
{
    const unsigned collection = collection_of(line);
    if (strstr(line, " GC invocations=") != NULL) {
        const bool is_after = strstr(line, "Heap after") != NULL || strstr(line, "Heap After");
        sections->collection = is_after ? collection : UINT32_MAX;
        return;
    }
    const int64_t used = used_of_generation(line);
    if (used >= 0 && collection == sections->collection && collection < TRUTH_MAX_PAUSES) {
        sections->sum[collection] += used;
    }
}

/* ZGC's table: "Used:  40M (31%)  42M (33%)  42M (33%)  40M (31%)": begin of mark, end of mark,
 * begin of relocation. The first of a collection is that of the whole heap. */
static void read_z_table(struct truth *truth, const char *line)
{
    static const char *const phases[] = {"Pause Mark Start", "Pause Mark End",
                                         "Pause Relocate Start"};
    const char *at = strstr(line, " Used: ");
    if (at == NULL || strstr(line, "[gc,heap") == NULL) {
        return;
    }
    at += strlen(" Used: ");
    for (size_t phase = 0; phase < 3; phase++) {
        char *end;
        const int64_t bytes = strtoll(at, &end, 10) * MIB;
        for (size_t i = 0; i < truth->logged_count; i++) {
            struct truth_logged *logged = &truth->logged[i];
            if (logged->collection == collection_of(line) && logged->after_bytes < 0 &&
                logged->generation == generation_of(line) &&
                strncmp(logged->line, phases[phase], strlen(phases[phase])) == 0) {
                logged->after_bytes = bytes;
            }
        }
        at = strchr(end, ')');
        if (at == NULL) {
            return;
        }
        at++;
    }
}

void truth_read_log(struct truth *truth, const char *path)
{
    FILE *file = open_or_fail(path);
    static struct sections sections;
    memset(&sections, 0, sizeof sections);
    char line[1024];
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (is_pause_line(line)) {
            add_logged(truth, line);
        }
        read_section(&sections, line);
        read_z_table(truth, line);
    }
    fclose(file);
    for (unsigned i = 0; i < TRUTH_MAX_PAUSES; i++) {
        if (sections.sum[i] > 0) {
            set_after(truth, i, sections.sum[i]);
        }
    }
}

static void read_probe_pause(struct truth *truth, const char *line)
{
    assert_true(truth->pause_count < TRUTH_MAX_PAUSES);
    struct truth_pause *pause = &truth->pauses[truth->pause_count++];
    *pause = (struct truth_pause){0};
    const int count = sscanf(line, "pause %" SCNu64 " %" SCNu64 " %" SCNd64 " %" SCNd64,
                             &pause->start_ns, &pause->duration_ns, &pause->before, &pause->after);
    assert_int_equal(count, 4);
    const char *kind = strchr(line, '|');
    assert_non_null(kind);
    const char *cause = strchr(kind + 1, '|');
    assert_non_null(cause);
    snprintf(pause->kind, sizeof pause->kind, "%.*s", (int)(cause - kind - 1), kind + 1);
    snprintf(pause->cause, sizeof pause->cause, "%s", cause + 1);
}

static void read_probe_robbed(struct truth *truth, const char *line)
{
    assert_true(truth->robbed_count < TRUTH_MAX_PAUSES);
    struct truth_robbed *robbed = &truth->robbed[truth->robbed_count++];
    assert_int_equal(
        sscanf(line, "robbed %" SCNu64 " %" SCNu64, &robbed->start_ns, &robbed->waited_ns), 2);
}

/* Both are in the order of their starts; a pause may have been lost, or be two of the thread's. */
static void give_robbed(struct truth *truth)
{
    size_t at = 0;
    for (size_t i = 0; i < truth->pause_count; i++) {
        struct truth_pause *pause = &truth->pauses[i];
        const uint64_t end_ns = pause->start_ns + pause->duration_ns;
        for (; at < truth->robbed_count && truth->robbed[at].start_ns <= end_ns; at++) {
            const bool is_before = truth->robbed[at].start_ns < pause->start_ns;
            pause->robbed_ns += is_before ? 0 : truth->robbed[at].waited_ns;
        }
    }
}

static void read_probe_pool(struct truth *truth, const char *line)
{
    assert_true(truth->pool_count < TRUTH_MAX_POOLS);
    struct truth_pool *pool = &truth->pools[truth->pool_count++];
    int64_t maximum;
    const int count = sscanf(line, "pool %" SCNu64 " %" SCNd64 " %" SCNd64 " %" SCNd64 "|%39[^\n]",
                             &pool->time_ns, &pool->used, &pool->committed, &maximum, pool->name);
    assert_int_equal(count, 5);
}

void truth_read_probe(struct truth *truth, const char *path)
{
    FILE *file = open_or_fail(path);
    int was_silent = 0;
    char line[512];
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "pause ", 6) == 0) {
            read_probe_pause(truth, line);
        } else if (strncmp(line, "robbed ", 7) == 0) {
            read_probe_robbed(truth, line);
        } else if (strncmp(line, "pool ", 5) == 0) {
            read_probe_pool(truth, line);
        }
        sscanf(line, "ready %" SCNu64, &truth->ready_ns);
        sscanf(line, "lost %" SCNu64, &truth->lost);
        sscanf(line, "silent %d", &was_silent);
    }
    truth->was_silent = was_silent != 0;
    give_robbed(truth);
    fclose(file);
}

/* Generational ZGC's two pools are one to us. */
static void merge_z_beans(struct truth *truth)
{
    size_t kept = 0;
    struct truth_bean *heap = NULL;
    for (size_t i = 0; i < truth->bean_count; i++) {
        struct truth_bean bean = truth->beans[i];
        const bool is_generation = strncmp(bean.name, "ZGC ", 4) == 0;
        if (is_generation && heap != NULL) {
            heap->used += bean.used;
            heap->committed += bean.committed;
            continue;
        }
        if (is_generation) {
            snprintf(bean.name, sizeof bean.name, "ZHeap");
            heap = &truth->beans[kept];
        }
        truth->beans[kept++] = bean;
    }
    truth->bean_count = kept;
}

/* Floors come before the beans: kept in the same table until the bean of that name comes. */
static struct truth_bean *find_bean(struct truth *truth, const char *name)
{
    for (size_t i = 0; i < truth->bean_count; i++) {
        if (strcmp(truth->beans[i].name, name) == 0) {
            return &truth->beans[i];
        }
    }
    assert_true(truth->bean_count < TRUTH_MAX_BEANS);
    struct truth_bean *bean = &truth->beans[truth->bean_count++];
    snprintf(bean->name, sizeof bean->name, "%s", name);
    return bean;
}

void truth_read_beans(struct truth *truth, const char *path)
{
    FILE *file = open_or_fail(path);
    char line[256];
    while (fgets(line, sizeof line, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        const char *name = strchr(line, '|');
        if (name == NULL) {
            continue;
        }
        struct truth_bean *bean = find_bean(truth, name + 1);
        sscanf(line, "floor %" SCNd64 " %" SCNd64, &bean->floor_used, &bean->floor_committed);
        sscanf(line, "bean %" SCNu64 " %" SCNu64 " %" SCNd64 " %" SCNd64, &bean->begin_ns,
               &bean->end_ns, &bean->used, &bean->committed);
    }
    fclose(file);
    merge_z_beans(truth);
}

void truth_match(struct truth *truth)
{
    for (size_t i = 0; i < truth->logged_count; i++) {
        const struct truth_logged *logged = &truth->logged[i];
        struct truth_pause *latest = NULL;
        for (size_t p = 0; p < truth->pause_count; p++) {
            if (truth->pauses[p].start_ns <= logged->time_ns) {
                latest = &truth->pauses[p];
            }
        }
        if (latest != NULL) {
            latest->line_count++;
            latest->logged_ms += logged->duration_ms;
            latest->last_line = logged;
        }
    }
}
