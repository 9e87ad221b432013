#include "report/pprof.h"

#include <string.h>
#include <zlib.h>

#include "analysis/label.h"
#include "core/err.h"
#include "report/protobuf.h"

#define MESSAGE_LIMIT_BYTES (512u << 20) /* before it is compressed */
#define NAME_LIMIT_BYTES    (4u << 20)
#define GZIP_WINDOW         (15 + 16) /* zlib's way to ask for a gzip header */

/* Field numbers of profile.proto. */
enum {
    PROFILE_SAMPLE_TYPE = 1,
    PROFILE_SAMPLE = 2,
    PROFILE_LOCATION = 4,
    PROFILE_FUNCTION = 5,
    PROFILE_STRING = 6,
    PROFILE_TIME_NANOS = 9,
    PROFILE_DURATION_NANOS = 10,
    PROFILE_PERIOD_TYPE = 11,
    PROFILE_PERIOD = 12,
    PROFILE_DEFAULT_SAMPLE_TYPE = 14,
    VALUE_TYPE_TYPE = 1,
    VALUE_TYPE_UNIT = 2,
    SAMPLE_LOCATION_ID = 1,
    SAMPLE_VALUE = 2,
    SAMPLE_LABEL = 3,
    LABEL_KEY = 1,
    LABEL_STR = 2,
    LOCATION_ID = 1,
    LOCATION_LINE = 4,
    LINE_FUNCTION_ID = 1,
    LINE_LINE = 2,
    FUNCTION_ID = 1,
    FUNCTION_NAME = 2,
    FUNCTION_FILENAME = 4
};

/* A file under way. */
struct file {
    const struct umig_stack_rows *rows;
    const struct umig_profile *profile; /* theirs */
    struct umig_profile *strings;       /* as a table of strings: 0 is "" there, too */
    struct umig_buf out;
    int rc;
};

static uint32_t string_of(struct file *f, const char *text)
{
    uint32_t id = 0;
    if (f->rc == UMIG_OK && *text != '\0') {
        f->rc = umig_profile_string(f->strings, text, strlen(text), &id);
    }
    return id;
}

static void put_value_type(struct file *f, uint32_t field, const char *type, const char *unit)
{
    struct umig_buf part = UMIG_BUF_INIT(NAME_LIMIT_BYTES);
    umig_protobuf_number(VALUE_TYPE_TYPE, string_of(f, type), &part);
    umig_protobuf_number(VALUE_TYPE_UNIT, string_of(f, unit), &part);
    umig_protobuf_part(field, &part, &f->out);
    umig_buf_fini(&part);
}

static void put_sample(struct file *f,
                       const struct umig_stack_row *row,
                       struct umig_buf *part,
                       struct umig_buf *list)
{
    const struct umig_profile_stack *stacks = f->profile->stacks.items;
    for (uint32_t at = row->stack; at != 0; at = stacks[at].parent) {
        umig_protobuf_varint(stacks[at].frame, list); /* the leaf comes first */
    }
    umig_protobuf_part(SAMPLE_LOCATION_ID, list, part);
    umig_protobuf_varint(row->count, list);
    umig_protobuf_varint(row->value, list);
    umig_protobuf_part(SAMPLE_VALUE, list, part);
    const char *group = umig_profile_text(f->profile, row->group);
    if (*group != '\0') {
        umig_protobuf_number(LABEL_KEY, string_of(f, "thread"), list);
        umig_protobuf_number(LABEL_STR, string_of(f, group), list);
        umig_protobuf_part(SAMPLE_LABEL, list, part);
    }
    umig_protobuf_part(PROFILE_SAMPLE, part, &f->out);
}

static void put_location(struct file *f,
                         uint32_t frame,
                         struct umig_buf *part,
                         struct umig_buf *line)
{
    const struct umig_profile_frame *at = &f->profile->frames.items[frame];
    umig_protobuf_number(LINE_FUNCTION_ID, at->method, line);
    umig_protobuf_number(LINE_LINE, at->line, line);
    umig_protobuf_number(LOCATION_ID, frame, part);
    umig_protobuf_part(LOCATION_LINE, line, part);
    umig_protobuf_part(PROFILE_LOCATION, part, &f->out);
}

static void put_function(struct file *f,
                         uint32_t method,
                         struct umig_buf *part,
                         struct umig_buf *name)
{
    const struct umig_profile_method *at = &f->profile->methods.items[method];
    umig_buf_clear(name);
    umig_label_method(f->profile, method, false, name);
    f->rc = f->rc != UMIG_OK ? f->rc : name->failed;
    umig_protobuf_number(FUNCTION_ID, method, part);
    umig_protobuf_number(FUNCTION_NAME, string_of(f, umig_buf_str(name)), part);
    umig_protobuf_number(FUNCTION_FILENAME, string_of(f, umig_profile_text(f->profile, at->file)),
                         part);
    umig_protobuf_part(PROFILE_FUNCTION, part, &f->out);
}

static void put_times(struct file *f)
{
    const struct umig_profile_session *session = &f->profile->session;
    umig_protobuf_number(PROFILE_TIME_NANOS, session->start_unix_ns, &f->out);
    if (session->end_unix_ns > session->start_unix_ns) {
        umig_protobuf_number(PROFILE_DURATION_NANOS, session->end_unix_ns - session->start_unix_ns,
                             &f->out);
    }
    const struct umig_stack_terms *terms = f->rows->terms;
    put_value_type(f, PROFILE_PERIOD_TYPE, terms->period_type, terms->period_unit);
    umig_protobuf_number(PROFILE_PERIOD, f->rows->period, &f->out);
    umig_protobuf_number(PROFILE_DEFAULT_SAMPLE_TYPE, string_of(f, terms->value_type), &f->out);
}

static void put_profile(struct file *f)
{
    const struct umig_profile *profile = f->profile;
    struct umig_buf parts[2] = {UMIG_BUF_INIT(MESSAGE_LIMIT_BYTES),
                                UMIG_BUF_INIT(MESSAGE_LIMIT_BYTES)};
    const struct umig_stack_terms *terms = f->rows->terms;
    put_value_type(f, PROFILE_SAMPLE_TYPE, terms->count_type, "count");
    put_value_type(f, PROFILE_SAMPLE_TYPE, terms->value_type, terms->value_unit);
    for (size_t i = 0; i < f->rows->count; i++) {
        put_sample(f, &f->rows->items[i], &parts[0], &parts[1]);
    }
    for (size_t i = 1; i < profile->frames.count; i++) {
        put_location(f, (uint32_t)i, &parts[0], &parts[1]);
    }
    for (size_t i = 1; i < profile->methods.count; i++) {
        put_function(f, (uint32_t)i, &parts[0], &parts[1]);
    }
    put_times(f);
    for (size_t i = 0; i < f->strings->strings.count; i++) {
        umig_protobuf_text(PROFILE_STRING, f->strings->strings.items[i], &f->out);
    }
    umig_buf_fini(&parts[0]);
    umig_buf_fini(&parts[1]);
}

static int compress_into(const struct umig_buf *in, struct umig_buf *out)
{
    z_stream stream = {.next_in = (Bytef *)in->bytes, .avail_in = (uInt)in->len};
    Bytef chunk[16 << 10];
    int rc = deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, MAX_MEM_LEVEL,
                          Z_DEFAULT_STRATEGY);
    if (rc != Z_OK) {
        return UMIG_E_NOMEM;
    }
    do {
        stream.next_out = chunk;
        stream.avail_out = sizeof chunk;
        rc = deflate(&stream, Z_FINISH);
        umig_buf_put(out, chunk, sizeof chunk - stream.avail_out);
    } while (rc == Z_OK && out->failed == UMIG_OK);
    deflateEnd(&stream);
    return out->failed != UMIG_OK ? out->failed : rc == Z_STREAM_END ? UMIG_OK : UMIG_E_BUG;
}

int umig_pprof_write(const struct umig_stack_rows *rows, struct umig_buf *out, struct umig_err *err)
{
    struct file f = {
        .rows = rows, .profile = rows->profile, .out = UMIG_BUF_INIT(MESSAGE_LIMIT_BYTES)};
    f.rc = umig_profile_create(2 * rows->profile->limit_bytes, &f.strings, NULL);
    if (f.rc == UMIG_OK) {
        put_profile(&f);
    }
    int rc = f.rc != UMIG_OK ? f.rc : f.out.failed;
    rc = rc != UMIG_OK ? rc : compress_into(&f.out, out);
    umig_buf_fini(&f.out);
    umig_profile_destroy(f.strings);
    return rc == UMIG_OK ? UMIG_OK
                         : umig_err_set(err, rc, "writing for pprof: %s", umig_status_text(rc));
}
