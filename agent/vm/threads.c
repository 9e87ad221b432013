#include "agent/vm/threads.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/vm/jvm_names.h"
#include "agent/vm/thread_list.h"
#include "core/clock.h"

enum {
    DIRENTS_BYTES = 16384
};

#define CHECK_NS (100 * UMIG_NS_PER_MS)
#define SCAN_NS  (2 * UMIG_NS_PER_S)

void umig_threads_init(struct umig_threads *threads,
                       struct umig_slots *slots,
                       uint64_t memory_bytes,
                       atomic_uint_fast64_t *stopped_ns)
{
    memset(threads, 0, sizeof *threads);
    threads->slots = slots;
    threads->task_fd = -1;
    umig_ticks_init(&threads->ticks, memory_bytes, stopped_ns);
}

void umig_threads_set_signal(struct umig_threads *threads, int signo)
{
    pthread_mutex_lock(&threads->slots->mutex);
    threads->ticks.signo = signo;
    pthread_mutex_unlock(&threads->slots->mutex);
}

void umig_threads_set_ticks(struct umig_threads *threads,
                            uint64_t interval_ns,
                            enum umig_clock clock)
{
    atomic_store(&threads->ticks.clock, (int)clock);
    atomic_store(&threads->ticks.interval_ns, interval_ns);
    for (uint32_t i = 0; i < threads->slots->count; i++) {
        struct umig_slot *slot = &threads->slots->slots[i];
        if (atomic_load(&slot->tid) == 0) {
            continue;
        }
        pthread_mutex_lock(&threads->slots->mutex);
        if (atomic_load(&slot->tid) != 0 && atomic_load(&slot->state) == UMIG_SLOT_LIVE) {
            umig_ticks_arm_locked(&threads->ticks, slot);
        }
        pthread_mutex_unlock(&threads->slots->mutex);
    }
    threads->next_scan_ns = 0;
}

static bool is_ticking(const struct umig_slot *slot)
{
    return atomic_load(&slot->clock) != UMIG_CLOCK_AUTO;
}

/* --- names and kinds --- */

static const struct {
    const char *prefix;
    enum umig_thread_kind kind;
} g_kinds[] = {
    {"GC Thread", UMIG_THREAD_GC},       {"G1 ", UMIG_THREAD_GC},
    {"ParGC", UMIG_THREAD_GC},           {"Shenandoah", UMIG_THREAD_GC},
    {"ZWorker", UMIG_THREAD_GC},         {"ZDirector", UMIG_THREAD_GC},
    {"ZDriver", UMIG_THREAD_GC},         {"ZStat", UMIG_THREAD_GC},
    {"ZUncommitter", UMIG_THREAD_GC},    {"ZUnmapper", UMIG_THREAD_GC},
    {"XWorker", UMIG_THREAD_GC},         {"XDirector", UMIG_THREAD_GC},
    {"XDriver", UMIG_THREAD_GC},         {"RuntimeWorker", UMIG_THREAD_GC},
    {"C1 Compiler", UMIG_THREAD_JIT},    {"C2 Compiler", UMIG_THREAD_JIT},
    {"JVMCI", UMIG_THREAD_JIT},          {"Sweeper", UMIG_THREAD_JIT},
    {"VM Thread", UMIG_THREAD_VM},       {"VM Periodic", UMIG_THREAD_VM},
    {"Service Thread", UMIG_THREAD_VM},  {"Monitor Deflat", UMIG_THREAD_VM},
    {"Signal Dispatch", UMIG_THREAD_VM}, {"umig-", UMIG_THREAD_AGENT},
};

static enum umig_thread_kind kind_of_name(const char *name)
{
    for (size_t i = 0; i < sizeof g_kinds / sizeof g_kinds[0]; i++) {
        if (strncmp(name, g_kinds[i].prefix, strlen(g_kinds[i].prefix)) == 0) {
            return g_kinds[i].kind;
        }
    }
    return UMIG_THREAD_NATIVE;
}

/* The kernel's name of a thread, 15 bytes at most, and the whole of it where that is known. */
static bool read_name(int tid, char *out, size_t room)
{
    char path[48];
    snprintf(path, sizeof path, "/proc/self/task/%d/comm", tid);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    ssize_t len = read(fd, out, room - 1);
    close(fd);
    if (len <= 0) {
        return false;
    }
    out[out[len - 1] == '\n' ? len - 1 : len] = '\0';
    umig_jvm_names_complete(out, room);
    return true;
}

/*
 * A compiler's CompilerThread, which tells what it compiles; 0 for the rest: the JVM's other
 * threads for compilation, Sweeper and JVMCI, have none that does. Without the mutex: the list may
 * be long.
 */
static uintptr_t find_compiler(const struct umig_threads *threads, const char *name, int tid)
{
    const struct umig_hotspot *hs = threads->hotspot;
    const bool compiles =
        strncmp(name, "C1 Compiler", 11) == 0 || strncmp(name, "C2 Compiler", 11) == 0;
    return compiles && hs != NULL && hs->can_tell_compiling ? umig_thread_list_find(hs, tid) : 0;
}

/* Once more, when the list changed as it was read. */
static void find_compiler_again(const struct umig_threads *threads, struct umig_slot *slot, int tid)
{
    if (atomic_load(&slot->kind) == UMIG_THREAD_JIT && atomic_load(&slot->compiler) == 0) {
        char name[UMIG_THREAD_NAME_BYTES];
        umig_slot_name(slot, name);
        atomic_store_explicit(&slot->compiler, find_compiler(threads, name, tid),
                              memory_order_release);
    }
}

static struct umig_slot *register_locked(struct umig_threads *threads, int tid)
{
    struct umig_slot *slot = umig_slots_register_locked(threads->slots, tid);
    if (slot != NULL && atomic_load(&slot->began_ns) == 0) {
        atomic_store(&slot->began_ns, umig_clock_monotonic_ns());
    }
    return slot;
}

static void found_native(struct umig_threads *threads, int tid)
{
    char name[32];
    if (!read_name(tid, name, sizeof name)) {
        return; /* gone already */
    }
    const uintptr_t compiler = find_compiler(threads, name, tid);
    pthread_mutex_lock(&threads->slots->mutex);
    struct umig_slot *slot = register_locked(threads, tid);
    if (slot != NULL && !is_ticking(slot)) {
        if (atomic_load(&slot->env) == NULL) {
            umig_slot_set_name(slot, name);
            atomic_store(&slot->kind, kind_of_name(name));
            atomic_store_explicit(&slot->compiler, compiler, memory_order_release);
        }
        umig_ticks_arm_locked(&threads->ticks, slot);
    }
    if (slot != NULL) {
        slot->scan = threads->scan;
    }
    pthread_mutex_unlock(&threads->slots->mutex);
}

void umig_threads_started(struct umig_threads *threads, int tid, void *env, const char *name)
{
    pthread_mutex_lock(&threads->slots->mutex);
    struct umig_slot *slot = register_locked(threads, tid);
    if (slot != NULL) {
        if (name != NULL) {
            umig_slot_set_name(slot, name);
        }
        if (env != NULL) {
            char own[UMIG_THREAD_NAME_BYTES];
            umig_slot_name(slot, own);
            const bool is_ours = strncmp(own, "umig-", 5) == 0;
            atomic_store(&slot->kind, is_ours ? UMIG_THREAD_AGENT : UMIG_THREAD_JAVA);
            atomic_store_explicit(&slot->env, env, memory_order_release);
        }
        if (!is_ticking(slot)) {
            umig_ticks_arm_locked(&threads->ticks, slot);
        }
    }
    pthread_mutex_unlock(&threads->slots->mutex);
}

bool umig_threads_came(struct umig_threads *threads, int tid)
{
    char name[32] = "";
    if (prctl(PR_GET_NAME, name) != 0 || pthread_mutex_trylock(&threads->slots->mutex) != 0) {
        return false;
    }
    umig_jvm_names_complete(name, sizeof name);
    struct umig_slot *slot = register_locked(threads, tid);
    if (slot != NULL && atomic_load(&slot->kind) == UMIG_THREAD_UNKNOWN) {
        umig_slot_set_name(slot, name);
        atomic_store(&slot->kind, kind_of_name(name));
    }
    pthread_mutex_unlock(&threads->slots->mutex);
    return slot != NULL;
}

static void end_locked(struct umig_threads *threads, struct umig_slot *slot)
{
    umig_ticks_disarm_locked(&threads->ticks, slot);
    atomic_store(&slot->env, NULL);
    atomic_store(&slot->ended_ns, umig_clock_monotonic_ns());
    atomic_store(&slot->state, UMIG_SLOT_ENDED);
    atomic_fetch_add(&threads->leaving, 1);
}

void umig_threads_ended(struct umig_threads *threads, int tid)
{
    pthread_mutex_lock(&threads->slots->mutex);
    struct umig_slot *slot = umig_slots_find(threads->slots, tid);
    if (slot != NULL) {
        end_locked(threads, slot);
    }
    pthread_mutex_unlock(&threads->slots->mutex);
}

void umig_threads_forget(struct umig_threads *threads)
{
    for (uint32_t i = 0; i < threads->slots->count; i++) {
        struct umig_slot *slot = &threads->slots->slots[i];
        if (atomic_load(&slot->tid) == 0) {
            continue;
        }
        pthread_mutex_lock(&threads->slots->mutex);
        if (atomic_load(&slot->tid) != 0 && atomic_load(&slot->state) == UMIG_SLOT_LIVE) {
            end_locked(threads, slot);
        }
        pthread_mutex_unlock(&threads->slots->mutex);
    }
}

/* --- finding threads --- */

/*
 * Threads of this process, plus a constant; 0: unknown. The kernel counts them into the links of
 * the task folder (proc_task_getattr() in fs/proc/base.c), while to read /proc/self/stat it adds up
 * the clocks of every thread under the lock that timers' signals need.
 */
static uint64_t count_threads(const struct umig_threads *threads)
{
    struct stat st;
    return fstat(threads->task_fd, &st) == 0 ? (uint64_t)st.st_nlink : 0;
}

static bool open_tasks(struct umig_threads *threads)
{
    if (threads->task_fd < 0) {
        threads->task_fd = open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    return threads->task_fd >= 0;
}

struct dirent64 {
    uint64_t inode;
    int64_t offset;
    uint16_t record_bytes;
    uint8_t type;
    char name[];
};

static void saw_thread(struct umig_threads *threads, int tid)
{
    struct umig_slot *slot = umig_slots_find(threads->slots, tid);
    /* Ours have no timer and keep their names. */
    const bool is_ours = slot != NULL && atomic_load(&slot->kind) == UMIG_THREAD_AGENT;
    const bool ticks = atomic_load(&threads->ticks.interval_ns) > 0;
    if (slot == NULL || (ticks && !is_ticking(slot) && !is_ours)) {
        found_native(threads, tid);
    } else {
        slot->scan = threads->scan;
        find_compiler_again(threads, slot, tid);
    }
}

/* What the scan did not see is gone; Java threads say so themselves, earlier. */
static void end_unseen(struct umig_threads *threads)
{
    for (uint32_t i = 0; i < threads->slots->count; i++) {
        struct umig_slot *slot = &threads->slots->slots[i];
        const int tid = atomic_load(&slot->tid);
        if (tid == 0 || slot->scan == threads->scan ||
            atomic_load(&slot->state) != UMIG_SLOT_LIVE) {
            continue;
        }
        pthread_mutex_lock(&threads->slots->mutex);
        /* A thread that came while the folder was read is not in it; it exists nevertheless. */
        if (atomic_load(&slot->tid) == tid && syscall(SYS_tgkill, getpid(), tid, 0) != 0 &&
            errno == ESRCH) {
            end_locked(threads, slot);
        }
        pthread_mutex_unlock(&threads->slots->mutex);
    }
}

static void scan(struct umig_threads *threads)
{
    if (lseek(threads->task_fd, 0, SEEK_SET) != 0) {
        return;
    }
    threads->scan++;
    /* readdir() would allocate; this is bounded and keeps its descriptor. */
    static char entries[DIRENTS_BYTES] __attribute__((aligned(8)));
    long len;
    while ((len = syscall(SYS_getdents64, threads->task_fd, entries, sizeof entries)) > 0) {
        for (long at = 0; at < len;) {
            const struct dirent64 *entry = (const struct dirent64 *)(const void *)(entries + at);
            const int tid = (int)strtol(entry->name, NULL, 10);
            if (tid > 0) {
                saw_thread(threads, tid);
            }
            at += entry->record_bytes;
        }
    }
    end_unseen(threads);
}

void umig_threads_watch(struct umig_threads *threads, bool is_watched)
{
    if (is_watched != threads->is_watched) {
        threads->is_watched = is_watched;
        threads->next_scan_ns = 0;
    }
}

void umig_threads_ask_look(struct umig_threads *threads, struct umig_slot *slot)
{
    pthread_mutex_lock(&threads->slots->mutex);
    const int tid = atomic_load(&slot->tid);
    if (tid != 0 && atomic_load(&slot->state) == UMIG_SLOT_LIVE) {
        atomic_store(&slot->is_look_asked, true);
        if (syscall(SYS_tgkill, getpid(), tid, threads->ticks.signo) != 0) {
            atomic_store(&slot->is_look_asked, false);
        }
    }
    pthread_mutex_unlock(&threads->slots->mutex);
}

void umig_threads_check(struct umig_threads *threads, uint64_t now_ns)
{
    const bool is_wanted = threads->is_watched || atomic_load(&threads->ticks.interval_ns) > 0;
    if (now_ns < threads->next_check_ns || !is_wanted) {
        return;
    }
    threads->next_check_ns = now_ns + CHECK_NS;
    if (!open_tasks(threads)) {
        return;
    }
    const uint64_t count = count_threads(threads);
    if (count != threads->thread_count || now_ns >= threads->next_scan_ns) {
        threads->thread_count = count;
        threads->next_scan_ns = now_ns + SCAN_NS;
        scan(threads);
    }
}

/* Its ring was being read when the clock was set, and it got another clock. */
static void rearm_locked(struct umig_threads *threads, struct umig_slot *slot, bool is_released)
{
    if (is_released && is_ticking(slot) && atomic_load(&threads->ticks.clock) == UMIG_CLOCK_PERF &&
        atomic_load(&slot->clock) != UMIG_CLOCK_PERF) {
        umig_ticks_arm_locked(&threads->ticks, slot);
    }
}

void umig_threads_reap(struct umig_threads *threads, umig_slot_gone_fn *gone, void *user)
{
    if (atomic_load(&threads->leaving) == 0 && atomic_load(&threads->ticks.retired) == 0) {
        return; /* the table is large, and this is asked twenty times a second */
    }
    for (uint32_t i = 0; i < threads->slots->count; i++) {
        struct umig_slot *slot = &threads->slots->slots[i];
        if (atomic_load(&slot->tid) == 0 ||
            (atomic_load(&slot->state) == UMIG_SLOT_LIVE && slot->retired_map == NULL)) {
            continue;
        }
        pthread_mutex_lock(&threads->slots->mutex);
        const bool is_released = umig_ticks_release_locked(&threads->ticks, slot);
        if (atomic_load(&slot->state) == UMIG_SLOT_LIVE) {
            rearm_locked(threads, slot, is_released);
        } else if (atomic_load(&slot->state) == UMIG_SLOT_ENDED) {
            umig_ticks_disarm_locked(&threads->ticks,
                                     slot); /* a tick may have come since it ended */
            atomic_store(&slot->state, UMIG_SLOT_DRAINED);
        } else if (atomic_load(&slot->state) == UMIG_SLOT_DRAINED && is_released &&
                   umig_slots_free_locked(threads->slots, slot)) {
            atomic_fetch_sub(&threads->leaving, 1);
            gone(user, i);
        }
        pthread_mutex_unlock(&threads->slots->mutex);
    }
}
