#include "agent/sampler_setup.h"

#include "agent/signal/guard.h"
#include "core/err.h"

#define REFERENCE_MEMORY (32 * 1024 * 1024u)

enum {
    NAME_METHODS = 16384, /* at 32 MiB, like the following */
    RING_BYTES = 256 * 1024,
};

uint32_t umig_agent_scaled(const struct umig_agent *agent, uint32_t at_reference)
{
    uint32_t size = at_reference;
    for (size_t bound = agent->memory.limit_bytes; bound < REFERENCE_MEMORY; bound *= 2) {
        size /= 2;
    }
    return size;
}

static int prepare_names(struct umig_agent *agent, struct umig_names **out_names, int which)
{
    const uint32_t methods = umig_agent_scaled(agent, NAME_METHODS);
    struct umig_names *names = umig_memory_take(&agent->memory, sizeof *names);
    void *memory = umig_memory_take(&agent->memory, umig_names_bytes(methods));
    if (names == NULL || memory == NULL) {
        return UMIG_E_NOMEM;
    }
    umig_names_init(names, &agent->vm.hotspot, memory, methods);
    umig_names_reset(names, (uint32_t)which + 1);
    agent->pump.frame_ids[which] =
        umig_memory_take(&agent->memory, ((size_t)names->frame_count + 1) * sizeof(uint32_t));
    *out_names = names;
    return agent->pump.frame_ids[which] != NULL ? UMIG_OK : UMIG_E_NOMEM;
}

static int prepare_rings(struct umig_agent *agent)
{
    const uint32_t size = umig_agent_scaled(agent, RING_BYTES);
    const size_t scratch_bytes =
        umig_sampler_scratch_bytes(umig_agct_scratch_bytes(UMIG_STACK_MAX_FRAMES));
    for (uint32_t i = 0; i < UMIG_RING_COUNT; i++) {
        uint8_t *bytes = umig_memory_take(&agent->memory, size);
        void *scratch = umig_memory_take(&agent->memory, scratch_bytes);
        if (bytes == NULL || scratch == NULL) {
            return UMIG_E_NOMEM;
        }
        umig_ring_init(&agent->sampler.rings.ring[i], bytes, size, scratch);
    }
    return UMIG_OK;
}

/* Nothing is sampled yet: the timers start when all is in place. */
static int install_signals(struct umig_agent *agent, struct umig_err *err)
{
    struct umig_code_range ranges[2] = {
        {agent->vm.libjvm.text_begin, agent->vm.libjvm.text_end},
    };
    umig_code_bounds_of((const void *)(uintptr_t)umig_agct_walk, &ranges[1].begin, &ranges[1].end);
    int signo = 0;
    int rc = umig_handler_install(&agent->sampler, &signo, err);
    if (rc == UMIG_OK) {
        umig_threads_set_signal(&agent->threads, signo);
        rc = umig_guard_install(&agent->sampler.slots, ranges, 2, err);
    }
    return umig_err_trace(err, rc);
}

static int take_sampler_memory(struct umig_agent *agent, struct umig_err *err)
{
    struct umig_names *names[2] = {NULL, NULL};
    if (agent->is_sampler_without_room || prepare_names(agent, &names[0], 0) != UMIG_OK ||
        prepare_names(agent, &names[1], 1) != UMIG_OK || prepare_rings(agent) != UMIG_OK) {
        agent->is_sampler_without_room = true; /* asked again, it would take even more in vain */
        return umig_err_set(err, UMIG_E_NOMEM,
                            "no memory for sampling within the agent's bound of %zu bytes; raise "
                            "memory=",
                            agent->memory.limit_bytes);
    }
    atomic_store(&agent->sampler.names, names[0]);
    agent->pump.names[0] = names[0];
    agent->pump.names[1] = names[1];
    agent->pump.names_generation = 2;
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
    return umig_err_trace(err, rc);
}
