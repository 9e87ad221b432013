/* Hands an import to a collector, as an agent would. */
#ifndef UMIG_CLI_IMPORT_SEND_H
#define UMIG_CLI_IMPORT_SEND_H

#include "cli/collector_client.h"
#include "cli/progress.h"
#include "import/batch.h"

/**
 * Sends all of it and waits until it is durable. Nothing is sent of an import that does not fit.
 *
 * @return UMIG_OK; UMIG_E_LIMIT; UMIG_E_NOMEM; UMIG_E_IO: the collector went away, or does not
 *         answer, and may have a part; UMIG_E_UNSUPPORTED: it refused, the text says why
 */
UMIG_NODISCARD int umig_import_send(const struct umig_collector_link *link,
                                    const struct umig_import *import,
                                    const struct umig_import_session *session,
                                    struct umig_progress *progress,
                                    struct umig_err *err);

#endif
