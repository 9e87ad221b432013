#include "tests/support/collapsed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/parse.h"
#include "tests/support/test.h"

#define PROFILE_LIMIT_BYTES (1u << 30)
#define FILE_LIMIT_BYTES    (256u << 20)
#define FRAMES_MAX          4096

/* The coded names and the frames of the line before. */
struct reader {
    struct umig_profile *profile;
    char **names;
    size_t name_count;
    struct umig_span line[FRAMES_MAX];
    size_t line_count;
};

static uint32_t intern(struct umig_profile *profile, struct umig_span text)
{
    uint32_t id = 0;
    assert_int_equal(umig_profile_string(profile, text.at, text.len, &id), UMIG_OK);
    return id;
}

static uint64_t number(struct umig_span text)
{
    uint64_t value = 0;
    struct umig_err err = UMIG_ERR_INIT;
    if (umig_parse_number(text, &value, &err) != UMIG_OK) {
        fail_msg("%s", err.text);
    }
    return value;
}

/* Cuts "_[j]" off a frame; the kind it means. */
static enum umig_frame_kind cut_mark(struct umig_span *text)
{
    const char *end = text->at + text->len;
    if (text->at[0] == '[') {
        return umig_span_is(*text, "[truncated]") ? UMIG_FRAME_TRUNCATED : UMIG_FRAME_ERROR;
    }
    if (text->len < 4 || memcmp(end - 4, "_[", 2) != 0 || end[-1] != ']') {
        return memchr(text->at, '.', text->len) != NULL ? UMIG_FRAME_JAVA : UMIG_FRAME_NATIVE;
    }
    text->len -= 4;
    switch (end[-2]) {
    case '0':
        return UMIG_FRAME_INTERPRETED;
    case '1':
    case 'j':
        return UMIG_FRAME_COMPILED;
    case 'i':
        return UMIG_FRAME_INLINED;
    case 'c':
        return UMIG_FRAME_COMPILING;
    case 'n':
        return UMIG_FRAME_NATIVE_METHOD;
    case 'k':
        return UMIG_FRAME_KERNEL;
    default:
        fail_msg("mark %c of %.*s", end[-2], (int)text->len, text->at);
        return UMIG_FRAME_ERROR;
    }
}

static struct umig_span cut_after(struct umig_span *text, char separator)
{
    for (size_t at = text->len; at > 0; at--) {
        if (text->at[at - 1] == separator) {
            const struct umig_span tail = {text->at + at, text->len - at};
            text->len = at - 1;
            return tail;
        }
    }
    return (struct umig_span){text->at, 0};
}

static uint32_t read_frame(struct umig_profile *profile, struct umig_span text)
{
    struct umig_profile_frame frame = {0};
    struct umig_profile_method method = {0};
    frame.kind = cut_mark(&text);
    const bool is_java = frame.kind != UMIG_FRAME_NATIVE && frame.kind != UMIG_FRAME_KERNEL &&
                         frame.kind != UMIG_FRAME_ERROR && frame.kind != UMIG_FRAME_TRUNCATED;
    if (is_java && memchr(text.at, ':', text.len) != NULL) {
        frame.line = (uint32_t)number(cut_after(&text, ':'));
    }
    if (is_java && text.at[text.len - 1] == ')') {
        text.len--;
        method.file = intern(profile, cut_after(&text, '('));
    }
    if (is_java) {
        method.name = intern(profile, cut_after(&text, '.'));
        method.class_name = intern(profile, text);
    } else {
        method.name = intern(profile, text);
    }
    assert_int_equal(umig_profile_method(profile, &method, &frame.method), UMIG_OK);
    uint32_t id = 0;
    assert_int_equal(umig_profile_frame(profile, &frame, &id), UMIG_OK);
    return id;
}

/* "@5|rest": as the name before, from its sixth byte on other. */
static void read_name(struct reader *reader, struct umig_span line)
{
    const struct umig_span count = umig_span_cut(&line, '|');
    const size_t shared = (size_t)number((struct umig_span){count.at + 1, count.len - 1});
    char *name = malloc(shared + line.len + 1);
    assert_non_null(name);
    if (shared > 0) {
        memcpy(name, reader->names[reader->name_count - 1], shared);
    }
    memcpy(name + shared, line.at, line.len);
    name[shared + line.len] = '\0';
    reader->names =
        realloc((void *)reader->names, (reader->name_count + 1) * sizeof *reader->names);
    assert_non_null(reader->names);
    reader->names[reader->name_count++] = name;
}

static void read_frames(struct reader *reader, struct umig_span frames)
{
    const bool is_coded = frames.at[0] == '=';
    reader->line_count = 0;
    if (is_coded) {
        const struct umig_span shared = umig_span_cut(&frames, ';');
        reader->line_count = (size_t)number((struct umig_span){shared.at + 1, shared.len - 1});
    }
    while (frames.at != NULL && frames.len > 0) {
        struct umig_span frame = umig_span_cut(&frames, ';');
        if (is_coded) {
            const size_t name = (size_t)number(frame);
            assert_in_range(name, 1, reader->name_count);
            frame = umig_span_of(reader->names[name - 1]);
        }
        assert_true(reader->line_count < FRAMES_MAX);
        reader->line[reader->line_count++] = frame;
    }
}

static void read_line(struct reader *reader, struct umig_span line)
{
    if (line.at[0] == '@') {
        read_name(reader, line);
        return;
    }
    const struct umig_span count = cut_after(&line, ' ');
    struct umig_profile_sample sample = {.kind = UMIG_KIND_CPU, .count = number(count)};
    sample.value = sample.count * UMIG_COLLAPSED_INTERVAL_NS;
    read_frames(reader, line);
    size_t at = 0;
    const struct umig_span first = reader->line[0];
    if (first.at[0] == '[' && !umig_span_is(first, "[truncated]") && reader->line_count > 1) {
        const uint32_t name =
            intern(reader->profile, (struct umig_span){first.at + 1, first.len - 2});
        uint32_t thread = 0;
        assert_int_equal(umig_profile_thread(reader->profile, 0, UMIG_THREAD_JAVA, name, &thread),
                         UMIG_OK);
        sample.group = reader->profile->threads.items[thread].group;
        const struct umig_profile_thread_total total = {thread, UMIG_KIND_CPU, sample.count,
                                                        sample.value};
        assert_int_equal(umig_profile_add_thread_total(reader->profile, &total), UMIG_OK);
        at = 1;
    }
    for (; at < reader->line_count; at++) {
        const uint32_t frame = read_frame(reader->profile, reader->line[at]);
        assert_int_equal(umig_profile_stack(reader->profile, sample.stack, frame, &sample.stack),
                         UMIG_OK);
    }
    assert_int_equal(umig_profile_add_sample(reader->profile, &sample), UMIG_OK);
}

struct umig_profile *umig_collapsed_read(const char *lines)
{
    struct reader *reader = calloc(1, sizeof *reader);
    assert_non_null(reader);
    assert_int_equal(umig_profile_create(PROFILE_LIMIT_BYTES, &reader->profile, NULL), UMIG_OK);
    struct umig_span rest = umig_span_of(lines);
    while (rest.at != NULL && rest.len > 0) {
        const struct umig_span line = umig_span_cut(&rest, '\n');
        if (line.len > 0) {
            read_line(reader, line);
        }
    }
    struct umig_profile *profile = reader->profile;
    for (size_t i = 0; i < reader->name_count; i++) {
        free(reader->names[i]);
    }
    free((void *)reader->names);
    free(reader);
    return profile;
}

struct umig_profile *umig_collapsed_load(const char *path)
{
    struct umig_buf text = UMIG_BUF_INIT(FILE_LIMIT_BYTES);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        fail_msg("cannot open %s", path);
    }
    char block[65536];
    size_t got = 0;
    while ((got = fread(block, 1, sizeof block, file)) > 0) {
        assert_int_equal(umig_buf_put(&text, block, got), UMIG_OK);
    }
    (void)fclose(file);
    struct umig_profile *profile = umig_collapsed_read(umig_buf_str(&text));
    umig_buf_fini(&text);
    return profile;
}

static void put_frame(const struct umig_profile *profile, uint32_t id, struct umig_buf *out)
{
    const struct umig_profile_frame *frame = &profile->frames.items[id];
    const struct umig_profile_method *method = &profile->methods.items[frame->method];
    umig_buf_text(out, umig_profile_text(profile, method->class_name));
    if (method->class_name != 0 && method->name != 0) {
        umig_buf_byte(out, '.');
    }
    umig_buf_text(out, umig_profile_text(profile, method->name));
    if (frame->line != 0) {
        umig_buf_printf(out, ":%u", frame->line);
    }
}

void umig_collapsed_put_chain(const struct umig_profile *profile,
                              uint32_t stack,
                              struct umig_buf *out)
{
    uint32_t frames[FRAMES_MAX];
    size_t count = 0;
    for (; stack != 0; stack = profile->stacks.items[stack].parent) {
        assert_true(count < FRAMES_MAX);
        frames[count++] = profile->stacks.items[stack].frame;
    }
    while (count > 0) {
        put_frame(profile, frames[--count], out);
        umig_buf_text(out, count > 0 ? " > " : "");
    }
}
