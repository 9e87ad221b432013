#include "tests/component/cli/fake_agent.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "include/umig/kinds.h"
#include "tests/support/test.h"
#include "umig/v1/control.pb-c.h"

enum {
    PAGE_BYTES = 4096
};

struct fake_agent g_fake_agent = {.running_id = "load-7\x1b"};
struct run g_run;

static char g_problem[] = "native frames (no memory)";
static void *g_libjvm;
static int g_second_end_fd; /* the second JVM ends when it is closed */

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
    session.id = g_fake_agent.running_id;
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
    process.service = g_fake_agent.service;
    process.jdk = 21;
    agent.process = &process;
    agent.sessions = sessions;
    agent.n_sessions = 1;
    agent.collector_address = g_fake_agent.address;
    agent.collector_connected = 1;
    char problem[] = "the collector waits: the collector's disk is full";
    if (atomic_load(&g_fake_agent.is_disk_full)) {
        agent.collector_problem = problem;
        agent.acked_sequence = 5;
        agent.unacked_batches = 3;
    }
    if (atomic_load(&g_fake_agent.is_armed)) {
        put_armed(&session, &agent);
    }
    agent.walker = walker;
    agent.signal = signal;
    agent.clock = clock;
    agent.uptime_ns = 100000000000;
    agent.agent_cpu_ns = 500000000;
    agent.agent_memory_bytes = 6 << 20;
    agent.resident_memory_bytes = atomic_load(&g_fake_agent.is_untouched) ? 0 : 4 << 20;
    agent.memory_limit_bytes = 32 << 20;
    reply.agent = &agent;
    if (stopped != NULL) {
        reply.text = stopped;
    }
    pack_reply(&reply, out);
}

static void put_started(const Umig__V1__StartSession *start, struct umig_buf *out)
{
    struct umig_buf asked = UMIG_BUF_INIT(sizeof g_fake_agent.started - 1);
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
    snprintf(g_fake_agent.started, sizeof g_fake_agent.started, "%s", umig_buf_str(&asked));
    umig_buf_fini(&asked);
    Umig__V1__ControlReply reply = UMIG__V1__CONTROL_REPLY__INIT;
    Umig__V1__AgentStatus agent = UMIG__V1__AGENT_STATUS__INIT;
    Umig__V1__SessionStatus session = UMIG__V1__SESSION_STATUS__INIT;
    Umig__V1__SessionStatus *sessions[] = {&session};
    char made[] = "made-1";
    char taken[] = "a session named 'taken' runs already";
    const bool is_here = g_fake_agent.second_pid == 0; /* in the second JVM: see fork_second() */
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

void fake_agent_answer(const struct umig_frame_header *header,
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
        atomic_fetch_add(&g_fake_agent.stop_count, 1);
        put_status(stopped, out);
    }
    umig__v1__control_request__free_unpacked(request, NULL);
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

void fake_agent_init(void)
{
    snprintf(g_fake_agent.service, sizeof g_fake_agent.service, "cli-test-%d", (int)getpid());
}

int fake_agent_become_jvm(void **state)
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
    snprintf(g_fake_agent.address, sizeof g_fake_agent.address, "unix:%s/collector.sock",
             g_runtime_dir);
    snprintf(path, sizeof path, "%s/libjvm.so", g_runtime_dir);
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    g_libjvm = mmap(NULL, PAGE_BYTES, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    return g_libjvm == MAP_FAILED ? -1 : 0;
}

int fake_agent_end_jvm(void **state)
{
    munmap(g_libjvm, PAGE_BYTES);
    return remove_runtime_dir(state);
}

int fake_agent_start(void **state)
{
    char name[32];
    snprintf(name, sizeof name, "agent-%d.sock", (int)getpid());
    g_fake_agent.peer.answer = fake_agent_answer;
    if (fake_agent_become_jvm(state) != 0) {
        return -1;
    }
    fake_peer_start(&g_fake_agent.peer, name);
    return 0;
}

int fake_agent_stop(void **state)
{
    fake_peer_stop(&g_fake_agent.peer);
    return fake_agent_end_jvm(state);
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
    g_fake_agent.second_pid = fork();
    if (g_fake_agent.second_pid == 0) {
        char name[32];
        close(end[1]);
        snprintf(name, sizeof name, "agent-%d.sock", (int)getpid());
        fake_peer_start(&g_fake_agent.peer, name);
        (void)!write(ready[1], "r", 1);
        (void)!read(end[0], &byte, 1);
        fake_peer_stop(&g_fake_agent.peer);
        _exit(0);
    }
    close(ready[1]);
    close(end[0]);
    g_second_end_fd = end[1];
    const ssize_t got = read(ready[0], &byte, 1);
    close(ready[0]);
    return got == 1 ? 0 : -1;
}

int fake_agent_start_two(void **state)
{
    char name[32];
    snprintf(name, sizeof name, "agent-%d.sock", (int)getpid());
    g_fake_agent.peer.answer = fake_agent_answer;
    if (fake_agent_become_jvm(state) != 0 || fork_second() != 0) {
        return -1;
    }
    fake_peer_start(&g_fake_agent.peer, name);
    return 0;
}

int fake_agent_stop_two(void **state)
{
    int status = 0;
    close(g_second_end_fd);
    if (waitpid(g_fake_agent.second_pid, &status, 0) != g_fake_agent.second_pid || status != 0) {
        return -1;
    }
    return fake_agent_stop(state);
}

void run_on_fake_agent(const char *verb, const char *rest)
{
    char words[256];
    snprintf(words, sizeof words, "%s %d%s", verb, (int)getpid(), rest);
    run_umig(words, &g_run);
}

void run_on_fake_service(const char *verb, const char *rest)
{
    char words[256];
    snprintf(words, sizeof words, "%s %s%s", verb, g_fake_agent.service, rest);
    run_umig(words, &g_run);
}

void assert_wrote(const char *text, const char *wanted)
{
    char whole[512];
    const char *mark = strchr(wanted, '@');
    snprintf(whole, sizeof whole, "%.*s%s%s", mark != NULL ? (int)(mark - wanted) : 0, wanted,
             mark != NULL ? g_fake_agent.service : "", mark != NULL ? mark + 1 : wanted);
    if (strstr(text, whole) == NULL) {
        fail_msg("'%s' is not in:\n%s", whole, text);
    }
}
