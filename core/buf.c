#include "core/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void umig_buf_fini(struct umig_buf *buf)
{
    free(buf->bytes);
    buf->bytes = NULL;
    buf->len = 0;
    buf->room = 0;
    buf->failed = UMIG_OK;
}

void umig_buf_clear(struct umig_buf *buf)
{
    buf->len = 0;
    buf->failed = UMIG_OK;
    if (buf->bytes != NULL) {
        buf->bytes[0] = '\0';
    }
}

int umig_buf_reserve(struct umig_buf *buf, size_t byte_count)
{
    if (buf->failed != UMIG_OK) {
        return buf->failed;
    }
    if (byte_count > buf->limit - buf->len) {
        buf->failed = UMIG_E_LIMIT;
        return buf->failed;
    }
    const size_t need = buf->len + byte_count + 1; /* and the NUL */
    if (need <= buf->room) {
        return UMIG_OK;
    }
    size_t room = buf->room == 0 ? 64 : buf->room;
    while (room < need) {
        room *= 2;
    }
    char *bytes = realloc(buf->bytes, room);
    if (bytes == NULL) {
        buf->failed = UMIG_E_NOMEM;
        return buf->failed;
    }
    buf->bytes = bytes;
    buf->room = room;
    return UMIG_OK;
}

int umig_buf_put(struct umig_buf *buf, const void *bytes, size_t byte_count)
{
    if (umig_buf_reserve(buf, byte_count) != UMIG_OK) {
        return buf->failed;
    }
    if (byte_count > 0) {
        memcpy(buf->bytes + buf->len, bytes, byte_count);
    }
    buf->len += byte_count;
    buf->bytes[buf->len] = '\0';
    return UMIG_OK;
}

int umig_buf_text(struct umig_buf *buf, const char *text)
{
    return umig_buf_put(buf, text, strlen(text));
}

int umig_buf_byte(struct umig_buf *buf, char byte)
{
    return umig_buf_put(buf, &byte, 1);
}

int umig_buf_vprintf(struct umig_buf *buf, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    const int need = vsnprintf(NULL, 0, format, args);
    if (need < 0) {
        buf->failed = UMIG_E_ARG;
    } else if (umig_buf_reserve(buf, (size_t)need) == UMIG_OK) {
        vsnprintf(buf->bytes + buf->len, (size_t)need + 1, format, again);
        buf->len += (size_t)need;
    }
    va_end(again);
    return buf->failed;
}

int umig_buf_printf(struct umig_buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const int rc = umig_buf_vprintf(buf, format, args);
    va_end(args);
    return rc;
}

const char *umig_buf_str(const struct umig_buf *buf)
{
    return buf->bytes != NULL ? buf->bytes : "";
}
