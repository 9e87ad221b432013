#include "agent/breaker.h"

#include "core/clock.h"

#define WINDOW_NS (60 * UMIG_NS_PER_S)

static void begin_window(struct umig_breaker *breaker, uint64_t faults, uint64_t now_ns)
{
    breaker->window_began_ns = now_ns;
    breaker->faults_at_begin = faults;
}

bool umig_breaker_feed(struct umig_breaker *breaker, uint64_t faults, uint64_t now_ns)
{
    if (breaker->level == UMIG_BREAKER_OPEN) {
        return false;
    }
    const bool is_over = faults - breaker->faults_at_begin > breaker->faults_borne;
    if (is_over) {
        breaker->level++;
    }
    if (is_over || now_ns - breaker->window_began_ns >= WINDOW_NS) {
        begin_window(breaker, faults, now_ns);
    }
    return is_over;
}

const char *umig_breaker_says(enum umig_breaker_level level)
{
    switch (level) {
    case UMIG_BREAKER_NO_NATIVE:
        return "native frames are off";
    case UMIG_BREAKER_NO_WALK:
        return "samples come without stacks";
    case UMIG_BREAKER_OPEN:
        return "CPU samples are off";
    case UMIG_BREAKER_CLOSED:
    default:
        return "";
    }
}
