#include "agent/session/session_cost.h"

#include <string.h>

#include "core/units.h"

/* From one cost to the next: what the thirty parts of a report tell apart, within bounds. */
#define LEAST_NS (1 * UMIG_NS_PER_S)
#define MOST_NS  (10 * UMIG_NS_PER_S)
#define PARTS    30

void umig_session_begin_cost(struct umig_session *session, const struct umig_cost *cost)
{
    session->agent_cpu_at_start_ns = cost->agent_cpu_ns;
    session->process_cpu_at_start_ns = cost->process_cpu_ns;
    memcpy(session->kind_cpu_at_start_ns, cost->kind_cpu_ns, sizeof cost->kind_cpu_ns);
    session->last_cost_ns = 0;
}

bool umig_session_is_cost_due(const struct umig_session *session,
                              const struct umig_cost *cost,
                              bool is_over)
{
    const uint64_t before_ns =
        session->last_cost_ns != 0 ? session->last_cost_ns : session->start_ns;
    if (cost->time_ns <= before_ns) {
        return false; /* not measured since */
    }
    const uint64_t part_ns = (cost->time_ns - session->start_ns) / PARTS;
    const uint64_t most_ns = part_ns < MOST_NS ? part_ns : MOST_NS;
    return is_over || cost->time_ns - before_ns >= (most_ns > LEAST_NS ? most_ns : LEAST_NS);
}

static uint64_t kind_cost(const struct umig_session *session,
                          const struct umig_cost *cost,
                          uint32_t kind)
{
    const uint64_t at_start_ns = session->kind_cpu_at_start_ns[kind];
    return cost->kind_cpu_ns[kind] > at_start_ns ? cost->kind_cpu_ns[kind] - at_start_ns : 0;
}

/* Columns by field number: 3 kind, 4 cpu_ns, 5 divisor; of kinds that there is something to tell.
 */
static void write_kinds(const struct umig_session *session,
                        const struct umig_cost *cost,
                        struct umig_pb_writer *writer)
{
    for (uint32_t field = 3; field <= 5; field++) {
        const size_t column = umig_pb_open(writer, field);
        for (uint32_t kind = 0; kind < UMIG_KIND_COUNT; kind++) {
            const uint64_t cpu_ns = kind_cost(session, cost, kind);
            const uint32_t divisor = cost->divisors[kind] > 1 ? cost->divisors[kind] : 1;
            if (cpu_ns > 0 || divisor > 1) {
                umig_pb_item(writer, field == 3 ? kind : field == 4 ? cpu_ns : divisor);
            }
        }
        umig_pb_close(writer, column);
    }
}

void umig_session_write_cost(const struct umig_session *session,
                             const struct umig_cost *cost,
                             struct umig_pb_writer *writer,
                             uint32_t field)
{
    const size_t opened = umig_pb_open(writer, field);
    umig_pb_uint(writer, 1, session->number);
    umig_pb_uint(writer, 2, cost->time_ns);
    write_kinds(session, cost, writer);
    umig_pb_uint(writer, 6, cost->process_cpu_ns - session->process_cpu_at_start_ns);
    umig_pb_uint(writer, 7, cost->agent_memory_bytes);
    umig_pb_uint(writer, 8, cost->budget_ppm);
    umig_pb_uint(writer, 9, cost->budget_memory_bytes);
    umig_pb_close(writer, opened);
}
