#include <inttypes.h>
#include <stdio.h>

#include "cli/failures.h"

static void put_address(struct umig_json *json, const char *key, uint64_t address)
{
    char text[24];
    snprintf(text, sizeof text, "0x%" PRIx64, address);
    umig_json_text(json, key, text);
}

static void put_code(struct umig_json *json, const ProtobufCBinaryData *code)
{
    struct umig_buf hex = UMIG_BUF_INIT(1 << 20);
    for (size_t i = 0; i < code->len; i++) {
        umig_buf_printf(&hex, "%02x", code->data[i]);
    }
    umig_json_text(json, "code", umig_buf_str(&hex));
    umig_json_number(json, "code_bytes_before_pc", code->len / 2);
    umig_buf_fini(&hex);
}

/* What both places have, into an object that is open. */
static void put_place(struct umig_json *json, const Umig__V1__CodePlace *place)
{
    umig_json_text(json, "name", place->name);
    put_address(json, "pc", place->pc);
    put_address(json, "sp", place->sp);
    put_address(json, "fp", place->fp);
    put_address(json, "result", place->result);
    put_address(json, "method", place->method);
    put_address(json, "sender_sp", place->sender_sp);
    put_code(json, &place->code);
}

static void put_taken(struct umig_json *json, const Umig__V1__CodePlace *taken)
{
    umig_json_object(json, "taken");
    put_place(json, taken);
    umig_json_object_end(json);
}

static void put_lost(struct umig_json *json, const Umig__V1__CodePlace *lost)
{
    umig_json_object(json, "lost");
    put_place(json, lost);
    umig_json_number(json, "offset", lost->offset);
    umig_json_signed(json, "frame_words", lost->frame_words);
    umig_json_signed(json, "frame_complete", lost->frame_complete);
    umig_json_object_end(json);
}

static void put_failure(struct umig_json *json, const Umig__V1__WalkFailure *failure)
{
    umig_json_object(json, NULL);
    umig_json_number(json, "unix_ns", failure->unix_ns);
    umig_json_number(json, "tid", failure->tid);
    umig_json_text(json, "thread", failure->thread);
    umig_json_text(json, "outcome", failure->outcome);
    umig_json_number(json, "frames", failure->frames);
    umig_json_signed(json, "thread_state", failure->thread_state);
    umig_json_bool(json, "is_leaf", failure->is_leaf != 0);
    if (failure->taken != NULL) {
        put_taken(json, failure->taken);
    }
    if (failure->lost != NULL) {
        put_lost(json, failure->lost);
    }
    umig_json_array(json, "stack");
    for (size_t i = 0; i < failure->n_stack; i++) {
        put_address(json, NULL, failure->stack[i]);
    }
    umig_json_array_end(json);
    if (failure->fault_address != 0 || failure->fault_offset != 0) {
        put_address(json, "fault_address", failure->fault_address);
        put_address(json, "fault_offset", failure->fault_offset);
    }
    umig_json_object_end(json);
}

void umig_agent_failures_json(const Umig__V1__AgentStatus *agent, struct umig_json *json)
{
    umig_json_array(json, "failures");
    for (size_t i = 0; i < agent->n_failures; i++) {
        put_failure(json, agent->failures[i]);
    }
    umig_json_array_end(json);
}
