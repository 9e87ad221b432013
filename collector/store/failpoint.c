#include "collector/store/failpoint.h"

#ifdef UMIG_FAIL_POINTS

# include <signal.h>
# include <stdatomic.h>
# include <stdio.h>
# include <stdlib.h>
# include <string.h>
# include <unistd.h>

# include "core/err.h"

int umig_failpoint(const char *name, struct umig_err *err)
{
    static atomic_uint reached;
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): test builds only, nobody sets the environment */
    const char *wish = getenv("UMIG_FAIL_POINT");
    char wanted[64] = "";
    char action[32] = "";
    unsigned first = 0;
    unsigned last = 0;
    if (wish == NULL ||
        sscanf(wish, "%63[^:]:%31[^:]:%u-%u", wanted, action, &first, &last) < 3 /* NOLINT */
        || strcmp(wanted, name) != 0) {
        return UMIG_OK;
    }
    const unsigned time = atomic_fetch_add(&reached, 1) + 1;
    if (time < first || time > (last > first ? last : first)) {
        return UMIG_OK;
    }
    if (strcmp(action, "kill") == 0) {
        (void)kill(getpid(), SIGKILL);
    }
    return umig_err_set(err, UMIG_E_LIMIT, "fail point %s: the disk is full", name);
}

#else

/* ISO C wants at least one declaration in a file. */
typedef int umig_failpoint_is_compiled_out;

#endif
