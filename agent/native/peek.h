/*
 * Reads memory of this process that may not be there: the kernel copies it, so that an address that
 * is not mapped, or whose file was cut short, is an answer and not a signal.
 */
#ifndef UMIG_AGENT_NATIVE_PEEK_H
#define UMIG_AGENT_NATIVE_PEEK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "include/umig/attr.h"

/**
 * Copies bytes at an address.
 *
 * process_vm_readv(2); where a sandbox forbids it, /proc/self/mem. Neither needs a privilege for
 * one's own process.
 *
 * @return false unless all bytes were read; out is then undefined
 *
 * Thread: any. Signal: never.
 */
UMIG_NODISCARD bool umig_peek(uintptr_t address, void *out, size_t byte_count);

#endif
