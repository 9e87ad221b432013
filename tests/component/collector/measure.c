/*
 * Measures a collector in a process of its own: samples stored per second of its CPU time, apart
 * for the ingest thread (decode to durable ACK) and for the whole process (with the fold), the
 * time from sending a batch to its ACK under that load, memory and bytes a sample. Not a test: its
 * figures are for bench/.
 */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "tests/support/check_ledger.h"
#include "tests/support/collector_process.h"
#include "tests/support/emitter.h"
#include "tests/support/test.h"

enum {
    AGENTS = 10,
    BATCHES = 300,
    SAMPLES = 2000,
    PROBES = 200
};

static struct umig_emitter *make(uint64_t epoch, uint32_t samples)
{
    const struct umig_emitter_options options = {.epoch = epoch,
                                                 .seed = (uint32_t)epoch,
                                                 .session = "measured",
                                                 .service = "orders",
                                                 .samples_per_batch = samples,
                                                 .stacks_per_batch = 20,
                                                 .anchor_unix_ns = umig_clock_unix_ns()};
    return umig_emitter_create(&options);
}

static void must(int rc, const struct umig_err *err)
{
    if (rc != UMIG_OK) {
        fail_msg("status %d: %s", rc, err->text);
    }
}

/* CPU time of a process or one of its threads, in clock ticks as /proc has it. */
static double cpu_seconds(const char *path)
{
    char line[1024] = "";
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    (void)fclose(file);
    const char *at = strrchr(line, ')');
    assert_non_null(at);
    unsigned long user = 0;
    unsigned long system = 0;
    assert_int_equal(
        sscanf(at, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system), 2);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static long peak_kib(pid_t pid)
{
    char path[64];
    char line[256];
    long kib = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        (void)sscanf(line, "VmHWM: %ld", &kib);
    }
    (void)fclose(file);
    return kib;
}

/* Agents that send as fast as the collector acknowledges. */
static void load(const struct umig_collector_process *p, uint64_t first_epoch)
{
    struct umig_emitter *agents[AGENTS];
    struct umig_err err = UMIG_ERR_INIT;
    for (int i = 0; i < AGENTS; i++) {
        agents[i] = make(first_epoch + (uint64_t)i, SAMPLES);
        must(umig_emitter_connect(agents[i], &p->address, &err), &err);
    }
    for (int round = 0; round < BATCHES / 10; round++) {
        for (int i = 0; i < AGENTS; i++) {
            for (int k = 0; k < 10; k++) {
                umig_emitter_make_batch(agents[i]);
            }
            must(umig_emitter_flush(agents[i], 20000, &err), &err);
        }
    }
    for (int i = 0; i < AGENTS; i++) {
        umig_emitter_destroy(agents[i]);
    }
}

static int by_time(const void *a, const void *b)
{
    const uint64_t *left = a;
    const uint64_t *right = b;
    return *left < *right ? -1 : *left > *right;
}

static void measure_acks(const struct umig_collector_process *p, pid_t loader)
{
    static uint64_t took[PROBES];
    struct umig_err err = UMIG_ERR_INIT;
    struct umig_emitter *probe = make(1, 200);
    int count = 0;
    must(umig_emitter_connect(probe, &p->address, &err), &err);
    while (count < PROBES && waitpid(loader, NULL, WNOHANG) == 0) {
        umig_emitter_make_batch(probe);
        const uint64_t begin_ns = umig_clock_monotonic_ns();
        must(umig_emitter_flush(probe, 20000, &err), &err);
        took[count++] = umig_clock_monotonic_ns() - begin_ns;
    }
    qsort(took, (size_t)count, sizeof took[0], by_time);
    printf("ack_p50_ms %.1f\n", (double)took[count / 2] / 1e6);
    printf("ack_p99_ms %.1f\n", (double)took[count * 99 / 100] / 1e6);
    printf("ack_max_ms %.1f (%d probes)\n", (double)took[count - 1] / 1e6, count);
    umig_emitter_destroy(probe);
}

static uint64_t bytes_of_days(const char *data)
{
    char path[256];
    uint64_t bytes = 0;
    snprintf(path, sizeof path, "%s/days", data);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        struct stat st;
        char file[600];
        snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        if (stat(file, &st) == 0 && S_ISREG(st.st_mode)) {
            bytes += (uint64_t)st.st_size;
        }
    }
    closedir(dir);
    return bytes;
}

int main(void)
{
    struct umig_collector_process p;
    umig_collector_process_init(&p);
    umig_collector_process_start(&p);
    char process[64];
    char thread[64];
    snprintf(process, sizeof process, "/proc/%d/stat", (int)p.pid);
    snprintf(thread, sizeof thread, "/proc/%d/task/%d/stat", (int)p.pid, (int)p.pid);
    const pid_t loader = fork();
    if (loader == 0) {
        load(&p, 100);
        _exit(0);
    }
    measure_acks(&p, loader);
    (void)waitpid(loader, NULL, 0);
    const double samples = (double)AGENTS * BATCHES * SAMPLES;
    printf("samples %.0f\n", samples);
    printf("ingest_samples_per_cpu_s %.0f\n", samples / cpu_seconds(thread));
    printf("process_samples_per_cpu_s %.0f\n", samples / cpu_seconds(process));
    printf("peak_memory_mib %.1f\n", (double)peak_kib(p.pid) / 1024);
    assert_int_equal(umig_collector_process_stop(&p), 0);
    printf("stored_bytes_per_sample %.2f\n", (double)bytes_of_days(p.data) / samples);
    umig_collector_process_fini(&p);
    return 0;
}
