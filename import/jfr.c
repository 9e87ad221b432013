#include "import/jfr.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "core/units.h"

#define MS_PER_DAY  (24u * 3600u * 1000u)
#define MS_PER_HOUR (3600u * 1000u)

void umig_import_jfr_fini(struct umig_import_jfr *jfr)
{
    free(jfr->text);
    free(jfr->frames);
    *jfr = (struct umig_import_jfr){0};
}

/* The value of "name = value"; NULL: another line. */
static const char *value_of(const char *line, const char *name)
{
    const size_t len = strlen(name);
    return strncmp(line, name, len) == 0 && strncmp(line + len, " = ", 3) == 0 ? line + len + 3
                                                                               : NULL;
}

/* A time of day: what is before the first one came after midnight. */
static void read_time(struct umig_import_jfr *jfr, const char *text)
{
    unsigned hours = 0;
    unsigned minutes = 0;
    double seconds = 0;
    if (sscanf(text, "%2u:%2u:%lf", &hours, &minutes, &seconds) != 3 || hours > 23 ||
        minutes > 59 || !(seconds >= 0 && seconds < 61)) {
        return;
    }
    const uint32_t at_ms = (hours * 60 + minutes) * 60000 + (uint32_t)(seconds * 1000);
    jfr->first_ms = jfr->has_first ? jfr->first_ms : at_ms;
    jfr->has_first = true;
    const uint32_t since_ms = (at_ms + MS_PER_DAY - jfr->first_ms) % MS_PER_DAY;
    /* The first that is printed is not always the first that was taken. */
    jfr->at_ms = since_ms > MS_PER_DAY - MS_PER_HOUR ? 0 : since_ms;
}

static void read_thread(struct umig_import_jfr *jfr, const char *text)
{
    const char *end = text[0] == '"' ? strchr(text + 1, '"') : NULL;
    if (end == NULL) {
        return;
    }
    const size_t len = (size_t)(end - text) - 1;
    jfr->thread_bytes = len < sizeof jfr->thread ? len : sizeof jfr->thread;
    memcpy(jfr->thread, text + 1, jfr->thread_bytes);
}

/* "10.0 ms", "20 ms" */
static void read_period(struct umig_import *import, const char *text)
{
    char unit[8] = "";
    double number = 0;
    if (sscanf(text, "%lf %7s", &number, unit) == 2 && number > 0 && number < 1e6) {
        const double ns = strcmp(unit, "us") == 0   ? 1e3
                          : strcmp(unit, "ms") == 0 ? 1e6
                          : strcmp(unit, "s") == 0  ? 1e9
                                                    : 0;
        import->interval_ns = ns > 0 ? (uint64_t)llround(number * ns) : import->interval_ns;
    }
}

static int reserve(struct umig_import_jfr *jfr, size_t more)
{
    if (jfr->text_bytes + more > jfr->text_room) {
        const size_t room = 2 * (jfr->text_bytes + more);
        char *text = realloc(jfr->text, room);
        if (text == NULL) {
            return UMIG_E_NOMEM;
        }
        jfr->text = text;
        jfr->text_room = room;
    }
    if (jfr->frame_count == jfr->frame_room) {
        const size_t room = jfr->frame_room == 0 ? 128 : 2 * jfr->frame_room;
        struct umig_import_frame *frames = realloc(jfr->frames, room * sizeof *frames);
        if (frames == NULL) {
            return UMIG_E_NOMEM;
        }
        jfr->frames = frames;
        jfr->frame_room = room;
    }
    return UMIG_OK;
}

/* "a.b.C.m(int, String) line: 12"; "..." says that frames are missing. */
static int read_frame(struct umig_import_jfr *jfr, const char *line, struct umig_err *err)
{
    static const char truncated[] = "[truncated]";
    struct umig_import_frame frame = {.kind = UMIG_FRAME_JAVA};
    const bool is_mark = strcmp(line, "...") == 0;
    const char *text = is_mark ? truncated : line;
    const size_t len = is_mark ? sizeof truncated - 1 : strcspn(line, "(");
    const char *mark = strstr(line, " line: ");
    if (jfr->frame_count == UMIG_IMPORT_MAX_DEPTH) {
        return umig_err_set(err, UMIG_E_LIMIT, "a stack of more than %u frames",
                            UMIG_IMPORT_MAX_DEPTH);
    }
    if (reserve(jfr, len + 1) != UMIG_OK) {
        return umig_err_set(err, UMIG_E_NOMEM, "no memory for a stack");
    }
    char *at = jfr->text + jfr->text_bytes;
    memcpy(at, text, len);
    at[len] = '\0';
    const char *dot = is_mark ? NULL : strrchr(at, '.');
    const size_t class_bytes = dot != NULL ? (size_t)(dot - at) : 0;
    const size_t name_at = class_bytes > 0 ? class_bytes + 1 : 0;
    /* Offsets for now: the text may move. */
    frame.class_name.len = class_bytes;
    frame.name.len = len - name_at;
    frame.kind = is_mark ? UMIG_FRAME_TRUNCATED : UMIG_FRAME_JAVA;
    frame.line = mark != NULL ? (uint32_t)strtoul(mark + 7, NULL, 10) : 0;
    jfr->frames[jfr->frame_count++] = frame;
    jfr->text_bytes += len + 1;
    return UMIG_OK;
}

static void point_to_text(struct umig_import_jfr *jfr)
{
    const char *at = jfr->text;
    for (size_t i = 0; i < jfr->frame_count; i++) {
        struct umig_import_frame *frame = &jfr->frames[i];
        const size_t name_at = frame->class_name.len > 0 ? frame->class_name.len + 1 : 0;
        frame->class_name.at = at;
        frame->name.at = at + name_at;
        at += name_at + frame->name.len + 1;
    }
}

static int end_event(struct umig_import *import, struct umig_import_jfr *jfr, struct umig_err *err)
{
    jfr->is_inside = false;
    if (jfr->frame_count == 0) {
        import->skipped++;
        return UMIG_OK;
    }
    point_to_text(jfr);
    const struct umig_span thread = {.at = jfr->thread, .len = jfr->thread_bytes};
    return umig_import_add(import, thread, jfr->frames, jfr->frame_count, 1, jfr->at_ms, err);
}

static void begin_event(struct umig_import *import, struct umig_import_jfr *jfr, const char *line)
{
    jfr->is_inside = strncmp(line, "jdk.ExecutionSample {", 21) == 0 ||
                     strncmp(line, "jdk.CPUTimeSample {", 19) == 0;
    import->skipped += strncmp(line, "jdk.NativeMethodSample {", 24) == 0 ? 1 : 0;
    jfr->is_in_stack = false;
    jfr->thread_bytes = 0;
    jfr->text_bytes = 0;
    jfr->frame_count = 0;
}

int umig_import_jfr_line(struct umig_import *import,
                         struct umig_import_jfr *jfr,
                         const char *line,
                         struct umig_err *err)
{
    if (strncmp(line, "jdk.", 4) == 0) {
        begin_event(import, jfr, line);
        return UMIG_OK;
    }
    if (!jfr->is_inside) {
        return UMIG_OK;
    }
    if (strcmp(line, "}") == 0) {
        return end_event(import, jfr, err);
    }
    line += strspn(line, " ");
    if (jfr->is_in_stack) {
        jfr->is_in_stack = strcmp(line, "]") != 0;
        return jfr->is_in_stack && line[0] != '\0' ? read_frame(jfr, line, err) : UMIG_OK;
    }
    const char *value = NULL;
    if ((value = value_of(line, "startTime")) != NULL) {
        read_time(jfr, value);
    } else if ((value = value_of(line, "sampledThread")) != NULL ||
               (value = value_of(line, "eventThread")) != NULL) {
        read_thread(jfr, value);
    } else if ((value = value_of(line, "samplingPeriod")) != NULL) {
        read_period(import, value);
    } else if ((value = value_of(line, "stackTrace")) != NULL) {
        jfr->is_in_stack = value[0] == '[';
    }
    return UMIG_OK;
}
