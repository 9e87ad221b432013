#include "collector/batch/columns.h"

#include "include/umig/kinds.h"

bool umig_callers_next(struct umig_callers *callers, uint32_t *out_parent)
{
    const Umig__V1__Dictionary *d = callers->dictionary;
    while (callers->chain < d->n_chain_length &&
           callers->passed >= d->chain_length[callers->chain]) {
        callers->chain++;
        callers->passed = 0;
    }
    if (callers->chain >= d->n_chain_length || callers->chain >= d->n_chain_parent) {
        return false;
    }
    *out_parent = callers->passed == 0 ? d->chain_parent[callers->chain]
                                       : d->first_stack + callers->stacks - 1;
    callers->passed++;
    callers->stacks++;
    return true;
}

uint32_t umig_samples_outcome(const Umig__V1__Samples *samples, size_t row)
{
    return row < samples->n_outcome ? samples->outcome[row] : UMIG_OUTCOME_OK;
}

uint64_t umig_samples_value(const Umig__V1__Samples *samples, size_t row)
{
    return row < samples->n_units ? samples->units[row] * samples->unit : samples->unit;
}

uint64_t umig_samples_count(const Umig__V1__Samples *samples, size_t row)
{
    return row < samples->n_counts ? samples->counts[row] : 1;
}
