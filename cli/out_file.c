#include "cli/out_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/err.h"

static int cannot_write(const char *path, int cause, struct umig_err *err)
{
    return umig_err_set_cause(err, UMIG_E_IO, cause, "cannot write %s: %s", path,
                              umig_errno_text(cause));
}

/* Gives a draft the mode that open() would have given: mkstemp makes it 0600. */
static void widen_mode(int fd)
{
    const mode_t mask = umask(0);
    umask(mask);
    (void)fchmod(fd, 0666 & ~mask);
}

int umig_out_file_open(const char *path, struct umig_out_file *out_file, struct umig_err *err)
{
    struct umig_out_file file = {.file = NULL};
    struct stat st;
    const int len = snprintf(file.path, sizeof file.path, "%s", path);
    if (len <= 0 || (size_t)len >= sizeof file.path) {
        return cannot_write(path, ENAMETOOLONG, err);
    }
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
        file.file = fopen(path, "we"); /* a pipe or a device cannot be replaced */
    } else {
        snprintf(file.draft, sizeof file.draft, "%s.XXXXXX", path);
        const int fd = mkostemp(file.draft, O_CLOEXEC);
        if (fd >= 0) {
            widen_mode(fd);
            file.file = fdopen(fd, "w");
        }
    }
    if (file.file == NULL) {
        return cannot_write(path, errno, err);
    }
    *out_file = file;
    return UMIG_OK;
}

int umig_out_file_commit(struct umig_out_file *file, uint64_t *out_byte_count, struct umig_err *err)
{
    const bool has_draft = file->draft[0] != '\0';
    struct stat st = {.st_size = 0};
    int cause = 0;
    if (fflush(file->file) != 0 || fstat(fileno(file->file), &st) != 0 ||
        (has_draft && fsync(fileno(file->file)) != 0)) {
        cause = errno;
    }
    if (fclose(file->file) != 0 && cause == 0) {
        cause = errno;
    }
    file->file = NULL;
    if (cause == 0 && has_draft && rename(file->draft, file->path) != 0) {
        cause = errno;
    }
    if (cause != 0) {
        umig_out_file_abandon(file);
        return cannot_write(file->path, cause, err);
    }
    *out_byte_count = (uint64_t)st.st_size;
    return UMIG_OK;
}

void umig_out_file_abandon(struct umig_out_file *file)
{
    if (file->file != NULL) {
        fclose(file->file);
        file->file = NULL;
    }
    if (file->draft[0] != '\0') {
        unlink(file->draft);
    }
}
