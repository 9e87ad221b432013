#include "core/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/clean.h"
#include "core/utf8.h"

/* Shows at its end that a text was cut. */
static void mark_cut(char *text, size_t room)
{
    const size_t most = room - sizeof "...";
    const size_t len = strlen(text);
    memcpy(text + umig_utf8_whole(text, len < most ? len : most), "...", sizeof "...");
}

int umig_err_fill(struct umig_err *err,
                  int status,
                  int cause,
                  const char *func,
                  int line,
                  const char *format,
                  ...)
{
    if (err == NULL) {
        return status;
    }
    err->status = (enum umig_status)status;
    err->cause = cause;
    err->hop_count = 1;
    err->hops[0] = (struct umig_err_hop){.func = func, .line = line};
    char raw[sizeof err->text];
    va_list args;
    va_start(args, format);
    const int len = vsnprintf(raw, sizeof raw, format, args);
    va_end(args);
    if (len >= (int)sizeof raw) {
        raw[umig_utf8_whole(raw, sizeof raw - 1)] = '\0';
    }
    /* The text promises one line: names from outside may carry line breaks and escapes. */
    const size_t clean_len = umig_clean_copy(raw, err->text, sizeof err->text);
    if (len >= (int)sizeof raw || clean_len >= sizeof err->text) {
        mark_cut(err->text, sizeof err->text);
    }
    return status;
}

int umig_err_hop_add(struct umig_err *err, int rc, const char *func, int line)
{
    const size_t room = sizeof err->hops / sizeof err->hops[0];
    if (err != NULL && rc < 0 && err->hop_count < room) {
        err->hops[err->hop_count++] = (struct umig_err_hop){.func = func, .line = line};
    }
    return rc;
}

const char *umig_status_name(int status)
{
    switch (status) {
#define UMIG_STATUS_NAME(name, value, text) \
 case UMIG_##name:                          \
  return #name;
        UMIG_STATUS_TABLE(UMIG_STATUS_NAME)
#undef UMIG_STATUS_NAME
    default:
        return "unknown status";
    }
}

const char *umig_status_text(int status)
{
    switch (status) {
#define UMIG_STATUS_SENTENCE(name, value, text) \
 case UMIG_##name:                              \
  return text;
        UMIG_STATUS_TABLE(UMIG_STATUS_SENTENCE)
#undef UMIG_STATUS_SENTENCE
    default:
        return "unknown status";
    }
}

const char *umig_errno_text(int error_number)
{
    const char *text = strerrordesc_np(error_number);
    return text != NULL ? text : "unknown error";
}
