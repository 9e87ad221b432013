#include "analysis/cost.h"

static uint64_t above(uint64_t after, uint64_t before)
{
    return after > before ? after - before : 0;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static void add_kinds(const struct umig_profile_cost *before,
                      const struct umig_profile_cost_part *part,
                      struct umig_cost_step *step)
{
    for (int kind = 0; kind < UMIG_KIND_COUNT; kind++) {
        step->kind_cpu_ns[kind] = above(part->last.kind_cpu_ns[kind], before->kind_cpu_ns[kind]);
        step->cpu_ns += step->kind_cpu_ns[kind];
        step->divisors[kind] = part->most[kind] > 1 ? part->most[kind] : 1;
    }
}

static struct umig_cost_step step_of(const struct umig_profile *profile,
                                     const struct umig_profile_cost *before,
                                     const struct umig_profile_cost_part *part)
{
    struct umig_cost_step step = {
        .after_ns = above(part->last.unix_ns, profile->session.start_unix_ns),
        .over_ns = above(part->last.unix_ns, before->unix_ns),
        .memory_bytes = part->most_bytes,
    };
    step.whole_ns = larger(above(part->last.process_cpu_ns, before->process_cpu_ns), step.over_ns);
    add_kinds(before, part, &step);
    return step;
}

static void add_step(struct umig_cost_curve *curve, const struct umig_cost_step *step)
{
    struct umig_cost_step *all = &curve->all;
    all->after_ns = step->after_ns;
    all->over_ns += step->over_ns;
    all->cpu_ns += step->cpu_ns;
    all->whole_ns += step->whole_ns;
    all->memory_bytes = larger(all->memory_bytes, step->memory_bytes);
    for (int kind = 0; kind < UMIG_KIND_COUNT; kind++) {
        all->kind_cpu_ns[kind] += step->kind_cpu_ns[kind];
        all->divisors[kind] = (uint32_t)larger(all->divisors[kind], step->divisors[kind]);
        curve->is_slowed = curve->is_slowed || step->divisors[kind] > 1;
    }
    const double share = umig_cost_share(step);
    curve->highest_share = share > curve->highest_share ? share : curve->highest_share;
    curve->steps[curve->step_count++] = *step;
}

/*
 * Costs count from the session's start, of one that waited for a condition from when that held.
 * Where only the last part of a session was read, the first of them is where the curve begins.
 */
void umig_cost_read(const struct umig_profile *profile, struct umig_cost_curve *out_curve)
{
    const struct umig_profile_session *session = &profile->session;
    struct umig_profile_cost before = {.unix_ns =
                                           larger(session->start_unix_ns, session->fired_unix_ns)};
    bool has_begin =
        session->began_unix_ns == 0 || session->began_unix_ns == session->start_unix_ns;
    *out_curve = (struct umig_cost_curve){.step_count = 0};
    for (uint32_t i = 0; i < UMIG_PROFILE_COST_PARTS; i++) {
        const struct umig_profile_cost_part *part = &profile->costs[i];
        if (part->last.unix_ns == 0) {
            continue;
        }
        if (has_begin && part->last.unix_ns > before.unix_ns) {
            const struct umig_cost_step step = step_of(profile, &before, part);
            add_step(out_curve, &step);
        }
        before = part->last;
        has_begin = true;
    }
}

double umig_cost_share(const struct umig_cost_step *step)
{
    return step->whole_ns > 0 ? (double)step->cpu_ns / (double)step->whole_ns : 0;
}

const char *umig_cost_kind_key(int kind)
{
    switch (kind) {
#define KIND_KEY(name, number, key, unit, text) \
 case number:                                   \
  return key;
        UMIG_KIND_TABLE(KIND_KEY)
#undef KIND_KEY
    default:
        return "all kinds";
    }
}

const char *umig_cost_kind_text(int kind)
{
    switch (kind) {
    case UMIG_KIND_CPU:
    case UMIG_KIND_ALLOC:
        return "taking samples, in the application's threads; naming them";
    case UMIG_KIND_WALL:
        return "looking at threads; naming what they do";
    case UMIG_KIND_LOCKS:
        return "beginnings and ends of waits, in the application's threads; naming them; deadlocks";
    case UMIG_KIND_LIVE:
        return "following objects, snapshots of them";
    case UMIG_KIND_GC:
        return "reading pauses";
    case UMIG_KIND_HEAP:
        return "reading memory pools and the JVM's counters";
    case UMIG_KIND_POOLS:
        return "reading pools";
    default:
        return "sending, names of threads, this control";
    }
}
