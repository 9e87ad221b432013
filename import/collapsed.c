#include "import/collapsed.h"

#include <string.h>

#include "core/err.h"

static bool ends_in(struct umig_span text, const char *end)
{
    const size_t len = strlen(end);
    return text.len >= len && memcmp(text.at + text.len - len, end, len) == 0;
}

/* Takes the mark of how a frame ran off its end. */
static enum umig_frame_kind take_mark(struct umig_span *text)
{
    static const struct {
        const char *mark;
        enum umig_frame_kind kind;
    } marks[] = {{"_[0]", UMIG_FRAME_INTERPRETED},
                 {"_[1]", UMIG_FRAME_COMPILED},
                 {"_[j]", UMIG_FRAME_COMPILED},
                 {"_[i]", UMIG_FRAME_INLINED},
                 {"_[k]", UMIG_FRAME_KERNEL}};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (ends_in(*text, marks[i].mark)) {
            text->len -= strlen(marks[i].mark);
            return marks[i].kind;
        }
    }
    return UMIG_FRAME_ERROR; /* none */
}

/* The dot between class and method: the last one before a space or a parenthesis. */
static size_t find_dot(struct umig_span text)
{
    size_t dot = text.len;
    for (size_t i = 0; i < text.len && strchr(" ({<", text.at[i]) == NULL; i++) {
        dot = text.at[i] == '.' ? i : dot;
    }
    return dot;
}

static bool is_native(struct umig_span text)
{
    return memmem(text.at, text.len, "::", 2) != NULL || ends_in(text, ".so") ||
           memmem(text.at, text.len, ".so.", 4) != NULL || text.at[0] == '[';
}

static struct umig_import_frame read_frame(struct umig_span text)
{
    const enum umig_frame_kind mark = take_mark(&text);
    struct umig_import_frame frame = {.kind = mark, .name = text};
    const size_t dot = find_dot(text);
    const bool is_java = frame.kind != UMIG_FRAME_KERNEL && dot > 0 && dot + 1 < text.len &&
                         (frame.kind != UMIG_FRAME_ERROR || !is_native(text));
    if (is_java) {
        char *name = (char *)(uintptr_t)text.at; /* the caller's line, which may be changed */
        for (size_t i = 0; i < dot; i++) {
            name[i] = name[i] == '/' ? '.' : name[i];
        }
        frame.class_name = (struct umig_span){.at = text.at, .len = dot};
        frame.name = (struct umig_span){.at = text.at + dot + 1, .len = text.len - dot - 1};
    }
    if (frame.kind == UMIG_FRAME_ERROR) {
        frame.kind = is_java ? UMIG_FRAME_JAVA : UMIG_FRAME_NATIVE;
    }
    return frame;
}

/* "[worker-1 tid=7]" without what async-profiler adds. */
static struct umig_span read_thread(struct umig_span part)
{
    struct umig_span name = {.at = part.at + 1, .len = part.len - 2};
    const char *tid = memmem(name.at, name.len, " tid=", 5);
    name.len = tid != NULL ? (size_t)(tid - name.at) : name.len;
    return name;
}

/* Parts of a line from its end, so that the leaf comes first. */
static int split(char *line,
                 size_t len,
                 struct umig_import_frame *frames,
                 size_t *out_count,
                 struct umig_span *out_thread,
                 struct umig_err *err)
{
    size_t count = 0;
    while (len > 0) {
        const char *before = memrchr(line, ';', len);
        const size_t start = before != NULL ? (size_t)(before - line) + 1 : 0;
        const struct umig_span part = {.at = line + start, .len = len - start};
        len = start > 0 ? start - 1 : 0;
        if (start == 0 && part.len > 2 && part.at[0] == '[' && part.at[part.len - 1] == ']' &&
            count > 0) {
            *out_thread = read_thread(part);
        } else if (count == UMIG_IMPORT_MAX_DEPTH) {
            return umig_err_set(err, UMIG_E_LIMIT, "a stack of more than %u frames",
                                UMIG_IMPORT_MAX_DEPTH);
        } else if (part.len > 0) {
            frames[count++] = read_frame(part);
        }
    }
    *out_count = count;
    return UMIG_OK;
}

int umig_import_collapsed_line(struct umig_import *import,
                               char *line,
                               size_t line_bytes,
                               struct umig_err *err)
{
    static const char unnamed[] = "imported";
    struct umig_import_frame frames[UMIG_IMPORT_MAX_DEPTH];
    struct umig_span thread = {.at = unnamed, .len = sizeof unnamed - 1};
    uint64_t count = 0;
    size_t frame_count = 0;
    while (line_bytes > 0 && strchr(" \t\r", line[line_bytes - 1]) != NULL) {
        line_bytes--;
    }
    if (line_bytes == 0 || line[0] == '#') {
        return UMIG_OK;
    }
    const char *space = memrchr(line, ' ', line_bytes);
    const size_t stack_bytes = space != NULL ? (size_t)(space - line) : 0;
    const struct umig_span digits = {.at = line + stack_bytes + 1,
                                     .len = line_bytes - stack_bytes - 1};
    if (stack_bytes == 0 || umig_parse_number(digits, &count, NULL) != UMIG_OK) {
        return umig_err_set(err, UMIG_E_ARG,
                            "'%.*s' is no collapsed stack; a line is 'root;caller;leaf 17'",
                            (int)(line_bytes < 60 ? line_bytes : 60), line);
    }
    const int rc = split(line, stack_bytes, frames, &frame_count, &thread, err);
    if (rc != UMIG_OK || count == 0 || frame_count == 0) {
        return rc;
    }
    return umig_import_add(import, thread, frames, frame_count, count, 0, err);
}
