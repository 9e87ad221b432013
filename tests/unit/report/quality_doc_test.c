/*
 * docs/data-quality.md is made of the tables in include/umig/kinds.h and of what each row means to
 * whoever reads a report, which stands here; UMIG_UPDATE_GOLDEN=1 writes it anew.
 */
#include <string.h>

#include "core/buf.h"
#include "include/umig/kinds.h"
#include "tests/support/golden.h"
#include "tests/support/test.h"

struct row {
    const char *key;
    const char *text;
};

static const struct row outcomes[] = {
#define OUTCOME_ROW(name, number, key, text) {key, text},
    UMIG_OUTCOME_TABLE(OUTCOME_ROW)
#undef OUTCOME_ROW
};

static const struct row drops[] = {
#define DROP_ROW(name, number, key, text) {key, text},
    UMIG_DROP_TABLE(DROP_ROW)
#undef DROP_ROW
};

enum {
    OUTCOME_COUNT = sizeof outcomes / sizeof outcomes[0],
    DROP_COUNT = sizeof drops / sizeof drops[0]
};

static const struct row outcome_advice[] = {
    {"ok", "good: the whole stack is there"},
    {"no_java", "good: collector, compiler and native threads have their time under *Threads*"},
    {"no_java_frame", "a moment before the first or after the last Java method of a thread"},
    {"no_class_load", "only right after the start of the JVM; goes away by itself"},
    {"gc_active", "`walker=agct` only: use `walker=auto`"},
    {"unknown_not_java", "the time is known, what called into the JVM or the library is not"},
    {"not_walkable_not_java", "as `unknown_not_java`"},
    {"unknown_java",
     "the interrupted method was being entered or left, or is not known to the JVM"},
    {"not_walkable_java", "as `unknown_java`, further up in the stack"},
    {"unknown_state", "a thread between two states; rare"},
    {"thread_exit", "many of them: the service starts and ends a thread for each piece of work"},
    {"deopt", "many of them: the JIT compiler gives up what it compiled, again and again"},
    {"safepoint", "`walker=agct` only"},
    {"guard_recovered", "the JVM was not harmed; please report it with `umig status --failures`"},
    {"resting", "for 60 s after `guard_recovered` only the thread's time is recorded"},
    {"not_attached", "the first moment of a thread"},
    {"low_stack", "deep recursion near the end of its stack: raise `-Xss` if there are many"},
    {"too_deep", "a recursion without end, most likely"},
    {"names_full", "more code than the agent has memory for: raise `memory=`"},
    {"other", "a JVM that is newer than this agent"},
    {"stub", "copying, hashing and such of the JVM: its caller is not known"},
    {"walk_off",
     "more than 20 faults in a minute, twice: times by thread are right, stacks come back with a "
     "new start of the JVM"},
    {"unguarded",
     "a library in the JVM put its handler of SIGSEGV or SIGBUS in front of the agent's, again "
     "and again"},
};

static const struct row drop_advice[] = {
    {"ring_full", "too many samples at once: take a longer interval"},
    {"reentrant", "rare; a longer interval makes it rarer"},
    {"no_slot", "more threads at once than the agent has room for: raise `memory=`"},
    {"stopping", "the last samples while a session is being stopped"},
    {"spool_full", "start a collector, or raise `memory=` to bridge longer gaps"},
    {"dictionary_full", "much new code within a second: raise `memory=`"},
    {"remainder", "no loss: of wall time, what threads had that began and ended between two looks"},
    {"vm_death", "the collector was slow or away: the end of a JVM waits 300 ms for it at most"},
    {"event_full", "more collections or waits at once than the agent takes away"},
    {"refused", "agent and collector do not agree on a batch: the collector's log says why"},
    {"ring_busy",
     "more threads sampled at one moment than there are rings: take a longer interval"},
    {"fault", "the JVM was not harmed; please report it: it is a fault of the agent"},
    {"table_full",
     "much was allocated in a moment: take a longer interval, or raise `memory=`; of pools: "
     "over 256 have threads"},
    {"backlog_full",
     "more was taken within `--before` than an eighth of `memory=` holds: a shorter "
     "`--before`, a longer interval, or raise `memory=`"},
    {"new_thread",
     "rare: the table of threads was busy, or full (`no_slot`), when the thread's first wait was over"},
};

static const char head[] =
    "# Data quality\n"
    "\n"
    "<!-- Made of the tables in include/umig/kinds.h by unit.report.quality_doc; "
    "UMIG_UPDATE_GOLDEN=1\n"
    "     writes it anew. -->\n"
    "\n"
    "What the names in the section *Data quality* of a report mean, in `umig status`, and under\n"
    "`quality` in JSON. Two questions are kept apart:\n"
    "\n"
    "- **Is something missing?** For each kind, what was produced is stored, or was dropped for a\n"
    "  cause that is named. CPU and waits are counted in time, pauses,\n"
    "  what else the JVM's log tells of collections, and memory points in number.\n"
    "  *Complete* means that nothing was dropped and that both sides agree.\n"
    "- **Could each stack be read?** A sample whose stack could not be read is not dropped: its time\n"
    "  and its thread are right, and the frames that could be read are kept. Where the others would\n"
    "  be stands a frame with the name of the outcome.\n"
    "\n"
    "Where more than a tenth of the stacks failed, look at the greatest cause before the methods.\n"
    "`umig status --failures` shows where the newest 32 were lost, for an issue about them.\n"
    "\n"
    "## How the walk of a stack ended\n"
    "\n"
    "| outcome | when | what it means to you |\n"
    "|---|---|---|\n";

static const char middle[] = "\n"
                             "## Why something was dropped\n"
                             "\n"
                             "| cause | when | what to do |\n"
                             "|---|---|---|\n";

static const char tail_of_threads[] =
    "\n"
    "## What is bounded and no loss\n"
    "\n"
    "- **Virtual threads**: 1,024 have rows of their own, with their ids, and one more each 6 s: who\n"
    "  comes first, then who is seen often. The others share the row of their pool (`orders-*`), those\n"
    "  without a name that of their carrier; the report says how much that is. Of pools there are 256,\n"
    "  and one more each minute; names beyond share `virtual (more names)`. `virtual (unread)` is the\n"
    "  time of threads whose name could not be read: common with ZGC only, which moves them meanwhile.\n"
    "- **Virtual threads, made and pinned** (JDK 21 and later). Made (`--heap`) are ids of threads, less\n"
    "  platform threads started: some more or less where those are made and not started, or compiler\n"
    "  threads are added. Mounted (`--pools`) is what the carriers' pool says. Pinned (`--locks`) is each\n"
    "  park that kept its carrier, with the native method or class initialiser that pins; none where the\n"
    "  JVM itself called Java, or up to JDK 23 a monitor is held. Not seen are pins in monitors and in\n"
    "  Object.wait, what virtual threads wait for unpinned, and their ends.\n"
    "- **Waits for locks** of an interval or more (`--locks 1ms`) are told as they were. Shorter ones are\n"
    "  sampled, as CPU time is: one in so many is told, and stands for an interval of them. Their sum is\n"
    "  right by place and in all, their number about right; a thread alone may differ by an interval.\n"
    "- **Waits for native locks** (`--mutexes`) are told when they are over: one that goes on at the end\n"
    "  is in no figure, nor are waits for conditions, in `malloc`, and in the first second of a library.\n"
    "- **Who holds a lock** is looked up at most ten times a second, over all threads of the JVM.\n"
    "  Waits in between have the holder `unknown`; how long, for which class and where is complete.\n"
    "  So compare the rows of holders with one another, not with the sum of the waits.\n";

static const char tail_of_memory[] =
    "- **Allocation** is estimated from samples: of n samples of a class or a place the estimate is within\n"
    "  2 / sqrt(n) in 19 of 20 cases. What a thread that ran before the session allocates until its\n"
    "  first sample is in no figure, some hundred KiB as a rule. Where samples would cost more than 1 %\n"
    "  of CPU they come less often and each weighs more; *Not to be had* says how often they came.\n"
    "- **Live objects** are estimated from those that are followed, of which the agent keeps 16,384 (at\n"
    "  `memory=32m`). When that is not enough it gives up half of them, by lot, and those left stand for\n"
    "  twice as many: the report says one in how many was followed. Garbage counts as alive until a\n"
    "  collection has looked at it. Humongous objects of G1 are followed to a sixteenth of the heap, and\n"
    "  told once a marking has looked at them: their estimate is coarse where many come and go.\n"
    "- **Leak suspects** are classes and lines of which more and more stays alive, by at least five\n"
    "  snapshots that come behind a collection of old objects (full, G1's marking, any of ZGC and\n"
    "  Shenandoah), and whose objects are of many ages, the oldest through eight collections or more. A\n"
    "  cache that has filled up, sessions that end and batches are none. What still fills, and what only\n"
    "  soft references hold, cannot be told from a leak here.\n"
    "- **A stack keeps 2,048 frames**, the innermost and the outermost; a frame says where the others\n"
    "  were left out.\n"
    "- **Native frames between Java frames** (C that calls Java back, the JVM that initialises a class)\n"
    "  and below the first one, to the function the thread began with, come with `native=on` and the\n"
    "  walker vm: of the 16 innermost such places of a stack, from 4 KiB of it at each, and of its root,\n"
    "  from 2 KiB. Where some are missing stands `[truncated]`; `umig status --format json` counts the\n"
    "  places (`engine.native_between`, `engine.native_roots`) and those (`engine.native_between_cut`,\n"
    "  `engine.native_roots_cut`). A virtual thread begins with its first method.\n"
    "- **Libraries that come and go**: native frames in a library, or behind it, are there only if it is certain that this library\n"
    "  was there when the sample was taken. While others are closed nobody can say so of those that were loaded late: their\n"
    "  frames are `[unknown code]`, the stack is `[truncated]` ([adr 26](adr/0026-objects-hold-for-a-time.md)).\n";

static const char rest[] =
    "- **The kernel's tick** may be coarser than the interval asked for: then samples come less often\n"
    "  and each weighs more. The report says so at its top; the sum is right, few samples are vague.\n"
    "- **The budget** is of CPU: 1 % of what the process uses, or of one processor where that is more,\n"
    "  unless `budget=` or `umig start --budget` says otherwise. What would cost more is taken more rarely, by halves: pools, live,\n"
    "  alloc, wall, locks, cpu, in this order. Each sample then stands for more, and sums stay right;\n"
    "  *Not to be had* says what was slowed to what, *Cost of profiling* when, and what it cost. Unless\n"
    "  a budget is said, cpu is made no rarer than every 10 ms for it, and no other kind rarer than a quarter.\n"
    "- **Not to be had** is what a session asked for and the agent could not provide, such as native\n"
    "  frames without libunwind, or switched off while it ran: after more than 20 caught faults in a\n"
    "  minute the agent gives up native frames, after as many more stacks, and at last CPU samples.\n"
    "  `umig start` and `umig status` say so, too. *Stacks: walker=* names\n"
    "  who walked them ([options](options.md)), *clock=* what took the samples.\n"
    "- **Kernel frames** need perf events (`clock=perf`; `native=on` takes them where it may): where\n"
    "  the kernel, a seccomp profile or a limit is against them, the sentence behind *Not to be had*\n"
    "  says which and what would help. Without them time in the kernel is its caller's.\n"
    "- **A JVM that is killed** takes with it what it had not sent: a second or so. So does one of JDK 25 that ends by\n"
    "  `ExitOnOutOfMemoryError`, which leaves without telling anybody; its session is *lost*, too.\n"
    "- **A session that still ran when its collector was stopped** has no end in a folder at rest: the\n"
    "  report says when its last data came.\n";

static const char *find(const struct row *rows, size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].key, key) == 0) {
            return rows[i].text;
        }
    }
    fail_msg("'%s' stands in one table only: kinds.h or quality_doc_test.c", key);
    return NULL;
}

static void put_table(const struct row *rows,
                      const struct row *advice,
                      size_t count,
                      struct umig_buf *out)
{
    for (size_t i = 0; i < count; i++) {
        (void)find(rows, count, advice[i].key);
        umig_buf_printf(out, "| `%s` | %s | %s |\n", rows[i].key, rows[i].text,
                        find(advice, count, rows[i].key));
    }
}

static void test_docs_data_quality_md_is_what_the_tables_say(void **state)
{
    (void)state;
    struct umig_buf want = UMIG_BUF_INIT(64 * 1024);
    assert_int_equal(OUTCOME_COUNT, sizeof outcome_advice / sizeof outcome_advice[0]);
    assert_int_equal(DROP_COUNT, sizeof drop_advice / sizeof drop_advice[0]);
    umig_buf_text(&want, head);
    put_table(outcomes, outcome_advice, OUTCOME_COUNT, &want);
    umig_buf_text(&want, middle);
    put_table(drops, drop_advice, DROP_COUNT, &want);
    umig_buf_text(&want, tail_of_threads);
    umig_buf_text(&want, tail_of_memory);
    umig_buf_text(&want, rest);
    assert_int_equal(want.failed, UMIG_OK);

    umig_golden_expect(UMIG_TEST_DOCS, "data-quality.md", umig_buf_str(&want));

    umig_buf_fini(&want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_docs_data_quality_md_is_what_the_tables_say),
    };
    return cmocka_run_group_tests_name("report.quality_doc", tests, NULL, NULL);
}
