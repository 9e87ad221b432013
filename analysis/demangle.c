#include "analysis/demangle.h"

#include <libiberty/demangle.h>
#include <setjmp.h>
#include <stdbool.h>
#include <string.h>

struct output {
    struct umig_buf *out;
    jmp_buf too_long;
};

/*
 * libiberty gives a callback no way to say stop, and a name of 1 KiB can make terabytes. Jumping
 * out is safe: what writes through a callback keeps its state on the stack. (Rust's names in
 * punycode are the exception, see below.)
 */
static void put(const char *text, size_t byte_count, void *context)
{
    struct output *output = context;
    if (output->out->len + byte_count > UMIG_DEMANGLED_MAX_BYTES ||
        umig_buf_put(output->out, text, byte_count) != UMIG_OK) {
        longjmp(output->too_long, 1);
    }
}

/* Identifiers that are not ASCII are decoded on the heap. */
static bool has_punycode(const char *mangled)
{
    for (const char *at = strchr(mangled, 'u'); at != NULL; at = strchr(at + 1, 'u')) {
        if (at[1] >= '0' && at[1] <= '9') {
            return true;
        }
    }
    return false;
}

static bool demangle_rust(const char *mangled, struct output *output)
{
    const bool is_new = strncmp(mangled, "_R", 2) == 0;
    return !(is_new && has_punycode(mangled)) &&
           rust_demangle_callback(mangled, DMGL_NO_OPTS, put, output) != 0;
}

static bool demangle(const char *mangled, struct output *output)
{
    /* Rust's legacy names are C++'s to look at, with a hash that only Rust's reader takes away. */
    return demangle_rust(mangled, output) ||
           (strncmp(mangled, "_Z", 2) == 0 && output->out->len == 0 &&
            cplus_demangle_v3_callback(mangled, DMGL_NO_OPTS, put, output) != 0);
}

int umig_demangle(const char *mangled, struct umig_buf *out)
{
    struct output output = {.out = out};
    umig_buf_clear(out);
    if (mangled[0] != '_' || (mangled[1] != 'Z' && mangled[1] != 'R') ||
        strnlen(mangled, UMIG_MANGLED_MAX_BYTES + 1) > UMIG_MANGLED_MAX_BYTES) {
        return UMIG_NOT_FOUND;
    }
    /* A jump back means too long, or no memory; the buffer knows which. */
    const bool is_good = setjmp(output.too_long) == 0 && demangle(mangled, &output);
    if (out->failed != UMIG_OK) {
        return out->failed;
    }
    if (!is_good || out->len == 0) {
        umig_buf_clear(out);
        return UMIG_NOT_FOUND;
    }
    return UMIG_OK;
}
