/*
 * Pins: parks of virtual threads that kept their carriers, since something on their stack cannot be
 * taken off the carrier's. They come among the waits of kind locks (agent/vm/vm_pins.c), and are
 * told by their stack: Unsafe.park below VirtualThread.parkOnCarrierThread.
 */
#ifndef UMIG_ANALYSIS_PINS_H
#define UMIG_ANALYSIS_PINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analysis/profile.h"

/** Pins at one place, by one frame. */
struct umig_pin_row {
    uint32_t frame;     /* where it parked: of the application if it was anywhere there */
    uint32_t pinned_by; /* frame that cannot be taken off: a native method, a class initialiser,
                           dispatch that hides one; 0: none is seen (the JVM called Java, or up to
                           JDK 23 a monitor is held) */
    uint64_t count;
    uint64_t wait_ns;
    uint64_t longest_ns;
    uint32_t stack; /* of the longest */
};

/** By wait, longest first. */
struct umig_pins {
    uint64_t count; /* parks, those that went on at the end included */
    uint64_t wait_ns;
    struct umig_pin_row *rows;
    size_t row_count;
};

/** Adds up; free with umig_pins_fini(). UMIG_OK, UMIG_E_NOMEM. */
UMIG_NODISCARD int umig_pins_read(const struct umig_profile *profile,
                                  struct umig_pins *out_pins,
                                  struct umig_err *err);

/** Is a wait a pin? */
bool umig_pins_is_pin(const struct umig_profile *profile, const struct umig_profile_wait *wait);

/** Is it a pin and nothing else: the thread waited for no lock, but slept, or for a result? */
bool umig_pins_is_only_pin(const struct umig_profile *profile,
                           const struct umig_profile_wait *wait);

/** What a frame that pins is: "native code", "a class initialiser"; what to say for 0. Its frame is
 * not in it.
 */
const char *umig_pins_reason(const struct umig_profile *profile, uint32_t pinned_by);

/** Frees the rows. */
void umig_pins_fini(struct umig_pins *pins);

#endif
