/*
 * What is measured, how a sample ended, and why something was dropped: the tables that agent,
 * wire, collector, analysis and reports share. The numbers travel on the wire and stand in stores:
 * append, never renumber.
 */
#ifndef UMIG_KINDS_H
#define UMIG_KINDS_H

/* X(NAME, number, "option name", "unit of a sample's value", "sentence") */
#define UMIG_KIND_TABLE(X)                                                       \
 X(CPU, 1, "cpu", "ns", "time on a CPU, by stack")                               \
 X(GC, 2, "gc", "ns", "stop-the-world pauses of the collector")                  \
 X(HEAP, 3, "heap", "bytes", "memory pools over time")                           \
 X(LOCKS, 4, "locks", "ns", "waits for contended locks, by stack")               \
 X(WALL, 5, "wall", "ns", "time of threads, on a CPU and off, by stack")         \
 X(ALLOC, 6, "alloc", "bytes", "allocation, by stack and class")                 \
 X(LIVE, 7, "live", "bytes", "objects that stay alive, by stack, class and age") \
 X(POOLS, 8, "pools", "readings", "pools of threads and connections over time")

enum umig_kind {
#define UMIG_KIND_ENUM(name, number, option, unit, text) UMIG_KIND_##name = (number),
    UMIG_KIND_TABLE(UMIG_KIND_ENUM)
#undef UMIG_KIND_ENUM
    UMIG_KIND_COUNT = 9 /* numbers are below this */
};

/*
 * Kind of one frame of a stack. Frames that are no method (error, truncated) carry their text as
 * the method name and an empty class.
 */
#define UMIG_FRAME_TABLE(X)                                                                        \
 X(JAVA, 1, "java", "a Java or Groovy method, how it ran unknown")                                 \
 X(INTERPRETED, 2, "interpreted", "a method run by the interpreter")                               \
 X(COMPILED, 3, "compiled", "a compiled method")                                                   \
 X(INLINED, 4, "inlined", "a method inlined into its caller")                                      \
 X(NATIVE_METHOD, 5, "native", "a Java method implemented in C")                                   \
 X(NATIVE, 6, "library", "a function of a shared library")                                         \
 X(KERNEL, 7, "kernel", "a function of the kernel")                                                \
 X(VM, 8, "vm", "a thread of the JVM itself: collector, compiler, VM operations")                  \
 X(ERROR, 9, "error", "the stack could not be read; the name says why")                            \
 X(TRUNCATED, 10, "truncated", "frames are missing here: the stack was deeper than is kept")       \
 X(DISPATCH, 11, "dispatch", "folded Groovy dispatch; made by analysis, never sent")               \
 X(COMPILING, 12, "compiling", "a method that the JVM compiles: the compiler's time, not its own") \
 X(STATE, 13, "state", "innermost, of wall samples: what the thread did; the class it waits for")  \
 X(ALLOCATED, 14, "allocated", "class of an object in its thread's buffer, or where is unknown")   \
 X(OUTSIDE, 15, "outside", "class of an object outside of its thread's buffer (TLAB)")             \
 X(HUMONGOUS, 16, "humongous", "class of an object that takes whole regions of the heap (G1)")     \
 X(LIVE, 17, "live",                                                                               \
   "class of an object that is alive; its line is one more than the bits of its age")              \
 X(HELD, 18, "held", "class of objects that a search found, outside of it what holds them")

enum umig_frame_kind {
#define UMIG_FRAME_ENUM(name, number, key, text) UMIG_FRAME_##name = (number),
    UMIG_FRAME_TABLE(UMIG_FRAME_ENUM)
#undef UMIG_FRAME_ENUM
    UMIG_FRAME_COUNT = 19
};

/* What is taken of a stack outside of Java. */
#define UMIG_NATIVE_TABLE(X)                         \
 X(OFF, 0, "off", "nothing")                         \
 X(LEAF, 1, "leaf", "the function that was running") \
 X(ON, 2, "on", "its callers, too, down to Java or to the thread's first function")

enum umig_native {
#define UMIG_NATIVE_ENUM(name, number, key, text) UMIG_NATIVE_##name = (number),
    UMIG_NATIVE_TABLE(UMIG_NATIVE_ENUM)
#undef UMIG_NATIVE_ENUM
};

/* What tells a thread that it is to be sampled: docs/adr/0014-clocks.md. */
#define UMIG_CLOCK_TABLE(X)                                                          \
 X(AUTO, 0, "auto", "perf where kernel frames are wanted and allowed, else cputime") \
 X(PERF, 1, "perf", "perf_event_open: the only clock that tells kernel frames")      \
 X(CPUTIME, 2, "cputime", "a timer on each thread's CPU clock")                      \
 X(WALL, 3, "wall", "the agent looks at the threads' CPU clocks, and signals who ran")

enum umig_clock {
#define UMIG_CLOCK_ENUM(name, number, key, text) UMIG_CLOCK_##name = (number),
    UMIG_CLOCK_TABLE(UMIG_CLOCK_ENUM)
#undef UMIG_CLOCK_ENUM
};

/* Who walks stacks. */
enum umig_walker {
    UMIG_WALKER_AUTO, /* VM where the JVM's layout is recognised, else AGCT */
    UMIG_WALKER_AGCT, /* AsyncGetCallTrace */
    UMIG_WALKER_VM,   /* our own walk over the JVM's structures */
};

/*
 * Outcome of walking a stack. OK and NO_JAVA are good; the others are failures: the sample is kept
 * with an error frame in place of what could not be read, never dropped.
 */
#define UMIG_OUTCOME_TABLE(X)                                                                   \
 X(OK, 0, "ok", "walked to a thread entry or a truncation mark")                                \
 X(NO_JAVA, 1, "no_java", "a thread of the JVM or of native code: it has no Java frames")       \
 X(NO_JAVA_FRAME, 2, "no_java_frame", "a Java thread without a Java frame")                     \
 X(NO_CLASS_LOAD, 3, "no_class_load", "the JVM was not yet armed for stack walking")            \
 X(GC_ACTIVE, 4, "gc_active", "a collection was running")                                       \
 X(UNKNOWN_NOT_JAVA, 5, "unknown_not_java", "in VM or native code, last Java frame unknown")    \
 X(NOT_WALKABLE_NOT_JAVA, 6, "not_walkable_not_java", "in VM or native code, not walkable")     \
 X(UNKNOWN_JAVA, 7, "unknown_java", "in Java code, top frame unknown")                          \
 X(NOT_WALKABLE_JAVA, 8, "not_walkable_java", "in Java code, top frame not walkable")           \
 X(UNKNOWN_STATE, 9, "unknown_state", "the thread was in a state the JVM does not walk")        \
 X(THREAD_EXIT, 10, "thread_exit", "the thread was ending")                                     \
 X(DEOPT, 11, "deopt", "a frame was being deoptimised")                                         \
 X(SAFEPOINT, 12, "safepoint", "a safepoint was in progress")                                   \
 X(GUARD, 13, "guard_recovered", "a fault while walking was caught; the thread rests a minute") \
 X(RESTING, 14, "resting", "the thread rests after a caught fault")                             \
 X(NOT_ATTACHED, 15, "not_attached", "a Java thread whose environment is not known yet")        \
 X(LOW_STACK, 16, "low_stack", "too little stack left to walk safely")                          \
 X(TOO_DEEP, 17, "too_deep", "the stack did not end within the frames that are kept")           \
 X(NAMES_FULL, 18, "names_full", "no room to name a frame")                                     \
 X(OTHER, 19, "other", "a code the JVM did not document")                                       \
 X(STUB, 20, "stub", "in a stub of the JVM whose frame could not be left")                      \
 X(WALK_OFF, 21, "walk_off", "walking was switched off after faults")                           \
 X(UNGUARDED, 22, "unguarded", "not walked: another library would have got a fault of the walk")

enum umig_outcome {
#define UMIG_OUTCOME_ENUM(name, number, key, text) UMIG_OUTCOME_##name = (number),
    UMIG_OUTCOME_TABLE(UMIG_OUTCOME_ENUM)
#undef UMIG_OUTCOME_ENUM
    UMIG_OUTCOME_COUNT = 23
};

/* Why something that was produced is not in the store. */
#define UMIG_DROP_TABLE(X)                                                                      \
 X(RING_FULL, 1, "ring_full", "the ring between handler and drainer had no room")               \
 X(REENTRANT, 2, "reentrant", "a sample arrived while the thread was in the handler")           \
 X(NO_SLOT, 3, "no_slot", "the thread table was full")                                          \
 X(STOPPING, 4, "stopping", "sampling was being stopped")                                       \
 X(SPOOL_FULL, 5, "spool_full", "the collector was away and the agent's memory bound reached")  \
 X(DICTIONARY_FULL, 6, "dictionary_full", "no room for a new name or stack in this generation") \
 X(REMAINDER, 7, "remainder", "less than one interval left over when the session ended")        \
 X(VM_DEATH, 8, "vm_death", "the JVM ended before it could be sent")                            \
 X(EVENT_FULL, 9, "event_full", "the queue of JVM events (collections, waits) had no room")     \
 X(REFUSED, 10, "refused", "the collector could not accept it")                                 \
 X(RING_BUSY, 11, "ring_busy", "every ring was taken by another thread's sample")               \
 X(FAULT, 12, "fault", "a fault while the sample was taken was caught")                         \
 X(TABLE_FULL, 13, "table_full", "a table of what is followed (objects, pools) had no room")    \
 X(BACKLOG_FULL, 14, "backlog_full",                                                            \
   "memory for what an armed session keeps was full before its condition held")                 \
 X(NEW_THREAD, 15, "new_thread", "a wait for a native lock by a thread that has no slot yet")

enum umig_drop {
#define UMIG_DROP_ENUM(name, number, key, text) UMIG_DROP_##name = (number),
    UMIG_DROP_TABLE(UMIG_DROP_ENUM)
#undef UMIG_DROP_ENUM
    UMIG_DROP_COUNT = 16
};

/*
 * What a thread did at a look of kind wall: the name of the innermost frame, of kind STATE. What is
 * told from outside comes first; analysis tells the others by the method that sleeps.
 */
#define UMIG_WALL_TABLE(X)                                                                \
 X(RUNNING, 1, "running", "on a CPU")                                                     \
 X(RUNNABLE, 2, "runnable", "ready to run, without a CPU")                                \
 X(BLOCKED, 3, "blocked", "waits to enter a monitor")                                     \
 X(NATIVE, 4, "native", "sleeps in native code")                                          \
 X(VM, 5, "vm", "sleeps in the JVM: safepoints, loading of classes, the JVM's own locks") \
 X(WAITING, 6, "waiting", "Object.wait")                                                  \
 X(PARKED, 7, "parked", "LockSupport.park: locks, queues, pools")                         \
 X(SLEEPING, 8, "sleeping", "Thread.sleep")                                               \
 X(IO, 9, "io", "waits for a network, a file or a process")

enum umig_wall_state {
#define UMIG_WALL_ENUM(name, number, key, text) UMIG_WALL_##name = (number),
    UMIG_WALL_TABLE(UMIG_WALL_ENUM)
#undef UMIG_WALL_ENUM
    UMIG_WALL_COUNT = 10
};

/* Threads by what they are for. */
#define UMIG_THREAD_TABLE(X)                            \
 X(UNKNOWN, 0, "unknown", "not known yet")              \
 X(JAVA, 1, "java", "runs Java code")                   \
 X(GC, 2, "gc", "works for the collector")              \
 X(JIT, 3, "jit", "compiles methods")                   \
 X(VM, 4, "vm", "works for the JVM")                    \
 X(NATIVE, 5, "native", "a thread of a native library") \
 X(AGENT, 6, "agent", "a thread of the UMIG agent")     \
 X(VIRTUAL, 7, "virtual", "a carrier while it runs virtual threads")

enum umig_thread_kind {
#define UMIG_THREAD_ENUM(name, number, key, text) UMIG_THREAD_##name = (number),
    UMIG_THREAD_TABLE(UMIG_THREAD_ENUM)
#undef UMIG_THREAD_ENUM
    UMIG_THREAD_COUNT = 8
};

/* Why a session ended. */
#define UMIG_END_TABLE(X)                            \
 X(RUNNING, 0, "running", "has not ended")           \
 X(STOPPED, 1, "stopped", "stopped by a command")    \
 X(DURATION, 2, "duration", "its duration was over") \
 X(VM_EXIT, 3, "vm-exit", "the JVM ended")           \
 X(LOST, 4, "lost", "the JVM was killed or lost; closed by the collector")

enum umig_end {
#define UMIG_END_ENUM(name, number, key, text) UMIG_END_##name = (number),
    UMIG_END_TABLE(UMIG_END_ENUM)
#undef UMIG_END_ENUM
    UMIG_END_COUNT = 5
};

#endif
