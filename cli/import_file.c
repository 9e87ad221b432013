#include "cli/import_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/interrupt.h"
#include "core/clock.h"
#include "core/err.h"
#include "import/collapsed.h"
#include "import/jfr.h"

extern char **environ;

#define JFR_EVENTS "jdk.ExecutionSample,jdk.NativeMethodSample,jdk.CPUTimeSample"

enum {
    LINE_BYTES = 4 << 20, /* the longest line of a file */
    SHOW_EVERY = 4096,    /* lines */
    SAID_BYTES = 160
};

/* A file on its way in. */
struct reading {
    FILE *in;
    struct umig_import *import;
    struct umig_import_jfr jfr;
    bool is_jfr;
    uint64_t total_bytes; /* 0 unknown */
    uint64_t bytes;
    uint64_t lines;
    struct umig_progress *progress;
};

static int cannot_read(const char *path, struct umig_err *err)
{
    return umig_err_set_cause(err, UMIG_E_IO, errno, "cannot read %.200s: %s", path,
                              umig_errno_text(errno));
}

int umig_import_file_probe(struct umig_import_file *file, struct umig_err *err)
{
    char magic[4] = "";
    FILE *in = fopen(file->path, "rbe");
    if (in == NULL) {
        return cannot_read(file->path, err);
    }
    const size_t got = fread(magic, 1, sizeof magic, in);
    const bool has_failed = ferror(in) != 0; /* a folder, say */
    if (has_failed) {
        const int rc = cannot_read(file->path, err);
        fclose(in);
        return rc;
    }
    fclose(in);
    if (got == 0) {
        return umig_err_set(err, UMIG_E_ARG, "%.200s is empty", file->path);
    }
    file->is_jfr = got == sizeof magic && memcmp(magic, "FLR", 4) == 0;
    return UMIG_OK;
}

static void show(struct reading *r)
{
    char what[96];
    if (r->total_bytes > 0) {
        snprintf(
            what, sizeof what, "Reading, %u %%",
            (unsigned)(100 * r->bytes / (r->total_bytes > r->bytes ? r->total_bytes : r->bytes)));
    } else {
        snprintf(what, sizeof what, "Reading, %" PRIu64 " samples", r->import->samples);
    }
    umig_progress_show(r->progress, what, umig_clock_monotonic_ns());
}

static int read_line(struct reading *r, char *line, size_t len, struct umig_err *err)
{
    struct umig_err why = UMIG_ERR_INIT;
    if (len > 0 && line[len - 1] == '\n') {
        line[--len] = '\0';
    }
    if (len > LINE_BYTES) {
        return umig_err_set(err, UMIG_E_LIMIT, "line %" PRIu64 " has %zu bytes; %d are possible",
                            r->lines, len, LINE_BYTES);
    }
    const int rc = r->is_jfr ? umig_import_jfr_line(r->import, &r->jfr, line, &why)
                             : umig_import_collapsed_line(r->import, line, len, &why);
    return rc == UMIG_OK ? UMIG_OK
                         : umig_err_set(err, rc, "line %" PRIu64 ": %s", r->lines, why.text);
}

static int read_lines(struct reading *r, struct umig_err *err)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t len = 0;
    int rc = UMIG_OK;
    while (rc == UMIG_OK && !umig_interrupt_came() && (len = getline(&line, &room, r->in)) >= 0) {
        r->lines++;
        r->bytes += (uint64_t)len;
        rc = read_line(r, line, (size_t)len, err);
        if (r->lines % SHOW_EVERY == 0) {
            show(r);
        }
    }
    free(line);
    return rc == UMIG_OK && umig_interrupt_came() ? UMIG_END : rc;
}

static int read_collapsed(const struct umig_import_file *file,
                          struct reading *r,
                          struct umig_err *err)
{
    struct stat st;
    r->in = fopen(file->path, "re");
    if (r->in == NULL) {
        return cannot_read(file->path, err);
    }
    r->total_bytes = fstat(fileno(r->in), &st) == 0 ? (uint64_t)st.st_size : 0;
    int rc = read_lines(r, err);
    if (rc == UMIG_OK && ferror(r->in) != 0) {
        rc = cannot_read(file->path, err);
    }
    fclose(r->in);
    return rc;
}

/* The JDK's jfr: as told, of JAVA_HOME, or whichever PATH has. */
static void find_jfr(const struct umig_import_file *file, char *out, size_t room)
{
    const char *home = getenv("JAVA_HOME");
    if (file->jfr != NULL) {
        snprintf(out, room, "%s", file->jfr);
        return;
    }
    snprintf(out, room, "%s/bin/jfr", home != NULL ? home : "");
    if (home == NULL || access(out, X_OK) != 0) {
        snprintf(out, room, "jfr");
    }
}

/* Starts it with its output in a pipe and what it complains of in a file without a name. */
static int start_jfr(const char *program,
                     const char *path,
                     FILE *said,
                     pid_t *out_pid,
                     FILE **out_in,
                     struct umig_err *err)
{
    int ends[2];
    const char *const texts[] = {program,         "print", "--events", JFR_EVENTS,
                                 "--stack-depth", "4096",  path};
    char *words[sizeof texts / sizeof texts[0] + 1] = {NULL};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        words[i] = (char *)(uintptr_t)texts[i]; /* posix_spawn() does not change them */
    }
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return umig_err_set_cause(err, UMIG_E_IO, errno, "no pipe: %s", umig_errno_text(errno));
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, fileno(said), STDERR_FILENO);
    const int failed = posix_spawnp(out_pid, program, &actions, NULL, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (failed != 0) {
        close(ends[0]);
        return umig_err_set_cause(err, UMIG_E_UNSUPPORTED, failed,
                                  "cannot run %.100s, the JDK's reader of recordings: %s; set "
                                  "JAVA_HOME, or give --jfr PATH",
                                  program, umig_errno_text(failed));
    }
    *out_in = fdopen(ends[0], "r");
    return UMIG_OK;
}

/* The first line of what it complained of. */
static int jfr_failed(const char *program, FILE *said, struct umig_err *err)
{
    char text[SAID_BYTES] = "";
    rewind(said);
    while (fgets(text, sizeof text, said) != NULL && text[0] == '\n') {
    }
    text[strcspn(text, "\r\n")] = '\0';
    return umig_err_set(err, UMIG_E_UNSUPPORTED, "%.60s cannot read the recording: %.120s", program,
                        text[0] != '\0' ? text : "it does not say why");
}

static int read_jfr(const struct umig_import_file *file, struct reading *r, struct umig_err *err)
{
    char program[4096];
    pid_t pid = 0;
    int status = 0;
    FILE *said = tmpfile();
    find_jfr(file, program, sizeof program);
    if (said == NULL) {
        return umig_err_set_cause(err, UMIG_E_IO, errno, "no temporary file: %s",
                                  umig_errno_text(errno));
    }
    int rc = start_jfr(program, file->path, said, &pid, &r->in, err);
    if (rc == UMIG_OK) {
        r->is_jfr = true;
        rc = r->in != NULL ? read_lines(r, err) : umig_err_set(err, UMIG_E_NOMEM, "no memory");
        if (rc != UMIG_OK) {
            (void)kill(pid, SIGTERM); /* our own child */
        }
        if (r->in != NULL) {
            fclose(r->in);
        }
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
        }
        rc = rc == UMIG_OK && status != 0 ? jfr_failed(program, said, err) : rc;
    }
    fclose(said);
    return rc;
}

int umig_import_file_read(const struct umig_import_file *file,
                          struct umig_import *import,
                          struct umig_progress *progress,
                          struct umig_err *err)
{
    struct reading reading = {.import = import, .progress = progress};
    int rc = file->is_jfr ? read_jfr(file, &reading, err) : read_collapsed(file, &reading, err);
    umig_import_jfr_fini(&reading.jfr);
    umig_progress_clear(progress);
    if (rc == UMIG_OK && import->samples == 0) {
        rc = umig_err_set(err, UMIG_E_ARG, "%.120s has no CPU samples%s", file->path,
                          import->skipped > 0 ? " with a stack" : "");
    }
    return rc;
}
