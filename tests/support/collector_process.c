#include "tests/support/collector_process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collector/daemon/collector.h"
#include "core/err.h"
#include "tests/support/test.h"
#include "tests/support/tree.h"

enum {
    EXIT_FAILURE_CODE = 3
};

void umig_collector_process_init(struct umig_collector_process *p)
{
    memset(p, 0, sizeof *p);
    snprintf(p->dir, sizeof p->dir, "/tmp/umig-test-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    snprintf(p->data, sizeof p->data, "%s/data", p->dir);
    p->address.is_unix = true;
    snprintf(p->address.path, sizeof p->address.path, "%s/collector.sock", p->dir);
}

void umig_collector_process_fini(struct umig_collector_process *p)
{
    if (p->pid != 0) {
        umig_collector_process_kill(p);
    }
    umig_tree_remove(p->dir);
}

/* In the child: runs until a signal; the log goes to a file in the folder. */
static void run(const struct umig_collector_process *p, int out_fd)
{
    char log[80];
    snprintf(log, sizeof log, "%s/log", p->dir);
    const int log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    (void)dup2(log_fd, STDERR_FILENO);
    setenv("UMIG_RUNTIME_DIR", p->dir, 1);
    if (p->fail_point != NULL) {
        setenv("UMIG_FAIL_POINT", p->fail_point, 1);
    }
    if (p->file_size_limit != 0) {
        const struct rlimit limit = {p->file_size_limit, RLIM_INFINITY};
        (void)setrlimit(RLIMIT_FSIZE, &limit);
    }
    const struct umig_collector_options options = {.data_dir = p->data,
                                                   .lost_after_ns = p->lost_after_ns,
                                                   .retain_size_bytes = p->retain_size_bytes,
                                                   .out_fd = out_fd};
    struct umig_err err = UMIG_ERR_INIT;
    const int rc = umig_collector_run(&options, &err);
    if (rc != UMIG_OK) {
        dprintf(STDERR_FILENO, "umig: %s\n", err.text);
    }
    _exit(rc == UMIG_OK ? 0 : EXIT_FAILURE_CODE);
}

bool umig_collector_process_try_start(struct umig_collector_process *p, int *out_exit)
{
    int ready[2];
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    p->pid = fork();
    assert_true(p->pid >= 0);
    if (p->pid == 0) {
        close(ready[0]);
        run(p, ready[1]);
    }
    close(ready[1]);
    char line[1024] = "";
    const ssize_t got = read(ready[0], line, sizeof line - 1);
    close(ready[0]);
    if (got > 0) {
        assert_non_null(strstr(line, "umig collector: listening on unix:"));
        return true;
    }
    *out_exit = umig_collector_process_wait(p);
    return false;
}

void umig_collector_process_start(struct umig_collector_process *p)
{
    int code = 0;
    if (!umig_collector_process_try_start(p, &code)) {
        fail_msg("the collector ended with %d instead of starting; log in %s/log", code, p->dir);
    }
}

int umig_collector_process_wait(struct umig_collector_process *p)
{
    int status = 0;
    assert_int_equal(waitpid(p->pid, &status, 0), p->pid);
    p->pid = 0;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void umig_collector_process_kill(struct umig_collector_process *p)
{
    (void)kill(p->pid, SIGKILL);
    (void)umig_collector_process_wait(p);
}

int umig_collector_process_stop(struct umig_collector_process *p)
{
    (void)kill(p->pid, SIGTERM);
    return umig_collector_process_wait(p);
}
