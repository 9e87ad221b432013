#include <stddef.h>

#include "cli/verb.h"

const struct umig_verb *const umig_verbs[] = {
    &umig_verb_collector,
    &umig_verb_jvms,
    &umig_verb_attach,
    &umig_verb_start,
    &umig_verb_stop,
    &umig_verb_status,
    &umig_verb_top,
    &umig_verb_sessions,
    &umig_verb_report,
    &umig_verb_diff,
    &umig_verb_import,
    &umig_verb_heap,
    NULL,
};
