#include "tests/unit/report/sample.h"

#include <string.h>

#include "core/clock.h"
#include "tests/support/collapsed.h"
#include "tests/support/test.h"

#define START_UNIX_NS (1790000000ull * UMIG_NS_PER_S)
#define MIB           (1024ull * 1024ull)

static uint32_t string(struct umig_profile *profile, const char *text)
{
    uint32_t id = 0;
    assert_int_equal(umig_profile_string(profile, text, strlen(text), &id), UMIG_OK);
    return id;
}

static void set_session(struct umig_profile *profile)
{
    struct umig_profile_session *session = &profile->session;
    session->id = string(profile, "k3f9-orders-0001");
    session->service = string(profile, "orders");
    session->instance = string(profile, "orders-1");
    session->host = string(profile, "shop-7");
    session->main_class = string(profile, "svc.Main");
    session->jvm_name = string(profile, "OpenJDK 64-Bit Server VM");
    session->jvm_version = string(profile, "17.0.10+7");
    session->collector_name = string(profile, "G1");
    session->pid = 4711;
    session->jdk = 17;
    session->cpu_count = 4;
    session->max_heap_bytes = 512 * MIB;
    session->start_unix_ns = START_UNIX_NS;
    session->end_unix_ns = START_UNIX_NS + 30 * UMIG_NS_PER_S;
    session->end = UMIG_END_DURATION;
    session->interval_ns[UMIG_KIND_CPU] = 10 * UMIG_NS_PER_MS;
    session->interval_ns[UMIG_KIND_HEAP] = UMIG_NS_PER_S;
    session->interval_ns[UMIG_KIND_LOCKS] = UMIG_NS_PER_MS;
    session->agent_cpu_ns = 41 * UMIG_NS_PER_MS;
    session->agent_memory_bytes = 5 * MIB + MIB / 2;
    session->process_cpu_ns = 25 * UMIG_NS_PER_S;
    for (unsigned i = UMIG_KIND_CPU; i <= UMIG_KIND_LOCKS; i++) {
        session->has_kind[i] = true; /* the usual ones */
    }
    for (int i = 0; i < 2; i++) { /* the agent's and the session's */
        assert_int_equal(
            umig_profile_add_label(profile, string(profile, "build"), string(profile, "1.4.2")),
            UMIG_OK);
    }
}

/* Nine tenths for CPU samples; allocation was dear once, and was sampled more rarely since. */
static void add_costs(struct umig_profile *profile)
{
    profile->session.budget_ppm = 10000;
    profile->session.budget_memory_bytes = 32 * MIB;
    for (uint64_t i = 1; i <= 30; i++) {
        struct umig_profile_cost cost = {
            .unix_ns = START_UNIX_NS + i * UMIG_NS_PER_S,
            .process_cpu_ns = i * 25 * UMIG_NS_PER_S / 30,
            .memory_bytes = 5 * MIB + i * 1024,
        };
        cost.kind_cpu_ns[0] = i * 100000;
        cost.kind_cpu_ns[UMIG_KIND_CPU] = i * 900000;
        cost.kind_cpu_ns[UMIG_KIND_ALLOC] =
            (i < 10 ? i : 10 + (i - 10) / 4) * 600000 + (i > 9 ? 5000000 : 0);
        cost.divisors[UMIG_KIND_ALLOC] = i > 10 ? 4 : 1;
        umig_profile_add_cost(profile, &cost);
    }
}

static void add_pauses(struct umig_profile *profile)
{
    const uint32_t young = string(profile, "G1 Young");
    const uint32_t evacuation = string(profile, "G1 Evacuation Pause");
    for (uint64_t i = 0; i < 24; i++) {
        const struct umig_profile_pause pause = {
            .start_unix_ns = START_UNIX_NS + i * UMIG_NS_PER_S,
            .duration_ns = (4 + i % 5) * UMIG_NS_PER_MS,
            .collection = young,
            .cause = evacuation,
            .before_bytes = 300 * MIB,
            .after_bytes = (90 + i % 3) * MIB,
        };
        assert_int_equal(umig_profile_add_pause(profile, &pause), UMIG_OK);
    }
    const struct umig_profile_pause unknown = {
        .start_unix_ns = START_UNIX_NS + 25 * UMIG_NS_PER_S,
        .duration_ns = 61 * UMIG_NS_PER_MS,
        .before_bytes = UMIG_BYTES_UNKNOWN,
        .after_bytes = UMIG_BYTES_UNKNOWN,
    };
    assert_int_equal(umig_profile_add_pause(profile, &unknown), UMIG_OK);
}

static void add_gc_event(struct umig_profile *profile,
                         enum umig_gc_event_kind kind,
                         uint64_t second,
                         const char *name,
                         uint64_t duration_us)
{
    struct umig_profile_gc_event event = {.kind = kind,
                                          .start_unix_ns = START_UNIX_NS + second * UMIG_NS_PER_S,
                                          .duration_ns = duration_us * 1000,
                                          .name = string(profile, name)};
    if (kind == UMIG_GC_EVENT_PROMOTION || kind == UMIG_GC_EVENT_HUMONGOUS) {
        event.before = (8 + second) * MIB;
        event.after = kind == UMIG_GC_EVENT_PROMOTION ? (9 + second) * MIB : 4 * MIB;
    } else if (kind == UMIG_GC_EVENT_SAFEPOINT) {
        event.before = event.duration_ns / 8;
    } else if (kind == UMIG_GC_EVENT_STALL) {
        event.detail = string(profile, "http-nio-8080-exec-3");
    } else if (kind == UMIG_GC_EVENT_LATE && second > 0) {
        event.thread = 1;
        event.stack = profile->samples.items[0].stack;
    }
    assert_int_equal(umig_profile_add_gc_event(profile, &event), UMIG_OK);
}

/* What the log says beside pauses: of each kind something. */
static void add_gc_events(struct umig_profile *profile)
{
    for (uint64_t i = 0; i < 20; i++) {
        add_gc_event(profile, UMIG_GC_EVENT_PHASE, i, "Evacuate Collection Set", 3000 + 100 * i);
        add_gc_event(profile, UMIG_GC_EVENT_PHASE, i, "Other", 200);
        add_gc_event(profile, UMIG_GC_EVENT_PROMOTION, i, "Old regions", 4000);
        add_gc_event(profile, UMIG_GC_EVENT_SAFEPOINT, i, "G1CollectForAllocation", 5000);
    }
    add_gc_event(profile, UMIG_GC_EVENT_CYCLE, 3, "Concurrent Mark Cycle", 84000);
    add_gc_event(profile, UMIG_GC_EVENT_CONCURRENT, 3, "Concurrent Mark", 61000);
    add_gc_event(profile, UMIG_GC_EVENT_HUMONGOUS, 4, "Humongous regions", 0);
    add_gc_event(profile, UMIG_GC_EVENT_STALL, 4, "Allocation Stall", 2500);
    add_gc_event(profile, UMIG_GC_EVENT_FAILURE, 5, "To-space exhausted", 0);
    add_gc_event(profile, UMIG_GC_EVENT_SAFEPOINT, 6, "Cleanup", 90000);
    add_gc_event(profile, UMIG_GC_EVENT_LATE, 6, "Cleanup", 11250);
    add_gc_event(profile, UMIG_GC_EVENT_LATE, 0, "Cleanup", 1500);
}

static void add_pools(struct umig_profile *profile)
{
    static const char *const names[] = {"G1 Eden Space", "G1 Old Gen", "Metaspace", "RSS"};
    const struct umig_profile_pool_point unread = {.unix_ns = START_UNIX_NS,
                                                   .pool = string(profile, "CodeHeap")};
    for (uint64_t i = 0; i < 4; i++) {
        for (uint64_t second = 0; second < 3; second++) {
            const bool is_read = i != 2 || second > 0;
            const struct umig_profile_pool_point point = {
                .unix_ns = START_UNIX_NS + second * UMIG_NS_PER_S,
                .pool = string(profile, names[i]),
                .used_bytes = is_read ? (40 + 20 * i + 7 * second) * MIB : 0,
                .committed_bytes = is_read ? (128 + 64 * i) * MIB : 0,
                .maximum_bytes = i == 1 ? 512 * MIB : UMIG_BYTES_UNKNOWN,
            };
            assert_int_equal(umig_profile_add_pool_point(profile, &point), UMIG_OK);
        }
    }
    assert_int_equal(umig_profile_add_pool_point(profile, &unread), UMIG_OK);
}

static void add_counters(struct umig_profile *profile)
{
    static const uint64_t grown[UMIG_JVM_COUNTERS] = {
        [UMIG_JVM_SAFEPOINTS] = 42,
        [UMIG_JVM_SAFEPOINT_NS] = 410 * UMIG_NS_PER_MS,
        [UMIG_JVM_REACH_NS] = 9 * UMIG_NS_PER_MS,
        [UMIG_JVM_LOADED] = 1234,
        [UMIG_JVM_LOAD_NS] = 300 * UMIG_NS_PER_MS,
        [UMIG_JVM_COMPILED] = 870,
        [UMIG_JVM_COMPILE_NS] = 1700 * UMIG_NS_PER_MS,
        [UMIG_JVM_CREATED] = 12000,
    };
    for (uint32_t i = 1; i < UMIG_JVM_COUNTERS; i++) {
        umig_profile_set_jvm_counter(profile, i, START_UNIX_NS, 1000);
        umig_profile_set_jvm_counter(profile, i, START_UNIX_NS + 29 * UMIG_NS_PER_S,
                                     1000 + grown[i]);
    }
}

static void add_waits(struct umig_profile *profile)
{
    const uint32_t stacks[2] = {profile->samples.items[0].stack, profile->samples.items[9].stack};
    for (uint32_t i = 0; i < 12; i++) {
        const struct umig_profile_wait wait = {
            .unix_ns = START_UNIX_NS + i * UMIG_NS_PER_S,
            .thread = 1,
            .holder = i % 3 == 0 ? 0 : 2,
            .monitor_class = i % 4 == 0 ? 0 : string(profile, "svc.Inventory"),
            .stack = stacks[i % 2],
            .wait_ns = (i + 1) * 3 * UMIG_NS_PER_MS,
            .count = 1 + i % 2,
        };
        assert_int_equal(umig_profile_add_wait(profile, &wait), UMIG_OK);
    }
}

static uint32_t called(struct umig_profile *profile,
                       uint32_t caller,
                       const char *class_name,
                       const char *name,
                       enum umig_frame_kind kind)
{
    const struct umig_profile_method method = {.class_name = string(profile, class_name),
                                               .name = string(profile, name)};
    struct umig_profile_frame frame = {.kind = kind};
    uint32_t id = 0;
    uint32_t stack = 0;
    assert_int_equal(umig_profile_method(profile, &method, &frame.method), UMIG_OK);
    assert_int_equal(umig_profile_frame(profile, &frame, &id), UMIG_OK);
    assert_int_equal(umig_profile_stack(profile, caller, id, &stack), UMIG_OK);
    return stack;
}

/* A virtual thread that native code called, and that cannot leave its carrier. */
static void add_pin(struct umig_profile *profile)
{
    uint32_t stack = called(profile, 0, "svc.Codec", "decode0", UMIG_FRAME_NATIVE_METHOD);
    stack = called(profile, stack, "svc.Codec", "refill", UMIG_FRAME_JAVA);
    stack = called(profile, stack, "java.util.concurrent.FutureTask", "get", UMIG_FRAME_JAVA);
    stack = called(profile, stack, "java.lang.VirtualThread", "park", UMIG_FRAME_JAVA);
    stack =
        called(profile, stack, "java.lang.VirtualThread", "parkOnCarrierThread", UMIG_FRAME_JAVA);
    stack = called(profile, stack, "jdk.internal.misc.Unsafe", "park", UMIG_FRAME_NATIVE_METHOD);
    const struct umig_profile_wait wait = {
        .unix_ns = START_UNIX_NS,
        .thread = 1,
        .monitor_class = string(profile, "java.lang.VirtualThread"),
        .stack = stack,
        .wait_ns = 41 * UMIG_NS_PER_MS,
        .count = 3,
    };
    assert_int_equal(umig_profile_add_wait(profile, &wait), UMIG_OK);
}

/* Allocation on the stacks of the CPU samples: in a thread's buffer, outside, humongous. */
static void add_allocation(struct umig_profile *profile)
{
    static const struct {
        const char *class_name;
        enum umig_frame_kind kind;
    } objects[] = {{"byte[]", UMIG_FRAME_ALLOCATED},
                   {"java.util.LinkedHashMap$Entry", UMIG_FRAME_ALLOCATED},
                   {"java.lang.Object[]", UMIG_FRAME_OUTSIDE},
                   {"int[][]", UMIG_FRAME_HUMONGOUS}};
    for (uint64_t i = 0; i < 24; i++) {
        const struct umig_profile_method method = {.class_name =
                                                       string(profile, objects[i % 4].class_name)};
        struct umig_profile_frame frame = {.kind = objects[i % 4].kind};
        struct umig_profile_sample sample = profile->samples.items[3 * i];
        uint32_t frame_id = 0;
        sample.kind = UMIG_KIND_ALLOC;
        sample.count = (24 - i) * 700;
        sample.value = (24 - i) * 3 * MIB;
        assert_int_equal(umig_profile_method(profile, &method, &frame.method), UMIG_OK);
        assert_int_equal(umig_profile_frame(profile, &frame, &frame_id), UMIG_OK);
        assert_int_equal(umig_profile_stack(profile, sample.stack, frame_id, &sample.stack),
                         UMIG_OK);
        assert_int_equal(umig_profile_add_sample(profile, &sample), UMIG_OK);
    }
    const struct umig_profile_thread_total total = {
        .thread = 1, .kind = UMIG_KIND_ALLOC, .count = 1200, .value = 900 * MIB};
    assert_int_equal(umig_profile_add_thread_total(profile, &total), UMIG_OK);
    profile->session.has_kind[UMIG_KIND_ALLOC] = true;
    profile->session.interval_ns[UMIG_KIND_ALLOC] = 512 * 1024;
}

/* A pool that is full, one of connections, one that rests. */
static void add_work_pools(struct umig_profile *profile)
{
    static const struct {
        const char *name;
        enum umig_pool_kind kind;
        struct umig_pool_figures figures;
        uint64_t a_second; /* completed */
    } pools[] = {
        {"http-nio-8080-exec", UMIG_POOL_TOMCAT, {200, 200, 38, 0, 9000}, 310},
        {"HikariPool-1", UMIG_POOL_HIKARI, {10, 10, 10, 26, UMIG_POOL_UNKNOWN}, 0},
        {"mailer", UMIG_POOL_EXECUTOR, {2, UMIG_POOL_UNKNOWN, 0, 0, 12}, 0},
    };
    for (uint64_t second = 0; second < 30; second++) {
        for (uint32_t i = 0; i < sizeof pools / sizeof pools[0]; i++) {
            struct umig_profile_work_row row = {.unix_ns = START_UNIX_NS + second * UMIG_NS_PER_S,
                                                .number = i + 1,
                                                .name = string(profile, pools[i].name),
                                                .kind = pools[i].kind,
                                                .figures = pools[i].figures};
            if (row.figures.completed != UMIG_POOL_UNKNOWN) {
                row.figures.completed += second * pools[i].a_second;
            }
            if (second % 3 == 2) {
                row.figures.active /= 2;
                row.figures.queued = 0;
            }
            assert_int_equal(umig_profile_add_work_row(profile, &row), UMIG_OK);
        }
    }
    profile->session.has_kind[UMIG_KIND_POOLS] = true;
    profile->session.interval_ns[UMIG_KIND_POOLS] = UMIG_NS_PER_S;
}

static void add_others(struct umig_profile *profile)
{
    assert_int_equal(umig_profile_add_other(profile, string(profile, "always-on")), UMIG_OK);
    assert_int_equal(umig_profile_add_other(profile, string(profile, "nightly")), UMIG_OK);
}

/* Broken stacks and a thread of the JVM's own. */
static void add_failures(struct umig_profile *profile)
{
    struct umig_profile_method method = {.name = string(profile, "unknown_java")};
    struct umig_profile_frame frame = {.kind = UMIG_FRAME_ERROR};
    struct umig_profile_sample sample = {.kind = UMIG_KIND_CPU,
                                         .outcome = UMIG_OUTCOME_UNKNOWN_JAVA,
                                         .group = string(profile, "pool-*-thread-*"),
                                         .count = 21,
                                         .value = 210 * UMIG_NS_PER_MS};
    uint32_t frame_id = 0;
    assert_int_equal(umig_profile_method(profile, &method, &frame.method), UMIG_OK);
    assert_int_equal(umig_profile_frame(profile, &frame, &frame_id), UMIG_OK);
    assert_int_equal(umig_profile_stack(profile, 0, frame_id, &sample.stack), UMIG_OK);
    assert_int_equal(umig_profile_add_sample(profile, &sample), UMIG_OK);

    method.name = string(profile, "JIT compiler");
    frame.kind = UMIG_FRAME_VM;
    sample.outcome = UMIG_OUTCOME_NO_JAVA;
    sample.group = string(profile, "C2 CompilerThread*");
    assert_int_equal(umig_profile_method(profile, &method, &frame.method), UMIG_OK);
    assert_int_equal(umig_profile_frame(profile, &frame, &frame_id), UMIG_OK);
    assert_int_equal(umig_profile_stack(profile, 0, frame_id, &sample.stack), UMIG_OK);
    assert_int_equal(umig_profile_add_sample(profile, &sample), UMIG_OK);
}

static void set_books(struct umig_profile *profile)
{
    for (unsigned i = UMIG_KIND_CPU; i <= UMIG_KIND_LOCKS; i++) {
        profile->tallies[i] =
            (struct umig_profile_tally){.present = true, .produced = 1200, .stored = 1200};
    }
    struct umig_profile_tally *cpu = &profile->tallies[UMIG_KIND_CPU];
    cpu->produced = 9118 * UMIG_NS_PER_MS;
    cpu->stored = 8888 * UMIG_NS_PER_MS;
    cpu->dropped[UMIG_DROP_RING_FULL] = 220 * UMIG_NS_PER_MS;
    cpu->dropped[UMIG_DROP_STOPPING] = 10 * UMIG_NS_PER_MS;
}

struct umig_profile *umig_sample_service(void)
{
    struct umig_profile *profile =
        umig_collapsed_load(UMIG_TEST_STACKS "/groovy4-indy-jdk17.stacks");
    set_session(profile);
    add_pauses(profile);
    add_gc_events(profile);
    add_costs(profile);
    add_counters(profile);
    add_pools(profile);
    add_waits(profile);
    add_pin(profile);
    add_allocation(profile);
    add_work_pools(profile);
    add_others(profile);
    add_failures(profile);
    set_books(profile);
    return profile;
}

struct umig_profile *umig_sample_hostile(void)
{
    struct umig_profile *profile = umig_collapsed_read(
        "[\x1b[31mred\x1b[0m\a];svc.\x1b]0,title\a.run:1;svc.A.<script>alert(1)</script>:2 60\n"
        "[\xE2\x80\xAEred];svc.B.\xE2\x80\xAEgro:3 30\n"
        "[\xFF\xFE\x80];svc.C.\xC3\x28:4 20\n"
        "[wide];svc.D.\xE5\x90\x8D\xE5\x89\x8D\xE5\x90\x8D\xE5\x89\x8D\xE5\x90\x8D\xE5\x89\x8D."
        "cafe\xCC\x81:5 10\n"
        "[long];svc.E.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb:6 9");
    set_session(profile);
    profile->session.service = string(profile, "\x1b[2J\r\nowned\t\x7f");
    profile->session.end = UMIG_END_LOST;
    return profile;
}

static void add_named_sample(struct umig_profile *profile, uint32_t name)
{
    const struct umig_profile_method method = {.class_name = name, .name = name, .file = name};
    struct umig_profile_frame frame = {.kind = UMIG_FRAME_COMPILED, .line = 7};
    struct umig_profile_sample sample = {
        .kind = UMIG_KIND_CPU, .group = name, .count = 50, .value = 500 * UMIG_NS_PER_MS};
    uint32_t frame_id = 0;
    assert_int_equal(umig_profile_method(profile, &method, &frame.method), UMIG_OK);
    assert_int_equal(umig_profile_frame(profile, &frame, &frame_id), UMIG_OK);
    assert_int_equal(umig_profile_stack(profile, 0, frame_id, &sample.stack), UMIG_OK);
    assert_int_equal(umig_profile_add_sample(profile, &sample), UMIG_OK);
}

static void add_named_events(struct umig_profile *profile, uint32_t name)
{
    uint32_t thread = 0;
    assert_int_equal(umig_profile_thread(profile, 7, UMIG_THREAD_JAVA, name, &thread), UMIG_OK);
    const struct umig_profile_wait wait = {.unix_ns = START_UNIX_NS,
                                           .thread = thread,
                                           .holder = thread,
                                           .monitor_class = name,
                                           .stack = profile->samples.items[0].stack,
                                           .wait_ns = 5 * UMIG_NS_PER_MS,
                                           .count = 2};
    const struct umig_profile_pause pause = {.start_unix_ns = START_UNIX_NS,
                                             .duration_ns = UMIG_NS_PER_MS,
                                             .collection = name,
                                             .cause = name,
                                             .before_bytes = 90 * MIB,
                                             .after_bytes = 40 * MIB};
    assert_int_equal(umig_profile_add_wait(profile, &wait), UMIG_OK);
    assert_int_equal(umig_profile_add_pause(profile, &pause), UMIG_OK);
    for (enum umig_gc_event_kind kind = UMIG_GC_EVENT_PHASE; kind < UMIG_GC_EVENT_KINDS; kind++) {
        const struct umig_profile_gc_event event = {.kind = kind,
                                                    .start_unix_ns = START_UNIX_NS,
                                                    .duration_ns = UMIG_NS_PER_MS,
                                                    .before = 7,
                                                    .after = 70 * MIB,
                                                    .name = name,
                                                    .detail = name,
                                                    .thread = thread,
                                                    .stack = profile->samples.items[0].stack};
        assert_int_equal(umig_profile_add_gc_event(profile, &event), UMIG_OK);
    }
    for (uint64_t second = 0; second < 3; second++) {
        const struct umig_profile_pool_point point = {.unix_ns =
                                                          START_UNIX_NS + second * UMIG_NS_PER_S,
                                                      .pool = name,
                                                      .used_bytes = (30 + second) * MIB,
                                                      .committed_bytes = 64 * MIB,
                                                      .maximum_bytes = UMIG_BYTES_UNKNOWN};
        assert_int_equal(umig_profile_add_pool_point(profile, &point), UMIG_OK);
    }
    const struct umig_profile_work_row row = {.unix_ns = START_UNIX_NS,
                                              .number = 1,
                                              .name = name,
                                              .kind = UMIG_POOL_FORK_JOIN,
                                              .figures = {8, 4, 3, 2, 1}};
    assert_int_equal(umig_profile_add_work_row(profile, &row), UMIG_OK);
}

struct umig_profile *umig_sample_named(const char *name)
{
    struct umig_profile *profile = umig_collapsed_read("");
    set_session(profile);
    const uint32_t id = string(profile, name);
    struct umig_profile_session *session = &profile->session;
    session->id = session->service = session->instance = session->host = id;
    session->main_class = session->jvm_name = session->jvm_version = id;
    session->collector_name = id;
    assert_int_equal(umig_profile_add_other(profile, id), UMIG_OK);
    add_named_sample(profile, id);
    add_named_events(profile, id);
    return profile;
}

struct umig_profile *umig_sample_quiet(void)
{
    struct umig_profile *profile = umig_collapsed_read("[main];svc.Main.main:3;svc.Main.work:9 12");
    set_session(profile);
    profile->session.end = UMIG_END_RUNNING;
    return profile;
}

struct umig_profile *umig_sample_locks_only(void)
{
    struct umig_profile *profile = umig_collapsed_read("");
    set_session(profile);
    for (unsigned i = 1; i < UMIG_KIND_COUNT; i++) {
        profile->session.has_kind[i] = i == UMIG_KIND_LOCKS;
    }
    return profile;
}
