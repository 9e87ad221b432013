/*
 * libunwind, opened at run time and only when native frames are asked for: the agent links libc
 * alone. Its remote half (libunwind-x86_64) asks back for everything it reads; its local half,
 * which reads the process by itself and takes the loader's lock, is not used.
 */
#ifndef UMIG_AGENT_NATIVE_LIBUNWIND_H
#define UMIG_AGENT_NATIVE_LIBUNWIND_H

#include <libunwind-x86_64.h>

#include "include/umig/attr.h"
#include "include/umig/status.h"

/** Version 1.1 to 1.8 have it. */
#define UMIG_LIBUNWIND_SONAME "libunwind-x86_64.so.8"

/** Looks a pc up in a table libunwind is told of; exported, but in no public header of it. */
typedef int (*umig_search_unwind_table_fn)(unw_addr_space_t space,
                                           unw_word_t pc,
                                           unw_dyn_info_t *table,
                                           unw_proc_info_t *out_info,
                                           int needs_unwind_info,
                                           void *argument);

/** The functions in use, by their names without prefix. */
struct umig_libunwind {
    void *handle;
    __typeof__(&unw_create_addr_space) create_addr_space;
    __typeof__(&unw_destroy_addr_space) destroy_addr_space;
    __typeof__(&unw_init_remote) init_remote;
    __typeof__(&unw_reg_states_iterate) reg_states_iterate;
    __typeof__(&unw_apply_reg_state) apply_reg_state;
    __typeof__(&unw_get_reg) get_reg;
    umig_search_unwind_table_fn search_unwind_table;
};

/**
 * Opens the library (RTLD_LOCAL: the program's own unwinder is not replaced). It stays open.
 *
 * @param soname  UMIG_LIBUNWIND_SONAME
 * @return UMIG_OK; UMIG_E_UNSUPPORTED: it is not installed or lacks a function; the text says which
 *
 * dlopen() waits while another thread runs constructors of a library.
 */
UMIG_NODISCARD int umig_libunwind_open(const char *soname,
                                       struct umig_libunwind *out_libunwind,
                                       struct umig_err *err);

#endif
