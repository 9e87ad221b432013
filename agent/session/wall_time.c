#include "agent/session/wall_time.h"

static uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t take(uint64_t *due)
{
    const uint64_t taken = *due;
    *due = 0;
    return taken;
}

/* What a clock has gone on. */
static uint64_t step(uint64_t *clock, uint64_t now)
{
    const uint64_t gone = now > *clock ? now - *clock : 0;
    *clock = now;
    return gone;
}

void umig_wall_time_begin(struct umig_wall_time *time,
                          uint64_t now_ns,
                          uint64_t cpu_ns,
                          uint64_t delay_ns)
{
    *time = (struct umig_wall_time){.now_ns = now_ns, .cpu_ns = cpu_ns, .delay_ns = delay_ns};
}

void umig_wall_time_advance(struct umig_wall_time *time,
                            uint64_t now_ns,
                            uint64_t cpu_ns,
                            uint64_t delay_ns)
{
    if (now_ns <= time->now_ns) {
        return; /* the clocks keep what they have gone on since */
    }
    const uint64_t elapsed = step(&time->now_ns, now_ns);
    const uint64_t running = min_u64(step(&time->cpu_ns, cpu_ns), elapsed);
    const uint64_t runnable = step(&time->delay_ns, delay_ns);
    time->running_ns += running;
    time->runnable_ns += runnable;
    time->asleep_ns += (int64_t)(elapsed - running) - (int64_t)runnable;
}

uint64_t umig_wall_time_take_running(struct umig_wall_time *time)
{
    return take(&time->running_ns);
}

uint64_t umig_wall_time_take_runnable(struct umig_wall_time *time)
{
    return take(&time->runnable_ns);
}

uint64_t umig_wall_time_take_asleep(struct umig_wall_time *time)
{
    const uint64_t taken = time->asleep_ns > 0 ? (uint64_t)time->asleep_ns : 0;
    time->asleep_ns -= (int64_t)taken;
    return taken;
}

void umig_wall_time_close(struct umig_wall_time *time)
{
    uint64_t owed = time->asleep_ns < 0 ? (uint64_t)-time->asleep_ns : 0;
    const uint64_t runnable = min_u64(owed, time->runnable_ns);
    time->runnable_ns -= runnable;
    owed -= runnable;
    const uint64_t running = min_u64(owed, time->running_ns);
    time->running_ns -= running;
    time->asleep_ns += (int64_t)(runnable + running);
}
