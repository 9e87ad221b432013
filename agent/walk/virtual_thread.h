/*
 * Which virtual thread a carrier runs: its id and its name.
 *
 *      JavaThread::_vthread -----------------------------------+
 *                                                              v
 *      ContinuationEntry -> Continuation                   VirtualThread
 *                             target -> what it runs:       ^   tid
 *                                         val$vthread ------+   name -> String
 *                                                                         coder
 *                                                                         value -> byte[]
 *
 * The first way is the current one: the JVM writes it whenever a thread is mounted. But it leads to
 * the carrier itself while a virtual thread that parks, is scheduled or wakes another acts for it,
 * and such moments are a good part of short ones. What the continuation runs is always the same.
 *
 * Each object must be of its class. What a concurrent collector has moved may be read where it was,
 * and that memory be in use again; then the header is another's, and the thread stays unread. With
 * ZGC that is common: a field nobody has loaded since its object moved still leads to where it was.
 * So readers remember names by id (agent/session/virtual.h), and the id, which from JDK 24 on is a
 * number in the JavaThread, is always told.
 */
#ifndef UMIG_AGENT_WALK_VIRTUAL_THREAD_H
#define UMIG_AGENT_WALK_VIRTUAL_THREAD_H

#include <stdint.h>

#include "agent/walk/hotspot.h"
#include "include/umig/attr.h"
#include "include/umig/sample.h"

/** A virtual thread as read, its name not yet decoded. */
struct umig_virtual_thread {
    uint64_t id; /* Thread.threadId(); 0 unknown */
    enum umig_record_thread who;
    uint32_t text_bytes;
    uint8_t text[UMIG_VIRTUAL_TEXT_BYTES];
};

/**
 * Reads who runs in a continuation. Always says something: what cannot be had is
 * UMIG_RECORD_VIRTUAL or UMIG_RECORD_VIRTUAL_ID, whose id may be the carrier's while that acts for
 * the virtual thread.
 *
 * @param thread        the JavaThread
 * @param continuation  the Continuation it runs
 *
 * Signal: async-signal-safe, under the guard.
 */
UMIG_SIGNAL_SAFE void umig_virtual_thread_read(const struct umig_hotspot *hotspot,
                                               uintptr_t thread,
                                               uintptr_t continuation,
                                               struct umig_virtual_thread *out_thread);

#endif
