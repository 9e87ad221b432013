#include "tests/component/native/trace.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/support/test.h"

enum {
    STEPS_MAX = 65536,
    STACK_MAX_BYTES = 8192,
    TRAP_FLAG = 0x100,
    CALL_MAX_BYTES = 10
};

#define ARENA_BYTES ((size_t)256 << 20)
#define STEPS_BYTES ((size_t)STEPS_MAX * sizeof(struct trace_step))

static struct trace *current;
static void (*current_function)(void);
static bool is_stepping;
static uintptr_t stack_high;

static uintptr_t word_at(const struct trace_step *step, uintptr_t address)
{
    uintptr_t word = 0;
    memcpy(&word, step->stack + (address - step->stack_low), sizeof word);
    return word;
}

/* What the step before did to the callers. */
static void follow(const struct trace_step *before, struct trace_step *step)
{
    const uintptr_t pc = before->registers.by_number[UMIG_REGISTER_PC];
    const uintptr_t sp = step->registers.by_number[UMIG_REGISTER_SP];
    const uintptr_t now = step->registers.by_number[UMIG_REGISTER_PC];
    memcpy(step->callers, before->callers, sizeof step->callers);
    memcpy(step->sps, before->sps, sizeof step->sps);
    step->caller_count = before->caller_count;
    if (step->caller_count > 0 && now == step->callers[0] && sp == step->sps[0]) {
        step->caller_count--;
        memmove(step->callers, step->callers + 1, sizeof step->callers - sizeof step->callers[0]);
        memmove(step->sps, step->sps + 1, sizeof step->sps - sizeof step->sps[0]);
    } else if (sp == before->registers.by_number[UMIG_REGISTER_SP] - sizeof sp &&
               word_at(step, sp) - pc - 2 <= CALL_MAX_BYTES - 2) {
        memmove(step->callers + 1, step->callers, sizeof step->callers - sizeof step->callers[0]);
        memmove(step->sps + 1, step->sps, sizeof step->sps - sizeof step->sps[0]);
        step->callers[0] = word_at(step, sp);
        step->sps[0] = sp + sizeof sp;
        step->caller_count++;
    }
}

__attribute__((no_sanitize_address, no_sanitize_thread)) void trace_copy_stack(void *out,
                                                                               uintptr_t address,
                                                                               size_t byte_count)
{
    volatile uint64_t *to = out;
    /* NOLINTNEXTLINE(performance-no-int-to-ptr): a stack pointer was a number in a register */
    const volatile uint64_t *from = (const volatile uint64_t *)address;
    for (size_t i = 0; i < byte_count / sizeof *to; i++) {
        to[i] = from[i];
    }
}

/* In the handler: no assertion, a trace that is full shows by its count. */
static void keep(const void *context)
{
    struct trace *trace = current;
    const struct umig_registers registers = umig_registers_read(context);
    const uintptr_t low =
        (registers.by_number[UMIG_REGISTER_SP] - UMIG_RED_ZONE_BYTES) & ~(uintptr_t)7;
    const size_t left = stack_high - low;
    const size_t count = left < STACK_MAX_BYTES ? left : STACK_MAX_BYTES;
    if (trace->step_count == STEPS_MAX || trace->arena_bytes - trace->arena_used < count) {
        return;
    }
    struct trace_step *step = &trace->steps[trace->step_count];
    uint8_t *copy = (uint8_t *)trace->arena + trace->arena_used;
    trace_copy_stack(copy, low, count);
    trace->arena_used += count;
    *step = (struct trace_step){
        .registers = registers, .stack = copy, .stack_low = low, .stack_bytes = count};
    if (trace->step_count > 0 && is_stepping) {
        follow(&trace->steps[trace->step_count - 1], step);
    }
    trace->step_count++;
}

static void on_trap(int number, siginfo_t *info, void *context)
{
    (void)number;
    ucontext_t *uc = context;
    /* Of the two traps around a function, the first is the first step. */
    const bool is_end = is_stepping && info->si_code != TRAP_TRACE && current->step_count > 0;
    if (is_stepping && info->si_code != TRAP_TRACE) {
        uc->uc_mcontext.gregs[REG_EFL] ^= TRAP_FLAG;
    }
    if (!is_end) {
        keep(context);
    }
}

__attribute__((noinline)) void trace_mark(void)
{
    __asm__ volatile("int3" ::: "memory");
}

__attribute__((noinline)) static void between_traps(void (*function)(void))
{
    __asm__ volatile("int3" ::: "memory");
    function();
    __asm__ volatile("int3" ::: "memory");
}

static void *thread_main(void *argument)
{
    (void)argument;
    /* The top frames of the thread are the loader's and lie within a page of this one. */
    pthread_attr_t attributes;
    void *low = NULL;
    size_t byte_count = 0;
    pthread_getattr_np(pthread_self(), &attributes);
    pthread_attr_getstack(&attributes, &low, &byte_count);
    pthread_attr_destroy(&attributes);
    stack_high = (uintptr_t)low + byte_count;
    if (is_stepping) {
        between_traps(current_function);
    } else {
        current_function();
    }
    return NULL;
}

static void run(struct trace *trace, void (*function)(void))
{
    struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO | SA_NODEFER};
    struct sigaction before;
    pthread_t thread;
    const int protection = PROT_READ | PROT_WRITE;
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    *trace = (struct trace){.arena_bytes = ARENA_BYTES};
    trace->steps = mmap(NULL, STEPS_BYTES, protection, flags, -1, 0);
    trace->arena = mmap(NULL, ARENA_BYTES, protection, flags, -1, 0);
    assert_true(trace->steps != MAP_FAILED && trace->arena != MAP_FAILED);
    current = trace;
    current_function = function;
    assert_int_equal(sigaction(SIGTRAP, &action, &before), 0);
    assert_int_equal(pthread_create(&thread, NULL, thread_main, NULL), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(sigaction(SIGTRAP, &before, NULL), 0);
    assert_in_range(trace->step_count, 1, STEPS_MAX - 1);
    assert_true(trace->arena_bytes - trace->arena_used > STACK_MAX_BYTES);
}

void trace_run(struct trace *trace, void (*function)(void))
{
    is_stepping = true;
    run(trace, function);
}

void trace_marks(struct trace *trace, void (*function)(void))
{
    is_stepping = false;
    run(trace, function);
}

void trace_fini(struct trace *trace)
{
    munmap(trace->steps, STEPS_BYTES);
    munmap(trace->arena, ARENA_BYTES);
}
