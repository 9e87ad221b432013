#include "tests/support/jvm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/clock.h"
#include "tests/support/races.h"
#include "tests/support/test.h"

enum {
    JDKS_MAX = 8,
    WORDS_MAX = 64,
    COMMAND_BYTES = 4096,
    POLL_MS = 20, /* between two looks at something that gives no notice */
};

/* The rig of the running test, for the teardown of a failed one. */
static struct umig_rig g_rig;

bool umig_rig_is_long(void)
{
    return getenv("UMIG_E2E_LONG") != NULL;
}

static int64_t deadline(void)
{
    return (int64_t)umig_clock_monotonic_ns() / 1000000 + UMIG_RIG_PATIENCE_MS;
}

static int left_ms(int64_t deadline_ms)
{
    const int64_t left = deadline_ms - (int64_t)umig_clock_monotonic_ns() / 1000000;
    return left > 0 ? (int)left : 0;
}

/* --- races --- */

/* ThreadSanitizer knows no memory that lies at random; children inherit it. */
static void settle_addresses(void)
{
    if (UMIG_RACES_PATH[0] != '\0') {
        assert_true(personality(ADDR_NO_RANDOMIZE) >= 0);
    }
}

static void put_races_path(pid_t pid, char path[256])
{
    snprintf(path, 256, "%s.%d", UMIG_RACES_PATH, pid);
}

size_t umig_rig_races(pid_t pid, char *out_first, size_t room)
{
    static char text[1 << 20];
    char path[256];
    out_first[0] = '\0';
    put_races_path(pid, path);
    FILE *file = UMIG_RACES_PATH[0] != '\0' ? fopen(path, "re") : NULL;
    if (file == NULL) {
        return 0;
    }
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return umig_races_count(text, out_first, room);
}

static void forget_races(pid_t pid)
{
    char path[256];
    put_races_path(pid, path);
    unlink(path);
}

/* What ThreadSanitizer has reported of a JVM that is gone must not be ours. */
static void expect_no_races(pid_t pid)
{
    static char first[8192];
    const size_t count = umig_rig_races(pid, first, sizeof first);
    forget_races(pid);
    if (count > 0) {
        fail_msg("%zu races of ours in the JVM; the first: %s", count, first);
    }
}

/* --- children --- */

static void print_errors(const struct umig_child *child)
{
    char text[4096];
    FILE *file = fopen(child->errors, "re");
    if (file != NULL) {
        text[fread(text, 1, sizeof text - 1, file)] = '\0';
        fclose(file);
        print_message("%s", text);
    }
}

/* What a sanitized agent needs of the JVM's environment (cmake/UmigCompile.cmake). */
static void put_java_env(void)
{
    static char words[] = UMIG_JAVA_ENV;
    char *rest = NULL;
    for (char *word = strtok_r(words, " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest)) {
        putenv(word);
    }
}

static void become(char **argv, const char *dir, const int *pipes, const char *errors)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int to = open(errors, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    dup2(pipes[0], STDIN_FILENO);
    dup2(pipes[3], STDOUT_FILENO);
    dup2(to, STDERR_FILENO);
    setenv("UMIG_RUNTIME_DIR", dir, 1);
    if (strstr(argv[0], "/java") != NULL) {
        put_java_env();
    }
    execv(argv[0], argv);
    _exit(127);
}

static void start(struct umig_rig *rig, struct umig_child *child, const char *name, char **argv)
{
    int pipes[4];
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    assert_int_equal(pipe2(pipes + 2, O_CLOEXEC), 0);
    memset(child, 0, sizeof *child);
    snprintf(child->errors, sizeof child->errors, "%s/%s.err", rig->dir, name);
    child->pid = fork();
    assert_true(child->pid >= 0);
    if (child->pid == 0) {
        become(argv, rig->dir, pipes, child->errors);
    }
    close(pipes[0]);
    close(pipes[3]);
    child->in = pipes[1];
    child->out = pipes[2];
}

/* Cuts at single spaces, in place. */
static void split(char *words, char **argv, int argc)
{
    char *rest = NULL;
    for (char *word = strtok_r(words, " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest)) {
        assert_in_range(argc, 0, WORDS_MAX - 2);
        argv[argc++] = word;
    }
    argv[argc] = NULL;
}

/* Reads more of a child's output; false at its end. */
static bool read_more(struct umig_child *child, int64_t deadline_ms)
{
    struct pollfd pfd = {.fd = child->out, .events = POLLIN};
    const int ready = poll(&pfd, 1, left_ms(deadline_ms));
    if (ready <= 0) {
        print_errors(child);
        fail_msg("a child wrote nothing for %d ms", UMIG_RIG_PATIENCE_MS);
    }
    assert_true(child->rest_bytes < sizeof child->rest - 1);
    const ssize_t len = read(child->out, child->rest + child->rest_bytes,
                             sizeof child->rest - 1 - child->rest_bytes);
    if (len <= 0) {
        return false;
    }
    child->rest_bytes += (size_t)len;
    child->rest[child->rest_bytes] = '\0';
    return true;
}

/* Takes the next line of a child's output; fails the test if it ends before. Caller frees. */
static char *take_line(struct umig_child *child)
{
    const int64_t until = deadline();
    char *end;
    while ((end = memchr(child->rest, '\n', child->rest_bytes)) == NULL) {
        if (!read_more(child, until)) {
            print_errors(child);
            fail_msg("a child ended without the line that was waited for");
        }
    }
    *end = '\0';
    char *line = strdup(child->rest);
    assert_non_null(line);
    child->rest_bytes -= (size_t)(end + 1 - child->rest);
    memmove(child->rest, end + 1, child->rest_bytes);
    child->rest[child->rest_bytes] = '\0';
    return line;
}

static void wait_for_line(struct umig_child *child, const char *beginning)
{
    bool is_there = false;
    while (!is_there) {
        char *line = take_line(child);
        is_there = strncmp(line, beginning, strlen(beginning)) == 0;
        free(line);
    }
}

static void close_pipes(struct umig_child *child)
{
    close(child->in);
    close(child->out);
    child->pid = 0;
}

/* What is left of the output is read meanwhile: a full pipe would keep the child from ending. */
static int wait_for_exit(struct umig_child *child)
{
    const int64_t until = deadline();
    do {
        child->rest_bytes = 0;
    } while (read_more(child, until));
    int status = 0;
    pid_t gone;
    while ((gone = waitpid(child->pid, &status, WNOHANG)) == 0 && left_ms(until) > 0) {
        poll(NULL, 0, POLL_MS);
    }
    assert_int_equal(gone, child->pid);
    close_pipes(child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void kill_child(struct umig_child *child)
{
    if (child->pid > 0) {
        kill(child->pid, SIGKILL);
        waitpid(child->pid, NULL, 0);
        close_pipes(child);
    }
}

/* --- the rig --- */

static size_t find_jdks(struct umig_jdk jdks[JDKS_MAX])
{
    FILE *list = popen(UMIG_SOURCE_DIR "/tests/support/jdks.sh", "re");
    assert_non_null(list);
    size_t count = 0;
    while (count < JDKS_MAX &&
           fscanf(list, "%d %255s", &jdks[count].feature, jdks[count].home) == 2) {
        count += jdks[count].feature >= 17 ? 1 : 0;
    }
    assert_int_equal(pclose(list), 0);
    return count;
}

static void say_missing(const struct umig_jdk *jdks, size_t count)
{
    static const int features[] = {17, 21, 25};
    for (size_t i = 0; i < sizeof features / sizeof features[0]; i++) {
        bool is_here = false;
        for (size_t k = 0; k < count; k++) {
            is_here = is_here || jdks[k].feature == features[i];
        }
        if (!is_here) {
            print_message("skipped: JDK %d is not here\n", features[i]);
        }
    }
}

static void open_rig(struct umig_rig *rig, const struct umig_jdk *jdk)
{
    memset(rig, 0, sizeof *rig);
    rig->jdk = *jdk;
    snprintf(rig->dir, sizeof rig->dir, "/tmp/umig-e2e-XXXXXX");
    assert_non_null(mkdtemp(rig->dir));
}

static void close_rig(struct umig_rig *rig)
{
    kill_child(&rig->jvm);
    kill_child(&rig->collector);
    if (rig->dir[0] != '\0') {
        char command[128];
        snprintf(command, sizeof command, "rm -rf '%s'", rig->dir);
        if (system(command) != 0) {
            print_message("left behind: %s\n", rig->dir);
        }
        rig->dir[0] = '\0';
    }
}

void umig_rig_each_jdk(void (*body)(struct umig_rig *rig))
{
    struct umig_jdk jdks[JDKS_MAX];
    settle_addresses();
    const size_t count = find_jdks(jdks);
    const char *ci = getenv("CI");
    say_missing(jdks, count);
    if (ci != NULL && strcmp(ci, "true") == 0 && count < 2) {
        fail_msg("%zu JDK versions are here: under CI two are needed", count);
    }
    if (count == 0) {
        skip();
    }
    for (size_t i = 0; i < count; i++) {
        print_message("JDK %d\n", jdks[i].feature);
        open_rig(&g_rig, &jdks[i]);
        body(&g_rig);
        const pid_t pid = g_rig.jvm.pid;
        close_rig(&g_rig);
        expect_no_races(pid);
    }
}

int umig_rig_teardown(void **state)
{
    (void)state;
    if (g_rig.jvm.pid > 0) {
        print_errors(&g_rig.jvm);
    }
    close_rig(&g_rig);
    return 0;
}

/* --- collector and JVM --- */

void umig_rig_start_collector(struct umig_rig *rig)
{
    char words[COMMAND_BYTES];
    char *argv[WORDS_MAX];
    snprintf(words, sizeof words, UMIG_COMMAND " collector --data %s/data", rig->dir);
    split(words, argv, 0);
    start(rig, &rig->collector, "collector", argv);
    wait_for_line(&rig->collector, "umig collector: listening on ");
}

void umig_rig_stop_collector(struct umig_rig *rig)
{
    assert_int_equal(kill(rig->collector.pid, SIGTERM), 0);
    assert_int_equal(wait_for_exit(&rig->collector), 0);
}

/* "@NAME" becomes the class path of NAME: its programs, Java's, then its libraries. */
static void expand(const char *word, char *out, size_t room)
{
    if (word[0] == '@') {
        snprintf(out, room,
                 UMIG_E2E_PROGRAMS "/%s:" UMIG_E2E_PROGRAMS "/java:" UMIG_E2E_PROGRAMS "/lib/%s/*",
                 word + 1, word + 1);
    } else {
        snprintf(out, room, "%s", word);
    }
}

/* Tests ask for intervals that no service would, and want them. */
#define ANY_BUDGET "budget=100%"

void umig_rig_start_jvm(struct umig_rig *rig, const char *agent, const char *words)
{
    static char texts[WORDS_MAX][512];
    char copy[COMMAND_BYTES];
    char *cut[WORDS_MAX];
    char *argv[WORDS_MAX] = {texts[0], texts[1]};
    snprintf(texts[0], sizeof texts[0], "%s/bin/java", rig->jdk.home);
    int argc = 1;
    if (agent != NULL) {
        const char *budget = strstr(agent, "budget=") != NULL ? "" : ANY_BUDGET;
        snprintf(texts[argc++], sizeof texts[1], "-agentpath:%s=%s%s%s",
                 rig->library != NULL ? rig->library : UMIG_AGENT, agent,
                 agent[0] != '\0' && budget[0] != '\0' ? "," : "", budget);
    }
    snprintf(copy, sizeof copy, "%s", words);
    split(copy, cut, 0);
    for (int i = 0; cut[i] != NULL; i++, argc++) {
        assert_in_range(argc, 1, WORDS_MAX - 2);
        expand(cut[i], texts[argc], sizeof texts[argc]);
        argv[argc] = texts[argc];
    }
    argv[argc] = NULL;
    start(rig, &rig->jvm, "jvm", argv);
    wait_for_line(&rig->jvm, "ready");
}

void umig_rig_tell_jvm(struct umig_rig *rig, const char *line)
{
    assert_int_equal(dprintf(rig->jvm.in, "%s\n", line), (int)strlen(line) + 1);
}

json_t *umig_rig_read_jvm(struct umig_rig *rig)
{
    char *line = take_line(&rig->jvm);
    json_error_t error;
    json_t *json = json_loads(line, 0, &error);
    if (json == NULL) {
        fail_msg("the program wrote no JSON (%s): %s", error.text, line);
    }
    free(line);
    return json;
}

void umig_rig_kill_jvm(struct umig_rig *rig)
{
    const pid_t pid = rig->jvm.pid;
    kill_child(&rig->jvm);
    forget_races(pid);
}

int umig_rig_wait_jvm(struct umig_rig *rig)
{
    const pid_t pid = rig->jvm.pid;
    const int code = wait_for_exit(&rig->jvm);
    expect_no_races(pid);
    return code;
}

/* --- the command --- */

/* Runs the command; all it writes, and its exit code. Caller frees. */
static char *run_command(struct umig_rig *rig, const char *words, int *out_code)
{
    char copy[COMMAND_BYTES];
    char *argv[WORDS_MAX] = {(char[]){UMIG_COMMAND}};
    snprintf(copy, sizeof copy, "%s", words);
    split(copy, argv, 1);
    struct umig_child child;
    start(rig, &child, "command", argv);
    const int64_t until = deadline();
    size_t len = 0;
    char *text = calloc(1, 1);
    while (read_more(&child, until)) {
        text = realloc(text, len + child.rest_bytes + 1);
        assert_non_null(text);
        memcpy(text + len, child.rest, child.rest_bytes + 1);
        len += child.rest_bytes;
        child.rest_bytes = 0;
    }
    *out_code = wait_for_exit(&child);
    if (*out_code != 0) {
        print_errors(&child);
    }
    unlink(child.errors);
    return text;
}

static void put_words(char words[COMMAND_BYTES], const char *format, va_list args)
{
    const int len = vsnprintf(words, COMMAND_BYTES, format, args);
    assert_in_range(len, 1, COMMAND_BYTES - 1);
}

int umig_rig_command(struct umig_rig *rig, json_t **out_json, const char *format, ...)
{
    char words[COMMAND_BYTES];
    va_list args;
    va_start(args, format);
    put_words(words, format, args);
    va_end(args);
    int code = 0;
    char *text = run_command(rig, words, &code);
    if (out_json != NULL) {
        json_error_t error;
        *out_json = json_loads(text, 0, &error);
        if (*out_json == NULL) {
            fail_msg("umig %s gave no JSON: %s: %.200s", words, error.text, text);
        }
    }
    free(text);
    return code;
}

char *umig_rig_text(struct umig_rig *rig, const char *format, ...)
{
    char words[COMMAND_BYTES];
    va_list args;
    va_start(args, format);
    put_words(words, format, args);
    va_end(args);
    int code = 0;
    char *text = run_command(rig, words, &code);
    assert_int_equal(code, 0);
    return text;
}

static json_t *find_session(const json_t *list, const char *id)
{
    size_t i;
    json_t *session;
    json_array_foreach(json_object_get(list, "sessions"), i, session)
    {
        if (strcmp(umig_json_text_at(session, "id"), id) == 0) {
            return session;
        }
    }
    return NULL;
}

double umig_rig_counter(struct umig_rig *rig, const char *name)
{
    json_t *status = NULL;
    assert_int_equal(umig_rig_command(rig, &status, "status %d --json", rig->jvm.pid), 0);
    const json_t *agent = json_array_get(json_object_get(status, "agents"), 0);
    const double value =
        json_number_value(json_object_get(json_object_get(agent, "counters"), name));
    json_decref(status);
    return value;
}

json_t *umig_rig_session(struct umig_rig *rig, const char *id)
{
    json_t *list = NULL;
    assert_int_equal(umig_rig_command(rig, &list, "sessions --json"), 0);
    json_t *session = json_incref(find_session(list, id));
    json_decref(list);
    return session;
}

json_t *umig_rig_await_session(struct umig_rig *rig,
                               const char *id,
                               bool (*is_reached)(const json_t *session))
{
    const int64_t until = deadline();
    json_t *session = umig_rig_session(rig, id);
    while (session == NULL || !is_reached(session)) {
        json_decref(session);
        if (left_ms(until) == 0) {
            fail_msg("session %s is not what was waited for", id);
        }
        poll(NULL, 0, POLL_MS);
        session = umig_rig_session(rig, id);
    }
    return session;
}

bool umig_rig_has_ended(const json_t *session)
{
    return strcmp(umig_json_text_at(session, "end"), "running") != 0;
}

bool umig_rig_has_samples(const json_t *session)
{
    return umig_json_number_or_0(session, "cpu_samples") > 0;
}

/* --- JSON --- */

static const json_t *value_at(const json_t *json, const char *path)
{
    char copy[256];
    char *rest = NULL;
    snprintf(copy, sizeof copy, "%s", path);
    for (char *key = strtok_r(copy, "/", &rest); key != NULL; key = strtok_r(NULL, "/", &rest)) {
        json = json_object_get(json, key);
    }
    return json;
}

double umig_json_number_or_0(const json_t *json, const char *path)
{
    return json_number_value(value_at(json, path));
}

double umig_json_number_at(const json_t *json, const char *path)
{
    const json_t *value = value_at(json, path);
    if (!json_is_number(value)) {
        fail_msg("no number at %s", path);
    }
    return json_number_value(value);
}

const char *umig_json_text_at(const json_t *json, const char *path)
{
    const json_t *value = value_at(json, path);
    if (!json_is_string(value)) {
        fail_msg("no text at %s", path);
    }
    return json_string_value(value);
}
