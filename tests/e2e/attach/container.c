#include "tests/e2e/attach/container.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/e2e/bad_input/outcome.h"
#include "tests/support/test.h"

enum {
    USER = 5,
    CLASS_BYTES = 65536,
    FAULT = 99 /* exit code of what could not be set up */
};

#define MAP "0 100000 1000\n"

/* What the keeper needs, opened or read before it is closed in. */
struct setup {
    const struct container_plan *plan;
    char java[300];
    char class_bytes[CLASS_BYTES];
    size_t class_len;
    int from_parent; /* a byte: users are mapped */
    int to_parent;   /* a byte: they can be; then the PID of the JVM */
    int out;         /* the JVM's standard output */
};

static void must(bool is_done)
{
    if (!is_done) {
        perror("container");
        _exit(FAULT);
    }
}

static void furnish(const struct setup *setup)
{
    char options[64] = "mode=1777";
    char library[] = UMIG_AGENT;
    if (setup->plan->tmp_inodes > 0) {
        snprintf(options, sizeof options, "mode=1777,nr_inodes=%u", setup->plan->tmp_inodes);
    }
    *strrchr(library, '/') = '\0';
    must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
    if (setup->plan->hides_library) {
        must(mount("none", library, "tmpfs", 0, "mode=755") == 0);
    }
    must(mount("none", "/tmp", "tmpfs", 0, options) == 0);
    const int fd = open("/tmp/Wait.class", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
    must(fd >= 0 && write(fd, setup->class_bytes, setup->class_len) == (ssize_t)setup->class_len &&
         close(fd) == 0);
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

static void become_java(const struct setup *setup)
{
    if (setup->plan->maps_users) {
        must(setgid(USER) == 0 && setuid(USER) == 0);
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    unsetenv("UMIG_RUNTIME_DIR");
    put_java_env();
    /* Warnings of a late agent are JDK 25's and right. */
    must(dup2(setup->out, STDOUT_FILENO) >= 0 && freopen("/dev/null", "w", stderr) != NULL &&
         chdir("/") == 0);
    execl(setup->java, "java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx32m", "-cp",
          "/tmp", "Wait", NULL);
    must(false);
}

static void keep(const struct setup *setup)
{
    char byte = 'u';
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    must(unshare(CLONE_NEWNS | CLONE_NEWPID | (setup->plan->maps_users ? CLONE_NEWUSER : 0)) == 0);
    must(write(setup->to_parent, &byte, 1) == 1 && read(setup->from_parent, &byte, 1) == 1);
    if (setup->plan->maps_users) {
        must(setgid(0) == 0 && setuid(0) == 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a new user has none */
    }
    furnish(setup);
    const pid_t jvm = fork();
    if (jvm == 0) {
        become_java(setup);
    }
    must(jvm > 0 && write(setup->to_parent, &jvm, sizeof jvm) == sizeof jvm);
    close(setup->to_parent);
    close(setup->out);
    _exit(waitpid(jvm, NULL, 0) == jvm ? 0 : FAULT);
}

static void write_map(pid_t pid, const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    const int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, MAP, sizeof MAP - 1), sizeof MAP - 1);
    close(fd);
}

static void read_class(struct setup *setup)
{
    char path[256];
    snprintf(path, sizeof path, "%s/Wait.class", programs_path());
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    setup->class_len = fread(setup->class_bytes, 1, sizeof setup->class_bytes, file);
    fclose(file);
    assert_true(setup->class_len > 0);
}

static void await_ready(int out)
{
    char text[64];
    size_t len = 0;
    while (len < 5 || strncmp(text, "ready", 5) != 0) {
        const ssize_t got = read(out, text + len, sizeof text - 1 - len);
        if (got <= 0) {
            fail_msg("the JVM in its container ended before it was ready");
        }
        len += (size_t)got;
    }
}

void container_start(const struct umig_rig *rig,
                     const struct container_plan *plan,
                     struct container *container)
{
    static struct setup setup;
    int down[2];
    int up[2];
    int out[2];
    char byte = 0;
    assert_int_equal(pipe2(down, O_CLOEXEC) | pipe2(up, O_CLOEXEC) | pipe2(out, O_CLOEXEC), 0);
    setup.plan = plan;
    setup.from_parent = down[0];
    setup.to_parent = up[1];
    setup.out = out[1];
    snprintf(setup.java, sizeof setup.java, "%s/bin/java", rig->jdk.home);
    read_class(&setup);
    container->keeper = fork();
    assert_true(container->keeper >= 0);
    if (container->keeper == 0) {
        keep(&setup);
    }
    close(down[0]);
    close(up[1]);
    close(out[1]);
    assert_int_equal(read(up[0], &byte, 1), 1);
    if (plan->maps_users) {
        write_map(container->keeper, "uid_map");
        write_map(container->keeper, "gid_map");
    }
    assert_int_equal(write(down[1], "m", 1), 1);
    assert_int_equal(read(up[0], &container->jvm, sizeof container->jvm), sizeof container->jvm);
    await_ready(out[0]);
    close(down[1]);
    close(up[0]);
    close(out[0]);
}

bool container_has(const struct container *container, const char *beginning)
{
    char path[64];
    bool is_there = false;
    snprintf(path, sizeof path, "/proc/%d/root/tmp", (int)container->jvm);
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *it = NULL; (it = readdir(dir)) != NULL;) {
        is_there = is_there || strncmp(it->d_name, beginning, strlen(beginning)) == 0;
    }
    closedir(dir);
    return is_there;
}

void container_stop(struct container *container)
{
    if (container->keeper > 0) {
        /* Where it never came up there is none, and 0 would be this process's own group. */
        if (container->jvm > 0) {
            kill(container->jvm, SIGKILL);
        }
        (void)waitpid(container->keeper, NULL, 0);
    }
    container->keeper = 0;
    container->jvm = 0;
}

bool container_may_be(bool maps_users)
{
    int status = 0;
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const int spaces = CLONE_NEWNS | CLONE_NEWPID | (maps_users ? CLONE_NEWUSER : 0);
        _exit(unshare(spaces) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 ? 0
                                                                                             : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
