/* Who this process is. Field numbers: Hello and Process in proto/umig/v1/stream.proto. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/vm/jvmflag.h"
#include "core/clock.h"
#include "include/umig/version.h"

static void read_text_file(const char *path, char *out, size_t room)
{
    out[0] = '\0';
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return;
    }
    const ssize_t len = read(fd, out, room - 1);
    close(fd);
    out[len > 0 ? len : 0] = '\0';
    out[strcspn(out, "\n")] = '\0';
}

/* Field 22 of /proc/self/stat: ticks after boot at which the process began. */
static uint64_t process_start_unix_ns(void)
{
    char text[512];
    read_text_file("/proc/self/stat", text, sizeof text);
    const char *at = strrchr(text, ')');
    for (int field = 2; at != NULL && field < 22; field++) {
        at = strchr(at + 1, ' ');
    }
    const uint64_t ticks = at != NULL ? strtoull(at + 1, NULL, 10) : 0;
    const uint64_t since_boot = ticks * (UMIG_NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK));
    char uptime[64];
    read_text_file("/proc/uptime", uptime, sizeof uptime);
    const uint64_t up_ns = (uint64_t)(strtod(uptime, NULL) * 1e9);
    return umig_clock_unix_ns() - up_ns + since_boot;
}

static uint64_t max_heap_bytes(const struct umig_agent *agent)
{
    uint64_t bytes = 0;
    (void)umig_jvmflag_number(&agent->vm.libjvm, "MaxHeapSize", &bytes);
    return bytes;
}

void umig_agent_write_process(const struct umig_agent *agent,
                              struct umig_pb_writer *writer,
                              uint32_t field)
{
    char host[256] = "";
    char boot_id[64];
    (void)gethostname(host, sizeof host - 1);
    read_text_file("/proc/sys/kernel/random/boot_id", boot_id, sizeof boot_id);
    const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    const size_t process = umig_pb_open(writer, field);
    umig_pb_str(writer, 1, UMIG_VERSION);
    umig_pb_str(writer, 2, agent->service);
    umig_pb_str(writer, 3, agent->options.instance);
    for (size_t i = 0; i < agent->options.label_count; i++) {
        const size_t label = umig_pb_open(writer, 4);
        umig_pb_str(writer, 1, agent->options.labels[i].key);
        umig_pb_str(writer, 2, agent->options.labels[i].value);
        umig_pb_close(writer, label);
    }
    umig_pb_str(writer, 5, host);
    umig_pb_str(writer, 6, boot_id);
    umig_pb_uint(writer, 7, (uint64_t)getpid());
    umig_pb_str(writer, 8, agent->vm.info.main_class);
    umig_pb_str(writer, 9, agent->vm.info.vm_version);
    umig_pb_str(writer, 10, agent->vm.info.vm_name);
    umig_pb_uint(writer, 11, agent->vm.info.jdk);
    umig_pb_str(writer, 12, umig_collector_name(agent->vm.heap.collector));
    umig_pb_uint(writer, 13, cpus > 0 ? (uint64_t)cpus : 0);
    umig_pb_uint(writer, 14, max_heap_bytes(agent));
    const uint64_t start_unix_ns = process_start_unix_ns();
    umig_pb_uint(writer, 15, start_unix_ns);
    if (agent->attached_unix_ns > start_unix_ns) {
        umig_pb_uint(writer, 16, agent->attached_unix_ns - start_unix_ns);
    }
    umig_pb_close(writer, process);
}

uint64_t umig_agent_uptime_ns(void)
{
    return umig_clock_unix_ns() - process_start_unix_ns();
}

void umig_agent_write_hello(const struct umig_agent *agent, struct umig_pb_writer *writer)
{
    umig_pb_uint(writer, 1, UMIG_PROTOCOL);
    umig_agent_write_process(agent, writer, 4);
    const size_t anchor = umig_pb_open(writer, 5);
    umig_pb_uint(writer, 1, umig_clock_monotonic_ns());
    umig_pb_uint(writer, 2, umig_clock_unix_ns());
    umig_pb_close(writer, anchor);
}
