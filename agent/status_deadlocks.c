#include "agent/status_deadlocks.h"

#include <string.h>

void umig_status_deadlocks_write(struct umig_vm *vm, struct umig_pb_writer *writer, uint32_t field)
{
    char text[UMIG_VM_DEADLOCK_BYTES];
    umig_vm_deadlock_text(vm, text);
    char *rest = text[0] != '\0' ? text : NULL;
    for (char *line = strsep(&rest, "\n"); line != NULL; line = strsep(&rest, "\n")) {
        umig_pb_str(writer, field, line);
    }
}
