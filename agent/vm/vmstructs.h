/*
 * Reads the tables in which HotSpot describes its own layout to debuggers (gHotSpotVMStructs and
 * friends, exported by libjvm). Nothing here knows a JDK version; who needs a field asks for it by
 * name and must live with its absence.
 */
#ifndef UMIG_AGENT_VM_VMSTRUCTS_H
#define UMIG_AGENT_VM_VMSTRUCTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "include/umig/attr.h"
#include "include/umig/status.h"

/** Offset of a field that this JVM does not describe. */
#define UMIG_VM_NO_FIELD (-1)

/** libjvm of this process and the bounds of its code. */
struct umig_libjvm {
    void *handle; /* of dlopen(RTLD_NOLOAD); never closed */
    uintptr_t text_begin;
    uintptr_t text_end;
    char path[1024];
};

/** Finds libjvm. UMIG_OK, UMIG_E_UNSUPPORTED when there is none or it has no tables. */
UMIG_NODISCARD int umig_libjvm_find(struct umig_libjvm *out_libjvm, struct umig_err *err);

/** Bounds of the code of the library an address of code lies in; 0, 0 if it lies in none. */
void umig_code_bounds_of(const void *address, uintptr_t *out_begin, uintptr_t *out_end);

/** Address of an exported symbol of libjvm; NULL if there is none. */
void *umig_libjvm_symbol(const struct umig_libjvm *libjvm, const char *name);

/** Offset of a non-static field in its type, or UMIG_VM_NO_FIELD. */
int64_t umig_vmstructs_offset(const struct umig_libjvm *libjvm,
                              const char *type,
                              const char *field);

/** Address of a static field, or NULL. */
void *umig_vmstructs_static(const struct umig_libjvm *libjvm, const char *type, const char *field);

/** Size of a type in bytes; 0 if it is not described. */
uint64_t umig_vmstructs_size(const struct umig_libjvm *libjvm, const char *type);

/** Looks an integer constant up (int and long tables). False if it is not described. */
bool umig_vmstructs_constant(const struct umig_libjvm *libjvm,
                             const char *name,
                             int64_t *out_value);

/**
 * Copies memory of this process that may be unmapped at any moment.
 *
 * @return false if any byte could not be read; *out is then undefined
 *
 * One system call (about 1 us). Not for signal handlers: those read under the guard.
 */
bool umig_vm_peek(const void *address, void *out, size_t byte_count);

#endif
