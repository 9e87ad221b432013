/* Known call chains against what the unwinder makes of copies of their stacks. */
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "agent/native/unwind.h"
#include "core/clock.h"
#include "tests/component/native/subject.h"
#include "tests/component/native/trace.h"
#include "tests/support/test.h"

enum {
    MEMORY_BYTES = 32 << 20
};

struct fixture {
    struct umig_memory memory;
    struct umig_objects objects;
    struct umig_unwinder *unwinder;
    struct umig_unwind_frame frames[UMIG_UNWIND_FRAMES_MAX];
};

static int setup(void **state)
{
    struct fixture *fx = calloc(1, sizeof *fx);
    struct umig_err err = UMIG_ERR_INIT;
    fx->memory.limit_bytes = MEMORY_BYTES;
    assert_int_equal(umig_objects_init(&fx->objects, &fx->memory, MEMORY_BYTES / 2, &err), UMIG_OK);
    if (umig_unwinder_open(&fx->objects, &fx->memory, &fx->unwinder, &err) != UMIG_OK) {
        print_message("%s\n", err.text);
        return -1;
    }
    *state = fx;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fx = *state;
    fx->unwinder = umig_unwinder_close(fx->unwinder);
    umig_objects_fini(&fx->objects);
    assert_int_equal(fx->memory.used_bytes, 0);
    free(fx);
    return 0;
}

static struct umig_unwind_request request_of(struct fixture *fx, const struct trace_step *step)
{
    return (struct umig_unwind_request){
        .registers = step->registers,
        .stack = step->stack,
        .stack_low = step->stack_low,
        .stack_bytes = step->stack_bytes,
        .frames = fx->frames,
        .max_frames = UMIG_UNWIND_FRAMES_MAX,
    };
}

static struct umig_unwind_result unwind(struct fixture *fx, const struct trace_step *step)
{
    const struct umig_unwind_request request = request_of(fx, step);
    return umig_unwind(fx->unwinder, &request);
}

static void name_of(struct fixture *fx, size_t frame, char *out, size_t room)
{
    const struct umig_object *object =
        umig_objects_by_serial(&fx->objects, fx->frames[frame].object);
    out[0] = '\0';
    if (object != NULL && fx->frames[frame].symbol != 0) {
        assert_int_equal(umig_objects_name(object, fx->frames[frame].symbol, out, room), UMIG_OK);
    }
}

static void assert_name(struct fixture *fx, size_t frame, const char *expected)
{
    char name[256];
    name_of(fx, frame, name, sizeof name);
    assert_string_equal(name, expected);
}

/* The first frame with a name; fails if there is none. */
static size_t find_name(struct fixture *fx, size_t frame_count, const char *expected)
{
    char name[256];
    for (size_t i = 0; i < frame_count; i++) {
        name_of(fx, i, name, sizeof name);
        if (strcmp(name, expected) == 0) {
            return i;
        }
    }
    fail_msg("no frame is named %s", expected);
    return 0;
}

static void print_frames(struct fixture *fx, size_t count)
{
    char name[256];
    for (size_t i = 0; i < count; i++) {
        name_of(fx, i, name, sizeof name);
        print_message("  %zx sp %zx object %u %s\n", fx->frames[i].pc, fx->frames[i].sp,
                      fx->frames[i].object, name);
    }
}

/* Frames of the thread above the function, as the first step has them. */
struct base {
    uintptr_t pcs[UMIG_UNWIND_FRAMES_MAX];
    size_t count;
};

static struct base base_of(struct fixture *fx, const struct trace *trace)
{
    struct base base = {.count = 0};
    const struct umig_unwind_result result = unwind(fx, &trace->steps[0]);
    assert_int_equal(result.end, UMIG_UNWIND_ROOT);
    assert_true(result.frame_count >= 3); /* traps, thread_main, the thread's start */
    assert_name(fx, 0, "between_traps");
    assert_name(fx, 1, "thread_main");
    for (size_t i = 1; i < result.frame_count; i++) {
        base.pcs[base.count++] = fx->frames[i].pc;
    }
    return base;
}

static bool is_right(const struct fixture *fx,
                     const struct umig_unwind_result *result,
                     const struct trace_step *step,
                     const struct base *base)
{
    const size_t callers = step->caller_count;
    if (result->end != UMIG_UNWIND_ROOT || result->frame_count != 1 + callers + base->count ||
        fx->frames[0].pc != step->registers.by_number[UMIG_REGISTER_PC]) {
        return false;
    }
    for (size_t i = 0; i < callers; i++) {
        if (fx->frames[1 + i].pc != step->callers[i] || fx->frames[1 + i].sp != step->sps[i]) {
            return false;
        }
    }
    for (size_t i = 0; i < base->count; i++) {
        if (fx->frames[1 + callers + i].pc != base->pcs[i]) {
            return false;
        }
    }
    return true;
}

/* Every instruction of a run must unwind to the callers it really has. */
static void check_every_step(struct fixture *fx, void (*function)(void), size_t least_steps)
{
    struct trace trace;
    size_t deepest = 0;
    trace_run(&trace, function);
    umig_objects_refresh(&fx->objects);
    const struct base base = base_of(fx, &trace);
    for (size_t i = 0; i < trace.step_count; i++) {
        const struct trace_step *step = &trace.steps[i];
        const struct umig_unwind_result result = unwind(fx, step);
        if (!is_right(fx, &result, step, &base)) {
            print_frames(fx, result.frame_count);
            for (size_t k = 0; k < step->caller_count; k++) {
                print_message("  true caller %zx\n", step->callers[k]);
            }
            fail_msg("step %zu of %zu: %s", i, trace.step_count, umig_unwind_end_text(result.end));
        }
        deepest = step->caller_count > deepest ? step->caller_count : deepest;
    }
    print_message("%zu steps, up to %zu callers\n", trace.step_count, deepest);
    assert_true(trace.step_count >= least_steps);
    trace_fini(&trace);
}

static volatile int sink;

static void do_nothing(void)
{
    sink++;
}

static void run_chain(void)
{
    sink += subject_chain(do_nothing, 3);
}

static void test_every_instruction_of_a_chain(void **state)
{
    check_every_step(*state, run_chain, 200);
}

static void run_frames(void)
{
    sink += subject_dynamic(do_nothing, 100) + subject_dynamic(do_nothing, 1000);
    sink += subject_aligned(do_nothing, 3);
    for (int way = 0; way < 60; way += 2) {
        sink += subject_exits(do_nothing, way);
    }
    sink += subject_recurse(do_nothing, 20);
}

static void test_every_instruction_of_odd_frames(void **state)
{
    check_every_step(*state, run_frames, 500);
}

static void run_sort(void)
{
    sink += subject_sort(do_nothing, 3);
}

static void test_every_instruction_of_a_callback_of_libc(void **state)
{
    check_every_step(*state, run_sort, 300);
}

/* The PLT's stubs, the loader resolving a symbol, the library, the callback. */
static void run_library(void)
{
    sink += subject_through_library(do_nothing, -3);
}

static void test_every_instruction_of_the_first_call_of_a_library(void **state)
{
    check_every_step(*state, run_library, 500);
    check_every_step(*state, run_library, 30); /* bound now */
}

static void run_formatting(void)
{
    char text[64];
    sink += snprintf(text, sizeof text, "%s %d %.3f", "text", sink, 1.5);
}

static void test_every_instruction_of_printf(void **state)
{
    check_every_step(*state, run_formatting, 1000);
}

static void mark_chain(void)
{
    sink += subject_chain(trace_mark, 3);
}

static void test_names_and_stop(void **state)
{
    struct fixture *fx = *state;
    struct trace trace;
    trace_marks(&trace, mark_chain);
    umig_objects_refresh(&fx->objects);

    struct umig_unwind_result result = unwind(fx, &trace.steps[0]);

    assert_int_equal(result.end, UMIG_UNWIND_ROOT);
    static const char *const names[] = {"trace_mark",    "leaf",       "busy",
                                        "subject_chain", "mark_chain", "thread_main"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_name(fx, i, names[i]);
        assert_int_equal(fx->frames[i].is_exact, i == 0);
    }

    const struct umig_unwind_frame chain = fx->frames[3];
    struct umig_unwind_request request = request_of(fx, &trace.steps[0]);
    request.stop_low = (uintptr_t)subject_chain;
    request.stop_high = chain.pc + 1;
    result = umig_unwind(fx->unwinder, &request);
    assert_int_equal(result.end, UMIG_UNWIND_STOPPED);
    assert_int_equal(result.frame_count, 3);
    assert_int_equal(result.pc, chain.pc);
    assert_int_equal(result.sp, chain.sp);

    request = request_of(fx, &trace.steps[0]);
    request.max_frames = 2;
    result = umig_unwind(fx->unwinder, &request);
    assert_int_equal(result.end, UMIG_UNWIND_DEPTH);
    assert_int_equal(result.frame_count, 2);
    trace_fini(&trace);
}

/* As a call stub leaves the registers of what called it: only pc and sp are known here. */
static void test_goes_on_from_a_return_address(void **state)
{
    struct fixture *fx = *state;
    struct umig_unwind_frame whole[UMIG_UNWIND_FRAMES_MAX];
    struct trace trace;
    trace_marks(&trace, mark_chain);
    umig_objects_refresh(&fx->objects);
    (void)unwind(fx, &trace.steps[0]);
    memcpy(whole, fx->frames, sizeof whole);
    struct umig_unwind_request request = request_of(fx, &trace.steps[0]);
    request.registers = (struct umig_registers){{0}};
    request.registers.by_number[UMIG_REGISTER_PC] = whole[1].pc;
    request.registers.by_number[UMIG_REGISTER_SP] = whole[1].sp;
    request.is_return = true;
    request.stop_low = whole[4].pc; /* mark_chain, which may need its rbp */
    request.stop_high = request.stop_low + 1;

    const struct umig_unwind_result result = umig_unwind(fx->unwinder, &request);

    assert_int_equal(result.end, UMIG_UNWIND_STOPPED);
    assert_int_equal(result.frame_count, 3);
    assert_memory_equal(fx->frames, whole + 1, 3 * sizeof whole[0]);
    assert_int_equal(result.sp, whole[4].sp);
    trace_fini(&trace);
}

/* Wherever the copy is cut, what is left of the stack is the beginning of the whole. */
static void test_cut_copies_end_with_a_mark(void **state)
{
    struct fixture *fx = *state;
    struct trace trace;
    struct umig_unwind_frame whole[UMIG_UNWIND_FRAMES_MAX];
    trace_run(&trace, run_sort);
    umig_objects_refresh(&fx->objects);
    size_t truncated = 0;
    for (size_t i = 0; i < trace.step_count; i += 37) {
        const struct umig_unwind_result full = unwind(fx, &trace.steps[i]);
        memcpy(whole, fx->frames, sizeof whole);
        for (size_t count = 0; count < trace.steps[i].stack_bytes; count += 24) {
            struct umig_unwind_request request = request_of(fx, &trace.steps[i]);
            request.stack_bytes = count;
            const struct umig_unwind_result cut = umig_unwind(fx->unwinder, &request);
            assert_in_range(cut.frame_count, 1, full.frame_count);
            assert_memory_equal(fx->frames, whole, cut.frame_count * sizeof whole[0]);
            assert_true(cut.end == UMIG_UNWIND_TRUNCATED || cut.end == UMIG_UNWIND_ROOT);
            assert_true((cut.end == UMIG_UNWIND_ROOT) == (cut.frame_count == full.frame_count));
            truncated += cut.end == UMIG_UNWIND_TRUNCATED;
        }
    }
    assert_true(truncated > 100);
    trace_fini(&trace);
}

__attribute__((noinline)) static void in_handler(void)
{
    trace_mark();
    sink++;
}

static void on_user_signal(int number)
{
    (void)number;
    in_handler();
    sink++;
}

/* Interrupted with the frame in a state only an exact pc describes: between push and pop. */
void interrupted(void);
__asm__(".text\n"
        ".globl interrupted\n"
        ".type interrupted, @function\n"
        "interrupted:\n"
        ".cfi_startproc\n"
        "push %rbx\n"
        ".cfi_adjust_cfa_offset 8\n"
        ".cfi_rel_offset rbx, 0\n"
        "ud2\n"
        "pop %rbx\n"
        ".cfi_adjust_cfa_offset -8\n"
        ".cfi_restore rbx\n"
        "ret\n"
        ".cfi_endproc\n"
        ".size interrupted, . - interrupted\n");

static void on_illegal(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    in_handler();
    ucontext_t *uc = context;
    uc->uc_mcontext.gregs[REG_RIP] += 2; /* behind ud2 */
}

static void mark_in_handlers(void)
{
    struct sigaction user = {.sa_handler = on_user_signal};
    struct sigaction illegal = {.sa_sigaction = on_illegal, .sa_flags = SA_SIGINFO};
    struct sigaction before;
    sigaction(SIGUSR1, &user, NULL);
    raise(SIGUSR1);
    sigaction(SIGILL, &illegal, &before);
    interrupted();
    sigaction(SIGILL, &before, NULL);
}

static void test_signal_frames_are_crossed(void **state)
{
#ifdef __SANITIZE_THREAD__
    skip(); /* TSan calls handlers later, from elsewhere: there are no frames of theirs */
#endif
    struct fixture *fx = *state;
    struct trace trace;
    trace_marks(&trace, mark_in_handlers);
    umig_objects_refresh(&fx->objects);
    assert_int_equal(trace.step_count, 2);

    struct umig_unwind_result result = unwind(fx, &trace.steps[0]);
    assert_int_equal(result.end, UMIG_UNWIND_ROOT);
    assert_true(find_name(fx, result.frame_count, "mark_in_handlers") >
                find_name(fx, result.frame_count, "on_user_signal") + 1);
    find_name(fx, result.frame_count, "thread_main");

    result = unwind(fx, &trace.steps[1]);
    assert_int_equal(result.end, UMIG_UNWIND_ROOT);
    const size_t frame = find_name(fx, result.frame_count, "interrupted");
    assert_true(frame > find_name(fx, result.frame_count, "on_illegal"));
    assert_true(fx->frames[frame].is_exact);
    assert_name(fx, frame + 1, "mark_in_handlers");
    trace_fini(&trace);
}

/* A call that never returns is the last of its function: the return address is the next one's,
 * whose rules (its frame is 4 KiB already, they say) are wrong here. */
void calls_last(subject_hook hook);
__asm__(".text\n"
        ".globl calls_last\n"
        ".type calls_last, @function\n"
        "calls_last:\n"
        ".cfi_startproc\n"
        "push %rbx\n"
        ".cfi_adjust_cfa_offset 8\n"
        "call *%rdi\n"
        ".cfi_endproc\n"
        ".size calls_last, . - calls_last\n"
        ".type behind, @function\n"
        "behind:\n"
        ".cfi_startproc\n"
        ".cfi_def_cfa_offset 4096\n"
        "ud2\n"
        ".cfi_endproc\n"
        ".size behind, . - behind\n");

static jmp_buf before_last_call;

static void mark_and_leave(void)
{
    trace_mark();
    longjmp(before_last_call, 1);
}

static void mark_behind_last_call(void)
{
    if (setjmp(before_last_call) == 0) {
        calls_last(mark_and_leave);
    }
}

static void test_a_call_at_the_end_of_its_function(void **state)
{
    struct fixture *fx = *state;
    struct trace trace;
    trace_marks(&trace, mark_behind_last_call);
    umig_objects_refresh(&fx->objects);
    const struct umig_unwind_result result = unwind(fx, &trace.steps[0]);
    assert_int_equal(result.end, UMIG_UNWIND_ROOT);
    const size_t frame = find_name(fx, result.frame_count, "calls_last");
    assert_name(fx, frame - 1, "mark_and_leave");
    assert_name(fx, frame + 1, "mark_behind_last_call");
    trace_fini(&trace);
}

/* push %rbx; call *%rdi; pop %rbx; ret */
static const uint8_t made_code[] = {0x53, 0xff, 0xd7, 0x5b, 0xc3};
static void (*made_function)(subject_hook hook);

static void mark_from_made_code(void)
{
    made_function(trace_mark);
}

static void test_code_made_at_run_time_ends_with_a_mark(void **state)
{
    struct fixture *fx = *state;
    struct trace trace;
    void *page =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(page != MAP_FAILED);
    memcpy(page, made_code, sizeof made_code);
    memcpy(&made_function, &page, sizeof page);
    trace_marks(&trace, mark_from_made_code);
    umig_objects_refresh(&fx->objects);

    struct umig_unwind_result result = unwind(fx, &trace.steps[0]);
    assert_int_equal(result.end, UMIG_UNWIND_UNKNOWN_CODE);
    assert_int_equal(result.frame_count, 2);
    assert_int_equal(fx->frames[1].pc, (uintptr_t)page + 3);
    assert_int_equal(fx->frames[1].object, 0);

    struct umig_unwind_request request = request_of(fx, &trace.steps[0]);
    request.stop_low = (uintptr_t)page;
    request.stop_high = (uintptr_t)page + 4096;
    result = umig_unwind(fx->unwinder, &request);
    assert_int_equal(result.end, UMIG_UNWIND_STOPPED);
    assert_int_equal(result.frame_count, 1);
    trace_fini(&trace);
    munmap(page, 4096);
}

static int (*plugin_call)(subject_hook hook, int seed);

static void mark_in_plugin(void)
{
    sink += plugin_call(trace_mark, 3);
}

/* The copy outlives the library: it holds for the time at which that was there. */
static void test_a_library_that_was_closed(void **state)
{
    struct fixture *fx = *state;
    struct trace trace;
    void *plugin = dlopen(UMIG_TEST_PLUGIN, RTLD_NOW | RTLD_LOCAL);
    assert_non_null(plugin);
    void *symbol = dlsym(plugin, "plugin_call");
    memcpy(&plugin_call, &symbol, sizeof symbol);
    trace_marks(&trace, mark_in_plugin);
    assert_true(umig_objects_refresh(&fx->objects));
    assert_int_equal(unwind(fx, &trace.steps[0]).end, UMIG_UNWIND_ROOT);
    assert_name(fx, 1, "plugin_call");

    assert_int_equal(dlclose(plugin), 0);
    assert_true(umig_objects_refresh(&fx->objects));
    assert_int_equal(unwind(fx, &trace.steps[0]).end, UMIG_UNWIND_ROOT);
    assert_name(fx, 1, "plugin_call");
    struct umig_unwind_request request = request_of(fx, &trace.steps[0]);
    request.time_ns = umig_clock_monotonic_ns();
    umig_objects_refresh(&fx->objects);
    assert_int_equal(umig_unwind(fx->unwinder, &request).end, UMIG_UNWIND_UNSURE);

    void *other = dlopen("libumig_native_subject_so.so", RTLD_NOW | RTLD_NOLOAD);
    assert_false(umig_objects_refresh(&fx->objects)); /* nothing was loaded */
    if (other != NULL) {
        dlclose(other);
    }
    trace_fini(&trace);
}

/* Any registers, any stack: it ends, within the bounds. */
static void test_noise_ends(void **state)
{
    struct fixture *fx = *state;
    struct trace trace;
    uint64_t random = 88172645463325252u;
    size_t ends[16] = {0};
    trace_run(&trace, run_sort);
    umig_objects_refresh(&fx->objects);
    for (size_t i = 0; i < 20000; i++) {
        const struct trace_step *step = &trace.steps[i % trace.step_count];
        struct umig_unwind_request request = request_of(fx, step);
        uint8_t stack[8192];
        memcpy(stack, step->stack, step->stack_bytes);
        for (int change = 0; change < 4; change++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            if (change == 0) {
                request.registers.by_number[random % UMIG_REGISTER_COUNT] += random >> 50;
            } else {
                memcpy(stack + random % (step->stack_bytes - 8), &random, sizeof random);
            }
        }
        request.stack = stack;
        const struct umig_unwind_result result = umig_unwind(fx->unwinder, &request);
        assert_in_range(result.frame_count, 1, UMIG_UNWIND_FRAMES_MAX);
        ends[result.end]++;
    }
    assert_true(ends[UMIG_UNWIND_ROOT] > 0 && ends[UMIG_UNWIND_ROOT] < 20000);
    trace_fini(&trace);
}

static void mark_deep(void)
{
    sink += subject_recurse(trace_mark, 16);
}

static void test_what_an_unwind_costs(void **state)
{
    struct fixture *fx = *state;
    struct trace trace;
    enum {
        ROUNDS = 20000
    };
    trace_marks(&trace, mark_deep);
    umig_objects_refresh(&fx->objects);
    uint64_t begin = umig_clock_thread_cpu_ns();
    const struct umig_unwind_result cold = unwind(fx, &trace.steps[0]);
    const uint64_t cold_ns = umig_clock_thread_cpu_ns() - begin;
    begin = umig_clock_thread_cpu_ns();
    for (int i = 0; i < ROUNDS; i++) {
        assert_int_equal(unwind(fx, &trace.steps[0]).frame_count, cold.frame_count);
    }
    const double warm_us = (double)(umig_clock_thread_cpu_ns() - begin) / ROUNDS / 1000;
    print_message("%u frames: %.2f us warm, %.0f us cold\n", cold.frame_count, warm_us,
                  (double)cold_ns / 1000);
    assert_int_equal(cold.end, UMIG_UNWIND_ROOT);
    trace_fini(&trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_instruction_of_a_chain, setup, teardown),
        cmocka_unit_test_setup_teardown(test_every_instruction_of_odd_frames, setup, teardown),
        cmocka_unit_test_setup_teardown(test_every_instruction_of_a_callback_of_libc, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_every_instruction_of_the_first_call_of_a_library,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_every_instruction_of_printf, setup, teardown),
        cmocka_unit_test_setup_teardown(test_names_and_stop, setup, teardown),
        cmocka_unit_test_setup_teardown(test_goes_on_from_a_return_address, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cut_copies_end_with_a_mark, setup, teardown),
        cmocka_unit_test_setup_teardown(test_signal_frames_are_crossed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_call_at_the_end_of_its_function, setup, teardown),
        cmocka_unit_test_setup_teardown(test_code_made_at_run_time_ends_with_a_mark, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_library_that_was_closed, setup, teardown),
        cmocka_unit_test_setup_teardown(test_noise_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_an_unwind_costs, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
