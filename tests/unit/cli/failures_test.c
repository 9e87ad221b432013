/* What a developer reads of walks that failed; the agent's answer is made up. */
#include <string.h>

#include "cli/failures.h"
#include "tests/support/golden.h"
#include "tests/support/test.h"

enum {
    CODE_BYTES = 32,
    STACK_WORDS = 8,
    FAILURES = 4,
};

/* A reply and all it points to. */
struct fixture {
    struct umig_target target;
    Umig__V1__ControlReply reply;
    Umig__V1__AgentStatus agent;
    Umig__V1__Process process;
    Umig__V1__SessionStatus session;
    Umig__V1__SessionStatus *sessions[1];
    Umig__V1__Counter counters[4];
    Umig__V1__Counter *counter_items[4];
    Umig__V1__WalkFailure failures[FAILURES];
    Umig__V1__WalkFailure *failure_items[FAILURES];
    Umig__V1__CodePlace leaf;
    Umig__V1__CodePlace stub;
    Umig__V1__CodePlace native;
    uint8_t code[CODE_BYTES];
    uint64_t stack[STACK_WORDS];
    struct umig_buf out;
};

static struct fixture g_fx;

static void set_counter(size_t i, const char *name, uint64_t value)
{
    umig__v1__counter__init(&g_fx.counters[i]);
    g_fx.counters[i].name = umig_message_text(name);
    g_fx.counters[i].value = value;
    g_fx.counter_items[i] = &g_fx.counters[i];
}

static void set_place(Umig__V1__CodePlace *place, uint64_t first, const char *name)
{
    umig__v1__code_place__init(place);
    place->pc = first;
    place->sp = first + 1;
    place->fp = first + 2;
    place->result = first + 3;
    place->method = first + 4;
    place->sender_sp = UINT64_MAX;
    place->name = umig_message_text(name);
    place->code = (ProtobufCBinaryData){.data = g_fx.code, .len = CODE_BYTES};
}

static void set_places(void)
{
    set_place(&g_fx.leaf, 0x7f0010002000, "nmethod");
    set_place(&g_fx.stub, 0x7f0010003000, "StubRoutines (2)");
    g_fx.stub.offset = 0x2c;
    g_fx.stub.frame_words = 12;
    g_fx.stub.frame_complete = -1;
    set_place(&g_fx.native, 0x7f9910004000, "");
}

static Umig__V1__WalkFailure *set_failure(size_t i, const char *outcome)
{
    Umig__V1__WalkFailure *failure = &g_fx.failures[i];
    umig__v1__walk_failure__init(failure);
    failure->unix_ns = UINT64_C(1790000000000000000) - i * 1000000000;
    failure->tid = 4711 + (uint32_t)i;
    failure->outcome = umig_message_text(outcome);
    failure->stack = g_fx.stack;
    failure->n_stack = STACK_WORDS;
    g_fx.failure_items[i] = failure;
    return failure;
}

/* Frames were walked; none was; outside of the JVM's code; by an agent that says little. */
static void set_failures(void)
{
    Umig__V1__WalkFailure *failure = set_failure(0, "stub");
    failure->thread = umig_message_text("http-nio-8080-exec-3");
    failure->frames = 7;
    failure->thread_state = 8;
    failure->taken = &g_fx.leaf;
    failure->lost = &g_fx.stub;
    failure = set_failure(1, "unknown_java");
    failure->thread_state = 8;
    failure->is_leaf = 1;
    failure->taken = &g_fx.leaf;
    failure->lost = &g_fx.leaf;
    failure = set_failure(2, "not_walkable_not_java");
    failure->frames = 1;
    failure->thread_state = 4;
    failure->taken = &g_fx.leaf;
    failure->lost = &g_fx.native;
    failure = set_failure(3, "");
    failure->thread_state = -1;
    g_fx.agent.failures = g_fx.failure_items;
    g_fx.agent.n_failures = FAILURES;
}

static int setup(void **state)
{
    (void)state;
    memset(&g_fx, 0, sizeof g_fx);
    g_fx.out = (struct umig_buf)UMIG_BUF_INIT(1 << 20);
    for (uint8_t i = 0; i < CODE_BYTES; i++) {
        g_fx.code[i] = (uint8_t)(0xf0 + i);
    }
    for (size_t i = 0; i < STACK_WORDS; i++) {
        g_fx.stack[i] = 0x7f0020000000 + i;
    }
    umig__v1__control_reply__init(&g_fx.reply);
    umig__v1__agent_status__init(&g_fx.agent);
    umig__v1__process__init(&g_fx.process);
    umig__v1__session_status__init(&g_fx.session);
    g_fx.target.jvm.pid = 4242;
    g_fx.target.reply.message = &g_fx.reply;
    g_fx.reply.agent = &g_fx.agent;
    g_fx.agent.process = &g_fx.process;
    g_fx.agent.walker = umig_message_text("vm");
    g_fx.process.service = umig_message_text("orders");
    g_fx.process.jdk = 25;
    g_fx.process.jvm_version = umig_message_text("25.0.1+8-LTS");
    g_fx.process.agent_version = umig_message_text("0.1.0");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    umig_buf_fini(&g_fx.out);
    return 0;
}

static void run_session_with_failures(void)
{
    set_counter(0, "outcome.ok", 9900);
    set_counter(1, "outcome.stub", 60);
    set_counter(2, "outcome.unknown_java", 40);
    set_counter(3, "engine.walk_failures", 117);
    g_fx.session.id = umig_message_text("load-7");
    g_fx.session.counters = g_fx.counter_items;
    g_fx.session.n_counters = 3;
    g_fx.sessions[0] = &g_fx.session;
    g_fx.agent.sessions = g_fx.sessions;
    g_fx.agent.n_sessions = 1;
    g_fx.agent.counters = &g_fx.counter_items[3];
    g_fx.agent.n_counters = 1;
}

static const char *text_of(bool has_color)
{
    umig_buf_clear(&g_fx.out);
    umig_agent_failures_text(&g_fx.target, has_color, &g_fx.out);
    assert_int_equal(g_fx.out.failed, UMIG_OK);
    return umig_buf_str(&g_fx.out);
}

static const char *json_of(void)
{
    struct umig_json json = UMIG_JSON_INIT(&g_fx.out);
    umig_buf_clear(&g_fx.out);
    umig_json_object(&json, NULL);
    umig_agent_failures_json(&g_fx.agent, &json);
    umig_json_object_end(&json);
    assert_int_equal(g_fx.out.failed, UMIG_OK);
    return umig_buf_str(&g_fx.out);
}

static void test_text_is_as_people_have_read_it(void **state)
{
    (void)state;
    run_session_with_failures();
    set_places();
    set_failures();

    umig_golden_expect(UMIG_TEST_GOLDEN, "failures.txt", text_of(false));
}

static void test_json_is_as_people_have_read_it(void **state)
{
    (void)state;
    set_places();
    set_failures();

    umig_golden_expect(UMIG_TEST_GOLDEN, "failures.json", json_of());
}

static void test_color_is_for_terminals_only(void **state)
{
    (void)state;
    set_places();
    set_failures();

    assert_null(strchr(text_of(false), '\x1b'));
    assert_non_null(strstr(text_of(true), "\x1b[1mstub\x1b[0m"));
}

static void test_agent_without_failures_says_so(void **state)
{
    (void)state;
    const char *text = text_of(false);

    assert_string_equal(text, "orders  pid 4242, JDK 25 (25.0.1+8-LTS), agent 0.1.0, walker vm\n"
                              "  no walk has failed\n");
    assert_string_equal(json_of(), "{\"failures\":[]}");
}

static void test_failures_without_evidence_are_told_from_none(void **state)
{
    (void)state;
    run_session_with_failures();
    const char *text = text_of(false);

    assert_non_null(strstr(text, "stacks of load-7: 10000, 1.00 % failed: stub 60, unknown_java 40"
                                 "\n  No evidence is there: "));
    assert_null(strstr(text, "no walk has failed"));
}

static void test_walker_without_evidence_is_named(void **state)
{
    (void)state;
    g_fx.agent.walker = umig_message_text("agct");

    const char *text = text_of(false);

    assert_non_null(strstr(text, "The walker agct keeps no evidence"));
    assert_null(strstr(text, "no walk has failed"));
}

/* Lengths are the agent's: nothing is taken for granted. */
static void test_code_and_stack_may_be_missing(void **state)
{
    (void)state;
    set_places();
    set_failures();
    g_fx.stub.code = (ProtobufCBinaryData){0};
    g_fx.failures[0].n_stack = 0;
    g_fx.leaf.code.len = 3;

    g_fx.failures[0].fault_address = 0xd68;
    g_fx.failures[0].fault_offset = 0x2ae24;
    g_fx.failures[1].fault_address = 0xd70;

    const char *text = text_of(false);

    assert_non_null(strstr(text, "\n   fault  reading d68 at libumigagent.so+0x2ae24\n"));
    assert_non_null(strstr(text, "\n   fault  reading d70 in another library\n"));
    assert_non_null(strstr(text, "\n          f0 | f1 f2\n"));
    assert_non_null(strstr(text, "\n          its code was not sent\n"));
    assert_non_null(strstr(text, "stack from sp\n"));
    assert_non_null(strstr(json_of(), "\"code\":\"\",\"code_bytes_before_pc\":0"));
    assert_non_null(strstr(json_of(), "\"fault_address\":\"0xd68\",\"fault_offset\":\"0x2ae24\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_text_is_as_people_have_read_it),
        TEST(test_json_is_as_people_have_read_it),
        TEST(test_color_is_for_terminals_only),
        TEST(test_agent_without_failures_says_so),
        TEST(test_failures_without_evidence_are_told_from_none),
        TEST(test_walker_without_evidence_is_named),
        TEST(test_code_and_stack_may_be_missing),
    };
    return cmocka_run_group_tests_name("unit.cli.failures", tests, NULL, NULL);
}
