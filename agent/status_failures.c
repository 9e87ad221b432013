#include "agent/status_failures.h"

#include <pthread.h>

/* What is known of a piece of code and of the registers in it. */
struct place {
    const struct umig_regs *regs;
    const char *name;
    const uint8_t *code;
    uint64_t offset;
    int32_t frame_words;
    int32_t frame_complete;
};

static const char *outcome_key(uint32_t outcome)
{
    static const char *const keys[UMIG_OUTCOME_COUNT] = {
#define UMIG_OUTCOME_KEY(name, number, key, text) [number] = (key),
        UMIG_OUTCOME_TABLE(UMIG_OUTCOME_KEY)
#undef UMIG_OUTCOME_KEY
    };
    return outcome < UMIG_OUTCOME_COUNT ? keys[outcome] : "";
}

/* A tid that was given to a new thread since has the new thread's name. */
static void write_thread_name(struct umig_slots *slots, int32_t tid, struct umig_pb_writer *writer)
{
    pthread_mutex_lock(&slots->mutex);
    const struct umig_slot *slot = umig_slots_find(slots, tid);
    if (slot != NULL) {
        char name[UMIG_THREAD_NAME_BYTES];
        umig_slot_name(slot, name);
        umig_pb_str(writer, 3, name);
    }
    pthread_mutex_unlock(&slots->mutex);
}

static void write_place(struct umig_pb_writer *writer, uint32_t field, const struct place *place)
{
    const size_t opened = umig_pb_open(writer, field);
    umig_pb_uint(writer, 1, place->regs->pc);
    umig_pb_uint(writer, 2, place->regs->sp);
    umig_pb_uint(writer, 3, place->regs->fp);
    umig_pb_uint(writer, 4, place->regs->result);
    umig_pb_uint(writer, 5, place->regs->method);
    umig_pb_uint(writer, 6, place->regs->sender_sp);
    umig_pb_str(writer, 7, place->name);
    umig_pb_uint(writer, 8, place->offset);
    umig_pb_bytes(writer, 9, place->code, UMIG_EVIDENCE_CODE_BYTES);
    umig_pb_sint(writer, 10, place->frame_words);
    umig_pb_sint(writer, 11, place->frame_complete);
    umig_pb_close(writer, opened);
}

static void write_stack(struct umig_pb_writer *writer, const struct umig_evidence *row)
{
    uint64_t words[UMIG_EVIDENCE_STACK_WORDS];
    for (size_t i = 0; i < UMIG_EVIDENCE_STACK_WORDS; i++) {
        words[i] = row->stack[i];
    }
    umig_pb_packed_u64(writer, 10, words, UMIG_EVIDENCE_STACK_WORDS);
}

/* The linker's: where this library begins, and where its code ends. */
extern const char __ehdr_start[] __attribute__((visibility("hidden")));
extern const char etext[] __attribute__((visibility("hidden")));

static void write_fault(struct umig_pb_writer *writer, const struct umig_evidence *row)
{
    const uintptr_t begin = (uintptr_t)__ehdr_start;
    umig_pb_uint(writer, 11, row->fault_address);
    if (row->fault_pc >= begin && row->fault_pc < (uintptr_t)etext) {
        umig_pb_uint(writer, 12, row->fault_pc - begin);
    }
}

static void write_failure(const struct umig_evidence *row,
                          struct umig_slots *slots,
                          struct umig_status_now now,
                          struct umig_pb_writer *writer)
{
    const struct place taken = {
        .regs = &row->leaf,
        .name = row->leaf_name,
        .code = row->leaf_code,
    };
    const struct place lost = {
        .regs = &row->regs,
        .name = row->code_name,
        .code = row->code,
        .offset = row->code_offset,
        .frame_words = row->frame_words,
        .frame_complete = row->frame_complete,
    };
    umig_pb_uint(writer, 1, now.unix_ns - (now.monotonic_ns - row->time_ns));
    umig_pb_uint(writer, 2, (uint64_t)row->tid);
    write_thread_name(slots, row->tid, writer);
    umig_pb_str(writer, 4, outcome_key(row->outcome));
    umig_pb_uint(writer, 5, row->frames);
    umig_pb_sint(writer, 6, row->thread_state);
    umig_pb_uint(writer, 7, row->is_leaf);
    write_place(writer, 8, &taken);
    write_place(writer, 9, &lost);
    write_stack(writer, row);
    write_fault(writer, row);
}

void umig_status_failures_write(struct umig_sampler *sampler,
                                struct umig_status_now now,
                                struct umig_pb_writer *writer,
                                uint32_t field)
{
    for (uint32_t back = 0; back < UMIG_EVIDENCE_ROWS; back++) {
        struct umig_evidence row;
        if (!umig_evidence_get(&sampler->failures, back, &row)) {
            continue;
        }
        const struct umig_pb_mark before = umig_pb_mark(writer);
        const size_t failure = umig_pb_open(writer, field);
        write_failure(&row, &sampler->slots, now, writer);
        umig_pb_close(writer, failure);
        if (writer->is_full) {
            umig_pb_rollback(writer, before);
            return;
        }
    }
}
