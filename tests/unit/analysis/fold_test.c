#include <stdio.h>
#include <string.h>

#include "analysis/fold.h"
#include "analysis/hot.h"
#include "tests/support/collapsed.h"
#include "tests/support/test.h"

#define TEXT_LIMIT_BYTES (16u << 20)

/* Folds lines and writes what comes out, a line a stack, in the order of the samples. */
static void fold_lines(const char *lines, bool keep_dispatch, struct umig_buf *out)
{
    struct umig_profile *raw = umig_collapsed_read(lines);
    struct umig_profile *folded = NULL;
    const struct umig_fold_options options = {.keep_dispatch = keep_dispatch};
    assert_int_equal(umig_fold(raw, &options, &folded, NULL), UMIG_OK);
    for (size_t i = 0; i < folded->samples.count; i++) {
        umig_collapsed_put_chain(folded, folded->samples.items[i].stack, out);
        umig_buf_printf(out, " %lu\n", (unsigned long)folded->samples.items[i].count);
    }
    umig_profile_destroy(folded);
    umig_profile_destroy(raw);
}

static void expect(const char *lines, const char *want)
{
    struct umig_buf got = UMIG_BUF_INIT(TEXT_LIMIT_BYTES);
    fold_lines(lines, false, &got);
    assert_string_equal(umig_buf_str(&got), want);
    umig_buf_fini(&got);
}

#define CALL_SITE                                                                             \
 "org.codehaus.groovy.runtime.callsite.CallSiteArray.defaultCall:47;"                         \
 "groovy.lang.MetaClassImpl.invokeMethod:1034;"                                               \
 "org.codehaus.groovy.reflection.CachedMethod.invoke:98;java.lang.reflect.Method.invoke:569;" \
 "jdk.internal.reflect.GeneratedMethodAccessor57.invoke"
#define INDY                                                 \
 "java.lang.invoke.Invokers$Holder.linkToCallSite;"          \
 "java.lang.invoke.LambdaForm$MH/0x00007f435008c000.invoke;" \
 "org.codehaus.groovy.vmplugin.v8.IndyInterface.fromCache:321"
#define LINKED "java.lang.invoke.LambdaForm$MH/0x00007f435009a000.guard"

static void test_fold_between_user_frames_drops_the_dispatch(void **state)
{
    (void)state;
    expect("svc.A.a:1;" CALL_SITE ";svc.B.b:2 3\n"
           "svc.A.a:1;" INDY ";svc.B.b:2 4",
           "svc.A.a:1 > svc.B.b:2 7\n");
}

static void test_fold_of_leaf_keeps_the_cost_at_its_site(void **state)
{
    (void)state;
    expect("svc.A.a:1;" INDY " 3\n"
           "svc.A.a:1;" CALL_SITE " 5\n"
           "svc.A.a:9;" INDY " 2",
           "svc.A.a:1 > [groovy dispatch: indy]:1 3\n"
           "svc.A.a:1 > [groovy dispatch: reflection]:1 5\n"
           "svc.A.a:9 > [groovy dispatch: indy]:9 2\n");
}

static void test_fold_gives_machinery_the_work_it_causes(void **state)
{
    (void)state;
    expect("svc.A.a:1;groovy.lang.MetaClassImpl.getMethod:9;java.util.HashMap.get:5 1\n"
           "svc.A.a:1;groovy.lang.MetaClassImpl.getMethod:9;java.util.HashMap.get:5;"
           "svc.Key.hashCode:3 1\n"
           "svc.A.a:1;" CALL_SITE ";java.util.ArrayList.size:4 1\n"
           "svc.A.a:1;" INDY ";SharedRuntime::handle_wrong_method 1",
           "svc.A.a:1 > [groovy dispatch: metaclass]:1 1\n"
           "svc.A.a:1 > svc.Key.hashCode:3 1\n"
           "svc.A.a:1 > java.util.ArrayList.size:4 1\n"
           "svc.A.a:1 > [groovy dispatch: indy]:1 1\n");
}

static void test_fold_keeps_the_work_of_groovys_library(void **state)
{
    (void)state;
    expect("svc.A.a:1;" CALL_SITE ";org.codehaus.groovy.runtime.DefaultGroovyMethods.collect:7;"
           "groovy.lang.Closure.call:420;svc.A$_a_closure1.doCall;svc.A$_a_closure1.doCall:2 1\n"
           "svc.A.a:1;" INDY ";groovy.json.JsonOutput.toJson:4 1\n"
           "svc.A.a:1;org.codehaus.groovy.vmplugin.v8.PluginDefaultGroovyMethods.toList:4 1",
           "svc.A.a:1 > org.codehaus.groovy.runtime.DefaultGroovyMethods.collect:7 > "
           "svc.A.a {closure 1}:2 1\n"
           "svc.A.a:1 > groovy.json.JsonOutput.toJson:4 1\n"
           "svc.A.a:1 > org.codehaus.groovy.vmplugin.v8.PluginDefaultGroovyMethods.toList:4 1\n");
}

static void test_fold_knows_linked_sites_by_their_caller(void **state)
{
    (void)state;
    /* a .groovy file, a caller learned from another stack, and a Java class */
    expect("svc.A.a(A.groovy):1;" LINKED " 1\n"
           "svc.B.b:5;" INDY " 1\n"
           "svc.B.b:5;" LINKED " 1\n"
           "svc.J.j:7;" LINKED " 1",
           "svc.A.a:1 > [groovy dispatch: indy]:1 1\n"
           "svc.B.b:5 > [groovy dispatch: indy]:5 2\n"
           "svc.J.j:7 > java.lang.invoke.LambdaForm$MH.guard 1\n");
}

static void test_fold_of_java_reflection_leaves_one_line_between(void **state)
{
    (void)state;
#define REFLECT                                                \
 "java.lang.reflect.Method.invoke:565;"                        \
 "jdk.internal.reflect.DirectMethodHandleAccessor.invoke:104;" \
 "java.lang.invoke.LambdaForm$MH/0x01.invoke"
    expect("java.lang.Thread.run:8;fw.Dispatcher.handle:3;" REFLECT ";svc.C.get:9 1\n"
           "java.lang.Thread.run:8;fw.Dispatcher.handle:3;java.lang.reflect.Method.invoke:565 1\n"
           "fw.Repo.find:3;jdk.proxy2.$Proxy9.find;fw.Handler.invoke:4 1\n" REFLECT
           ";svc.Main.main:1 1",
           "java.lang.Thread.run:8 > fw.Dispatcher.handle:3 > [reflection]:3 > svc.C.get:9 1\n"
           "java.lang.Thread.run:8 > fw.Dispatcher.handle:3 > java.lang.reflect.Method.invoke:565 "
           "1\n"
           "fw.Repo.find:3 > [proxy]:3 > fw.Handler.invoke:4 1\n"
           "svc.Main.main:1 1\n");
}

static void test_fold_drops_bridges_that_call_on(void **state)
{
    (void)state;
    expect("svc.W$$Lambda/0x1.run;svc.W.lambda$loop$0:30 1\n"
           "svc.W$$Lambda/0x1.run 1\n"
           "svc.Orders.tax;" CALL_SITE ";svc.Priced$Trait$Helper.tax:6 1\n"
           "svc.A.a:1;svc.Work$spin$0.call;svc.Work.spin:13 1\n"
           "svc.A.a:1;svc.Orders$Job.call;svc.Work.spin:13 1\n"
           "svc.A.a:1;svc.Orders.invokeMethod;" CALL_SITE ";svc.Orders.methodMissing:52 1\n"
           "svc.A.a:1;svc.Orders.invokeMethod:7 1",
           "svc.W.loop {lambda 0}:30 1\n"
           "svc.W$$Lambda.run 1\n"
           "svc.Priced.tax:6 1\n"
           "svc.A.a:1 > svc.Work.spin:13 1\n"
           "svc.A.a:1 > svc.Orders$Job.call > svc.Work.spin:13 1\n"
           "svc.A.a:1 > svc.Orders.methodMissing:52 1\n"
           "svc.A.a:1 > svc.Orders.invokeMethod:7 1\n");
}

static void test_fold_demangles_native_functions(void **state)
{
    (void)state;
    expect("start_thread;_ZN6Thread8call_runEv;_ZN4core3fmt5write17h01db6bbd3a4af28bE 3\n"
           "start_thread;_ZN6Thread8call_runEi 4\n"
           "start_thread;_Zwrong 5",
           "start_thread > Thread::call_run > core::fmt::write 3\n"
           "start_thread > Thread::call_run 4\n"
           "start_thread > _Zwrong 5\n");
}

/* One that is compiled and runs: two names, so that its own time stays its own. */
static void test_fold_names_what_is_compiled_apart(void **state)
{
    (void)state;
    expect("[C2];[compilation];[C2 compiles];svc.A$_a_closure1.doCall_[c] 2\n"
           "[C2];[compilation];[C2 compiles, OSR];svc.A$_a_closure1.doCall:7_[c] 3\n"
           "[C2];[compilation];[C2 compiles];java.lang.reflect.Method.invoke_[c] 1\n"
           "svc.B.b:1;svc.A$_a_closure1.doCall:7 5",
           "[compilation] > [C2 compiles] > compiling svc.A.a {closure 1} 2\n"
           "[compilation] > [C2 compiles, OSR] > compiling svc.A.a {closure 1}:7 3\n"
           "[compilation] > [C2 compiles] > compiling java.lang.reflect.Method.invoke 1\n"
           "svc.B.b:1 > svc.A.a {closure 1}:7 5\n");
}

static void test_hot_leaves_compilation_out_of_a_methods_own_time(void **state)
{
    (void)state;
    struct umig_profile *raw =
        umig_collapsed_read("[C2];[compilation];[C2 compiles];svc.A.a_[c] 90\nsvc.A.a:7 5");
    struct umig_profile *folded = NULL;
    struct umig_hot *hot = NULL;
    const struct umig_hot_method *application[4];
    assert_int_equal(umig_fold(raw, NULL, &folded, NULL), UMIG_OK);

    assert_int_equal(umig_hot_create(folded, UMIG_KIND_CPU, UMIG_HOT_ALL_GROUPS, &hot, NULL),
                     UMIG_OK);

    assert_int_equal(umig_hot_by_total(folded, hot, 4, application), 1);
    assert_int_equal(application[0]->self, 5 * UMIG_COLLAPSED_INTERVAL_NS);
    assert_int_equal(application[0]->total, 5 * UMIG_COLLAPSED_INTERVAL_NS);
    assert_int_equal(hot->methods[0].self, 90 * UMIG_COLLAPSED_INTERVAL_NS);
    umig_hot_destroy(hot);
    umig_profile_destroy(folded);
    umig_profile_destroy(raw);
}

static void test_fold_keeps_error_and_truncation_frames(void **state)
{
    (void)state;
    expect("[unknown_Java] 2\n"
           "[truncated];" CALL_SITE ";svc.A.a:1 1\n"
           "svc.A.a:1;" CALL_SITE ";[not_walkable_Java] 1",
           "[unknown_Java] 2\n"
           "[truncated] > svc.A.a:1 1\n"
           "svc.A.a:1 > [not_walkable_Java] 1\n");
}

static void test_fold_with_keep_dispatch_only_renames(void **state)
{
    (void)state;
    struct umig_buf got = UMIG_BUF_INIT(TEXT_LIMIT_BYTES);

    fold_lines("svc.A$_a_closure1.doCall:1;" INDY ";svc.B.b:2 3", true, &got);

    assert_string_equal(umig_buf_str(&got),
                        "svc.A.a {closure 1}:1 > java.lang.invoke.Invokers$Holder.linkToCallSite > "
                        "java.lang.invoke.LambdaForm$MH.invoke > "
                        "org.codehaus.groovy.vmplugin.v8.IndyInterface.fromCache:321 > svc.B.b:2 "
                        "3\n");
    umig_buf_fini(&got);
}

static void test_fold_copies_everything_but_the_stacks(void **state)
{
    (void)state;
    struct umig_profile *raw = umig_collapsed_read("[exec-7];svc.A.a:1;" INDY " 3\n"
                                                   "[exec-8];svc.A.a:1;" INDY " 4");
    const struct umig_profile_wait wait = {
        .thread = 1, .stack = raw->samples.items[0].stack, .wait_ns = 5, .count = 1};
    assert_int_equal(umig_profile_add_wait(raw, &wait), UMIG_OK);
    uint32_t thread = 0;
    assert_int_equal(umig_profile_virtual_thread(raw, 42, 1, &thread), UMIG_OK);
    const struct umig_profile_pause pause = {.duration_ns = 9};
    assert_int_equal(umig_profile_add_pause(raw, &pause), UMIG_OK);
    raw->session.pid = 42;
    raw->tallies[UMIG_KIND_CPU] = (struct umig_profile_tally){.present = true, .produced = 7};
    struct umig_profile *folded = NULL;

    assert_int_equal(umig_fold(raw, NULL, &folded, NULL), UMIG_OK);

    assert_int_equal(folded->session.pid, 42);
    assert_int_equal(folded->tallies[UMIG_KIND_CPU].produced, 7);
    assert_int_equal(folded->threads.count, raw->threads.count);
    assert_int_equal(folded->threads.items[thread].virtual_id, 42);
    assert_int_equal(folded->pauses.count, 1);
    assert_int_equal(folded->samples.count, 1);
    assert_int_equal(folded->samples.items[0].count, 7);
    assert_string_equal(umig_profile_text(folded, folded->samples.items[0].group), "exec-*");
    assert_int_equal(folded->waits.items[0].stack, folded->samples.items[0].stack);
    umig_profile_destroy(folded);
    umig_profile_destroy(raw);
}

static void test_fold_over_its_bound_says_so(void **state)
{
    (void)state;
    struct umig_profile *raw = umig_collapsed_load(UMIG_TEST_STACKS "/groovy4-indy-jdk17.stacks");
    const struct umig_fold_options options = {.limit_bytes = 64 * 1024};
    struct umig_profile *folded = NULL;
    struct umig_err err = UMIG_ERR_INIT;

    assert_int_equal(umig_fold(raw, &options, &folded, &err), UMIG_E_NOMEM);

    assert_null(folded);
    assert_non_null(strstr(err.text, "65536 bytes"));
    umig_profile_destroy(raw);
}

/* The noise of reference recordings, kept apart from the tables that the folding itself uses. */
static bool is_noise(const struct umig_profile *profile, uint32_t frame)
{
    static const char *const prefixes[] = {
        "java.lang.invoke.",
        "java.lang.reflect.",
        "jdk.internal.reflect.",
        "jdk.proxy",
        "groovy.lang.Meta",
        "groovy.lang.Closure",
        "groovy.lang.ExpandoMetaClass",
        "org.codehaus.groovy.vmplugin.",
        "org.codehaus.groovy.reflection.",
        "org.codehaus.groovy.runtime.callsite.",
        "org.codehaus.groovy.runtime.metaclass.",
        "org.codehaus.groovy.runtime.ScriptBytecodeAdapter",
        "org.codehaus.groovy.runtime.InvokerHelper",
        "org.codehaus.groovy.runtime.Conver",
        "org.codehaus.groovy.runtime.dgm",
    };
    const uint32_t method = profile->frames.items[frame].method;
    const char *name = umig_profile_text(profile, profile->methods.items[method].class_name);
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0) {
            return true;
        }
    }
    return false;
}

struct figures {
    uint64_t frames, noise, value, stacks;
};

static struct figures measure(const struct umig_profile *profile)
{
    struct figures figures = {.stacks = profile->samples.count};
    for (size_t i = 0; i < profile->samples.count; i++) {
        const struct umig_profile_sample *sample = &profile->samples.items[i];
        figures.value += sample->value;
        for (uint32_t at = sample->stack; at != 0; at = profile->stacks.items[at].parent) {
            figures.frames += sample->count;
            const bool noise = is_noise(profile, profile->stacks.items[at].frame);
            figures.noise += noise ? sample->count : 0;
        }
    }
    return figures;
}

/* A folded stack has at most one line of Groovy's dispatch, and that is its leaf. */
static void expect_dispatch_at_leaves(const struct umig_profile *profile)
{
    for (size_t i = 1; i < profile->stacks.count; i++) {
        const struct umig_profile_stack *stack = &profile->stacks.items[i];
        const uint32_t above = profile->stacks.items[stack->parent].frame;
        const uint32_t method = profile->frames.items[above].method;
        const char *name = umig_profile_text(profile, profile->methods.items[method].name);
        assert_null(strstr(name, "groovy dispatch"));
    }
}

/* A recording and stacks that it must hold as they are, below the thread's own frames. */
struct recording {
    const char *name;
    const char *chains[2];
};

#define DGM(method_line) "org.codehaus.groovy.runtime.DefaultGroovyMethods." method_line
#define LOOP             "svc.Work.loop {lambda 0}:30 > "

static const struct recording recordings[] = {
    {"groovy2.4-callsite-jdk17",
     {LOOP "svc.Main.main {closure 3}:14"
           " > "
           "svc.Orders.all:124"
           " > "
           "svc.Orders.euros:82"
           " > " DGM("use:492") " > "
                                "svc.Orders.euros {closure 12}:83"
                                " > " DGM("collect:3257") " > " DGM(
                                    "collect:3287") " > "
                                                    "svc.Orders.euros {closure 12} {closure 21}:83"
                                                    " > "
                                                    "svc.MoneyCategory.getEuro:16"
                                                    "\n",
      LOOP "svc.Main.main {closure 3}:14"
           " > "
           "svc.Orders.all:124"
           " > "
           "svc.Orders.shipAll:73"
           " > " DGM("each:2151") " > " DGM("each:2110") " > " DGM(
               "each:2125") " > "
                            "svc.Orders.shipAll {closure 10}:73"
                            " > "
                            "svc.Orders.shipAll {closure 9}:72"
                            " > "
                            "[groovy dispatch: reflection]:72"
                            "\n"}},
    {"groovy3-callsite-jdk17",
     {LOOP "svc.Main.main {closure 3}:14"
           " > "
           "svc.Orders.all:124"
           " > "
           "svc.Orders.xml:103"
           " > "
           "svc.Orders.xml {closure 14}:105"
           " > "
           "svc.Orders.methodMissing:53"
           " > "
           "[groovy dispatch: call site]:53"
           "\n"}},
    {"groovy3-indy-jdk17",
     {LOOP "svc.Main.main {closure 5}:25"
           " > " DGM("times:16474") " > "
                                    "svc.Main.main {closure 5} {closure 6}:25"
                                    " > "
                                    "Script*.run:4"
                                    " > " DGM("each:2390") " > " DGM("each:2349") " > " DGM(
                                        "each:2364") " > "
                                                     "Script*.run {closure 1}:4"
                                                     " > "
                                                     "[groovy dispatch: reflection]:4"
                                                     "\n",
      LOOP "svc.Main.main {closure 3}:14"
           " > "
           "svc.Orders.all:124"
           " > "
           "svc.Orders.json:93"
           " > "
           "groovy.json.JsonBuilder.invokeMethod:328"
           " > "
           "groovy.json.JsonBuilder.collectContentForEachEntry:349"
           " > "
           "groovy.json.JsonDelegate.curryDelegateAndGetContent:107"
           " > "
           "svc.Orders.json {closure 13}:96"
           " > "
           "svc.Item.getSum:24"
           " > "
           "[groovy dispatch: indy]:24"
           "\n"}},
    {"groovy4-callsite-jdk17",
     {LOOP "svc.Main.main {closure 3}:14"
           " > "
           "svc.Orders.all:124"
           " > "
           "svc.Orders.sorted:78"
           " > " DGM("toSorted:9927") " > " DGM("toSorted:9899") " > "
                                                                 "java.util.ArrayList.sort:1721"
                                                                 " > "
                                                                 "java.util.Arrays.sort:1307"
                                                                 " > "
                                                                 "java.util.TimSort.sort:212"
                                                                 "\n"}},
    {"groovy4-indy-jdk17",
     {LOOP "svc.Main.main {closure 4}:15"
           " > "
           "svc.Work.reflect:23"
           " > "
           "[reflection]:23"
           " > "
           "svc.Fixed.all:30"
           " > "
           "svc.Fixed.nested:24"
           " > " DGM("each:2420") " > " DGM("each:2379") " > " DGM(
               "each:2394") " > "
                            "svc.Fixed.nested {closure 4}:25"
                            " > "
                            "[groovy dispatch: metaclass]:25"
                            "\n",
      LOOP "svc.Main.main {closure 3}:14"
           " > "
           "svc.Orders.all:124"
           " > "
           "svc.Orders.xml:103"
           " > "
           "svc.Orders.xml {closure 14}:105"
           " > "
           "[groovy dispatch: indy]:105"
           "\n"}},
    {"groovy4-indy-jdk25",
     {LOOP "svc.Main.main {closure 3}:14"
           " > "
           "svc.Orders.all:124"
           " > "
           "svc.Orders.dynamic:57"
           " > " DGM("each:2420") " > " DGM("each:2379") " > " DGM(
               "each:2394") " > "
                            "svc.Orders.dynamic {closure 7}:59"
                            " > "
                            "svc.Orders.methodMissing:52"
                            " > "
                            "[groovy dispatch: indy]:52"
                            "\n"}},
    {"groovy5-indy-jdk17",
     {LOOP "svc.Main.main {closure 3}:14"
           " > "
           "svc.Orders.all:124"
           " > "
           "svc.Orders.meta:112"
           " > " DGM("collect:2472") " > " DGM("collect:2362") " > " DGM(
               "collect:2425") " > "
                               "svc.Orders.meta {closure 15}:112"
                               " > "
                               "svc.Main.main {closure 1}:8"
                               " > "
                               "svc.Work.spin:13"
                               "\n"}},
    {"groovy5-indy-jdk25",
     {LOOP "svc.Main.main {closure 3}:14"
           " > "
           "svc.Orders.all:124"
           " > "
           "svc.Orders.taxes:88"
           " > "
           "svc.Priced.taxed:9"
           " > " DGM("collect:2472") " > " DGM("collect:2362") " > " DGM(
               "collect:2425") " > "
                               "svc.Priced.taxed {closure 1}:9"
                               " > "
                               "[groovy dispatch: metaclass]:9"
                               "\n"}},
};

static void expect_chains(const struct umig_profile *profile, const struct recording *recording)
{
    struct umig_buf all = UMIG_BUF_INIT(TEXT_LIMIT_BYTES);
    for (size_t i = 0; i < profile->samples.count; i++) {
        umig_collapsed_put_chain(profile, profile->samples.items[i].stack, &all);
        umig_buf_byte(&all, '\n');
    }
    for (size_t i = 0; i < 2 && recording->chains[i] != NULL; i++) {
        if (strstr(umig_buf_str(&all), recording->chains[i]) == NULL) {
            fail_msg("%s has no stack %s", recording->name, recording->chains[i]);
        }
    }
    umig_buf_fini(&all);
}

static void test_fold_of_recordings_leaves_little_noise_and_half_the_stacks(void **state)
{
    (void)state;
    uint64_t raw_stacks = 0;
    uint64_t folded_stacks = 0;
    for (size_t i = 0; i < sizeof recordings / sizeof recordings[0]; i++) {
        char path[512];
        (void)snprintf(path, sizeof path, "%s/%s.stacks", UMIG_TEST_STACKS, recordings[i].name);
        struct umig_profile *raw = umig_collapsed_load(path);
        struct umig_profile *folded = NULL;
        assert_int_equal(umig_fold(raw, NULL, &folded, NULL), UMIG_OK);

        const struct figures before = measure(raw);
        const struct figures after = measure(folded);
        print_message("%-26s noise %2lu %% -> %.1f %%, stacks %lu -> %lu\n", recordings[i].name,
                      (unsigned long)(100 * before.noise / before.frames),
                      100.0 * (double)after.noise / (double)after.frames,
                      (unsigned long)before.stacks, (unsigned long)after.stacks);
        assert_true(before.value == after.value);
        assert_true(before.noise * 2 > before.frames); /* else the recording proves nothing */
        assert_true(after.noise * 20 < after.frames);
        if (strstr(recordings[i].name, "indy") != NULL) {
            assert_true(after.stacks * 2 <= before.stacks);
        }
        raw_stacks += before.stacks;
        folded_stacks += after.stacks;
        expect_dispatch_at_leaves(folded);
        expect_chains(folded, &recordings[i]);
        umig_profile_destroy(folded);
        umig_profile_destroy(raw);
    }
    assert_true(folded_stacks * 2 <= raw_stacks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fold_between_user_frames_drops_the_dispatch),
        cmocka_unit_test(test_fold_of_leaf_keeps_the_cost_at_its_site),
        cmocka_unit_test(test_fold_gives_machinery_the_work_it_causes),
        cmocka_unit_test(test_fold_keeps_the_work_of_groovys_library),
        cmocka_unit_test(test_fold_knows_linked_sites_by_their_caller),
        cmocka_unit_test(test_fold_of_java_reflection_leaves_one_line_between),
        cmocka_unit_test(test_fold_drops_bridges_that_call_on),
        cmocka_unit_test(test_fold_demangles_native_functions),
        cmocka_unit_test(test_fold_names_what_is_compiled_apart),
        cmocka_unit_test(test_hot_leaves_compilation_out_of_a_methods_own_time),
        cmocka_unit_test(test_fold_keeps_error_and_truncation_frames),
        cmocka_unit_test(test_fold_with_keep_dispatch_only_renames),
        cmocka_unit_test(test_fold_copies_everything_but_the_stacks),
        cmocka_unit_test(test_fold_over_its_bound_says_so),
        cmocka_unit_test(test_fold_of_recordings_leaves_little_noise_and_half_the_stacks),
    };
    return cmocka_run_group_tests_name("analysis.fold", tests, NULL, NULL);
}
