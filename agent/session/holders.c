#include "agent/session/holders.h"

void umig_holders_keep(struct umig_holders *holders,
                       const struct umig_record *record,
                       uint32_t stack,
                       uint32_t generation)
{
    holders->holders[record->slot % UMIG_HOLDERS_MAX] = (struct umig_holder){
        .slot = record->slot,
        .slot_serial = record->slot_serial,
        .tid = record->holder_tid,
        .stack = stack,
        .generation = generation,
    };
}

uint32_t umig_holders_stack(const struct umig_holders *holders,
                            const struct umig_record *record,
                            uint32_t generation)
{
    const struct umig_holder *holder = &holders->holders[record->slot % UMIG_HOLDERS_MAX];
    const bool is_of_wait =
        holder->tid != 0 && holder->tid == record->holder_tid && holder->slot == record->slot &&
        holder->slot_serial == record->slot_serial && holder->generation == generation;
    return is_of_wait ? holder->stack : 0;
}

void umig_holders_end(struct umig_holders *holders, const struct umig_record *record)
{
    struct umig_holder *holder = &holders->holders[record->slot % UMIG_HOLDERS_MAX];
    if (record->type == UMIG_RECORD_WAIT && record->wait_count > 0 &&
        holder->slot == record->slot) {
        holder->tid = 0;
    }
}
