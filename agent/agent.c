/*
 * Entry points of the library. Nothing in here is fatal to the host: whatever fails is one line in
 * the log, and the JVM goes on without profiling; only strict= makes it refuse to start.
 */
#include "agent/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/twin.h"
#include "core/clock.h"
#include "core/err.h"
#include "core/log.h"
#include "core/service.h"
#include "include/umig/attach.h"

/* One agent for one JVM; the JVM hands its callbacks nothing of ours. */
static struct umig_agent g_agent;
static bool g_was_loaded;        /* with the JVM */
static atomic_bool g_is_loading; /* loaded or about to be; false: not yet, or it failed */

/* jni.h belongs to agent/vm: JNI_OK and JNI_ERR by value. */
enum {
    LOAD_OK = 0,
    LOAD_REFUSED = -1
};

static void on_init(void *ctx)
{
    struct umig_agent *agent = ctx;
    struct umig_err err = UMIG_ERR_INIT;
    if (agent->options.service[0] != '\0') {
        memcpy(agent->service, agent->options.service, sizeof agent->service);
    } else {
        umig_service_of_main(agent->vm.info.main_class, agent->service);
    }
    if (umig_agent_start(agent, &err) != UMIG_OK) {
        umig_log_err(UMIG_LOG_ERROR, "this JVM is not profiled", &err);
        atomic_store(&g_is_loading, false);
    }
}

static void on_death(void *ctx)
{
    struct umig_agent *agent = ctx;
    atomic_store(&agent->ends_well, true);
    umig_agent_stop(agent);
}

static void on_change(void *ctx)
{
    umig_agent_wake(ctx);
}

static void on_shortage(void *ctx)
{
    struct umig_agent *agent = ctx;
    atomic_store(&agent->is_short, true);
    umig_agent_wake(agent);
}

/*
 * The process ends by exit() without the JVM's VMDeath: JDK 17 does on ExitOnOutOfMemoryError and
 * after a fatal error without a core dump, and a native library may. After a VMDeath, or in a child
 * of fork(), there is nothing to do.
 */
__attribute__((destructor)) static void on_exit_of_process(void)
{
    if (g_agent.is_started && g_agent.pid == getpid() && !atomic_load(&g_agent.stopping)) {
        umig_agent_stop(&g_agent);
    }
}

/* Without its file the log goes to standard error, unless strict. */
static int open_log(const struct umig_agent_options *options, struct umig_err *err)
{
    const char *path = options->log_path;
    const int fd =
        path[0] != '\0' ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640) : -1;
    const int cause = errno;
    umig_log_open(fd, options->log_level);
    if (path[0] == '\0' || fd >= 0) {
        return UMIG_OK;
    }
    if (options->is_strict) {
        return umig_err_set_cause(err, UMIG_E_IO, cause, "option 'log=%.120s': cannot open it: %s",
                                  path, umig_errno_text(cause));
    }
    /* At the level that always passes: who asked for errors only looks for a file, too. */
    umig_log(UMIG_LOG_ERROR,
             "log=%s: cannot open it: %s; the log of level %s goes to standard error", path,
             umig_errno_text(cause), umig_log_level_name(options->log_level));
    return UMIG_OK;
}

/*
 * The control socket is opened with the JVM's threads, when it is too late to refuse: strict tries
 * the path before.
 */
static int try_control(const struct umig_agent_options *options, struct umig_err *err)
{
    struct umig_address address = {.is_unix = true};
    struct umig_err why = UMIG_ERR_INIT;
    int fd = -1;
    if (!options->is_strict || options->control[0] == '\0') {
        return UMIG_OK;
    }
    snprintf(address.path, sizeof address.path, "%s", options->control);
    const int rc = umig_socket_listen(&address, 0600, &fd, &why);
    if (rc != UMIG_OK) {
        return umig_err_set_cause(err, rc, why.cause, "option 'control=%s': %.120s",
                                  options->control, why.text);
    }
    close(fd);
    (void)unlink(address.path);
    return UMIG_OK;
}

/* What needs neither Java nor a thread; may be called again after it failed. */
static enum umig_attach load(void *java_vm, const char *text, struct umig_err *err)
{
    struct umig_agent *agent = &g_agent;
    if (umig_options_parse(text, &agent->options, err) != UMIG_OK) {
        return UMIG_ATTACH_OPTIONS;
    }
    if (open_log(&agent->options, err) != UMIG_OK || try_control(&agent->options, err) != UMIG_OK ||
        umig_places_read(&agent->places, err) != UMIG_OK) {
        return UMIG_ATTACH_PLACES;
    }
    agent->memory.limit_bytes = agent->options.memory_bytes;
    agent->breaker.faults_borne = agent->options.faults;
    agent->budget.ppm = agent->options.budget_ppm;
    const struct umig_vm_hooks hooks = {
        .ctx = agent,
        .on_init = on_init,
        .on_death = on_death,
        .on_change = on_change,
        .on_shortage = on_shortage,
    };
    const bool is_open = agent->vm.jvmti != NULL;
    const int rc = is_open ? UMIG_OK : umig_vm_open(&agent->vm, java_vm, &hooks, err);
    if (rc == UMIG_OK && (!agent->options.is_debug_info_late || agent->options.has_start)) {
        umig_vm_want_debug_info(&agent->vm); /* before the first method is compiled */
        agent->has_debug_info = true;
    }
    return rc == UMIG_OK ? UMIG_ATTACH_GOOD : UMIG_ATTACH_JVM;
}

/** Called by the JVM for -agentpath, before anything of Java runs. */
UMIG_EXPORT int Agent_OnLoad(void *java_vm, char *options, void *reserved);

int Agent_OnLoad(void *java_vm, char *options, void *reserved)
{
    (void)reserved;
    struct umig_err err = UMIG_ERR_INIT;
    if (g_was_loaded) {
        umig_log(UMIG_LOG_WARN, "the agent is loaded twice; the second load changes nothing");
        return LOAD_OK;
    }
    g_was_loaded = true;
    if (umig_twin_is_here()) {
        umig_log(UMIG_LOG_WARN, "another UMIG agent is in this JVM: this one stands down");
        return LOAD_OK;
    }
    atomic_store(&g_is_loading, true);
    if (load(java_vm, options, &err) == UMIG_ATTACH_GOOD) {
        umig_twin_show();
        return LOAD_OK;
    }
    atomic_store(&g_is_loading, false);
    const bool is_strict = g_agent.options.is_strict;
    umig_log(UMIG_LOG_ERROR, "%s; %s", err.text,
             is_strict ? "strict: this JVM does not start" : "this JVM is not profiled");
    return is_strict ? LOAD_REFUSED : LOAD_OK;
}

/* The JVM runs: all is done that VMInit would do, unless it has been done or is still to come. */
static enum umig_attach begin(void *java_vm, bool has_failed, struct umig_err *err)
{
    struct umig_agent *agent = &g_agent;
    agent->attached_unix_ns = umig_clock_unix_ns();
    int rc = UMIG_OK;
    if (has_failed) {
        on_init(agent); /* memory or a thread was refused before */
    } else {
        rc = umig_vm_begin(&agent->vm, java_vm, err);
    }
    if (rc != UMIG_OK) {
        return rc == UMIG_AGAIN ? UMIG_ATTACH_GOOD : UMIG_ATTACH_JVM; /* VMInit will do it */
    }
    if (!agent->is_started) {
        (void)umig_err_set(err, UMIG_E_IO, "the agent cannot be started");
        return UMIG_ATTACH_START;
    }
    return atomic_load(&agent->has_control) ? UMIG_ATTACH_GOOD : UMIG_ATTACH_CONTROL;
}

/** Called by the JVM when the agent is loaded into it while it runs, once for every time. */
UMIG_EXPORT int Agent_OnAttach(void *java_vm, char *options, void *reserved);

int Agent_OnAttach(void *java_vm, char *options, void *reserved)
{
    (void)reserved;
    struct umig_err err = UMIG_ERR_INIT;
    if (atomic_exchange(&g_is_loading, true)) {
        if (g_agent.is_started) {
            atomic_store(&g_agent.wants_control, true);
            umig_agent_wake(&g_agent);
        }
        return UMIG_ATTACH_GOOD; /* the options of the first load hold */
    }
    const bool has_failed = atomic_load(&g_agent.vm.has_begun);
    enum umig_attach code = UMIG_ATTACH_TWIN;
    if (umig_twin_is_here()) {
        (void)umig_err_set(&err, UMIG_E_BUSY, "another UMIG agent is in this JVM");
    } else {
        code = load(java_vm, options, &err);
    }
    if (code == UMIG_ATTACH_GOOD) {
        umig_twin_show();
        code = begin(java_vm, has_failed, &err);
    }
    if (code != UMIG_ATTACH_GOOD && code != UMIG_ATTACH_CONTROL) {
        umig_log(UMIG_LOG_ERROR, "%s; this agent does not profile it", err.text);
        atomic_store(&g_is_loading, false);
    }
    return (int)code;
}

/** Called by the JVM behind VMDeath, once for every load. All is done by then. */
UMIG_EXPORT void Agent_OnUnload(void *java_vm);

void Agent_OnUnload(void *java_vm)
{
    (void)java_vm;
}
