/*
 * Last include of every file of target umig_sigsafe: what must not be called from a signal handler
 * does not compile. What slips through by another name is found by the audit of undefined symbols.
 */
#ifndef UMIG_AGENT_SIGNAL_SIGSAFE_ONLY_H
#define UMIG_AGENT_SIGNAL_SIGSAFE_ONLY_H

#pragma GCC poison malloc calloc realloc free strdup asprintf
#pragma GCC poison printf fprintf snprintf vsnprintf puts fopen fclose
#pragma GCC poison pthread_mutex_lock pthread_getspecific pthread_setspecific
#pragma GCC poison dlopen dlsym dl_iterate_phdr getenv
#pragma GCC poison _Thread_local __thread

#endif
