#include "agent/vm/unified_log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <jni.h>

#include "core/clock.h"
#include "core/err.h"

/* Pages are given back when this much has been read. */
#define PUNCH_BYTES 65536

#define PAGE_MASK ((off_t)4095)

typedef void *(*get_management_fn)(jint version);
typedef jstring(JNICALL *execute_fn)(JNIEnv *env, jstring command);

/*
 * Where ExecuteDiagnosticCommand stands in the table of jmm.h. A JVM answers only to the version it
 * was built with. JDK 21 put a function before it and raised the version.
 */
static const struct {
    jint version;
    size_t slot;
} g_jmm_tables[] = {
    {0x20030000, 38}, /* JDK 17 to 20 */
    {0x20040000, 39}, /* JDK 21 to 25 */
};

/* The releases whose tables were looked at. Calling a wrong slot would crash the JVM. */
#define OLDEST_KNOWN_JDK 17
#define NEWEST_KNOWN_JDK 25

static int jdk_release(const struct umig_libjvm *libjvm)
{
    int32_t major = 0;
    const void *at = umig_vmstructs_static(libjvm, "Abstract_VM_Version", "_vm_major_version");
    return at != NULL && umig_vm_peek(at, &major, sizeof major) ? major : 0;
}

static void *find_execute(const struct umig_libjvm *libjvm)
{
    get_management_fn get_management;
    *(void **)&get_management = umig_libjvm_symbol(libjvm, "JVM_GetManagement");
    const int release = jdk_release(libjvm);
    if (get_management == NULL || release < OLDEST_KNOWN_JDK || release > NEWEST_KNOWN_JDK) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof g_jmm_tables / sizeof g_jmm_tables[0]; i++) {
        void **table = get_management(g_jmm_tables[i].version);
        if (table != NULL) {
            void *execute = table[g_jmm_tables[i].slot];
            const bool is_code =
                (uintptr_t)execute >= libjvm->text_begin && (uintptr_t)execute < libjvm->text_end;
            return is_code ? execute : NULL;
        }
    }
    return NULL;
}

int umig_unified_log_open(struct umig_unified_log *log,
                          const struct umig_libjvm *libjvm,
                          struct umig_err *err)
{
    memset(log, 0, sizeof *log);
    log->fd = -1;
    atomic_store(&log->since_ns, UINT64_MAX);
    log->execute = find_execute(libjvm);
    if (log->execute == NULL) {
        return umig_err_set(err, UMIG_E_UNSUPPORTED,
                            "diagnostic commands of this JVM (release %d): known are %d to %d",
                            jdk_release(libjvm), OLDEST_KNOWN_JDK, NEWEST_KNOWN_JDK);
    }
    return UMIG_OK;
}

void umig_unified_log_close(struct umig_unified_log *log)
{
    if (log->fd >= 0) {
        close(log->fd);
    }
    log->fd = -1;
    atomic_store(&log->since_ns, UINT64_MAX);
}

static int forget_exception(JNIEnv *env, const char *what, struct umig_err *err)
{
    (*env)->ExceptionClear(env);
    return umig_err_set(err, UMIG_E_JVM, "%s: the JVM threw an exception", what);
}

/* Said when an output is changed that is there, whatever the options are. No failure. */
#define NOTE_OPTIONS_IGNORED "Output options for existing outputs are ignored"

/* Answers of VM.log are empty when it worked. */
static int check_answer(JNIEnv *env, jstring answer, struct umig_err *err)
{
    if (answer == NULL) {
        return UMIG_OK;
    }
    const char *text = (*env)->GetStringUTFChars(env, answer, NULL);
    if (text == NULL) {
        return forget_exception(env, "VM.log", err);
    }
    const bool is_fine = text[0] == '\0' || strstr(text, NOTE_OPTIONS_IGNORED) != NULL;
    const int rc = is_fine ? UMIG_OK : umig_err_set(err, UMIG_E_JVM, "VM.log answered: %s", text);
    (*env)->ReleaseStringUTFChars(env, answer, text);
    return rc;
}

static int run_command(struct umig_unified_log *log,
                       JNIEnv *env,
                       const char *command,
                       struct umig_err *err)
{
    execute_fn execute;
    *(void **)&execute = log->execute;
    jstring text = (*env)->NewStringUTF(env, command);
    if (text == NULL) {
        return forget_exception(env, "VM.log", err);
    }
    jstring answer = execute(env, text);
    (*env)->DeleteLocalRef(env, text);
    if ((*env)->ExceptionCheck(env)) {
        return forget_exception(env, command, err);
    }
    const int rc = check_answer(env, answer, err);
    (*env)->DeleteLocalRef(env, answer);
    return rc;
}

int umig_unified_log_start(struct umig_unified_log *log,
                           void *jni_env,
                           const char *what,
                           struct umig_err *err)
{
    if (log->execute == NULL) {
        return umig_err_set(err, UMIG_E_UNSUPPORTED, "this JVM's log cannot be switched on");
    }
    if (log->fd < 0) {
        log->fd = memfd_create("umig-gc-log", MFD_CLOEXEC);
        if (log->fd < 0) {
            return umig_err_set_cause(err, UMIG_E_IO, errno, "memory file for the JVM's log: %s",
                                      umig_errno_text(errno));
        }
    }
    char command[256];
    const int len = snprintf(command, sizeof command,
                             "VM.log output=/proc/self/fd/%d what=%s "
                             "decorators=timenanos,tags output_options=filecount=0",
                             log->fd, what);
    if (len < 0 || (size_t)len >= sizeof command) {
        return umig_err_set(err, UMIG_E_ARG, "log selection of %zu bytes is too long",
                            strlen(what));
    }
    const int rc = run_command(log, jni_env, command, err);
    if (rc < 0) {
        return umig_err_trace(err, rc);
    }
    atomic_fetch_add(&log->starts, 1);
    atomic_store(&log->since_ns, umig_clock_monotonic_ns());
    return UMIG_OK;
}

int umig_unified_log_stop(struct umig_unified_log *log, void *jni_env, struct umig_err *err)
{
    if (umig_unified_log_since(log) == UINT64_MAX) {
        return UMIG_OK;
    }
    atomic_store(&log->since_ns, UINT64_MAX);
    char command[128];
    /* The options matter when somebody else has removed the output meanwhile: the JVM then makes it
     * anew, and would rename the file that is there. */
    snprintf(command, sizeof command,
             "VM.log output=/proc/self/fd/%d what=all=off output_options=filecount=0", log->fd);
    return umig_err_trace(err, run_command(log, jni_env, command, err));
}

uint64_t umig_unified_log_since(const struct umig_unified_log *log)
{
    return atomic_load(&log->since_ns);
}

/* The JVM empties the file when it opens it anew. */
static void notice_restart(struct umig_unified_log *log)
{
    const unsigned starts = atomic_load(&log->starts);
    if (starts != log->starts_seen) {
        log->starts_seen = starts;
        log->offset = 0;
        log->punched = 0;
        log->fill = 0;
        log->next = 0;
    }
}

static void give_pages_back(struct umig_unified_log *log)
{
    if (log->offset - log->punched < PUNCH_BYTES) {
        return;
    }
    const off_t end = log->offset & ~PAGE_MASK;
    /* A kernel that cannot punch memory files only makes it grow; seals and tmpfs can. */
    (void)fallocate(log->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, end);
    log->punched = end;
}

/* Moves the begun line to the front and reads on behind it. False if there is nothing new. */
static bool refill(struct umig_unified_log *log)
{
    memmove(log->text, log->text + log->next, log->fill - log->next);
    log->fill -= log->next;
    log->next = 0;
    if (log->fill == sizeof log->text) {
        log->fill = 0; /* a line longer than the buffer: its tail will not parse */
    }
    const ssize_t len =
        pread(log->fd, log->text + log->fill, sizeof log->text - log->fill, log->offset);
    if (len <= 0) {
        return false;
    }
    log->fill += (size_t)len;
    log->offset += len;
    give_pages_back(log);
    return true;
}

const char *umig_unified_log_line(struct umig_unified_log *log)
{
    notice_restart(log);
    if (log->starts_seen == 0 || log->fd < 0) {
        return NULL;
    }
    for (;;) {
        char *line = log->text + log->next;
        char *end = memchr(line, '\n', log->fill - log->next);
        if (end != NULL) {
            *end = '\0';
            log->next = (size_t)(end - log->text) + 1;
            return line;
        }
        if (!refill(log)) {
            return NULL;
        }
    }
}
