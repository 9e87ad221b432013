/* The native part of Children.java: ways to start a child that Java itself does not take. */
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jni.h>

#include "tests/e2e/company/probe.h"

/* Copying the page tables of so much takes fork() longer than the interval between two samples. */
#define LARGE_BYTES (512ul << 20)

static char g_text[16384];
static const char *g_probe;
static int g_pipe[2];

/** Called by Java: Children.start(). */
JNIEXPORT jstring JNICALL Java_Children_start(JNIEnv *jni, jclass self, jstring how, jstring probe);

/* In the child. */
static void execute(void)
{
    (void)dup2(g_pipe[1], STDOUT_FILENO);
    execl(g_probe, g_probe, (char *)NULL);
    _exit(127);
}

static pid_t fork_and_exec(void)
{
    const pid_t pid = fork();
    if (pid == 0) {
        execute();
    }
    return pid;
}

static pid_t fork_large_and_exec(void)
{
    char *large =
        mmap(NULL, LARGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (large == MAP_FAILED) {
        return -1;
    }
    (void)madvise(large, LARGE_BYTES, MADV_NOHUGEPAGE);
    for (size_t at = 0; at < LARGE_BYTES; at += 4096) {
        large[at] = 1;
    }
    const pid_t pid = fork_and_exec();
    (void)munmap(large, LARGE_BYTES);
    return pid;
}

static pid_t vfork_and_exec(void)
{
    const pid_t pid = vfork();
    if (pid == 0) {
        execute();
    }
    return pid;
}

static pid_t spawn(void)
{
    pid_t pid = -1;
    char *argv[] = {(char *)(uintptr_t)g_probe, NULL};
    posix_spawn_file_actions_t actions;
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_adddup2(&actions, g_pipe[1], STDOUT_FILENO);
    const int rc = posix_spawn(&pid, g_probe, &actions, NULL, argv, environ);
    (void)posix_spawn_file_actions_destroy(&actions);
    return rc == 0 ? pid : -1;
}

/* The child goes on with all that the JVM has, and ends as a program does that knows nothing of it.
 */
static pid_t fork_only(void)
{
    const pid_t pid = fork();
    if (pid == 0) {
        const size_t len = probe_write(g_text, sizeof g_text);
        exit(write(g_pipe[1], g_text, len) == (ssize_t)len ? 0 : 1);
    }
    return pid;
}

static const struct {
    const char *name;
    pid_t (*start)(void);
} g_ways[] = {
    {"fork", fork_and_exec},   {"fork, large", fork_large_and_exec},
    {"vfork", vfork_and_exec}, {"posix_spawn", spawn},
    {"fork only", fork_only},
};

static pid_t start(const char *how)
{
    for (size_t i = 0; i < sizeof g_ways / sizeof g_ways[0]; i++) {
        if (strcmp(g_ways[i].name, how) == 0) {
            return g_ways[i].start();
        }
    }
    return -1;
}

/* All that the child writes, and its end. */
static int attend(pid_t pid)
{
    int status = 0;
    size_t len = 0;
    ssize_t n;
    while (len + 1 < sizeof g_text &&
           (n = read(g_pipe[0], g_text + len, sizeof g_text - 1 - len)) > 0) {
        len += (size_t)n;
    }
    g_text[len] = '\0';
    if (waitpid(pid, &status, 0) != pid) {
        return -1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

jstring Java_Children_start(JNIEnv *jni, jclass self, jstring how, jstring probe)
{
    static char said[sizeof g_text + 16];
    (void)self;
    if (pipe2(g_pipe, O_CLOEXEC) != 0) {
        return NULL;
    }
    const char *way = (*jni)->GetStringUTFChars(jni, how, NULL);
    g_probe = (*jni)->GetStringUTFChars(jni, probe, NULL);
    const pid_t pid = start(way);
    close(g_pipe[1]);
    const int status = pid > 0 ? attend(pid) : -1;
    close(g_pipe[0]);
    (*jni)->ReleaseStringUTFChars(jni, how, way);
    (*jni)->ReleaseStringUTFChars(jni, probe, g_probe);
    (void)snprintf(said, sizeof said, "%d %s", status, g_text);
    return (*jni)->NewStringUTF(jni, said);
}
