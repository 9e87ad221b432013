#include <string.h>

#include "analysis/contention.h"
#include "analysis/gc.h"
#include "analysis/hot.h"
#include "analysis/jvm.h"
#include "analysis/label.h"
#include "analysis/paths.h"
#include "analysis/quality.h"
#include "analysis/verdict.h"
#include "core/clock.h"
#include "tests/support/collapsed.h"
#include "tests/support/test.h"

#define TEXT_LIMIT_BYTES 65536
#define MIB              (1024ull * 1024ull)
#define START_UNIX_NS    (1000 * UMIG_NS_PER_S)

static struct umig_hot *hot_of(const struct umig_profile *profile, uint32_t group)
{
    struct umig_hot *hot = NULL;
    assert_int_equal(umig_hot_create(profile, UMIG_KIND_CPU, group, &hot, NULL), UMIG_OK);
    return hot;
}

static const struct umig_hot_method *find(const struct umig_profile *profile,
                                          const struct umig_hot *hot,
                                          const char *name)
{
    for (size_t i = 0; i < hot->method_count; i++) {
        const uint32_t method = hot->methods[i].method;
        if (strcmp(umig_profile_text(profile, profile->methods.items[method].name), name) == 0) {
            return &hot->methods[i];
        }
    }
    fail_msg("no method %s", name);
    return NULL;
}

static void test_hot_counts_recursion_once_and_orders_by_self(void **state)
{
    (void)state;
    struct umig_profile *profile = umig_collapsed_read("[exec-1];A.a:1;A.b:2;A.a:3;A.b:4 10\n"
                                                       "[exec-2];A.a:1;A.c:2 30\n"
                                                       "[other];A.a:1 5");
    struct umig_hot *hot = hot_of(profile, UMIG_HOT_ALL_GROUPS);

    assert_int_equal(hot->count, 45);
    assert_int_equal(hot->method_count, 3);
    assert_int_equal(find(profile, hot, "a")->total_count, 45);
    assert_int_equal(find(profile, hot, "a")->self_count, 5);
    assert_int_equal(find(profile, hot, "b")->total_count, 10);
    assert_ptr_equal(&hot->methods[0], find(profile, hot, "c"));
    assert_int_equal(hot->group_count, 2);
    assert_string_equal(umig_profile_text(profile, hot->groups[0].group), "exec-*");
    assert_int_equal(hot->groups[0].count, 40);
    assert_int_equal(hot->groups[0].threads, 2);
    assert_string_equal(umig_profile_text(profile, find(profile, hot, "a")->top_group), "exec-*");

    struct umig_hot *one = hot_of(profile, hot->groups[1].group);
    assert_int_equal(one->count, 5);
    assert_int_equal(one->method_count, 1);
    umig_hot_destroy(one);
    umig_hot_destroy(hot);
    umig_profile_destroy(profile);
}

/* The methods of the application by total, "A.b C.d"; the most that are asked for. */
static void expect_by_total(const char *stacks, size_t limit, const char *want, size_t want_all)
{
    struct umig_profile *profile = umig_collapsed_read(stacks);
    struct umig_hot *hot = hot_of(profile, UMIG_HOT_ALL_GROUPS);
    const struct umig_hot_method *methods[8];
    struct umig_buf text = UMIG_BUF_INIT(TEXT_LIMIT_BYTES);
    const size_t all = umig_hot_by_total(profile, hot, limit, methods);
    for (size_t i = 0; i < all && i < limit; i++) {
        umig_buf_text(&text, i > 0 ? " " : "");
        umig_label_method(profile, methods[i]->method, true, &text);
    }
    assert_string_equal(umig_buf_str(&text), want);
    assert_int_equal(all, want_all);
    umig_buf_fini(&text);
    umig_hot_destroy(hot);
    umig_profile_destroy(profile);
}

static void test_by_total_hides_no_method_of_the_application(void **state)
{
    (void)state;
    /* All of its pool runs below handle(): it is listed all the same. */
    expect_by_total("[exec-1];java.lang.Thread.run:1;svc.Api.handle:2;svc.Orders.total:3 90\n"
                    "[exec-2];java.lang.Thread.run:1;svc.Api.handle:2;svc.Orders.list:4 10\n"
                    "[batch-1];svc.Batch.run:1;svc.Orders.total:3 20",
                    8, "Orders.total Api.handle Batch.run Orders.list", 4);
    /* Servers, frameworks, Groovy and what has no class are not the application's. */
    expect_by_total("[exec-1];org.apache.tomcat.util.threads.TaskThread.run:1;"
                    "jakarta.servlet.http.HttpServlet.service:2;svc.Api.handle:2;"
                    "org.codehaus.groovy.runtime.DefaultGroovyMethods.each:1;memcpy 10",
                    8, "Api.handle", 1);
    expect_by_total("[exec-1];svc.A.a:1;svc.B.b:2;svc.C.c:3 9\n[exec-1];svc.D.d:1 10", 2, "D.d C.c",
                    4);
    expect_by_total("[exec-1];java.lang.Thread.run:1 9", 8, "", 0);
}

static void expect_path(const struct umig_profile *profile,
                        const struct umig_path *path,
                        const char *want,
                        uint64_t samples)
{
    struct umig_buf text = UMIG_BUF_INIT(TEXT_LIMIT_BYTES);
    for (size_t i = 0; i < path->frame_count; i++) {
        umig_buf_text(&text, i > 0 ? " > " : "");
        umig_label_method(profile, path->frames[i].method, true, &text);
        if (path->frames[i].line != 0) {
            umig_buf_printf(&text, ":%u", path->frames[i].line);
        }
    }
    assert_string_equal(umig_buf_str(&text), want);
    assert_true(path->value == samples * UMIG_COLLAPSED_INTERVAL_NS);
    umig_buf_fini(&text);
}

static void test_paths_are_distinct_and_heaviest_first(void **state)
{
    (void)state;
    struct umig_profile *profile = umig_collapsed_read("T.run:1;H.handle:2;A.a:3;A.x:4 30\n"
                                                       "T.run:1;H.handle:2;A.a:3;A.y:5 10\n"
                                                       "T.run:1;H.handle:2;B.b:3 25\n"
                                                       "T.run:1;H.handle:9;C.c:3 34\n"
                                                       "T.run:1;H.handle:2;D.d:3 1");
    struct umig_paths paths;
    assert_int_equal(umig_paths_find(profile, UMIG_KIND_CPU, 8, &paths, NULL), UMIG_OK);

    assert_int_equal(paths.count, 4);
    expect_path(profile, &paths.items[0], "T.run:1 > H.handle:9 > C.c:3", 34);
    expect_path(profile, &paths.items[1], "T.run:1 > H.handle:2 > A.a:3 > A.x:4", 30);
    expect_path(profile, &paths.items[2], "T.run:1 > H.handle:2 > B.b:3", 25);
    expect_path(profile, &paths.items[3], "T.run:1 > H.handle:2 > A.a:3 > A.y:5", 10);
    umig_paths_fini(&paths);

    assert_int_equal(umig_paths_find(profile, UMIG_KIND_LOCKS, 8, &paths, NULL), UMIG_OK);
    assert_int_equal(paths.count, 0);
    umig_paths_fini(&paths);
    umig_profile_destroy(profile);
}

/* What a trunk's many small children leave is no way; what a way's middle does itself is one. */
static void test_paths_put_rests_behind(void **state)
{
    (void)state;
    struct umig_profile *profile = umig_collapsed_read("T.run:1;H.handle:2;A.a:3 40\n"
                                                       "T.run:1;H.handle:2;A.a:3;A.x:4 30\n"
                                                       "T.run:1;H.handle:2;B.b:3 4\n"
                                                       "T.run:1;H.handle:2;B.c:3 1\n"
                                                       "T.run:1;H.handle:2;B.d:3 1\n"
                                                       "T.run:1;H.handle:2;B.e:3 1\n"
                                                       "T.run:1;H.handle:2;B.f:3 1");
    struct umig_paths paths;
    assert_int_equal(umig_paths_find(profile, UMIG_KIND_CPU, 8, &paths, NULL), UMIG_OK);

    assert_int_equal(paths.count, 4);
    expect_path(profile, &paths.items[0], "T.run:1 > H.handle:2 > A.a:3", 40);
    expect_path(profile, &paths.items[1], "T.run:1 > H.handle:2 > A.a:3 > A.x:4", 30);
    expect_path(profile, &paths.items[2], "T.run:1 > H.handle:2 > B.b:3", 4);
    expect_path(profile, &paths.items[3], "T.run:1 > H.handle:2", 4);
    assert_false(paths.items[0].is_rest);
    assert_true(paths.items[3].is_rest);
    umig_paths_fini(&paths);
    umig_profile_destroy(profile);

    /* Many small things below the start of a library's thread. */
    struct umig_buf lines = UMIG_BUF_INIT(TEXT_LIMIT_BYTES);
    umig_buf_text(&lines, "A.a:3 10\n");
    for (size_t i = 0; i < 90; i++) {
        umig_buf_printf(&lines, "java.util.TimerThread.run:1;B.b%zu:3 1\n", i);
    }
    profile = umig_collapsed_read(umig_buf_str(&lines));
    assert_int_equal(umig_paths_find(profile, UMIG_KIND_CPU, 8, &paths, NULL), UMIG_OK);
    assert_int_equal(paths.count, 2);
    expect_path(profile, &paths.items[0], "A.a:3", 10);
    expect_path(profile, &paths.items[1], "TimerThread.run:1", 90);
    umig_paths_fini(&paths);
    umig_buf_fini(&lines);
    umig_profile_destroy(profile);
}

/* b is called at line 7 and a at line 5, c at two lines of equal weight. */
static void test_paths_show_the_line_that_calls_the_next_frame(void **state)
{
    (void)state;
    struct umig_profile *profile = umig_collapsed_read("M.main:9;M.work:7;M.b:3 40\n"
                                                       "M.main:9;M.work:5;M.a:2 16\n"
                                                       "M.main:8;M.work:5;M.a:2 14\n"
                                                       "M.main:9;M.work:6;M.a:1 1\n"
                                                       "M.main:9;M.work:10;M.c:1 10\n"
                                                       "M.main:9;M.work:11;M.c:1 10");
    struct umig_paths paths;
    assert_int_equal(umig_paths_find(profile, UMIG_KIND_CPU, 8, &paths, NULL), UMIG_OK);

    assert_int_equal(paths.count, 3);
    expect_path(profile, &paths.items[0], "M.main:9 > M.work:7 > M.b:3", 40);
    expect_path(profile, &paths.items[1], "M.main:9 > M.work:5 > M.a:2", 31);
    expect_path(profile, &paths.items[2], "M.main:9 > M.work > M.c:1", 20);
    umig_paths_fini(&paths);
    umig_profile_destroy(profile);
}

static uint32_t string(struct umig_profile *profile, const char *text)
{
    uint32_t id = 0;
    assert_int_equal(umig_profile_string(profile, text, strlen(text), &id), UMIG_OK);
    return id;
}

static void add_pause(struct umig_profile *profile, uint64_t second, uint64_t ms, uint64_t after)
{
    const struct umig_profile_pause pause = {
        .start_unix_ns = START_UNIX_NS + second * UMIG_NS_PER_S,
        .duration_ns = ms * UMIG_NS_PER_MS,
        .cause = string(profile, ms > 50 ? "System.gc()" : "Allocation Failure"),
        .before_bytes = 200 * MIB,
        .after_bytes = after,
    };
    assert_int_equal(umig_profile_add_pause(profile, &pause), UMIG_OK);
}

static void set_span(struct umig_profile *profile, uint64_t seconds)
{
    profile->session.start_unix_ns = START_UNIX_NS;
    profile->session.end_unix_ns = START_UNIX_NS + seconds * UMIG_NS_PER_S;
    profile->session.end = UMIG_END_STOPPED;
    profile->session.has_kind[UMIG_KIND_CPU] = true;
    profile->session.has_kind[UMIG_KIND_GC] = true;
    profile->session.has_kind[UMIG_KIND_LOCKS] = true;
    for (unsigned i = 1; i < UMIG_KIND_COUNT; i++) {
        profile->tallies[i].present = true;
    }
}

static void test_gc_adds_up_pauses_and_sees_a_climbing_heap(void **state)
{
    (void)state;
    struct umig_profile *profile = umig_collapsed_read("");
    set_span(profile, 100);
    for (uint64_t i = 0; i < 19; i++) {
        add_pause(profile, i, 1 + i, (10 + 5 * i) * MIB);
    }
    add_pause(profile, 19, 100, UMIG_BYTES_UNKNOWN);
    struct umig_gc gc;
    assert_int_equal(umig_gc_read(profile, &gc, NULL), UMIG_OK);

    assert_int_equal(gc.count, 20);
    assert_int_equal(gc.total_ns, 290 * UMIG_NS_PER_MS);
    assert_int_equal(gc.longest_ns, 100 * UMIG_NS_PER_MS);
    assert_int_equal(gc.p99_ns, 100 * UMIG_NS_PER_MS);
    assert_int_equal(gc.median_ns, 10 * UMIG_NS_PER_MS);
    assert_int_equal(gc.row_count, 2);
    assert_int_equal(gc.rows[0].count, 19);
    assert_int_equal(gc.after_count, 19);
    assert_true(gc.has_trend);
    assert_true(gc.trend_fit > 0.999);
    assert_true(gc.trend_bytes_per_s > 4.9 * (double)MIB &&
                gc.trend_bytes_per_s < 5.1 * (double)MIB);
    umig_gc_fini(&gc);
    umig_profile_destroy(profile);
}

/* ZGC frees beside the application: the heap after its pauses is not what a collection leaves. */
static void test_gc_takes_the_heap_after_pauses_that_freed(void **state)
{
    (void)state;
    struct umig_profile *profile = umig_collapsed_read("");
    set_span(profile, 100);
    for (uint64_t i = 0; i < 20; i++) {
        add_pause(profile, i, 1, (200 + 5 * i) * MIB);
    }
    struct umig_gc gc;
    assert_int_equal(umig_gc_read(profile, &gc, NULL), UMIG_OK);
    assert_int_equal(gc.count, 20);
    assert_int_equal(gc.after_count, 0);
    assert_int_equal(gc.reclaimed_bytes, 0);
    assert_false(gc.has_trend);
    umig_gc_fini(&gc);

    add_pause(profile, 20, 1, 150 * MIB);
    assert_int_equal(umig_gc_read(profile, &gc, NULL), UMIG_OK);
    assert_int_equal(gc.after_count, 1);
    assert_int_equal(gc.after_first_bytes, 150 * MIB);
    assert_int_equal(gc.reclaimed_bytes, 50 * MIB);
    umig_gc_fini(&gc);
    umig_profile_destroy(profile);
}

static void test_contention_adds_up_by_class_site_and_holder(void **state)
{
    (void)state;
    struct umig_profile *profile = umig_collapsed_read("[w-1];A.a:1;A.put:2 1\n"
                                                       "[h-1];A.a:1;A.get:3 1");
    const struct umig_profile_wait waits[] = {
        {.thread = 1,
         .holder = 2,
         .monitor_class = string(profile, "svc.Cache"),
         .stack = profile->samples.items[0].stack,
         .wait_ns = 30,
         .count = 2},
        {.thread = 1,
         .holder = 0,
         .monitor_class = string(profile, "svc.Cache"),
         .stack = profile->samples.items[1].stack,
         .wait_ns = 50,
         .count = 1},
        {.thread = 1, .holder = 2, .stack = 0, .wait_ns = 5, .count = 1},
    };
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(umig_profile_add_wait(profile, &waits[i]), UMIG_OK);
    }
    struct umig_contention all;
    assert_int_equal(umig_contention_read(profile, &all, NULL), UMIG_OK);

    assert_int_equal(all.count, 4);
    assert_int_equal(all.wait_ns, 85);
    assert_int_equal(all.class_count, 2);
    assert_int_equal(all.classes[0].wait_ns, 80);
    assert_int_equal(all.classes[0].count, 3);
    assert_int_equal(all.site_count, 3);
    assert_int_equal(all.sites[0].wait_ns, 50);
    assert_int_equal(all.holder_count, 2);
    assert_int_equal(all.holders[0].holder_group, 0);
    assert_string_equal(umig_profile_text(profile, all.holders[1].holder_group), "h-*");
    umig_contention_fini(&all);
    umig_profile_destroy(profile);
}

static void add_wait(struct umig_profile *profile,
                     uint32_t thread,
                     uint64_t second,
                     uint64_t wait_s,
                     uint64_t count)
{
    const struct umig_profile_wait wait = {
        .unix_ns = profile->session.start_unix_ns + second * UMIG_NS_PER_S,
        .thread = thread,
        .holder = 3,
        .monitor_class = string(profile, "svc.Cache"),
        .stack = profile->samples.items[0].stack,
        .wait_ns = wait_s * UMIG_NS_PER_S,
        .count = count,
    };
    assert_int_equal(umig_profile_add_wait(profile, &wait), UMIG_OK);
}

static void test_contention_makes_one_wait_of_the_parts_told_of_it(void **state)
{
    (void)state;
    struct umig_profile *profile = umig_collapsed_read("[w-1];A.put:2 1\n[w-2];A.put:2 1\n"
                                                       "[h-1];A.get:3 1\n[w-3];A.put:2 1");
    struct umig_buf sentence = UMIG_BUF_INIT(256);
    set_span(profile, 20);
    add_wait(profile, 1, 3, 3, 0); /* ends after 5 s */
    add_wait(profile, 4, 4, 1, 0); /* its end was lost */
    add_wait(profile, 1, 5, 2, 1);
    add_wait(profile, 2, 12, 4, 0); /* never ends */
    add_wait(profile, 2, 20, 8, 0);
    struct umig_contention all;
    assert_int_equal(umig_contention_read(profile, &all, NULL), UMIG_OK);

    assert_int_equal(all.count, 3);
    assert_int_equal(all.wait_ns, 18 * UMIG_NS_PER_S);
    assert_int_equal(all.classes[0].count, 3);
    assert_int_equal(all.classes[0].longest_ns, 12 * UMIG_NS_PER_S);
    assert_int_equal(all.open_threads, 1);
    assert_int_equal(all.open_count, 1);
    assert_int_equal(all.open[0].count, 1);
    assert_int_equal(all.open[0].wait_ns, 12 * UMIG_NS_PER_S);
    assert_string_equal(umig_profile_text(profile, all.open[0].holder_group), "h-*");
    profile->session.end = UMIG_END_STOPPED;
    umig_contention_open_sentence(profile, &all, &sentence);
    assert_string_equal(umig_buf_str(&sentence),
                        "1 thread still waited for a lock when the session ended.");
    umig_buf_fini(&sentence);
    umig_contention_fini(&all);
    umig_profile_destroy(profile);
}

static void expect_quality(struct umig_profile *profile, bool is_complete, const char *want)
{
    struct umig_quality quality;
    struct umig_buf text = UMIG_BUF_INIT(TEXT_LIMIT_BYTES);
    umig_quality_read(profile, &quality);
    umig_quality_sentence(profile, &quality, &text);
    assert_string_equal(umig_buf_str(&text), want);
    assert_int_equal(quality.is_complete, is_complete);
    umig_buf_fini(&text);
}

static void test_quality_closes_the_books_or_says_what_is_missing(void **state)
{
    (void)state;
    struct umig_profile *profile = umig_collapsed_read("");
    set_span(profile, 10);
    struct umig_profile_tally *cpu = &profile->tallies[UMIG_KIND_CPU];
    cpu->produced = 1000 * UMIG_NS_PER_MS;
    cpu->stored = 1000 * UMIG_NS_PER_MS;
    expect_quality(profile, true, "Complete: all that was produced is stored.");

    cpu->stored = 990 * UMIG_NS_PER_MS;
    cpu->dropped[UMIG_DROP_RING_FULL] = 7 * UMIG_NS_PER_MS;
    expect_quality(profile, false,
                   "Not complete: cpu: 7 ms of 1 s dropped (ring_full 7 ms). cpu: 3 ms produced "
                   "but neither stored nor counted as dropped.");

    profile->session.end = UMIG_END_LOST;
    cpu->present = false;
    expect_quality(profile, false,
                   "Not complete: the JVM was killed or lost, and the end is missing: nothing came "
                   "later than 10 s into the session. cpu: the agent's closing count never came. "
                   "Figures cover only the time until then.");
    cpu->present = true;
    cpu->stored = 1000 * UMIG_NS_PER_MS;
    cpu->dropped[UMIG_DROP_RING_FULL] = 0;
    expect_quality(profile, false,
                   "Not complete: the JVM was killed or lost, and the end is missing: nothing came "
                   "later than 10 s into the session. Figures cover only the time until then.");

    profile->session.end = UMIG_END_STOPPED;
    cpu->stored = 995 * UMIG_NS_PER_MS;
    cpu->dropped[UMIG_DROP_REMAINDER] = 5 * UMIG_NS_PER_MS;
    expect_quality(profile, true,
                   "Complete: all that was produced is stored. cpu: 5 ms left over below one "
                   "interval.");
    cpu->stored = 990 * UMIG_NS_PER_MS;
    cpu->dropped[UMIG_DROP_REMAINDER] = 0;
    cpu->dropped[UMIG_DROP_RING_FULL] = 7 * UMIG_NS_PER_MS;

    profile->session.end = UMIG_END_RUNNING;
    cpu->present = true;
    cpu->stored = 993 * UMIG_NS_PER_MS;
    cpu->dropped[UMIG_DROP_RING_FULL] = 7 * UMIG_NS_PER_MS;
    expect_quality(
        profile, false,
        "So far: cpu: 7 ms of 1 s dropped (ring_full 7 ms). The session is running: what "
        "is under way is not in yet.");
    umig_profile_destroy(profile);
}

static void test_quality_says_how_stacks_were_read_and_what_was_not_to_be_had(void **state)
{
    (void)state;
    struct umig_profile *profile = umig_collapsed_read("");
    set_span(profile, 10);
    profile->session.walker = string(profile, "vm");
    expect_quality(profile, true, "Complete: all that was produced is stored. Stacks: walker=vm.");

    profile->session.native = UMIG_NATIVE_ON;
    profile->session.problem = string(profile, "native frames (no memory)");
    expect_quality(profile, true,
                   "Complete: all that was produced is stored. Not to be had: native frames (no "
                   "memory). Stacks: walker=vm, native=on.");
    umig_profile_destroy(profile);
}

static void test_quality_says_that_the_agent_came_late(void **state)
{
    (void)state;
    struct umig_profile *profile = umig_collapsed_read("");
    set_span(profile, 10);
    profile->session.attached_after_ns = 90000000000;
    expect_quality(profile, true, "Complete: all that was produced is stored.");

    profile->session.walker = string(profile, "vm");
    expect_quality(profile, true,
                   "Complete: all that was produced is stored. Stacks: walker=vm. The agent was "
                   "attached when the JVM had run for 90 s: in code compiled before, inlined "
                   "methods are told apart less exactly.");
    umig_profile_destroy(profile);
}

static void test_quality_counts_failures_of_java_threads_only(void **state)
{
    (void)state;
    struct umig_profile *profile = umig_collapsed_read("A.a:1 90");
    struct umig_profile_sample sample = {.kind = UMIG_KIND_CPU, .count = 10};
    sample.outcome = UMIG_OUTCOME_DEOPT;
    assert_int_equal(umig_profile_add_sample(profile, &sample), UMIG_OK);
    sample.outcome = UMIG_OUTCOME_NO_JAVA;
    assert_int_equal(umig_profile_add_sample(profile, &sample), UMIG_OK);
    struct umig_quality quality;

    umig_quality_read(profile, &quality);

    assert_int_equal(quality.java_samples, 100);
    assert_int_equal(quality.failed_samples, 10);
    assert_int_equal(quality.failed[UMIG_OUTCOME_DEOPT], 10);
    assert_int_equal(quality.vm_samples, 10);
    umig_profile_destroy(profile);
}

/* The three sentences, one a line. */
static void expect_verdict(struct umig_profile *profile, const char *want)
{
    struct umig_verdict_figures figures = {.profile = profile};
    struct umig_paths paths;
    struct umig_gc gc;
    struct umig_contention waits;
    struct umig_quality quality;
    struct umig_jvm jvm;
    struct umig_hot *hot = hot_of(profile, UMIG_HOT_ALL_GROUPS);
    assert_int_equal(umig_paths_find(profile, UMIG_KIND_CPU, 4, &paths, NULL), UMIG_OK);
    assert_int_equal(umig_gc_read(profile, &gc, NULL), UMIG_OK);
    assert_int_equal(umig_contention_read(profile, &waits, NULL), UMIG_OK);
    umig_quality_read(profile, &quality);
    figures.cpu = hot;
    figures.paths = &paths;
    figures.gc = &gc;
    figures.contention = &waits;
    figures.quality = &quality;
    umig_jvm_read(profile, &jvm);
    figures.jvm = &jvm;

    struct umig_buf text = UMIG_BUF_INIT(TEXT_LIMIT_BYTES);
    umig_verdict_dominates(&figures, &text);
    umig_buf_byte(&text, '\n');
    umig_verdict_price(&figures, &text);
    umig_buf_byte(&text, '\n');
    umig_verdict_look_at(&figures, &text);
    assert_string_equal(umig_buf_str(&text), want);

    umig_buf_fini(&text);
    umig_contention_fini(&waits);
    umig_gc_fini(&gc);
    umig_paths_fini(&paths);
    umig_hot_destroy(hot);
    umig_profile_destroy(profile);
}

static void test_verdict_names_what_dominates(void **state)
{
    (void)state;
    struct umig_profile *profile = umig_collapsed_read(
        "[exec-1];svc.Api.get:1;svc.Orders.total:2;java.math.BigDecimal.add:3 300\n"
        "[exec-2];svc.Api.get:1;svc.Orders.list:5 100");
    set_span(profile, 10);
    profile->session.cpu_count = 4;
    add_pause(profile, 1, 20, UMIG_BYTES_UNKNOWN);

    expect_verdict(profile,
                   "4 s of CPU in 10 s (0.40 of 4 processors); 75 % of it is Orders.total and what "
                   "it calls, mostly on exec-*; hottest by itself is BigDecimal.add with 75 %.\n"
                   "Collections stopped the JVM for 0.2 % of the time (longest 20 ms); no thread "
                   "waited for a lock.\n"
                   "Look first at BigDecimal.add and at who calls it: the hot paths below show the "
                   "way.");
}

static void set_counter(struct umig_profile *profile, enum umig_jvm_counter counter, uint64_t grown)
{
    umig_profile_set_jvm_counter(profile, counter, UMIG_NS_PER_S, 100);
    umig_profile_set_jvm_counter(profile, counter, 11 * UMIG_NS_PER_S, 100 + grown);
}

static void test_verdict_tells_what_the_jvm_itself_cost(void **state)
{
    (void)state;
    struct umig_profile *profile = umig_collapsed_read("[exec-1];svc.Api.get:1 200");
    set_span(profile, 10);
    add_pause(profile, 1, 20, UMIG_BYTES_UNKNOWN);
    set_counter(profile, UMIG_JVM_SAFEPOINT_NS, 800 * UMIG_NS_PER_MS);
    set_counter(profile, UMIG_JVM_REACH_NS, 150 * UMIG_NS_PER_MS);
    set_counter(profile, UMIG_JVM_LOADED, 5000);

    expect_verdict(profile,
                   "2 s of CPU in 10 s (0.20 processors); hottest by itself is Api.get with 100 %, "
                   "mostly on exec-*.\n"
                   "Collections stopped the JVM for 0.2 % of the time (longest 20 ms); no thread "
                   "waited for a lock; beside collections all threads stood for 7.8 % of the "
                   "time; for 1.5 % they waited for the last thread to stand; 5,000 classes were "
                   "loaded.\n"
                   "Look first at Api.get and at who calls it: the hot paths below show the way.");

    struct umig_profile *quiet = umig_collapsed_read("[exec-1];svc.Api.get:1 200");
    set_span(quiet, 10);
    add_pause(quiet, 1, 20, UMIG_BYTES_UNKNOWN);
    set_counter(quiet, UMIG_JVM_SAFEPOINT_NS, 25 * UMIG_NS_PER_MS);
    set_counter(quiet, UMIG_JVM_REACH_NS, UMIG_NS_PER_MS);
    set_counter(quiet, UMIG_JVM_LOADED, 12);
    expect_verdict(quiet,
                   "2 s of CPU in 10 s (0.20 processors); hottest by itself is Api.get with 100 %, "
                   "mostly on exec-*.\n"
                   "Collections stopped the JVM for 0.2 % of the time (longest 20 ms); no thread "
                   "waited for a lock.\n"
                   "Look first at Api.get and at who calls it: the hot paths below show the way.");
}

static void test_verdict_counts_pools_when_none_has_more_than_half(void **state)
{
    (void)state;
    struct umig_profile *profile = umig_collapsed_read("[exec-1];svc.Api.get:1 100\n"
                                                       "[batch-1];svc.Api.get:1 80\n"
                                                       "[timer-1];svc.Api.get:1 20");
    set_span(profile, 10);

    expect_verdict(profile,
                   "2 s of CPU in 10 s (0.20 processors); hottest by itself is Api.get with 100 %, "
                   "on 3 pools.\n"
                   "No collection stopped the JVM; no thread waited for a lock.\n"
                   "Look first at Api.get and at who calls it: the hot paths below show the way.");
}

static void test_verdict_of_a_young_session_waits(void **state)
{
    (void)state;
    struct umig_profile *profile = umig_collapsed_read("");
    set_span(profile, 1);
    profile->session.end = UMIG_END_RUNNING;

    expect_verdict(profile, "No CPU samples: nothing has arrived yet.\n"
                            "No collection stopped the JVM; no thread waited for a lock.\n"
                            "Measure longer, or under load, before drawing conclusions.");
}

/* A stack of one frame of the JVM's or of a failure, as the agent sends it. */
static void add_bare(struct umig_profile *profile,
                     enum umig_frame_kind kind,
                     enum umig_outcome outcome,
                     const char *name,
                     uint64_t count)
{
    const struct umig_profile_method method = {.name = string(profile, name)};
    struct umig_profile_frame frame = {.kind = kind};
    struct umig_profile_sample sample = {.kind = UMIG_KIND_CPU,
                                         .outcome = outcome,
                                         .group = string(profile, "JVM"),
                                         .count = count,
                                         .value = count * UMIG_COLLAPSED_INTERVAL_NS};
    uint32_t id = 0;
    assert_int_equal(umig_profile_method(profile, &method, &frame.method), UMIG_OK);
    assert_int_equal(umig_profile_frame(profile, &frame, &id), UMIG_OK);
    assert_int_equal(umig_profile_stack(profile, 0, id, &sample.stack), UMIG_OK);
    assert_int_equal(umig_profile_add_sample(profile, &sample), UMIG_OK);
}

static void test_verdict_leads_with_the_compilers_not_with_a_small_method(void **state)
{
    (void)state;
    struct umig_profile *profile = umig_collapsed_read("[exec-1];svc.Api.get:1;svc.A.b:2 10\n"
                                                       "[exec-1];svc.C.d:1 10");
    set_span(profile, 10);
    add_bare(profile, UMIG_FRAME_VM, UMIG_OUTCOME_NO_JAVA, "[compilation]", 140);
    add_bare(profile, UMIG_FRAME_VM, UMIG_OUTCOME_NO_JAVA, "[garbage collection]", 19);
    add_bare(profile, UMIG_FRAME_ERROR, UMIG_OUTCOME_DEOPT, "[deopt]", 21);
    profile->session.has_kind[UMIG_KIND_GC] = false;
    profile->session.has_kind[UMIG_KIND_LOCKS] = false;
    expect_verdict(profile,
                   "2 s of CPU in 10 s (0.20 processors); 70 % of it is the JIT compiler; 10 % of "
                   "it has no whole stack.\n"
                   "Neither collections nor waits for locks were measured.\n"
                   "Mind the data quality: 51 % of the Java samples have no whole stack; shares "
                   "below are of all.");

    struct umig_profile *scripts = umig_collapsed_read(
        "[exec-1];svc.Api.get:1;groovy.lang.GroovyShell.evaluate:2;groovy.lang.GroovyShell.parse:3;"
        "org.codehaus.groovy.control.CompilationUnit.compile:4;groovyjarjarasm.asm.Frame.merge:5 "
        "90\n[exec-1];svc.Api.get:1;groovy.lang.GroovyShell.evaluate:2;Script1.run:1 60\n"
        "[exec-1];svc.Api.put:1 50");
    set_span(scripts, 10);
    scripts->session.has_kind[UMIG_KIND_GC] = false;
    scripts->session.has_kind[UMIG_KIND_LOCKS] = false;
    expect_verdict(
        scripts, "2 s of CPU in 10 s (0.20 processors); 45 % of it compiles Groovy scripts at run "
                 "time; 75 % of it is Api.get and what it calls, mostly on exec-*; hottest by "
                 "itself is Frame.merge with 45 %.\n"
                 "Neither collections nor waits for locks were measured.\n"
                 "Look first at who compiles scripts at run time: a class that is parsed once and "
                 "kept takes it away.");
}

static void test_verdict_of_little_data_is_honest(void **state)
{
    (void)state;
    struct umig_profile *profile = umig_collapsed_read("[exec-1];svc.Api.get:1 12");
    set_span(profile, 10);
    profile->session.has_kind[UMIG_KIND_GC] = false;
    profile->session.has_kind[UMIG_KIND_LOCKS] = false;

    expect_verdict(profile,
                   "Only 12 CPU samples, 120 ms of CPU in 10 s (0.01 processors): too few to say "
                   "what dominates.\n"
                   "Neither collections nor waits for locks were measured.\n"
                   "Measure longer, or under load, before drawing conclusions.");
}

static void test_verdict_of_nothing_is_honest(void **state)
{
    (void)state;
    expect_verdict(umig_collapsed_read(""),
                   "CPU was not sampled in this session.\n"
                   "Neither collections nor waits for locks were measured.\n"
                   "Measure longer, or under load, before drawing conclusions.");
}

static void test_verdict_points_at_waits_and_at_a_climbing_heap(void **state)
{
    (void)state;
    struct umig_profile *waiting = umig_collapsed_read("[exec-1];svc.Api.get:1;svc.Api.put:2 200");
    set_span(waiting, 2);
    const struct umig_profile_wait wait = {.thread = 1,
                                           .monitor_class = string(waiting, "svc.Cache"),
                                           .stack = waiting->samples.items[0].stack,
                                           .wait_ns = 3 * UMIG_NS_PER_S,
                                           .count = 1};
    assert_int_equal(umig_profile_add_wait(waiting, &wait), UMIG_OK);
    expect_verdict(waiting,
                   "2 s of CPU in 2 s (1.00 processors); hottest by itself is Api.put with 100 %, "
                   "mostly on exec-*.\n"
                   "No collection stopped the JVM; threads waited 3 s for locks, most for "
                   "svc.Cache.\n"
                   "Look first at the lock that threads wait for at Api.put:2: 3 s in 1 wait.");

    struct umig_profile *leaking = umig_collapsed_read("[exec-1];svc.Api.get:1 200");
    set_span(leaking, 100);
    for (uint64_t i = 0; i < 20; i++) {
        add_pause(leaking, i, 5, (50 + 5 * i) * MIB);
    }
    expect_verdict(leaking,
                   "2 s of CPU in 1 min 40 s (0.02 processors); hottest by itself is Api.get with "
                   "100 %, mostly on exec-*.\n"
                   "Collections stopped the JVM for 0.1 % of the time (longest 5 ms); no thread "
                   "waited for a lock.\n"
                   "Look at the heap first: what collections leave grew from 50.0 MiB to 145.0 "
                   "MiB; more sessions will tell a leak from a warm-up.");
}

static void test_labels_read_as_people_write(void **state)
{
    (void)state;
    static const struct {
        uint64_t part, whole;
        const char *want;
    } shares[] = {
        {0, 0, "0 %"},    {0, 9, "0 %"},        {1, 3000, "< 0.1 %"},
        {1, 30, "3.3 %"}, {996, 10000, "10 %"}, {1, 1, "100 %"},
    };
    struct umig_buf text = UMIG_BUF_INIT(TEXT_LIMIT_BYTES);
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        umig_buf_clear(&text);
        umig_label_share(shares[i].part, shares[i].whole, &text);
        assert_string_equal(umig_buf_str(&text), shares[i].want);
    }
    umig_buf_clear(&text);
    umig_label_number(1234567, &text);
    assert_string_equal(umig_buf_str(&text), "1,234,567");

    struct umig_profile *profile = umig_collapsed_read("org.codehaus.groovy.Long.name:1 1");
    umig_buf_clear(&text);
    umig_label_method_within(profile, 1, 27, &text);
    assert_string_equal(umig_buf_str(&text), "o.codehaus.groovy.Long.name");
    umig_buf_clear(&text);
    umig_label_method_within(profile, 1, 5, &text);
    assert_string_equal(umig_buf_str(&text), "o.c.g.Long.name");
    umig_profile_destroy(profile);
    umig_buf_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hot_counts_recursion_once_and_orders_by_self),
        cmocka_unit_test(test_by_total_hides_no_method_of_the_application),
        cmocka_unit_test(test_paths_are_distinct_and_heaviest_first),
        cmocka_unit_test(test_paths_put_rests_behind),
        cmocka_unit_test(test_paths_show_the_line_that_calls_the_next_frame),
        cmocka_unit_test(test_gc_adds_up_pauses_and_sees_a_climbing_heap),
        cmocka_unit_test(test_gc_takes_the_heap_after_pauses_that_freed),
        cmocka_unit_test(test_contention_adds_up_by_class_site_and_holder),
        cmocka_unit_test(test_contention_makes_one_wait_of_the_parts_told_of_it),
        cmocka_unit_test(test_quality_closes_the_books_or_says_what_is_missing),
        cmocka_unit_test(test_quality_says_how_stacks_were_read_and_what_was_not_to_be_had),
        cmocka_unit_test(test_quality_says_that_the_agent_came_late),
        cmocka_unit_test(test_quality_counts_failures_of_java_threads_only),
        cmocka_unit_test(test_verdict_names_what_dominates),
        cmocka_unit_test(test_verdict_tells_what_the_jvm_itself_cost),
        cmocka_unit_test(test_verdict_counts_pools_when_none_has_more_than_half),
        cmocka_unit_test(test_verdict_of_a_young_session_waits),
        cmocka_unit_test(test_verdict_leads_with_the_compilers_not_with_a_small_method),
        cmocka_unit_test(test_verdict_of_little_data_is_honest),
        cmocka_unit_test(test_verdict_of_nothing_is_honest),
        cmocka_unit_test(test_verdict_points_at_waits_and_at_a_climbing_heap),
        cmocka_unit_test(test_labels_read_as_people_write),
    };
    return cmocka_run_group_tests_name("analysis.figures", tests, NULL, NULL);
}
