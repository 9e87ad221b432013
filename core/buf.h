/* A growing byte buffer that is given its ceiling at birth. */
#ifndef UMIG_CORE_BUF_H
#define UMIG_CORE_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "include/umig/attr.h"
#include "include/umig/status.h"

/**
 * Bytes, always followed by a NUL that does not count. A failed append sets failed and leaves the
 * content alone; later appends do nothing, so a writer may check once at the end.
 */
struct umig_buf {
    char *bytes; /* NULL while empty */
    size_t len;
    size_t room;
    size_t limit; /* len never exceeds it */
    int failed;   /* UMIG_OK, UMIG_E_NOMEM or UMIG_E_LIMIT */
};

/* clang-format off */
#define UMIG_BUF_INIT(limit_bytes) { .limit = (limit_bytes) }
/* clang-format on */

/** Frees the bytes; the buffer is empty and usable again. */
void umig_buf_fini(struct umig_buf *buf);

/** Empties the buffer, keeps its memory, clears failed. */
void umig_buf_clear(struct umig_buf *buf);

/** Makes room for byte_count more bytes. UMIG_OK, UMIG_E_NOMEM, UMIG_E_LIMIT (also in failed). */
int umig_buf_reserve(struct umig_buf *buf, size_t byte_count);

/** Appends bytes; returns buf->failed. */
int umig_buf_put(struct umig_buf *buf, const void *bytes, size_t byte_count);

/** Appends a NUL-terminated string; returns buf->failed. */
int umig_buf_text(struct umig_buf *buf, const char *text);

/** Appends one byte; returns buf->failed. */
int umig_buf_byte(struct umig_buf *buf, char byte);

/** Appends formatted text; returns buf->failed. */
int umig_buf_printf(struct umig_buf *buf, const char *format, ...) UMIG_PRINTF(2, 3);

/** As umig_buf_printf() with a va_list. */
int umig_buf_vprintf(struct umig_buf *buf, const char *format, va_list args) UMIG_PRINTF(2, 0);

/** The content as a C string; "" while empty. Borrowed until the next change. */
const char *umig_buf_str(const struct umig_buf *buf);

#endif
