#include "cli/source.h"

#include <unistd.h>

#include "cli/collector_client.h"
#include "core/err.h"

int umig_source_write(struct umig_cli *cli,
                      const struct umig_args *args,
                      const struct umig_question *question,
                      FILE *out,
                      struct umig_err *err)
{
    const char *address = umig_args_value(args, "collector", NULL);
    const char *data_dir = umig_args_value(args, "data", NULL);
    if (address != NULL && data_dir != NULL) {
        return umig_err_set(err, UMIG_E_ARG, "--collector and --data exclude each other");
    }
    int fd = -1;
    int rc = umig_collector_dial(&cli->places, address, &fd, err);
    if (rc == UMIG_OK) {
        rc = umig_collector_ask(fd, question, out, err);
        close(fd);
    }
    return umig_err_trace(err, rc);
}
