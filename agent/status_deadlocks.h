/* What umig status shows of deadlocks. */
#ifndef UMIG_AGENT_STATUS_DEADLOCKS_H
#define UMIG_AGENT_STATUS_DEADLOCKS_H

#include <stdint.h>

#include "agent/vm/vm.h"
#include "wire/codec.h"

/** Writes the deadlocks found, a line each as one text of a repeated field. Thread: the loop. */
void umig_status_deadlocks_write(struct umig_vm *vm, struct umig_pb_writer *writer, uint32_t field);

#endif
