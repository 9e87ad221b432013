#include "agent/signal/gate.h"

#include <time.h>

#include "core/clock.h"

void umig_gate_open(struct umig_gate *gate)
{
    atomic_store(&gate->is_open, true);
}

bool umig_gate_close(struct umig_gate *gate, uint64_t timeout_ns)
{
    atomic_store(&gate->is_open, false);
    const uint64_t deadline = umig_clock_monotonic_ns() + timeout_ns;
    /* A handler is inside for about 100 us; there is nothing to be woken by. */
    const struct timespec pause = {.tv_nsec = 50000};
    while (atomic_load(&gate->inside) > 0) {
        if (umig_clock_monotonic_ns() >= deadline) {
            return false;
        }
        nanosleep(&pause, NULL);
    }
    return true;
}
