#include "analysis/cost.h"

#include "analysis/label.h"

#define PPM 1000000u

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
        .process_cpu_ns = above(part->last.process_cpu_ns, before->process_cpu_ns),
        .memory_bytes = part->most_bytes,
    };
    step.whole_ns = larger(step.process_cpu_ns, step.over_ns);
    add_kinds(before, part, &step);
    return step;
}

static void add_step(struct umig_cost_curve *curve, const struct umig_cost_step *step)
{
    struct umig_cost_step *all = &curve->all;
    all->after_ns = step->after_ns;
    all->over_ns += step->over_ns;
    all->cpu_ns += step->cpu_ns;
    all->process_cpu_ns += step->process_cpu_ns;
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

/* Its last cost came with its end. */
static bool has_end(const struct umig_profile_session *session)
{
    return session->end != UMIG_END_RUNNING && session->end != UMIG_END_LOST &&
           !session->is_end_unknown;
}

/*
 * The agent charges every nanosecond of its threads to a kind or to all of them, but for searches
 * of the heap: what its own sum, which is of the whole session, has above the kinds' is theirs.
 * While a session runs the sum is told more often than the kinds.
 */
static void add_left(const struct umig_profile_session *session,
                     bool is_whole,
                     struct umig_cost_curve *curve)
{
    if (curve->step_count == 0) {
        curve->cpu_ns = session->agent_cpu_ns;
        return;
    }
    const uint64_t left_ns = is_whole ? above(session->agent_cpu_ns, curve->all.cpu_ns) : 0;
    curve->searches_ns = has_end(session) ? left_ns : 0;
    curve->untold_ns = left_ns - curve->searches_ns;
    curve->cpu_ns = curve->all.cpu_ns + left_ns;
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
    const bool is_whole =
        session->began_unix_ns == 0 || session->began_unix_ns == session->start_unix_ns;
    bool has_begin = is_whole;
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
    add_left(session, is_whole, out_curve);
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

static const char *text_of(int kind)
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

size_t umig_cost_rows(const struct umig_cost_curve *curve,
                      struct umig_cost_row out_rows[UMIG_COST_ROWS_MAX])
{
    size_t count = 0;
    for (int at = 1; at <= UMIG_KIND_COUNT; at++) {
        const int kind = at % UMIG_KIND_COUNT; /* what is for all comes last */
        if (curve->all.kind_cpu_ns[kind] > 0) {
            out_rows[count++] = (struct umig_cost_row){.key = umig_cost_kind_key(kind),
                                                       .text = text_of(kind),
                                                       .cpu_ns = curve->all.kind_cpu_ns[kind],
                                                       .divisor = curve->all.divisors[kind]};
        }
    }
    if (curve->searches_ns > 0) {
        out_rows[count++] =
            (struct umig_cost_row){.key = "searches",
                                   .text = "of the heap, asked for by commands; under no budget",
                                   .cpu_ns = curve->searches_ns,
                                   .divisor = 1};
    }
    if (curve->untold_ns > 0) {
        out_rows[count++] = (struct umig_cost_row){.key = "untold",
                                                   .text = "since kinds were told apart last",
                                                   .cpu_ns = curve->untold_ns,
                                                   .divisor = 1};
    }
    return count;
}

/* Of both that the budget may be of: one alone reads as if it were broken, or kept. */
static void put_shares(const struct umig_profile_session *session,
                       const struct umig_cost_curve *curve,
                       struct umig_buf *out)
{
    const bool has_curve = curve->step_count > 0;
    const uint64_t process_ns = has_curve ? curve->all.process_cpu_ns : session->process_cpu_ns;
    if (process_ns > 0) {
        umig_buf_text(out, ", ");
        umig_label_share(curve->cpu_ns, process_ns, out);
        umig_buf_text(out, " of what the process used");
    }
    if (has_curve) {
        umig_buf_text(out, process_ns > 0 ? " and " : ", ");
        umig_label_share(curve->cpu_ns, curve->all.over_ns, out);
        umig_buf_text(out, " of one processor");
    }
}

static void put_budget(const struct umig_profile_session *session,
                       const struct umig_cost_curve *curve,
                       struct umig_buf *out)
{
    if (session->budget_ppm == 0) {
        umig_buf_text(out, ", its budget any CPU");
        return;
    }
    umig_buf_text(out, ", its budget ");
    umig_label_share(session->budget_ppm, PPM, out);
    umig_buf_text(out, " of whichever is more");
    if (curve->searches_ns > 0) {
        umig_buf_text(out, " (without searches of the heap it took ");
        umig_label_share(curve->all.cpu_ns, curve->all.whole_ns, out);
        umig_buf_text(out, " of that)");
    }
}

void umig_cost_sentence(const struct umig_profile *profile,
                        const struct umig_cost_curve *curve,
                        struct umig_buf *out)
{
    const struct umig_profile_session *session = &profile->session;
    umig_buf_text(out, "The agent took ");
    umig_label_value(UMIG_KIND_CPU, curve->cpu_ns, out);
    umig_buf_text(out, " of CPU");
    put_shares(session, curve, out);
    if (curve->step_count > 0) {
        put_budget(session, curve, out);
    }
    umig_buf_text(out, "; and ");
    umig_label_value(UMIG_KIND_HEAP, session->agent_memory_bytes, out);
    umig_buf_text(out, " of memory");
    if (curve->step_count > 0) {
        umig_buf_text(out, " of at most ");
        umig_label_value(UMIG_KIND_HEAP, session->budget_memory_bytes, out);
    }
    umig_buf_byte(out, '.');
}
