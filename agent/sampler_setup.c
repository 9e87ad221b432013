#include "agent/sampler_setup.h"

#include <string.h>

#include "agent/signal/guard.h"
#include "core/err.h"

#define REFERENCE_MEMORY (32 * 1024 * 1024u)

enum {
    NAME_METHODS = 8192, /* at 32 MiB, like the following */
    RING_BYTES = 256 * 1024,
    LINE_BYTES = 64, /* parts share no cache line */
};

uint32_t umig_agent_scaled(const struct umig_agent *agent, uint32_t at_reference)
{
    uint32_t size = at_reference;
    for (size_t bound = agent->memory.limit_bytes; bound < REFERENCE_MEMORY; bound *= 2) {
        size /= 2;
    }
    return size;
}

/* Where each part lies in the one block of all of them. */
struct layout {
    size_t names[2];
    size_t tables[2];
    size_t frame_ids[2];
    size_t rings[UMIG_RING_COUNT];
    size_t scratches[UMIG_RING_COUNT];
    size_t end;
};

static size_t lay(struct layout *layout, size_t byte_count)
{
    const size_t at = layout->end;
    layout->end += (byte_count + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES;
    return at;
}

static struct layout lay_out(uint32_t methods, uint32_t ring_bytes)
{
    struct layout layout = {.end = 0};
    for (int i = 0; i < 2; i++) {
        layout.names[i] = lay(&layout, sizeof(struct umig_names));
        layout.tables[i] = lay(&layout, umig_names_bytes(methods));
        layout.frame_ids[i] =
            lay(&layout, (umig_names_frame_count(methods) + (size_t)1) * sizeof(uint32_t));
    }
    for (uint32_t i = 0; i < UMIG_RING_COUNT; i++) {
        layout.rings[i] = lay(&layout, ring_bytes);
        layout.scratches[i] = lay(
            &layout, umig_sampler_scratch_bytes(umig_agct_scratch_bytes(UMIG_STACK_MAX_FRAMES)));
    }
    return layout;
}

/* Nothing is sampled yet: the timers start when all is in place. */
static int install_signals(struct umig_agent *agent, struct umig_err *err)
{
    struct umig_code_range ranges[3] = {
        {agent->vm.libjvm.text_begin, agent->vm.libjvm.text_end},
    };
    umig_code_bounds_of((const void *)(uintptr_t)umig_agct_walk, &ranges[1].begin, &ranges[1].end);
    umig_code_bounds_of((const void *)(uintptr_t)memcpy, &ranges[2].begin, &ranges[2].end);
    int signo = 0;
    int rc = umig_handler_install(&agent->sampler, &signo, err);
    if (rc == UMIG_OK) {
        umig_threads_set_signal(&agent->threads, signo);
        rc = umig_guard_install(&agent->sampler.slots, ranges, 3, err);
    }
    return umig_err_trace(err, rc);
}

static int refuse_memory(const struct umig_agent *agent, size_t byte_count, struct umig_err *err)
{
    const size_t limit = agent->memory.limit_bytes;
    if (atomic_load(&agent->memory.used_bytes) + byte_count > limit) {
        return umig_err_set(err, UMIG_E_NOMEM,
                            "no memory for sampling within the agent's bound of %zu bytes; raise "
                            "memory=",
                            limit);
    }
    return umig_err_set(err, UMIG_E_NOMEM,
                        "no memory for sampling: the kernel gives this process no %zu bytes more; "
                        "raise RLIMIT_AS or vm.max_map_count",
                        byte_count);
}

/* All or nothing: a part would be of no use, and where memory is short the JVM needs it more. */
static int take_sampler_memory(struct umig_agent *agent, struct umig_err *err)
{
    const uint32_t methods = umig_agent_scaled(agent, NAME_METHODS);
    const uint32_t ring_bytes = umig_agent_scaled(agent, RING_BYTES);
    const struct layout layout = lay_out(methods, ring_bytes);
    uint8_t *block = umig_memory_take(&agent->memory, layout.end);
    if (block == NULL) {
        return umig_err_trace(err, refuse_memory(agent, layout.end, err));
    }
    for (uint32_t i = 0; i < 2; i++) {
        struct umig_names *names = (void *)(block + layout.names[i]);
        umig_names_init(names, &agent->vm.hotspot, block + layout.tables[i], methods);
        umig_names_reset(names, i + 1);
        agent->pump.names[i] = names;
        agent->pump.frame_ids[i] = (void *)(block + layout.frame_ids[i]);
    }
    for (uint32_t i = 0; i < UMIG_RING_COUNT; i++) {
        umig_ring_init(&agent->sampler.rings.ring[i], block + layout.rings[i], ring_bytes,
                       block + layout.scratches[i]);
    }
    agent->pump.names_generation = 2;
    atomic_store(&agent->sampler.names, agent->pump.names[0]);
    return UMIG_OK;
}

int umig_agent_prepare_sampler(struct umig_agent *agent, struct umig_err *err)
{
    if (agent->is_sampler_ready) {
        return UMIG_OK;
    }
    int rc = umig_vm_choose_walker(&agent->vm, agent->options.walker, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    const bool is_vm = agent->vm.walker == UMIG_WALKER_VM;
    agent->sampler.hotspot = &agent->vm.hotspot;
    agent->sampler.told = umig_gc_told(&agent->vm.gc);
    agent->sampler.has_evidence = is_vm;
    agent->sampler.walk = is_vm ? umig_vmwalk_walk : umig_agct_walk;
    agent->sampler.walker = is_vm ? (const void *)&agent->vm.vmwalk : &agent->vm.agct;
    rc = install_signals(agent, err);
    agent->vm.hotspot.signal_return = umig_sig_return_address();
    if (rc == UMIG_OK) {
        rc = take_sampler_memory(agent, err);
    }
    agent->is_sampler_ready = rc == UMIG_OK;
    if (rc == UMIG_OK) {
        agent->problem[0] = '\0'; /* what was in the way of an earlier session */
    }
    return umig_err_trace(err, rc);
}
