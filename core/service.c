#include "core/service.h"

#include <stdio.h>
#include <string.h>

#include "core/parse.h"

void umig_service_of_main(const char *main_class, char out[UMIG_SERVICE_BYTES])
{
    const char *from = strrchr(main_class, '/');
    from = from != NULL ? from + 1 : main_class;
    size_t len = strlen(from);
    if (len > 4 && strcmp(from + len - 4, ".jar") == 0) {
        len -= 4;
    } else {
        const char *dot = strrchr(from, '.');
        const char *name = dot != NULL ? dot + 1 : from;
        len -= (size_t)(name - from);
        from = name;
    }
    size_t written = 0;
    for (size_t i = 0; i < len && written + 1 < UMIG_SERVICE_BYTES; i++) {
        const struct umig_span one = {.at = from + i, .len = 1};
        const bool is_allowed = umig_name_is_valid(one) || strchr("._-", from[i]) != NULL;
        out[written] = is_allowed ? from[i] : '-';
        written += written > 0 || umig_name_is_valid(one);
    }
    out[written] = '\0';
    if (written == 0) {
        snprintf(out, UMIG_SERVICE_BYTES, "java");
    }
}
