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
#include "core/err.h"
#include "core/log.h"

/* One agent for one JVM; the JVM hands its callbacks nothing of ours. */
static struct umig_agent g_agent;
static bool g_is_loaded;

/* jni.h belongs to agent/vm: JNI_OK and JNI_ERR by value. */
enum {
    LOAD_OK = 0,
    LOAD_REFUSED = -1
};

/* The service's name where nobody gave one: the last part of the main class, or the jar's name. */
static void derive_service(const char *main_class, char out[UMIG_NAME_BYTES])
{
    const char *from = strrchr(main_class, '/');
    from = from != NULL ? from + 1 : main_class;
    size_t len = strlen(from);
    if (len > 4 && strcmp(from + len - 4, ".jar") == 0) {
        len -= 4;
    } else {
        const char *dot = strrchr(from, '.');
        const char *name = dot != NULL ? dot + 1 : from;
        len -= (size_t)(name - from);
        from = name;
    }
    size_t written = 0;
    for (size_t i = 0; i < len && written + 1 < UMIG_NAME_BYTES; i++) {
        const struct umig_span one = {.at = from + i, .len = 1};
        const bool is_allowed = umig_name_is_valid(one) || strchr("._-", from[i]) != NULL;
        out[written] = is_allowed ? from[i] : '-';
        written += written > 0 || umig_name_is_valid(one);
    }
    out[written] = '\0';
    if (written == 0) {
        snprintf(out, UMIG_NAME_BYTES, "java");
    }
}

static void on_init(void *ctx)
{
    struct umig_agent *agent = ctx;
    struct umig_err err = UMIG_ERR_INIT;
    if (agent->options.service[0] != '\0') {
        memcpy(agent->service, agent->options.service, sizeof agent->service);
    } else {
        derive_service(agent->vm.info.main_class, agent->service);
    }
    if (umig_agent_start(agent, &err) != UMIG_OK) {
        umig_log_err(UMIG_LOG_ERROR, "this JVM is not profiled", &err);
    }
}

static void on_death(void *ctx)
{
    umig_agent_stop(ctx);
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
 * The process ends by exit() without the JVM's VMDeath: JDK 17 does on ExitOnOutOfMemoryError, and
 * a native library may. After a VMDeath, or in a child of fork(), there is nothing to do.
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
    umig_log(UMIG_LOG_WARN, "log=%s: %s; logging to standard error", path, umig_errno_text(cause));
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

static int load(void *java_vm, const char *text, struct umig_err *err)
{
    struct umig_agent *agent = &g_agent;
    int rc = umig_options_parse(text, &agent->options, err);
    if (rc != UMIG_OK) {
        return rc;
    }
    rc = open_log(&agent->options, err);
    rc = rc != UMIG_OK ? rc : try_control(&agent->options, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    agent->memory.limit_bytes = agent->options.memory_bytes;
    rc = umig_places_read(&agent->places, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    const struct umig_vm_hooks hooks = {
        .ctx = agent,
        .on_init = on_init,
        .on_death = on_death,
        .on_change = on_change,
        .on_shortage = on_shortage,
    };
    return umig_err_trace(err, umig_vm_open(&agent->vm, java_vm, &hooks, err));
}

/** Called by the JVM for -agentpath, before anything of Java runs. */
UMIG_EXPORT int Agent_OnLoad(void *java_vm, char *options, void *reserved);

int Agent_OnLoad(void *java_vm, char *options, void *reserved)
{
    (void)reserved;
    struct umig_err err = UMIG_ERR_INIT;
    if (g_is_loaded) {
        umig_log(UMIG_LOG_WARN, "the agent is loaded twice; the second load changes nothing");
        return LOAD_OK;
    }
    g_is_loaded = true;
    if (umig_twin_is_here()) {
        umig_log(UMIG_LOG_WARN, "another UMIG agent is in this JVM: this one stands down");
        return LOAD_OK;
    }
    if (load(java_vm, options, &err) == UMIG_OK) {
        umig_twin_show();
        return LOAD_OK;
    }
    const bool is_strict = g_agent.options.is_strict;
    umig_log(UMIG_LOG_ERROR, "%s; %s", err.text,
             is_strict ? "strict: this JVM does not start" : "this JVM is not profiled");
    return is_strict ? LOAD_REFUSED : LOAD_OK;
}

/** Called by the JVM behind VMDeath, once for every load. All is done by then. */
UMIG_EXPORT void Agent_OnUnload(void *java_vm);

void Agent_OnUnload(void *java_vm)
{
    (void)java_vm;
}
