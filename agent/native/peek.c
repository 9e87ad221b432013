#include "agent/native/peek.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

static bool peek_file(uintptr_t address, void *out, size_t byte_count)
{
    const int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    const ssize_t count = pread(fd, out, byte_count, (off_t)address);
    close(fd);
    return count >= 0 && (size_t)count == byte_count;
}

bool umig_peek(uintptr_t address, void *out, size_t byte_count)
{
    struct iovec to = {.iov_base = out, .iov_len = byte_count};
    struct iovec from = {.iov_len = byte_count};
    /* An address of memory, as a number: the kernel takes it as a pointer that is never followed
     * here. */
    from.iov_base = (void *)address; /* NOLINT(performance-no-int-to-ptr): see above */
    const ssize_t count = process_vm_readv(getpid(), &to, 1, &from, 1, 0);
    if (count < 0 && (errno == EPERM || errno == ENOSYS)) {
        return peek_file(address, out, byte_count);
    }
    return count >= 0 && (size_t)count == byte_count;
}
