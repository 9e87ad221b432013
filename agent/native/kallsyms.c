#include "agent/native/kallsyms.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/err.h"

enum {
    CHUNK_BYTES = 16384,
    PAGE_BYTES = 4096
};

static bool read_hex(const char *text, size_t digits, uint64_t *out)
{
    uint64_t value = 0;
    for (size_t i = 0; i < digits; i++) {
        const char c = text[i];
        const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit < 0) {
            return false;
        }
        value = value << 4 | (uint64_t)digit;
    }
    *out = value;
    return true;
}

bool umig_kallsyms_parse(const char *text, size_t byte_count, struct umig_kallsyms_line *out_line)
{
    const char *space = memchr(text, ' ', byte_count);
    const size_t digits = space != NULL ? (size_t)(space - text) : 0;
    struct umig_kallsyms_line line = {.module = ""};
    if (digits == 0 || digits > 16 || byte_count < digits + 4 || space[2] != ' ' ||
        !read_hex(text, digits, &line.address)) {
        return false;
    }
    line.type = space[1];
    line.name = space + 3;
    const size_t left = byte_count - digits - 3;
    const char *tab = memchr(line.name, '\t', left);
    line.name_bytes = tab != NULL ? (size_t)(tab - line.name) : left;
    if (tab != NULL) {
        line.module = tab + 1;
        line.module_bytes = left - line.name_bytes - 1;
    }
    *out_line = line;
    return line.name_bytes > 0 &&
           line.name_bytes + line.module_bytes + 2 <= UMIG_KALLSYMS_NAME_BYTES;
}

/* Functions; the compiler's padding before each has a name of its own. */
static bool is_kept(const struct umig_kallsyms_line *line)
{
    return strchr("tTwW", line->type) != NULL && line->type != '\0' &&
           !(line->name_bytes > 6 && memcmp(line->name, "__pfx_", 6) == 0);
}

/* --- two passes: how much, then what --- */

struct pass {
    struct umig_kallsyms *symbols;
    uint64_t base;
    uint32_t count;
    size_t name_bytes;
    bool has_address; /* one that is not zero */
    bool is_sorted;
    bool is_full;
};

typedef void take_line(struct pass *pass, const struct umig_kallsyms_line *line);

static size_t bytes_of(const struct umig_kallsyms_line *line)
{
    return line->name_bytes + (line->module_bytes > 0 ? line->module_bytes + 1 : 0) + 1;
}

static void count_line(struct pass *pass, const struct umig_kallsyms_line *line)
{
    if (line->address != 0 && (!pass->has_address || line->address < pass->base)) {
        pass->base = line->address;
        pass->has_address = true;
    }
    pass->count++;
    pass->name_bytes += bytes_of(line);
}

static void keep_line(struct pass *pass, const struct umig_kallsyms_line *line)
{
    struct umig_kallsyms *symbols = pass->symbols;
    const size_t bytes = bytes_of(line);
    if (line->address - symbols->base > UINT32_MAX) {
        return;
    }
    /* A module may have come between the passes. */
    if ((pass->count + 1) * sizeof *symbols->functions > symbols->function_bytes ||
        pass->name_bytes + bytes > symbols->name_bytes) {
        pass->is_full = true;
        return;
    }
    const uint32_t offset = (uint32_t)(line->address - symbols->base);
    pass->is_sorted = pass->is_sorted &&
                      (pass->count == 0 || symbols->functions[pass->count - 1].offset <= offset);
    symbols->functions[pass->count++] =
        (struct umig_kallsyms_function){.offset = offset, .name = (uint32_t)pass->name_bytes};
    char *to = symbols->names + pass->name_bytes;
    memcpy(to, line->name, line->name_bytes);
    if (line->module_bytes > 0) {
        to[line->name_bytes] = ' ';
        memcpy(to + line->name_bytes + 1, line->module, line->module_bytes);
    }
    to[bytes - 1] = '\0';
    pass->name_bytes += bytes;
}

/* Takes the lines that are whole; how many bytes these were. */
static size_t take_lines(struct pass *pass, take_line *take, const char *text, size_t byte_count)
{
    size_t at = 0;
    const char *end;
    while ((end = memchr(text + at, '\n', byte_count - at)) != NULL) {
        struct umig_kallsyms_line line;
        const size_t len = (size_t)(end - text) - at;
        if (umig_kallsyms_parse(text + at, len, &line) && is_kept(&line)) {
            take(pass, &line);
        }
        at += len + 1;
    }
    return at;
}

static bool read_all(const char *path, struct pass *pass, take_line *take)
{
    char text[CHUNK_BYTES];
    size_t kept = 0;
    ssize_t len = 0;
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && (len = read(fd, text + kept, sizeof text - kept)) > 0) {
        const size_t bytes = kept + (size_t)len;
        const size_t taken = take_lines(pass, take, text, bytes);
        kept = bytes - taken;
        memmove(text, text + taken, kept);
        if (kept == sizeof text) {
            kept = 0; /* no line is as long */
        }
    }
    const int cause = errno;
    if (fd >= 0) {
        close(fd);
    }
    errno = cause;
    return fd >= 0 && len == 0;
}

static int by_offset(const void *a, const void *b)
{
    const struct umig_kallsyms_function *left = a;
    const struct umig_kallsyms_function *right = b;
    if (left->offset != right->offset) {
        return left->offset < right->offset ? -1 : 1;
    }
    return left->name < right->name ? -1 : left->name > right->name;
}

/* Of several names of one place the first one stays. */
static void sort_and_unite(struct umig_kallsyms *symbols, bool is_sorted)
{
    if (!is_sorted) {
        qsort(symbols->functions, symbols->count, sizeof symbols->functions[0], by_offset);
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < symbols->count; i++) {
        if (kept == 0 || symbols->functions[kept - 1].offset != symbols->functions[i].offset) {
            symbols->functions[kept++] = symbols->functions[i];
        }
    }
    symbols->count = kept;
}

static int take_memory(struct umig_kallsyms *symbols,
                       const struct pass *counted,
                       struct umig_memory *memory,
                       size_t max_bytes,
                       struct umig_err *err)
{
    symbols->base = counted->base;
    symbols->function_bytes = counted->count * sizeof *symbols->functions;
    symbols->name_bytes = counted->name_bytes;
    const size_t wanted = symbols->function_bytes + symbols->name_bytes;
    if (wanted <= max_bytes) {
        symbols->functions = umig_memory_take_spare(memory, symbols->function_bytes);
        symbols->names = umig_memory_take_spare(memory, symbols->name_bytes);
    }
    if (symbols->functions == NULL || symbols->names == NULL) {
        umig_kallsyms_fini(symbols, memory);
        return umig_err_set(
            err, UMIG_E_NOMEM,
            "the names of the kernel's functions take %zu KiB; raise memory=", wanted / 1024 + 1);
    }
    return UMIG_OK;
}

static int hidden(struct umig_err *err)
{
    return umig_err_set(err, UMIG_E_UNSUPPORTED,
                        "the kernel hides its addresses: 'sysctl kernel.kptr_restrict=0' or "
                        "CAP_SYSLOG for the JVM would show them");
}

int umig_kallsyms_check(const char *path, struct umig_err *err)
{
    char text[CHUNK_BYTES];
    struct pass seen = {.symbols = NULL};
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    const ssize_t len = fd >= 0 ? read(fd, text, sizeof text) : -1;
    const int cause = errno;
    if (fd >= 0) {
        close(fd);
    }
    if (len < 0) {
        return umig_err_set_cause(err, UMIG_E_UNSUPPORTED, cause, "%s: %s", path,
                                  umig_errno_text(cause));
    }
    (void)take_lines(&seen, count_line, text, (size_t)len);
    return seen.has_address ? UMIG_OK : hidden(err);
}

int umig_kallsyms_read(struct umig_kallsyms *out_symbols,
                       const char *path,
                       struct umig_memory *memory,
                       size_t max_bytes,
                       struct umig_err *err)
{
    struct pass counted = {.symbols = NULL};
    if (!read_all(path, &counted, count_line)) {
        return umig_err_set_cause(err, UMIG_E_UNSUPPORTED, errno, "%s: %s", path,
                                  umig_errno_text(errno));
    }
    if (!counted.has_address) {
        return hidden(err);
    }
    struct umig_kallsyms symbols = {.base = 0};
    const int rc = take_memory(&symbols, &counted, memory, max_bytes, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    struct pass kept = {.symbols = &symbols, .is_sorted = true};
    (void)read_all(path, &kept, keep_line); /* what was read is right, if not all */
    symbols.count = kept.count;
    sort_and_unite(&symbols, kept.is_sorted);
    *out_symbols = symbols;
    return UMIG_OK;
}

void umig_kallsyms_fini(struct umig_kallsyms *symbols, struct umig_memory *memory)
{
    umig_memory_give(memory, symbols->functions, symbols->function_bytes);
    umig_memory_give(memory, symbols->names, symbols->name_bytes);
    *symbols = (struct umig_kallsyms){.base = 0};
}

static const char *module_of(const struct umig_kallsyms *symbols, uint32_t at)
{
    const char *module = strchr(symbols->names + symbols->functions[at].name, ' ');
    return module != NULL ? module : "";
}

/* Is the next function the same module's, so that this one goes on up to it? */
static bool goes_on(const struct umig_kallsyms *symbols, uint32_t at)
{
    return at + 1 < symbols->count &&
           strcmp(module_of(symbols, at), module_of(symbols, at + 1)) == 0;
}

uint32_t umig_kallsyms_find(const struct umig_kallsyms *symbols, uint64_t address)
{
    const uint64_t offset = address - symbols->base;
    if (symbols->count == 0 || address < symbols->base || offset > UINT32_MAX) {
        return 0;
    }
    uint32_t low = 0;
    uint32_t high = symbols->count; /* functions[low].offset <= offset < functions[high].offset */
    while (high - low > 1) {
        const uint32_t middle = low + (high - low) / 2;
        if (symbols->functions[middle].offset <= offset) {
            low = middle;
        } else {
            high = middle;
        }
    }
    const bool is_near = offset - symbols->functions[low].offset < PAGE_BYTES;
    return is_near || goes_on(symbols, low) ? low + 1 : 0;
}

const char *umig_kallsyms_name(const struct umig_kallsyms *symbols, uint32_t function)
{
    return symbols->names + symbols->functions[function - 1].name;
}
