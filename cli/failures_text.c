#include <inttypes.h>
#include <string.h>

#include "cli/failures.h"
#include "cli/session_text.h"
#include "core/parse.h"

/* JavaThreadState of HotSpot 17 to 25 (src/hotspot/share/utilities/globalDefinitions.hpp). */
static const char *thread_state_text(int32_t state)
{
    static const char *const texts[] = {
        [2] = "new",      [3] = "new_trans",      [4] = "in_native", [5] = "in_native_trans",
        [6] = "in_vm",    [7] = "in_vm_trans",    [8] = "in_Java",   [9] = "in_Java_trans",
        [10] = "blocked", [11] = "blocked_trans",
    };
    const bool is_known = state >= 0 && (size_t)state < sizeof texts / sizeof texts[0];
    return is_known && texts[state] != NULL ? texts[state] : "unknown";
}

static uint64_t failures_ever(const Umig__V1__AgentStatus *agent)
{
    for (size_t i = 0; i < agent->n_counters; i++) {
        if (strcmp(agent->counters[i]->name, "engine.walk_failures") == 0) {
            return agent->counters[i]->value;
        }
    }
    return agent->n_failures;
}

/* How many failed of how many, by cause; returns how many. */
static uint64_t put_sessions(struct umig_buf *out, const Umig__V1__AgentStatus *agent)
{
    uint64_t failed = 0;
    for (size_t i = 0; i < agent->n_sessions; i++) {
        struct umig_buf stacks = UMIG_BUF_INIT(4096);
        failed += umig_session_stacks_text(agent->sessions[i], &stacks);
        if (stacks.len > 0) {
            umig_buf_printf(out, "  stacks of %s: %s\n", agent->sessions[i]->id,
                            umig_buf_str(&stacks));
        }
        umig_buf_fini(&stacks);
    }
    return failed;
}

static void put_without_rows(struct umig_buf *out, const Umig__V1__AgentStatus *agent)
{
    const uint64_t failed = put_sessions(out, agent);
    if (strcmp(agent->walker, "agct") == 0) {
        umig_buf_text(out, "  The walker agct keeps no evidence of walks that failed; the walker "
                           "vm does.\n");
    } else if (failed > 0) {
        umig_buf_text(out, "  No evidence is there: what failed did so before its walk began.\n");
    } else {
        umig_buf_text(out, "  no walk has failed\n");
    }
}

static void put_intro(struct umig_buf *out, const Umig__V1__AgentStatus *agent)
{
    (void)put_sessions(out, agent);
    umig_buf_printf(out,
                    "  The newest %zu of %" PRIu64
                    " failures since the JVM started follow, the newest first.\n",
                    agent->n_failures, failures_ever(agent));
    umig_buf_text(out, "  Attach this to an issue. Of the application it holds names of threads "
                       "and, with each failure,\n  registers and 8 words of stack: these may be "
                       "values of the application, such as a piece of a text.\n");
}

static void put_hex(struct umig_buf *out, const ProtobufCBinaryData *code, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        umig_buf_printf(out, "%s%02x", i > from ? " " : "", code->data[i]);
    }
}

static void put_registers(struct umig_buf *out, const Umig__V1__CodePlace *place)
{
    umig_buf_printf(out,
                    "pc %" PRIx64 " sp %" PRIx64 " fp %" PRIx64 " result %" PRIx64
                    " method %" PRIx64 " sender_sp %" PRIx64 "\n",
                    place->pc, place->sp, place->fp, place->result, place->method,
                    place->sender_sp);
}

/* Two lines: the code's name and the registers; its bytes, split at the pc. */
static void put_place(struct umig_buf *out,
                      const char *label,
                      const Umig__V1__CodePlace *place,
                      bool has_offset)
{
    const char *name = place->name[0] != '\0' ? place->name : "no code of the JVM";
    umig_buf_printf(out, "   %-5s  %s", label, name);
    if (has_offset && place->name[0] != '\0') {
        umig_buf_printf(out, "+0x%" PRIx64, place->offset);
    }
    umig_buf_text(out, ": ");
    put_registers(out, place);
    if (place->code.len == 0) {
        umig_buf_text(out, "          its code was not sent\n");
        return;
    }
    umig_buf_text(out, "          ");
    put_hex(out, &place->code, 0, place->code.len / 2);
    umig_buf_text(out, " | ");
    put_hex(out, &place->code, place->code.len / 2, place->code.len);
    umig_buf_byte(out, '\n');
}

/* Then both places are the same, and what is known of the code stands with the second. */
static bool is_lost_where_taken(const Umig__V1__WalkFailure *failure)
{
    return failure->is_leaf && failure->taken->pc == failure->lost->pc &&
           failure->taken->sp == failure->lost->sp;
}

static void put_frame(struct umig_buf *out, const Umig__V1__WalkFailure *failure)
{
    umig_buf_text(out, "   frame  ");
    if (failure->lost->name[0] == '\0') {
        umig_buf_text(out, "unknown");
    } else if (failure->lost->frame_complete < 0) {
        umig_buf_printf(out, "%d words, never complete", failure->lost->frame_words);
    } else {
        umig_buf_printf(out, "%d words, complete from +0x%x", failure->lost->frame_words,
                        (unsigned)failure->lost->frame_complete);
    }
    umig_buf_text(out, "; stack from sp");
    for (size_t i = 0; i < failure->n_stack; i++) {
        umig_buf_printf(out, " %" PRIx64, failure->stack[i]);
    }
    umig_buf_byte(out, '\n');
}

/* By the offset a developer with the same build finds the load. */
static void put_fault(struct umig_buf *out, const Umig__V1__WalkFailure *failure)
{
    if (failure->fault_offset != 0) {
        umig_buf_printf(out, "   fault  reading %" PRIx64 " at libumigagent.so+0x%" PRIx64 "\n",
                        failure->fault_address, failure->fault_offset);
    } else if (failure->fault_address != 0) {
        umig_buf_printf(out, "   fault  reading %" PRIx64 " in another library\n",
                        failure->fault_address);
    }
}

static void put_head(struct umig_buf *out,
                     const Umig__V1__WalkFailure *failure,
                     size_t number,
                     bool has_color)
{
    char when[UMIG_TIME_TEXT_BYTES];
    umig_format_time(failure->unix_ns, when);
    umig_buf_printf(out, "\n%2zu %s%s%s  %s, thread %u", number, has_color ? "\x1b[1m" : "",
                    failure->outcome[0] != '\0' ? failure->outcome : "unknown outcome",
                    has_color ? "\x1b[0m" : "", when, failure->tid);
    if (failure->thread[0] != '\0') {
        umig_buf_printf(out, " '%s'", failure->thread);
    }
    umig_buf_printf(out, ", state %d (%s), after %u %s%s\n", failure->thread_state,
                    thread_state_text(failure->thread_state), failure->frames,
                    failure->frames == 1 ? "frame" : "frames",
                    failure->is_leaf ? ", in the interrupted frame itself" : "");
}

static void put_failure(struct umig_buf *out,
                        const Umig__V1__WalkFailure *failure,
                        size_t number,
                        bool has_color)
{
    put_head(out, failure, number, has_color);
    if (failure->taken == NULL || failure->lost == NULL) {
        umig_buf_text(out, "   the agent did not say where\n");
        return;
    }
    if (!is_lost_where_taken(failure)) {
        put_place(out, "taken", failure->taken, false);
    }
    put_place(out, "lost", failure->lost, true);
    put_frame(out, failure);
    put_fault(out, failure);
}

void umig_agent_failures_text(const struct umig_target *target,
                              bool has_color,
                              struct umig_buf *out)
{
    const Umig__V1__AgentStatus *agent = target->reply.message->agent;
    umig_buf_printf(out, "%s%s%s  pid %d, JDK %u (%s), agent %s, walker %s\n",
                    has_color ? "\x1b[1m" : "", agent->process->service, has_color ? "\x1b[0m" : "",
                    (int)target->jvm.pid, agent->process->jdk, agent->process->jvm_version,
                    agent->process->agent_version, agent->walker);
    if (agent->n_failures == 0) {
        put_without_rows(out, agent);
        return;
    }
    put_intro(out, agent);
    for (size_t i = 0; i < agent->n_failures; i++) {
        put_failure(out, agent->failures[i], i + 1, has_color);
    }
}
