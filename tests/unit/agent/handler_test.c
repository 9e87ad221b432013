/* The handler as a plain function: no signal, no JVM, a fake walker. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "agent/signal/guard.h"
#include "agent/signal/handler.h"
#include "agent/signal/install.h"
#include "core/clock.h"
#include "tests/support/test.h"
#include "tests/unit/agent/fake_hotspot.h"

enum {
    SLOTS = 64,
    RING_BYTES = 65536,
    METHODS = 256
};

struct fixture {
    struct umig_sampler sampler;
    struct umig_names names;
    struct umig_slot *slot;
    struct fake_method *methods[3];
    ucontext_t context;
    int env; /* its address stands for a JNIEnv */
};

static struct umig_walk_result g_walk_result;
static struct fixture *g_walked; /* whose methods the fake walker reports */
static void *g_fault_at;
static const char *g_virtual_name;
static uint64_t g_walk_takes_ns; /* of CPU */
static bool g_ends_slot;         /* the last session ends while the stack is walked */

static void pass(int signo)
{
    (void)signo;
}

static void work(uint64_t cpu_ns)
{
    const uint64_t end_ns = umig_clock_thread_cpu_ns() + cpu_ns;
    while (umig_clock_thread_cpu_ns() < end_ns) {
    }
}

static struct umig_walk_result fake_walk(const void *walker,
                                         const struct umig_walk_request *request)
{
    (void)walker;
    work(g_walk_takes_ns);
    if (g_ends_slot) {
        atomic_store(&g_walked->slot->env, NULL);
        atomic_store(&g_walked->slot->state, UMIG_SLOT_ENDED);
    }
    if (g_fault_at != NULL) {
        (void)*(volatile int *)g_fault_at;
    }
    if (g_virtual_name != NULL) {
        request->virtual_thread->who = UMIG_RECORD_VIRTUAL_LATIN1;
        request->virtual_thread->id = 4711;
        request->virtual_thread->text_bytes = (uint32_t)strlen(g_virtual_name);
        memcpy(request->virtual_thread->text, g_virtual_name, strlen(g_virtual_name));
    }
    for (uint32_t i = 0; i < g_walk_result.frame_count; i++) {
        request->frames[i] = (struct umig_walk_frame){
            .method = (uintptr_t)g_walked->methods[i % 3],
            .bci = (int32_t)i,
            .kind = UMIG_FRAME_JAVA,
        };
    }
    return g_walk_result;
}

static int setup(void **state)
{
    struct fixture *fx = calloc(1, sizeof *fx);
    umig_slots_init(&fx->sampler.slots, calloc(SLOTS, sizeof(struct umig_slot)), SLOTS);
    for (uint32_t i = 0; i < UMIG_RING_COUNT; i++) {
        umig_ring_init(&fx->sampler.rings.ring[i], aligned_alloc(8, RING_BYTES), RING_BYTES,
                       calloc(1, umig_sampler_scratch_bytes(sizeof(struct umig_step))));
    }
    umig_names_init(&fx->names, &fake_hotspot, calloc(1, umig_names_bytes(METHODS)), METHODS);
    atomic_store(&fx->sampler.names, &fx->names);
    fx->sampler.hotspot = &fake_hotspot;
    fx->sampler.walk = fake_walk;
    fx->methods[0] = fake_method_new("a/Leaf", "leaf", NULL, NULL, 0);
    fx->methods[1] = fake_method_new("a/Middle", "middle", NULL, NULL, 0);
    fx->methods[2] = fake_method_new("a/Root", "root", NULL, NULL, 0);
    fx->slot = umig_slots_register_locked(&fx->sampler.slots, (int)syscall(SYS_gettid));
    atomic_store(&fx->slot->kind, UMIG_THREAD_JAVA);
    atomic_store(&fx->slot->env, &fx->env);
    umig_gate_open(&fx->sampler.gate);
    g_walk_result = (struct umig_walk_result){.outcome = UMIG_OUTCOME_OK, .frame_count = 3};
    g_walked = fx;
    g_fault_at = NULL;
    g_virtual_name = NULL;
    g_walk_takes_ns = 0;
    g_ends_slot = false;
    *state = fx;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fx = *state;
    for (uint32_t i = 0; i < UMIG_RING_COUNT; i++) {
        free(fx->sampler.rings.ring[i].bytes);
        free(fx->sampler.rings.ring[i].scratch);
    }
    for (int i = 0; i < 3; i++) {
        fake_method_free(fx->methods[i]);
    }
    free(fx->sampler.slots.slots);
    free(fx->names.memory);
    free(fx);
    return 0;
}

static const struct umig_record *only_record(struct fixture *fx)
{
    const struct umig_record *found = NULL;
    for (uint32_t i = 0; i < UMIG_RING_COUNT; i++) {
        const struct umig_record *record = umig_ring_peek(&fx->sampler.rings.ring[i]);
        if (record != NULL) {
            assert_null(found);
            found = record;
        }
    }
    return found;
}

static void tick(struct fixture *fx)
{
    umig_sig_sample(&fx->sampler, fx->slot, 20 * UMIG_NS_PER_MS, &fx->context);
}

/* A tick that is due, however dear the sample before was on a busy machine. */
static void sample(struct fixture *fx)
{
    fx->slot->due_cpu_ns = 0;
    tick(fx);
}

static void test_handler_records_a_walked_stack(void **state)
{
    struct fixture *fx = *state;

    sample(fx);

    const struct umig_record *record = only_record(fx);
    assert_non_null(record);
    assert_int_equal(record->type, UMIG_RECORD_CPU);
    assert_int_equal(record->outcome, UMIG_OUTCOME_OK);
    assert_int_equal(record->value_ns, 20 * UMIG_NS_PER_MS);
    assert_int_equal(record->frame_count, 3);
    assert_int_equal(record->slot, umig_slots_index(&fx->sampler.slots, fx->slot));
    const uint32_t *ids = (const uint32_t *)(const void *)(record + 1);
    struct umig_name_frame frame;
    assert_true(umig_names_read(&fx->names, ids[0], &frame));
    assert_memory_equal(frame.class_text, "a/Leaf", 6);
    assert_int_equal(atomic_load(&fx->sampler.produced_ns), 20 * UMIG_NS_PER_MS);
    assert_int_equal(atomic_load(&fx->names.inside), 0);
    assert_int_equal(atomic_load(&fx->sampler.gate.inside), 0);
}

static void test_look_is_recorded_and_takes_nothing_from_the_cpu_samples(void **state)
{
    struct fixture *fx = *state;
    atomic_store(&fx->slot->unsaid_ns, 30 * UMIG_NS_PER_MS); /* of ticks that wait */
    atomic_store(&fx->sampler.native, UMIG_NATIVE_ON);

    umig_sig_look(&fx->sampler, fx->slot, &fx->context);

    const struct umig_record *record = only_record(fx);
    assert_non_null(record);
    assert_int_equal(record->type, UMIG_RECORD_LOOK);
    assert_int_equal(record->value_ns, 0);
    assert_int_equal(record->native_bytes, 0);
    assert_int_equal(record->frame_count, 3);
    assert_int_equal(atomic_load(&fx->sampler.produced_ns), 0);
    assert_int_equal(atomic_load(&fx->slot->unsaid_ns), 30 * UMIG_NS_PER_MS);
}

static void test_look_that_cannot_be_taken_drops_nothing(void **state)
{
    struct fixture *fx = *state;
    (void)umig_gate_close(&fx->sampler.gate, UMIG_NS_PER_S);

    umig_sig_look(&fx->sampler, fx->slot, &fx->context);

    assert_null(only_record(fx));
    for (int cause = 0; cause < UMIG_DROP_COUNT; cause++) {
        assert_int_equal(atomic_load(&fx->sampler.dropped_ns[cause]), 0);
    }
}

static void test_handler_keeps_a_failed_walk_with_its_cause(void **state)
{
    struct fixture *fx = *state;
    g_walk_result = (struct umig_walk_result){.outcome = UMIG_OUTCOME_UNKNOWN_JAVA};

    sample(fx);

    const struct umig_record *record = only_record(fx);
    assert_int_equal(record->outcome, UMIG_OUTCOME_UNKNOWN_JAVA);
    assert_int_equal(record->frame_count, 0);
}

static void test_handler_does_not_walk_threads_without_java(void **state)
{
    struct fixture *fx = *state;
    atomic_store(&fx->slot->env, NULL);
    atomic_store(&fx->slot->kind, UMIG_THREAD_GC);

    sample(fx);

    assert_int_equal(only_record(fx)->outcome, UMIG_OUTCOME_NO_JAVA);
}

static const char *text_of(const struct umig_record *record)
{
    return (const char *)(record + 1) + record->frame_count * sizeof(uint32_t);
}

static void test_handler_records_the_virtual_thread_beside_its_stack(void **state)
{
    struct fixture *fx = *state;
    char longest[UMIG_VIRTUAL_TEXT_BYTES + 1];
    memset(longest, 'n', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    g_virtual_name = longest;
    sample(fx);
    const struct umig_record *record = only_record(fx);
    assert_int_equal(record->thread, UMIG_RECORD_VIRTUAL_LATIN1);
    assert_int_equal(record->virtual_id, 4711);
    assert_int_equal(record->frame_count, 3);
    assert_int_equal(record->text_bytes, sizeof longest - 1);
    assert_memory_equal(text_of(record), longest, sizeof longest - 1);
    assert_true(record->byte_count >= sizeof *record + 3 * sizeof(uint32_t) + sizeof longest - 1);
}

/* The scratch holds what the walk before left there. */
static void test_handler_tells_no_virtual_thread_where_none_was_read(void **state)
{
    struct fixture *fx = *state;
    g_virtual_name = "orders-1";
    sample(fx);
    for (uint32_t i = 0; i < UMIG_RING_COUNT; i++) {
        struct umig_ring *ring = &fx->sampler.rings.ring[i];
        const struct umig_record *record = umig_ring_peek(ring);
        if (record != NULL) {
            umig_ring_release(ring, record);
        }
    }
    g_virtual_name = NULL;
    sample(fx);
    const struct umig_record *record = only_record(fx);
    assert_int_equal(record->thread, UMIG_RECORD_PLATFORM);
    assert_int_equal(record->virtual_id, 0);
    assert_int_equal(record->text_bytes, 0);
}

static void sample_collector(struct fixture *fx, atomic_bool *is_in_pause, const char *cause)
{
    fx->sampler.told = (struct umig_told_sources){.is_in_pause = is_in_pause, .cause = cause};
    atomic_store(&fx->slot->env, NULL);
    atomic_store(&fx->slot->kind, UMIG_THREAD_GC);
    sample(fx);
}

static void test_handler_tells_the_pause_a_collector_works_in(void **state)
{
    static const struct {
        char cause[UMIG_TOLD_CAUSE_BYTES];
        bool is_in_pause;
        uint8_t doing;
        const char *text;
    } rows[] = {
        {"G1 Evacuation Pause", true, UMIG_DOING_PAUSE, "G1 Evacuation Pause"},
        {"No GC", true, UMIG_DOING_PAUSE, ""},
        {"G1 \001vacuation Pause", true, UMIG_DOING_PAUSE, ""},
        {"No GC", false, UMIG_DOING_BESIDE, ""},
        {"G1 Evacuation Pause", false, UMIG_DOING_BESIDE, ""},
    };
    struct fixture *fx = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        atomic_bool is_in_pause = rows[i].is_in_pause;

        sample_collector(fx, &is_in_pause, rows[i].cause);

        struct umig_ring *ring = NULL;
        for (uint32_t r = 0; r < UMIG_RING_COUNT; r++) {
            ring = umig_ring_peek(&fx->sampler.rings.ring[r]) ? &fx->sampler.rings.ring[r] : ring;
        }
        const struct umig_record *record = only_record(fx);
        assert_int_equal(record->outcome, UMIG_OUTCOME_NO_JAVA);
        assert_int_equal(record->doing, rows[i].doing);
        assert_int_equal(record->frame_count, 0);
        assert_int_equal(record->text_bytes, strlen(rows[i].text));
        assert_memory_equal(text_of(record), rows[i].text, record->text_bytes);
        umig_ring_release(ring, record);
    }
}

static void test_handler_without_sources_tells_nothing_of_a_collector(void **state)
{
    struct fixture *fx = *state;

    sample_collector(fx, NULL, NULL);

    assert_int_equal(only_record(fx)->doing, UMIG_DOING_UNKNOWN);
    assert_int_equal(only_record(fx)->text_bytes, 0);
}

static void test_handler_survives_a_cause_that_cannot_be_read(void **state)
{
#ifdef __SANITIZE_THREAD__
    skip(); /* its runtime does not follow a jump out of a signal handler */
#endif
    struct fixture *fx = *state;
    atomic_bool is_in_pause = true;
    const struct umig_code_range everything = {.begin = 0, .end = UINTPTR_MAX};
    /* cmocka has taken the signals again since another test. */
    g_umig_guard = (struct umig_guard_state){.range_count = 0};
    assert_int_equal(umig_guard_install(&fx->sampler.slots, &everything, 1, NULL), UMIG_OK);
    char *gone = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    sample_collector(fx, &is_in_pause, gone);

    assert_int_equal(only_record(fx)->doing, UMIG_DOING_UNKNOWN);
    assert_int_equal(atomic_load(&fx->sampler.faults), 1);
    assert_true(atomic_load(&fx->slot->rest_until_ns) > 0);
    munmap(gone, 4096);
}

/* What the JVM has for a thread that compiles: its ciEnv lies on the stack, above the sample. */
struct compiler_thread {
    uintptr_t stack_base, stack_bytes, env;
};

static void test_handler_tells_what_a_compiler_compiles(void **state)
{
    struct fixture *fx = *state;
    struct umig_hotspot hs = fake_hotspot;
    struct {
        uintptr_t unused[4];
        uintptr_t env_task;
    } stack = {{0}, 0};
    struct {
        uintptr_t method;
        int32_t osr_bci, tier;
    } task = {(uintptr_t)fx->methods[1], -1, 3};
    struct compiler_thread thread = {(uintptr_t)(&stack + 1), sizeof stack,
                                     (uintptr_t)&stack.env_task};
    stack.env_task = (uintptr_t)&task;
    hs.can_tell_compiling = true;
    hs.thread_stack_base = 0;
    hs.thread_stack_size = 8;
    hs.compiler_env = 16;
    hs.env_task = 0;
    hs.task_method = 0;
    hs.task_osr_bci = 8;
    hs.task_level = 12;
    fx->names.hotspot = &hs;
    fx->context.uc_mcontext.gregs[REG_RSP] = (greg_t)(uintptr_t)&stack;
    atomic_store(&fx->slot->env, NULL);
    atomic_store(&fx->slot->kind, UMIG_THREAD_JIT);
    atomic_store(&fx->slot->compiler, (uintptr_t)&thread);

    sample(fx);

    const struct umig_record *record = only_record(fx);
    assert_int_equal(record->outcome, UMIG_OUTCOME_NO_JAVA);
    assert_int_equal(record->doing, UMIG_DOING_COMPILE);
    assert_int_equal(record->tier, 3);
    assert_false(record->is_osr);
    assert_int_equal(record->frame_count, 1);
    struct umig_name_frame frame;
    assert_true(umig_names_read(&fx->names, *(const uint32_t *)(const void *)(record + 1), &frame));
    assert_int_equal(frame.kind, UMIG_FRAME_COMPILING);
    assert_memory_equal(frame.name_text, "middle", 6);
}

static void test_handler_says_when_a_java_thread_is_not_known_yet(void **state)
{
    struct fixture *fx = *state;
    atomic_store(&fx->slot->env, NULL);

    sample(fx);

    assert_int_equal(only_record(fx)->outcome, UMIG_OUTCOME_NOT_ATTACHED);
}

static void test_handler_names_repeated_frames_like_new_ones(void **state)
{
    struct fixture *fx = *state;
    enum {
        FRAMES = 600
    }; /* more than the memo has places */
    struct umig_walk_frame frames[FRAMES];
    uint32_t ids[FRAMES];
    for (uint32_t i = 0; i < FRAMES; i++) {
        frames[i] = (struct umig_walk_frame){
            .method = (uintptr_t)fx->methods[i % 3],
            .bci = (int32_t)(i * i % 50),
            .kind = i % 7 == 0 ? UMIG_FRAME_NATIVE_METHOD : UMIG_FRAME_JAVA,
        };
    }
    assert_int_equal(umig_sampler_name_frames(&fx->names, frames, FRAMES, ids), FRAMES);
    for (uint32_t i = 0; i < FRAMES; i++) {
        assert_int_equal(
            ids[i], umig_names_frame(&fx->names, frames[i].method, frames[i].bci, frames[i].kind));
    }
}

static void test_handler_counts_refusals_by_cause(void **state)
{
    struct fixture *fx = *state;
    const uint64_t value = 20 * UMIG_NS_PER_MS;

    atomic_store(&fx->slot->in_handler, true);
    sample(fx);
    atomic_store(&fx->slot->in_handler, false);
    for (uint32_t i = 0; i < UMIG_RING_COUNT; i++) {
        assert_non_null(umig_rings_lock(&fx->sampler.rings, i));
    }
    sample(fx);
    for (uint32_t i = 0; i < UMIG_RING_COUNT; i++) {
        umig_ring_unlock(&fx->sampler.rings.ring[i]);
    }
    assert_true(umig_gate_close(&fx->sampler.gate, 0));
    sample(fx);

    assert_null(only_record(fx));
    assert_int_equal(atomic_load(&fx->sampler.dropped_ns[UMIG_DROP_REENTRANT]), value);
    assert_int_equal(atomic_load(&fx->sampler.dropped_ns[UMIG_DROP_RING_BUSY]), value);
    assert_int_equal(atomic_load(&fx->sampler.dropped_ns[UMIG_DROP_STOPPING]), value);
    assert_int_equal(atomic_load(&fx->sampler.produced_ns), 3 * value);
}

/* Books: produced = recorded + dropped, however many samples there are. */
static void test_handler_full_ring_drops_are_counted_exactly(void **state)
{
    struct fixture *fx = *state;
    g_walk_result.frame_count = 1000;
    enum {
        SAMPLES = 2000
    };

    for (int i = 0; i < SAMPLES; i++) {
        sample(fx);
    }

    uint64_t recorded = 0;
    for (uint32_t i = 0; i < UMIG_RING_COUNT; i++) {
        const struct umig_record *record;
        while ((record = umig_ring_peek(&fx->sampler.rings.ring[i])) != NULL) {
            recorded += record->value_ns;
            umig_ring_release(&fx->sampler.rings.ring[i], record);
        }
    }
    const uint64_t dropped = atomic_load(&fx->sampler.dropped_ns[UMIG_DROP_RING_FULL]);
    assert_true(dropped > 0);
    assert_int_equal(recorded + dropped, atomic_load(&fx->sampler.produced_ns));
}

static void test_handler_marks_a_cut_stack(void **state)
{
    struct fixture *fx = *state;
    g_walk_result.cut_at = 1;

    sample(fx);

    assert_int_equal(only_record(fx)->cut_at, 1);
}

static void let_walks_fault(struct fixture *fx)
{
    const struct umig_code_range everything = {.begin = 0, .end = UINTPTR_MAX};
    /* cmocka has taken the signals again since another test. */
    g_umig_guard = (struct umig_guard_state){.range_count = 0};
    assert_int_equal(umig_guard_install(&fx->sampler.slots, &everything, 1, NULL), UMIG_OK);
    g_fault_at = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void test_handler_survives_a_fault_and_lets_the_thread_rest(void **state)
{
#ifdef __SANITIZE_THREAD__
    skip(); /* its runtime does not follow a jump out of a signal handler */
#endif
    struct fixture *fx = *state;
    void *unmapped = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const struct umig_code_range everything = {.begin = 0, .end = UINTPTR_MAX};
    struct umig_err err = UMIG_ERR_INIT;
    assert_int_equal(umig_guard_install(&fx->sampler.slots, &everything, 1, &err), UMIG_OK);
    g_fault_at = unmapped;
    fx->sampler.has_evidence = true; /* of a walk that has not even begun */

    sample(fx);
    struct umig_evidence evidence;
    assert_true(umig_evidence_get(&fx->sampler.failures, 0, &evidence));
    assert_int_equal(evidence.outcome, UMIG_OUTCOME_GUARD);
    assert_ptr_equal((const void *)evidence.fault_address, unmapped);
    assert_int_not_equal(evidence.fault_pc, 0);
    assert_true(evidence.is_leaf);
    const struct umig_record *record = only_record(fx);
    assert_int_equal(record->outcome, UMIG_OUTCOME_GUARD);
    umig_ring_release(
        &fx->sampler.rings.ring[umig_slots_index(&fx->sampler.slots, fx->slot) % UMIG_RING_COUNT],
        record);
    g_fault_at = NULL;
    sample(fx);

    assert_int_equal(only_record(fx)->outcome, UMIG_OUTCOME_RESTING);
    assert_int_equal(atomic_load(&fx->sampler.faults), 1);
    assert_false(atomic_load(&fx->slot->in_handler));
    munmap(unmapped, 4096);
}

static void test_handler_survives_a_fault_when_sessions_end_meanwhile(void **state)
{
#ifdef __SANITIZE_THREAD__
    skip(); /* its runtime does not follow a jump out of a signal handler */
#endif
    struct fixture *fx = *state;
    let_walks_fault(fx);
    g_ends_slot = true;

    sample(fx);

    assert_int_equal(only_record(fx)->outcome, UMIG_OUTCOME_GUARD);
    assert_int_equal(atomic_load(&fx->sampler.faults), 1);
    munmap(g_fault_at, 4096);
}

/* A fake walk of 100 ms makes the thread wait 5 s of its CPU, which this test does not live. */
static void test_handler_of_a_dear_walk_lets_the_next_one_wait_and_say_all(void **state)
{
    struct fixture *fx = *state;
    atomic_store(&fx->slot->clock, UMIG_CLOCK_CPUTIME);
    g_walk_takes_ns = 100 * UMIG_NS_PER_MS;
    sample(fx);
    const struct umig_record *record = only_record(fx);
    assert_int_equal(record->value_ns, 20 * UMIG_NS_PER_MS);
    umig_ring_release(
        &fx->sampler.rings.ring[umig_slots_index(&fx->sampler.slots, fx->slot) % UMIG_RING_COUNT],
        record);
    g_walk_takes_ns = 0;

    tick(fx);
    tick(fx);
    assert_null(only_record(fx));
    assert_int_equal(atomic_load(&fx->sampler.undue), 2);
    sample(fx);

    assert_int_equal(only_record(fx)->value_ns, 60 * UMIG_NS_PER_MS);
    assert_int_equal(atomic_load(&fx->sampler.produced_ns), 80 * UMIG_NS_PER_MS);
    assert_int_equal(atomic_load(&fx->slot->unsaid_ns), 0);
}

static void test_handler_drops_what_waits_when_its_clock_was_taken(void **state)
{
    struct fixture *fx = *state;
    atomic_store(&fx->slot->clock, UMIG_CLOCK_AUTO);
    fx->slot->due_cpu_ns = UINT64_MAX;

    tick(fx);

    assert_int_equal(atomic_load(&fx->slot->unsaid_ns), 0);
    assert_int_equal(atomic_load(&fx->sampler.dropped_ns[UMIG_DROP_STOPPING]), 20 * UMIG_NS_PER_MS);
}

static void test_handler_leaves_the_slot_of_another_thread_alone(void **state)
{
    struct fixture *fx = *state;
    atomic_store(&fx->slot->tid, 1); /* of a tick that came late: the slot is another thread's */

    sample(fx);

    assert_null(only_record(fx));
    assert_false(atomic_load(&fx->slot->in_handler));
    assert_int_equal(atomic_load(&fx->sampler.dropped_ns[UMIG_DROP_STOPPING]), 20 * UMIG_NS_PER_MS);
}

static void test_handler_survives_a_fault_where_faults_are_blocked(void **state)
{
#ifdef __SANITIZE_THREAD__
    skip(); /* its runtime does not follow a jump out of a signal handler */
#endif
    struct fixture *fx = *state;
    let_walks_fault(fx);
    sigset_t faults;
    sigset_t before;
    sigemptyset(&faults);
    sigaddset(&faults, SIGSEGV);
    fx->context.uc_sigmask = faults;
    assert_int_equal(pthread_sigmask(SIG_BLOCK, &faults, &before), 0);

    sample(fx);

    assert_int_equal(pthread_sigmask(SIG_SETMASK, &before, NULL), 0);
    assert_int_equal(only_record(fx)->outcome, UMIG_OUTCOME_GUARD);
    assert_int_equal(atomic_load(&fx->sampler.faults), 1);
    munmap(g_fault_at, 4096);
}

static void take(int signo)
{
    struct sigaction other = {.sa_handler = pass};
    sigaction(signo, &other, NULL);
}

static void test_handler_takes_a_free_signal_and_another_when_it_is_taken(void **state)
{
    struct fixture *fx = *state;
    struct umig_err err = UMIG_ERR_INIT;
    struct sigaction ignored = {.sa_handler = SIG_IGN};
    char name[UMIG_SIGNAL_NAME_BYTES];
    int signo = 0;
    sigaction(SIGPROF, &ignored, NULL);

    /* SIG_IGN is free to take; a stray signal must then neither end us nor be sampled. */
    assert_int_equal(umig_handler_install(&fx->sampler, &signo, &err), UMIG_OK);
    assert_int_equal(signo, SIGPROF);
    assert_true(umig_handler_is_installed());
    raise(SIGPROF);
    assert_int_equal(atomic_load(&fx->sampler.foreign), 1);
    assert_null(only_record(fx));
    assert_int_equal(umig_handler_install(&fx->sampler, &signo, &err), UMIG_OK);
    assert_int_equal(signo, SIGPROF);

    take(SIGPROF);
    take(SIGRTMIN + 8);
    assert_false(umig_handler_is_installed());
    assert_int_equal(umig_handler_install(&fx->sampler, &signo, &err), UMIG_OK);
    assert_int_equal(signo, SIGRTMIN + 9);
    umig_signal_name(signo, name);
    assert_string_equal(name, "SIGRTMIN+9");
    raise(signo);
    assert_int_equal(atomic_load(&fx->sampler.foreign), 2);

    for (int i = SIGRTMIN; i <= SIGRTMAX; i++) {
        take(i);
    }
    assert_int_equal(umig_handler_install(&fx->sampler, &signo, &err), UMIG_E_BUSY);
    for (int i = SIGRTMIN; i <= SIGRTMAX; i++) {
        sigaction(i, &ignored, NULL);
    }
}

static void test_walk_switched_off_still_counts_the_sample(void **state)
{
    struct fixture *fx = *state;
    atomic_store(&fx->sampler.refusal, UMIG_OUTCOME_WALK_OFF);

    sample(fx);

    assert_int_equal(only_record(fx)->outcome, UMIG_OUTCOME_WALK_OFF);
    assert_int_equal(only_record(fx)->frame_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_handler_survives_a_fault_and_lets_the_thread_rest,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_handler_survives_a_fault_when_sessions_end_meanwhile,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_handler_of_a_dear_walk_lets_the_next_one_wait_and_say_all, setup, teardown),
        cmocka_unit_test_setup_teardown(test_handler_drops_what_waits_when_its_clock_was_taken,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_handler_leaves_the_slot_of_another_thread_alone, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_handler_survives_a_fault_where_faults_are_blocked,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_handler_records_a_walked_stack, setup, teardown),
        cmocka_unit_test_setup_teardown(
            test_look_is_recorded_and_takes_nothing_from_the_cpu_samples, setup, teardown),
        cmocka_unit_test_setup_teardown(test_look_that_cannot_be_taken_drops_nothing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_handler_keeps_a_failed_walk_with_its_cause, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_handler_does_not_walk_threads_without_java, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_handler_records_the_virtual_thread_beside_its_stack,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_handler_tells_no_virtual_thread_where_none_was_read,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_handler_tells_the_pause_a_collector_works_in, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_handler_without_sources_tells_nothing_of_a_collector,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_handler_survives_a_cause_that_cannot_be_read, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_handler_tells_what_a_compiler_compiles, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_handler_says_when_a_java_thread_is_not_known_yet,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_handler_names_repeated_frames_like_new_ones, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_handler_counts_refusals_by_cause, setup, teardown),
        cmocka_unit_test_setup_teardown(test_handler_full_ring_drops_are_counted_exactly, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_handler_marks_a_cut_stack, setup, teardown),
        cmocka_unit_test_setup_teardown(test_walk_switched_off_still_counts_the_sample, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            test_handler_takes_a_free_signal_and_another_when_it_is_taken, setup, teardown),
    };
    return cmocka_run_group_tests_name("handler", tests, NULL, NULL);
}
