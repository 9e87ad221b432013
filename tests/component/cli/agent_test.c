/*
 * The command against an agent whose answers are chosen. This process plays the JVM: it maps a file
 * named libjvm.so and listens where its agent would.
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "include/umig/kinds.h"
#include "tests/component/cli/run.h"
#include "tests/support/test.h"
#include "umig/v1/control.pb-c.h"

enum {
    PAGE_BYTES = 4096
};

static struct run g_run;
static char g_service[32]; /* nobody else on this host has it: it holds our PID */
static struct fake_peer g_agent;
static void *g_libjvm;

/* What the last START asked for; the agent's thread writes, the test reads after the command ended.
 */
static char g_started[512];
static atomic_int g_stop_count;
static atomic_bool g_is_disk_full;
static atomic_bool g_is_armed;               /* the session waits, and another one is planned */
static char g_running_id[16] = "load-7\x1b"; /* of the one session in every status */
static char g_problem[] = "native frames (no memory)";
static char g_address[160]; /* of its collector */
static int g_refusal_count;

/* A second JVM with an agent that answers alike; ends when end_fd is closed. */
struct second {
    pid_t pid;
    int end_fd;
};

static struct second g_second;

static void pack_reply(const Umig__V1__ControlReply *reply, struct umig_buf *out)
{
    uint8_t bytes[4096];
    assert_in_range(umig__v1__control_reply__get_packed_size(reply), 0, sizeof bytes);
    put_frame(out, UMIG_FRAME_CONTROL_REPLY, 0, bytes, umig__v1__control_reply__pack(reply, bytes));
}

static void put_armed(Umig__V1__SessionStatus *session, Umig__V1__AgentStatus *agent)
{
    static char when[] = "heap > 90%";
    static char now[] = "heap 41.2 %";
    static char id[] = "night";
    static Umig__V1__PlanStatus plan = UMIG__V1__PLAN_STATUS__INIT;
    static Umig__V1__PlanStatus *plans[] = {&plan};
    session->when = when;
    session->now = now;
    session->before_ns = 60000000000;
    session->kept_ns = 12000000000;
    session->kept_rows = 1230;
    plan.id = id;
    plan.every_ns = 3600000000000;
    plan.next_in_ns = 1800000000000;
    plan.times = 3;
    plan.started = 1;
    agent->plans = plans;
    agent->n_plans = 1;
}

/* As a reply to a stop, with what was stopped in the text; NULL: to a status. */
static void put_status(char *stopped, struct umig_buf *out)
{
    Umig__V1__Process process = UMIG__V1__PROCESS__INIT;
    Umig__V1__KindOption kind = UMIG__V1__KIND_OPTION__INIT;
    Umig__V1__KindOption *kinds[] = {&kind};
    Umig__V1__Counter counters[6];
    Umig__V1__Counter *counter_items[6];
    static const struct {
        const char *name;
        uint64_t value;
    } values[] = {
        {"produced.cpu", 12300000000},       {"outcome.ok", 9900},  {"outcome.unknown_java", 100},
        {"dropped.cpu.ring_full", 20000000}, {"samples.cpu", 1230}, {"novelty", 7},
    };
    for (size_t i = 0; i < 6; i++) {
        umig__v1__counter__init(&counters[i]);
        memcpy(&counters[i].name, &values[i].name, sizeof counters[i].name);
        counters[i].value = values[i].value;
        counter_items[i] = &counters[i];
    }
    char walker[] = "agct";
    char signal[] = "SIGRTMIN+8";
    char clock[] = "cputime";
    char key[] = "build";
    char value[] = "1\xe2\x80\xae"
                   "4"; /* U+202E turns what follows round */
    Umig__V1__Label label = UMIG__V1__LABEL__INIT;
    Umig__V1__Label *labels[] = {&label};
    label.key = key;
    label.value = value;
    Umig__V1__SessionStatus session = UMIG__V1__SESSION_STATUS__INIT;
    Umig__V1__SessionStatus *sessions[] = {&session};
    Umig__V1__AgentStatus agent = UMIG__V1__AGENT_STATUS__INIT;
    Umig__V1__ControlReply reply = UMIG__V1__CONTROL_REPLY__INIT;
    kind.kind = 1;
    kind.interval_ns = 10000000;
    session.id = g_running_id;
    session.age_ns = 12000000000;
    session.duration_ns = 30000000000;
    session.kinds = kinds;
    session.n_kinds = 1;
    session.counters = counter_items;
    session.n_counters = 6;
    session.native = 1;
    session.clock = UMIG_CLOCK_PERF;
    session.problem = g_problem;
    session.labels = labels;
    session.n_labels = 1;
    process.service = g_service;
    process.jdk = 21;
    agent.process = &process;
    agent.sessions = sessions;
    agent.n_sessions = 1;
    agent.collector_address = g_address;
    agent.collector_connected = 1;
    char problem[] = "the collector waits: the collector's disk is full";
    if (atomic_load(&g_is_disk_full)) {
        agent.collector_problem = problem;
        agent.acked_sequence = 5;
        agent.unacked_batches = 3;
    }
    if (atomic_load(&g_is_armed)) {
        put_armed(&session, &agent);
    }
    agent.walker = walker;
    agent.signal = signal;
    agent.clock = clock;
    agent.uptime_ns = 100000000000;
    agent.agent_cpu_ns = 500000000;
    agent.agent_memory_bytes = 6 << 20;
    agent.resident_memory_bytes = 4 << 20;
    agent.memory_limit_bytes = 32 << 20;
    reply.agent = &agent;
    if (stopped != NULL) {
        reply.text = stopped;
    }
    pack_reply(&reply, out);
}

static void put_started(const Umig__V1__StartSession *start, struct umig_buf *out)
{
    struct umig_buf asked = UMIG_BUF_INIT(sizeof g_started - 1);
    umig_buf_printf(&asked, "%s %llu%s", start->id, (unsigned long long)start->duration_ns,
                    start->native == 2 ? " native" : "");
    if (start->clock != UMIG_CLOCK_AUTO) {
        umig_buf_printf(&asked, " clock %u", start->clock);
    }
    if (start->when[0] != '\0') {
        umig_buf_printf(&asked, " when %s before %llu times %u", start->when,
                        (unsigned long long)start->before_ns, start->times);
    }
    for (size_t i = 0; i < start->n_kinds; i++) {
        umig_buf_printf(&asked, " %u:%llu", start->kinds[i]->kind,
                        (unsigned long long)start->kinds[i]->interval_ns);
    }
    for (size_t i = 0; i < start->n_labels; i++) {
        umig_buf_printf(&asked, " %s=%s", start->labels[i]->key, start->labels[i]->value);
    }
    snprintf(g_started, sizeof g_started, "%s", umig_buf_str(&asked));
    umig_buf_fini(&asked);
    Umig__V1__ControlReply reply = UMIG__V1__CONTROL_REPLY__INIT;
    Umig__V1__AgentStatus agent = UMIG__V1__AGENT_STATUS__INIT;
    Umig__V1__SessionStatus session = UMIG__V1__SESSION_STATUS__INIT;
    Umig__V1__SessionStatus *sessions[] = {&session};
    char made[] = "made-1";
    char taken[] = "a session named 'taken' runs already";
    const bool is_here = g_second.pid == 0; /* in the second JVM: see fork_second() */
    reply.status = strcmp(start->id, "taken") == 0 || (strcmp(start->id, "half") == 0 && is_here);
    reply.text = reply.status != 0 ? taken : made;
    session.id = start->id[0] != '\0' ? start->id : made;
    session.problem = start->native != 0 ? g_problem : session.problem;
    session.when = strcmp(start->id, "older") != 0 ? start->when : session.when;
    agent.sessions = sessions;
    agent.n_sessions = 1;
    reply.agent = &agent;
    pack_reply(&reply, out);
}

static void answer_well(const struct umig_frame_header *header,
                        const uint8_t *payload,
                        struct umig_buf *out)
{
    Umig__V1__ControlRequest *request =
        umig__v1__control_request__unpack(NULL, header->payload_bytes, payload);
    if (request->verb == UMIG__V1__CONTROL_VERB__CONTROL_STATUS) {
        put_status(NULL, out);
    } else if (request->verb == UMIG__V1__CONTROL_VERB__CONTROL_START) {
        put_started(request->start, out);
    } else {
        char stopped[] = "load-7 other";
        atomic_fetch_add(&g_stop_count, 1);
        put_status(stopped, out);
    }
    umig__v1__control_request__free_unpacked(request, NULL);
}

static void answer_garbage(const struct umig_frame_header *header,
                           const uint8_t *payload,
                           struct umig_buf *out)
{
    (void)header;
    (void)payload;
    umig_buf_text(out, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
}

static void answer_empty(const struct umig_frame_header *header,
                         const uint8_t *payload,
                         struct umig_buf *out)
{
    (void)header;
    (void)payload;
    put_frame(out, UMIG_FRAME_CONTROL_REPLY, 0, "", 0);
}

static void answer_refusal(const struct umig_frame_header *header,
                           const uint8_t *payload,
                           struct umig_buf *out)
{
    (void)header;
    (void)payload;
    put_frame(out, UMIG_FRAME_REFUSE, 0, "\x08\x03\x12\x07not you", 11);
}

static void answer_nothing(const struct umig_frame_header *header,
                           const uint8_t *payload,
                           struct umig_buf *out)
{
    (void)header;
    (void)payload;
    (void)out; /* the connection is closed */
}

/* Refuses for now: "\x18\x14" is retry_after_ms 20. */
static void answer_busy(const struct umig_frame_header *header,
                        const uint8_t *payload,
                        struct umig_buf *out)
{
    (void)header;
    (void)payload;
    g_refusal_count += g_agent.is_asked_by_us;
    put_frame(out, UMIG_FRAME_REFUSE, 0, "\x08\x05\x12\x08too much\x18\x14", 14);
}

static void answer_after_refusals(const struct umig_frame_header *header,
                                  const uint8_t *payload,
                                  struct umig_buf *out)
{
    if (g_refusal_count < 3) {
        answer_busy(header, payload, out);
    } else {
        answer_well(header, payload, out);
    }
}

static void write_file(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", g_runtime_dir, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    fclose(file);
}

static int become_jvm(void **state)
{
    if (make_runtime_dir(state) != 0) {
        return -1;
    }
    char page[PAGE_BYTES + 1];
    char path[128];
    memset(page, 'x', PAGE_BYTES);
    page[PAGE_BYTES] = '\0';
    write_file("libjvm.so", page);
    write_file("release", "IMPLEMENTOR=\"us\"\nJAVA_VERSION=\"21.0.4\"\n");
    snprintf(g_address, sizeof g_address, "unix:%s/collector.sock", g_runtime_dir);
    snprintf(path, sizeof path, "%s/libjvm.so", g_runtime_dir);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    g_libjvm = mmap(NULL, PAGE_BYTES, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    return g_libjvm == MAP_FAILED ? -1 : 0;
}

static int end_jvm(void **state)
{
    munmap(g_libjvm, PAGE_BYTES);
    return remove_runtime_dir(state);
}

static int start_agent(void **state)
{
    char name[32];
    snprintf(name, sizeof name, "agent-%d.sock", (int)getpid());
    g_agent.answer = answer_well;
    if (become_jvm(state) != 0) {
        return -1;
    }
    fake_peer_start(&g_agent, name);
    return 0;
}

static int stop_agent(void **state)
{
    fake_peer_stop(&g_agent);
    return end_jvm(state);
}

/* Before this process has a thread: the child starts one. */
static int fork_second(void)
{
    int ready[2];
    int end[2];
    char byte = 0;
    if (pipe2(ready, O_CLOEXEC) != 0 || pipe2(end, O_CLOEXEC) != 0) {
        return -1;
    }
    g_second.pid = fork();
    if (g_second.pid == 0) {
        char name[32];
        close(end[1]);
        snprintf(name, sizeof name, "agent-%d.sock", (int)getpid());
        fake_peer_start(&g_agent, name);
        (void)!write(ready[1], "r", 1);
        (void)!read(end[0], &byte, 1);
        fake_peer_stop(&g_agent);
        _exit(0);
    }
    close(ready[1]);
    close(end[0]);
    g_second.end_fd = end[1];
    const ssize_t got = read(ready[0], &byte, 1);
    close(ready[0]);
    return got == 1 ? 0 : -1;
}

static int start_two_agents(void **state)
{
    char name[32];
    snprintf(name, sizeof name, "agent-%d.sock", (int)getpid());
    g_agent.answer = answer_well;
    if (become_jvm(state) != 0 || fork_second() != 0) {
        return -1;
    }
    fake_peer_start(&g_agent, name);
    return 0;
}

static int stop_two_agents(void **state)
{
    int status = 0;
    close(g_second.end_fd);
    if (waitpid(g_second.pid, &status, 0) != g_second.pid || status != 0) {
        return -1;
    }
    return stop_agent(state);
}

static void run_on_me(const char *verb, const char *rest)
{
    char words[256];
    snprintf(words, sizeof words, "%s %d%s", verb, (int)getpid(), rest);
    run_umig(words, &g_run);
}

static void run_on_service(const char *verb, const char *rest)
{
    char words[256];
    snprintf(words, sizeof words, "%s %s%s", verb, g_service, rest);
    run_umig(words, &g_run);
}

/* What the last run wrote has this text; "@" in it stands for the service's name. */
static void assert_wrote(const char *text, const char *wanted)
{
    char whole[512];
    const char *mark = strchr(wanted, '@');
    snprintf(whole, sizeof whole, "%.*s%s%s", mark != NULL ? (int)(mark - wanted) : 0, wanted,
             mark != NULL ? g_service : "", mark != NULL ? mark + 1 : wanted);
    if (strstr(text, whole) == NULL) {
        fail_msg("'%s' is not in:\n%s", whole, text);
    }
}

static void test_jvms_shows_agent_service_and_sessions(void **state)
{
    (void)state;
    char pid[32];
    snprintf(pid, sizeof pid, "\"pid\":%d,", (int)getpid());

    run_umig("jvms --json", &g_run);

    assert_int_equal(g_run.code, 0);
    const char *me = strstr(g_run.out, pid);
    assert_non_null(me);
    assert_non_null(strstr(me, "\"jdk\":\"21.0.4\",\"agent\":true,"));
    assert_wrote(me, "\"service\":\"@\",\"problem\":null,\"sessions\":[\"load-7\\u001b\"]");
    run_umig("jvms", &g_run);
    assert_wrote(g_run.out, "@");
}

static void test_status_tells_cost_quality_and_sessions(void **state)
{
    (void)state;
    run_on_me("status", "");

    assert_int_equal(g_run.code, 0);
    assert_string_equal(g_run.err, "");
    assert_wrote(g_run.out, "@  pid ");
    assert_non_null(strstr(g_run.out, "JDK 21"));
    assert_non_null(strstr(g_run.out, "/collector.sock, connected, everything stored"));
    assert_non_null(strstr(
        g_run.out, "0.50 % of one CPU (500 ms), 4.0 MiB of memory (6.0 MiB of 32.0 MiB reserved)"));
    assert_non_null(strstr(g_run.out, "load-7\xE2\x90\x9B, runs for 12 s, ends in 18 s"));
    assert_non_null(strstr(g_run.out, "cpu every 10ms with the native function that ran\n"));
    assert_non_null(strstr(g_run.out, "lacks      native frames (no memory)\n"));
    assert_non_null(strstr(g_run.out, "labels     build=1\\u{202E}4\n"));
    assert_non_null(strstr(g_run.out, "walker     agct\n"));
    assert_non_null(strstr(g_run.out, "signal     SIGRTMIN+8\n"));
    assert_non_null(strstr(g_run.out, "clock      cputime\n"));
    assert_non_null(strstr(g_run.out, "measured   cpu 12.3 s in 1230 samples\n"));
    assert_non_null(strstr(g_run.out, "dropped    cpu.ring_full 20 ms"));
    assert_non_null(strstr(g_run.out, "10000, 1.00 % failed: unknown_java 100"));
    assert_non_null(strstr(g_run.out, "counters   novelty 7"));
}

static void test_status_shows_what_is_armed_and_what_is_planned(void **state)
{
    (void)state;
    atomic_store(&g_is_armed, true);
    run_on_me("status", "");
    assert_non_null(strstr(g_run.out, "load-7\xE2\x90\x9B, armed for 12 s\n"));
    assert_non_null(strstr(g_run.out, "fires      when heap > 90%; now: heap 41.2 %\n"));
    assert_non_null(strstr(g_run.out, "keeps      the last 60 s, so far 12 s: 1230 rows\n"));
    assert_non_null(
        strstr(g_run.out, "plan       night: every 1h, 3 times; started 1, next in 30 min 0 s\n"));
    assert_null(strstr(g_run.out, "measured"));

    run_on_me("status", " --json");
    assert_non_null(strstr(g_run.out, "\"state\":\"armed\",\"when\":\"heap > 90%\""));
    assert_non_null(strstr(g_run.out, "\"plans\":[{\"id\":\"night\","));
    atomic_store(&g_is_armed, false);
}

static void test_start_sends_a_condition_and_refuses_what_is_none(void **state)
{
    (void)state;
    run_on_me("start", " --cpu 2ms --when heap>90% --before 2m --duration 30s --name full");
    assert_int_equal(g_run.code, 0);
    assert_string_equal(g_started,
                        "full 30000000000 when heap>90% before 120000000000 times 1 1:2000000");
    assert_wrote(g_run.out, "Session full is armed in @ (pid ");
    assert_non_null(strstr(g_run.out,
                           "It fires when heap>90%, and has the 2 min 0 s before. It ends by "
                           "itself after 30 s. Read it with 'umig report full'."));
    assert_string_equal(g_run.err, "");

    run_on_me("start", " --cpu --when heap>90% --name older");
    assert_non_null(strstr(g_run.err, "is older than this command: session older runs now"));
}

static void test_status_json_has_every_counter(void **state)
{
    (void)state;
    run_on_service("status", " --json");

    assert_int_equal(g_run.code, 0);
    assert_non_null(strstr(g_run.out, "\"dropped.cpu.ring_full\":20000000"));
    assert_non_null(strstr(g_run.out, "\"walker\":\"agct\",\"signal\":\"SIGRTMIN+8\""));
    assert_non_null(
        strstr(g_run.out, "\"native\":\"leaf\",\"clock\":\"perf\",\"problem\":\"native"));
    assert_non_null(strstr(g_run.out, "\"signal\":\"SIGRTMIN+8\",\"clock\":\"cputime\""));
    assert_non_null(strstr(g_run.out, "\"own_cost\":{\"cpu_ns\":500000000,"));
}

static void test_status_failures_are_shown_where_asked_for(void **state)
{
    (void)state;
    run_on_service("status", " --failures");
    assert_int_equal(g_run.code, 0);
    assert_non_null(strstr(
        g_run.out, "stacks of load-7\xE2\x90\x9B: 10000, 1.00 % failed: unknown_java 100\n"));
    assert_null(strstr(g_run.out, "own cost"));

    run_on_service("status", " --failures --json");
    assert_int_equal(g_run.code, 0);
    assert_non_null(strstr(g_run.out, "\"failures\":[]}"));

    run_on_service("status", " --json");
    assert_null(strstr(g_run.out, "\"failures\""));
}

static void test_start_sends_what_was_asked_for(void **state)
{
    (void)state;
    run_on_me("start", " --cpu 2ms --gc --heap --duration 30s --name load-7 --label build=1=2");

    assert_int_equal(g_run.code, 0);
    assert_string_equal(g_started, "load-7 30000000000 1:2000000 2:0 3:1000000000 build=1=2");
    assert_wrote(g_run.out, "Session load-7 runs in @ (pid ");
    assert_non_null(strstr(g_run.out, "cpu every 2ms, gc, heap every 1s."));
    assert_non_null(
        strstr(g_run.out, "It ends by itself in 30 s. Read it with 'umig report load-7'."));
}

static void test_start_names_the_collector_that_a_report_would_not_find(void **state)
{
    (void)state;
    snprintf(g_address, sizeof g_address, "tcp:10.0.0.7:7070");

    run_on_me("start", " --cpu --name far");
    assert_int_equal(g_run.code, 0);
    assert_non_null(
        strstr(g_run.out, " Read it with 'umig report far --collector tcp:10.0.0.7:7070'.\n"));

    run_on_me("stop", "");
    assert_int_equal(g_run.code, 0);
    assert_non_null(
        strstr(g_run.out, "Read each with 'umig report ID --collector tcp:10.0.0.7:7070'.\n"));
}

static void test_start_sends_a_clock_and_refuses_what_is_none(void **state)
{
    (void)state;
    run_on_me("start", " --cpu 2ms --clock wall --name by-wall");
    assert_int_equal(g_run.code, 0);
    assert_string_equal(g_started, "by-wall 0 clock 3 1:2000000");

    run_on_me("start", " --cpu --clock sundial");
    assert_int_equal(g_run.code, 2);
    assert_non_null(strstr(g_run.err, "auto, perf, cputime or wall"));

    run_on_me("start", " --gc --clock perf");
    assert_int_equal(g_run.code, 2);
    assert_non_null(strstr(g_run.err, "add --cpu"));
}

static void test_start_confirms_native_frames_and_says_if_they_are_not_to_be_had(void **state)
{
    (void)state;
    run_on_me("start", " --cpu 2ms --gc --native on --name deep");
    assert_int_equal(g_run.code, 0);
    assert_string_equal(g_started, "deep 0 native 1:2000000 2:0");
    assert_wrote(g_run.out, " in @ (pid ");
    assert_non_null(strstr(g_run.out, "): cpu every 2ms with native frames, gc.\n"));
    assert_non_null(strstr(g_run.err, "umig start: session deep in JVM "));
    assert_non_null(strstr(g_run.err, " does not get all of it: native frames (no memory)\n"));

    run_on_me("start", " --cpu --native leaf --json");
    assert_non_null(strstr(g_run.out, "\"problem\":\"native frames (no memory)\"}]"));
    assert_string_equal(g_run.err, "");

    run_on_me("start", " --cpu --name plain");
    assert_string_equal(g_run.err, "");
}

static void test_start_by_service_without_kinds_takes_all_and_the_made_name(void **state)
{
    (void)state;
    run_on_service("start", " --json");

    assert_int_equal(g_run.code, 0);
    assert_string_equal(g_started, " 0 1:10000000 2:0 3:1000000000 4:1000000");
    assert_wrote(g_run.out, "\"service\":\"@\",\"session\":\"made-1\",\"problem\":null}]");
}

static void test_service_that_no_agent_has_is_told_with_those_that_are(void **state)
{
    (void)state;
    run_umig("start nosuch", &g_run);

    assert_int_equal(g_run.code, 3);
    const char *there = strstr(g_run.err, "has the service name 'nosuch'; there ");
    assert_non_null(there);
    assert_wrote(there, "@"); /* and whatever else runs on this host */
    assert_null(strstr(strstr(there, g_service) + 1, g_service));
}

static void test_start_that_the_agent_refuses_is_a_failure(void **state)
{
    (void)state;
    run_on_me("start", " --name taken");

    assert_int_equal(g_run.code, 3);
    assert_non_null(strstr(g_run.err, "a session named 'taken' runs already"));
}

static void test_stop_by_name_knows_what_runs(void **state)
{
    (void)state;
    atomic_store(&g_stop_count, 0);

    run_on_me("stop", " --name other");
    assert_int_equal(g_run.code, 3);
    assert_non_null(strstr(g_run.err, "no session 'other' runs there"));
    assert_int_equal(atomic_load(&g_stop_count), 0);

    run_on_me("stop", "");
    assert_int_equal(g_run.code, 0);
    assert_int_equal(atomic_load(&g_stop_count), 1);
    assert_wrote(g_run.out, "Stopped load-7 other in @ (pid ");
    assert_non_null(strstr(g_run.out, ").\nRead each with 'umig report ID'.\n"));

    run_on_me("stop", " --json");
    assert_int_equal(g_run.code, 0);
    assert_non_null(strstr(g_run.out, "\"sessions\":[\"load-7\",\"other\"],\"unfired\":[]}]\n"));
}

static void test_status_and_stop_say_what_the_collector_waits_for(void **state)
{
    (void)state;
    atomic_store(&g_is_disk_full, true);
    run_on_me("status", "");
    assert_non_null(strstr(g_run.out, "collector.sock, connected, 3 batches not stored yet: the "
                                      "collector waits: the collector's disk is full\n"));

    run_on_me("stop", "");
    atomic_store(&g_is_disk_full, false);
    assert_int_equal(g_run.code, 0);
    assert_non_null(strstr(g_run.err,
                           "umig stop: 3 batches are in the agent's memory and not stored: "
                           "the collector waits: the collector's disk is full\n"));
}

static void test_what_several_agents_started_is_stopped_by_one_command(void **state)
{
    (void)state;
    char pid[32];
    snprintf(pid, sizeof pid, "(pid %d)", (int)g_second.pid);

    run_on_service("start", " --name nightly");
    assert_int_equal(g_run.code, 0);
    assert_non_null(strstr(g_run.out, pid));
    assert_wrote(g_run.out, "They run until 'umig stop @ --name nightly'. Read each by its number "
                            "in 'umig sessions': umig report '#N'.\n");

    run_on_service("start", ""); /* each agent makes an id of its own */
    assert_wrote(g_run.out, "They run until 'umig stop @', which stops whatever commands started "
                            "there; with --name ID only one. Read each with 'umig report ID'.\n");

    run_on_service("start", " --duration 30s --name nightly");
    assert_non_null(strstr(g_run.out, "They end by themselves in 30 s. "));
    assert_null(strstr(g_run.out, "umig stop"));

    run_on_service("stop", "");
    assert_int_equal(g_run.code, 0);
    assert_non_null(strstr(g_run.out, pid));
    assert_non_null(strstr(g_run.out, ").\nRead each with 'umig report ID'.\n"));
}

static void test_name_that_is_taken_anywhere_starts_nothing(void **state)
{
    (void)state;
    g_started[0] = '\0';
    snprintf(g_running_id, sizeof g_running_id, "load-8");
    run_on_service("start", " --cpu --name load-8");
    snprintf(g_running_id, sizeof g_running_id, "load-7\x1b");
    assert_int_equal(g_run.code, 3);
    assert_string_equal(g_run.out, "");
    assert_string_equal(g_started, "");
    assert_non_null(strstr(g_run.err, "a session 'load-8' is already running in JVM "));
    assert_non_null(strstr(g_run.err, "; nothing was started in any\n"));
}

static void test_start_that_fails_in_one_of_two_says_in_which(void **state)
{
    (void)state;
    char pid[64];
    run_on_service("start", " --cpu --name half");
    assert_int_equal(g_run.code, 3);
    snprintf(pid, sizeof pid, "not started in JVM %d: ", (int)g_second.pid);
    assert_non_null(strstr(g_run.err, pid));
    assert_non_null(strstr(g_run.err, "umig start: started in 1 of 2 JVMs\n"));
    snprintf(pid, sizeof pid, "(pid %d)", (int)getpid());
    assert_wrote(g_run.out, "Session half runs in @ (pid ");
    assert_non_null(strstr(g_run.out, pid));
}

static void test_bad_answers_are_told_from_each_other(void **state)
{
    (void)state;
    static const struct {
        void (*answer)(const struct umig_frame_header *, const uint8_t *, struct umig_buf *);
        const char *says;
    } cases[] = {
        {answer_garbage, "not a UMIG frame"},
        {answer_empty, "its status is empty"},
        {answer_refusal, ": not you"},
        {answer_nothing, "closed the connection without an answer"},
    };
    char pid[32];
    snprintf(pid, sizeof pid, "JVM %d", (int)getpid());
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        g_agent.answer = cases[i].answer;
        run_on_me("status", "");
        if (g_run.code != 3 || strstr(g_run.err, cases[i].says) == NULL) {
            fail_msg("case %zu exited %d and said: %s", i, g_run.code, g_run.err);
        }
        assert_non_null(strstr(g_run.err, pid));
    }
}

static void test_agent_that_refuses_for_now_is_asked_again(void **state)
{
    (void)state;
    g_refusal_count = 0;
    g_agent.answer = answer_after_refusals;

    run_on_me("status", "");

    assert_int_equal(g_run.code, 0);
    assert_string_equal(g_run.err, "");
    assert_int_equal(g_refusal_count, 3);
}

static void test_agent_that_refuses_on_and_on_is_given_up(void **state)
{
    (void)state;
    g_refusal_count = 0;
    g_agent.answer = answer_busy;

    run_on_me("status", "");

    assert_int_equal(g_run.code, 3);
    assert_non_null(strstr(g_run.err, " is asked too much: too much; try again later\n"));
    assert_in_range(g_refusal_count, 2, 41);
}

static void test_jvm_without_agent_says_how_to_load_it(void **state)
{
    (void)state;
    run_on_me("start", "");

    assert_int_equal(g_run.code, 3);
    assert_non_null(
        strstr(g_run.err, "runs without the UMIG agent; start it with java -agentpath:/"));
}

static void test_status_without_any_agent_answers_no(void **state)
{
    (void)state;
    run_on_service("status", "");
    assert_int_equal(g_run.code, 1);
    assert_wrote(g_run.err, "'@'");

    run_on_service("status", " --json");
    assert_int_equal(g_run.code, 1);
    assert_wrote(g_run.out, "{\"agents\":[],\"silent\":"); /* others of this host may be */
}

#define WITH_AGENT(name) cmocka_unit_test_setup_teardown(name, start_agent, stop_agent)
#define WITHOUT(name)    cmocka_unit_test_setup_teardown(name, become_jvm, end_jvm)

int main(void)
{
    snprintf(g_service, sizeof g_service, "cli-test-%d", (int)getpid());
    const struct CMUnitTest agent_test[] = {
        WITH_AGENT(test_jvms_shows_agent_service_and_sessions),
        WITH_AGENT(test_status_tells_cost_quality_and_sessions),
        WITH_AGENT(test_status_shows_what_is_armed_and_what_is_planned),
        WITH_AGENT(test_start_sends_a_condition_and_refuses_what_is_none),
        WITH_AGENT(test_status_json_has_every_counter),
        WITH_AGENT(test_status_failures_are_shown_where_asked_for),
        WITH_AGENT(test_start_sends_what_was_asked_for),
        WITH_AGENT(test_start_names_the_collector_that_a_report_would_not_find),
        WITH_AGENT(test_start_sends_a_clock_and_refuses_what_is_none),
        WITH_AGENT(test_start_confirms_native_frames_and_says_if_they_are_not_to_be_had),
        WITH_AGENT(test_start_by_service_without_kinds_takes_all_and_the_made_name),
        cmocka_unit_test_setup_teardown(test_service_that_no_agent_has_is_told_with_those_that_are,
                                        start_two_agents, stop_two_agents),
        WITH_AGENT(test_start_that_the_agent_refuses_is_a_failure),
        WITH_AGENT(test_stop_by_name_knows_what_runs),
        WITH_AGENT(test_status_and_stop_say_what_the_collector_waits_for),
        cmocka_unit_test_setup_teardown(test_what_several_agents_started_is_stopped_by_one_command,
                                        start_two_agents, stop_two_agents),
        cmocka_unit_test_setup_teardown(test_name_that_is_taken_anywhere_starts_nothing,
                                        start_two_agents, stop_two_agents),
        cmocka_unit_test_setup_teardown(test_start_that_fails_in_one_of_two_says_in_which,
                                        start_two_agents, stop_two_agents),
        WITH_AGENT(test_bad_answers_are_told_from_each_other),
        WITH_AGENT(test_agent_that_refuses_for_now_is_asked_again),
        WITH_AGENT(test_agent_that_refuses_on_and_on_is_given_up),
        WITHOUT(test_jvm_without_agent_says_how_to_load_it),
        WITHOUT(test_status_without_any_agent_answers_no),
    };
    return cmocka_run_group_tests(agent_test, NULL, NULL);
}
