/* Has an agent search its JVM's heap for what holds something, and waits for the end. */
#ifndef UMIG_CLI_HEAP_SEARCH_H
#define UMIG_CLI_HEAP_SEARCH_H

#include "cli/agent_client.h"
#include "cli/jvm.h"
#include "cli/progress.h"
#include "include/umig/attr.h"
#include "include/umig/status.h"
#include "umig/v1/control.pb-c.h"

/**
 * Begins a search and waits for its end.
 *
 * @param wanted     what for; its action is set here
 * @param target     what is looked for, as the progress tells it: "12 classes"
 * @param out_reply  how it went, message->search is never NULL; finish with umig_agent_reply_fini()
 * @return UMIG_OK; UMIG_END: interrupted, the search is called off; UMIG_E_UNSUPPORTED: it was
 *         refused or failed, the text says why; else as umig_agent_ask()
 */
UMIG_NODISCARD int umig_heap_search(const struct umig_jvm *jvm,
                                    const Umig__V1__Search *wanted,
                                    const char *target,
                                    struct umig_progress *progress,
                                    struct umig_agent_reply *out_reply,
                                    struct umig_err *err);

#endif
