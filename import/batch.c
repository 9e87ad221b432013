#include "import/batch.h"

#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "core/units.h"
#include "include/umig/version.h"
#include "umig/v1/stream.pb-c.h"

#define CLOCK_START_NS UINT64_C(1000000000000) /* of the clock the stream's times are of */
#define ROWS_MAX       20000u                  /* of one batch; a row takes 20 bytes at most */
#define TEXT_BYTES_MAX (512u << 10)
#define IDS_MAX        (1u << 20)

/* Columns of one batch, on the heap while it is made. */
struct columns {
    char *strings[ROWS_MAX];
    uint32_t a[ROWS_MAX], b[ROWS_MAX], c[ROWS_MAX];
    int64_t deltas[ROWS_MAX];
};

static char *field(const char *text)
{
    return (char *)(uintptr_t)text; /* protobuf-c's fields are not const; it only reads */
}

int umig_import_check(const struct umig_import *import, struct umig_err *err)
{
    const struct umig_profile *p = import->profile;
    const struct {
        const char *what;
        size_t count;
    } groups[] = {{"names", p->strings.count},
                  {"methods", p->methods.count},
                  {"frames", p->frames.count},
                  {"stacks", p->stacks.count},
                  {"threads", p->threads.count}};
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        if (groups[i].count > IDS_MAX) {
            return umig_err_set(err, UMIG_E_LIMIT, "%zu %s; %u are possible", groups[i].count - 1,
                                groups[i].what, IDS_MAX - 1);
        }
    }
    return UMIG_OK;
}

static int pack(const ProtobufCMessage *message, struct umig_buf *payload)
{
    umig_buf_clear(payload);
    const size_t size = protobuf_c_message_get_packed_size(message);
    const int rc = umig_buf_reserve(payload, size);
    if (rc == UMIG_OK) {
        payload->len = protobuf_c_message_pack(message, (uint8_t *)payload->bytes);
    }
    return rc;
}

int umig_import_hello(const struct umig_import_session *session, struct umig_buf *payload)
{
    Umig__V1__Hello hello = UMIG__V1__HELLO__INIT;
    Umig__V1__Process process = UMIG__V1__PROCESS__INIT;
    Umig__V1__ClockAnchor anchor = UMIG__V1__CLOCK_ANCHOR__INIT;
    process.agent_version = field(UMIG_VERSION);
    process.service = field(session->service);
    process.host = field(session->host);
    process.jvm_name = field(session->source);
    anchor.monotonic_ns = CLOCK_START_NS;
    anchor.unix_ns = session->start_unix_ns;
    hello.protocol = UMIG_PROTOCOL;
    hello.process = &process;
    hello.anchor = &anchor;
    return pack(&hello.base, payload);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void put_strings(struct umig_import_stream *s, struct columns *c, Umig__V1__Dictionary *d)
{
    const size_t left = s->import->profile->strings.count - 1 - s->strings;
    size_t bytes = 0;
    d->first_string = (uint32_t)s->strings + 1;
    d->strings = c->strings;
    while (d->n_strings < least(left, ROWS_MAX) && bytes < TEXT_BYTES_MAX) {
        const char *text = s->import->profile->strings.items[++s->strings];
        c->strings[d->n_strings++] = field(text);
        bytes += strlen(text) + 4;
    }
}

static void put_methods(struct umig_import_stream *s, struct columns *c, Umig__V1__Dictionary *d)
{
    const size_t count = least(s->import->profile->methods.count - 1 - s->methods, ROWS_MAX);
    d->first_method = (uint32_t)s->methods + 1;
    for (size_t i = 0; i < count; i++) {
        const struct umig_profile_method *at = &s->import->profile->methods.items[++s->methods];
        c->a[i] = at->class_name;
        c->b[i] = at->name;
        c->c[i] = at->file;
    }
    d->n_method_class = d->n_method_name = d->n_method_file = count;
    d->method_class = c->a;
    d->method_name = c->b;
    d->method_file = c->c;
}

static void put_frames(struct umig_import_stream *s, struct columns *c, Umig__V1__Dictionary *d)
{
    const size_t count = least(s->import->profile->frames.count - 1 - s->frames, ROWS_MAX);
    d->first_frame = (uint32_t)s->frames + 1;
    for (size_t i = 0; i < count; i++) {
        const struct umig_profile_frame *at = &s->import->profile->frames.items[++s->frames];
        c->a[i] = (uint32_t)at->kind;
        c->b[i] = at->method;
        c->c[i] = at->line;
    }
    d->n_frame_kind = d->n_frame_method = d->n_frame_line = count;
    d->frame_kind = c->a;
    d->frame_method = c->b;
    d->frame_line = c->c;
}

static void put_stacks(struct umig_import_stream *s, struct columns *c, Umig__V1__Dictionary *d)
{
    const size_t count = least(s->import->profile->stacks.count - 1 - s->stacks, ROWS_MAX);
    size_t chains = 0;
    d->first_stack = (uint32_t)s->stacks + 1;
    for (size_t i = 0; i < count; i++) {
        const struct umig_profile_stack *at = &s->import->profile->stacks.items[++s->stacks];
        c->a[i] = at->frame;
        if (i > 0 && at->parent == s->stacks - 1) {
            c->c[chains - 1]++;
        } else {
            c->b[chains] = at->parent;
            c->c[chains++] = 1;
        }
    }
    d->n_stack_frame = count;
    d->stack_frame = c->a;
    d->n_chain_parent = d->n_chain_length = chains;
    d->chain_parent = c->b;
    d->chain_length = c->c;
}

static void put_threads(struct umig_import_stream *s, struct columns *c, Umig__V1__Dictionary *d)
{
    const size_t count = least(s->import->profile->threads.count - 1 - s->threads, ROWS_MAX);
    d->first_thread = (uint32_t)s->threads + 1;
    for (size_t i = 0; i < count; i++) {
        const struct umig_profile_thread *at = &s->import->profile->threads.items[++s->threads];
        c->a[i] = at->tid;
        c->b[i] = (uint32_t)at->kind;
        c->c[i] = at->name;
    }
    d->n_thread_tid = d->n_thread_kind = d->n_thread_name = count;
    d->thread_tid = c->a;
    d->thread_kind = c->b;
    d->thread_name = c->c;
}

/* The next group that is not written whole; false: all are. */
static bool put_dictionary(struct umig_import_stream *s, struct columns *c, Umig__V1__Dictionary *d)
{
    const struct umig_profile *p = s->import->profile;
    const struct {
        size_t written, count;
        void (*put)(struct umig_import_stream *s, struct columns *c, Umig__V1__Dictionary *d);
    } groups[] = {{s->strings, p->strings.count, put_strings},
                  {s->methods, p->methods.count, put_methods},
                  {s->frames, p->frames.count, put_frames},
                  {s->stacks, p->stacks.count, put_stacks},
                  {s->threads, p->threads.count, put_threads}};
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        if (groups[i].written + 1 < groups[i].count) {
            groups[i].put(s, c, d);
            return true;
        }
    }
    return false;
}

/* Each sample is a row: what counts on is how often something was seen. */
static void put_samples(struct umig_import_stream *s, struct columns *c, Umig__V1__Samples *samples)
{
    const struct umig_import *import = s->import;
    size_t count = 0;
    uint32_t before_ms = s->row < import->row_count ? import->rows[s->row].at_ms : 0;
    samples->base_ns = CLOCK_START_NS + before_ms * UMIG_NS_PER_MS;
    while (count < ROWS_MAX && s->row < import->row_count) {
        const struct umig_import_row *row = &import->rows[s->row];
        c->a[count] = row->thread;
        c->b[count] = row->stack;
        c->deltas[count++] = (int64_t)row->at_ms - (int64_t)before_ms;
        before_ms = row->at_ms;
        if (++s->row_samples == row->count) {
            s->row++;
            s->row_samples = 0;
        }
    }
    samples->session = 1;
    samples->kind = UMIG_KIND_CPU;
    samples->unit = s->session->interval_ns;
    samples->n_thread = samples->n_stack = samples->n_time_delta_ms = count;
    samples->thread = c->a;
    samples->stack = c->b;
    samples->time_delta_ms = c->deltas;
}

static uint64_t end_ns(const struct umig_import *import)
{
    uint32_t last_ms = 0;
    for (size_t i = 0; i < import->row_count; i++) {
        last_ms = import->rows[i].at_ms > last_ms ? import->rows[i].at_ms : last_ms;
    }
    return CLOCK_START_NS + last_ms * UMIG_NS_PER_MS;
}

static int write_batch(struct umig_import_stream *s, struct columns *c, struct umig_buf *payload)
{
    Umig__V1__Batch batch = UMIG__V1__BATCH__INIT;
    Umig__V1__Dictionary dictionary = UMIG__V1__DICTIONARY__INIT;
    Umig__V1__SessionStart start = UMIG__V1__SESSION_START__INIT;
    Umig__V1__KindOption kind = UMIG__V1__KIND_OPTION__INIT;
    Umig__V1__Samples samples = UMIG__V1__SAMPLES__INIT;
    Umig__V1__Tally tally = UMIG__V1__TALLY__INIT;
    Umig__V1__SessionEnd end = UMIG__V1__SESSION_END__INIT;
    Umig__V1__KindOption *kinds = &kind;
    Umig__V1__SessionStart *starts = &start;
    Umig__V1__Samples *samples_list = &samples;
    Umig__V1__Tally *tallies = &tally;
    Umig__V1__SessionEnd *ends = &end;
    batch.generation = 1;
    batch.created_ns = end_ns(s->import);
    batch.dictionary = &dictionary;
    if (s->batches == 0) {
        kind.kind = UMIG_KIND_CPU;
        kind.interval_ns = s->session->interval_ns;
        start.session = 1;
        start.id = field(s->session->id);
        start.start_ns = CLOCK_START_NS;
        start.n_kinds = 1;
        start.kinds = &kinds;
        batch.n_starts = 1;
        batch.starts = &starts;
    }
    if (!put_dictionary(s, c, &dictionary) && s->row < s->import->row_count) {
        put_samples(s, c, &samples);
        batch.n_samples = 1;
        batch.samples = &samples_list;
    } else if (dictionary.first_string + dictionary.first_method + dictionary.first_frame +
                   dictionary.first_stack + dictionary.first_thread ==
               0) {
        tally.session = end.session = 1;
        tally.kind = UMIG_KIND_CPU;
        tally.time_ns = end.end_ns = batch.created_ns;
        tally.produced = s->import->samples * s->session->interval_ns;
        end.reason = UMIG_END_STOPPED;
        batch.n_tallies = batch.n_ends = 1;
        batch.tallies = &tallies;
        batch.ends = &ends;
        s->has_ended = true;
    }
    s->batches++;
    return pack(&batch.base, payload);
}

int umig_import_next(struct umig_import_stream *stream, struct umig_buf *payload)
{
    if (stream->has_ended) {
        return UMIG_END;
    }
    struct columns *columns = calloc(1, sizeof *columns);
    if (columns == NULL) {
        return UMIG_E_NOMEM;
    }
    const int rc = write_batch(stream, columns, payload);
    free(columns);
    return rc;
}
