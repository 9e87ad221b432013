#include "agent/session/backlog.h"

#include <string.h>

#include "core/err.h"

enum {
    ALIGNMENT = 8, /* of every row and head */
    BOOKS_MAX = UMIG_KIND_COUNT * (UMIG_DROP_COUNT + 1),
    PRODUCED = 0,
    SAMPLES = UMIG_DROP_COUNT,
    ROW_LISTS = 6,
};

_Static_assert(sizeof(struct umig_backlog_slice) % ALIGNMENT == 0 &&
                   sizeof(struct umig_backlog_book) % ALIGNMENT == 0 &&
                   sizeof(struct umig_batch_sample) % ALIGNMENT == 0 &&
                   sizeof(struct umig_batch_wait) % ALIGNMENT == 0 &&
                   sizeof(struct umig_batch_pause) % ALIGNMENT == 0 &&
                   sizeof(struct umig_batch_gc_event) % ALIGNMENT == 0 &&
                   sizeof(struct umig_batch_heap_point) % ALIGNMENT == 0 &&
                   sizeof(struct umig_batch_pool) % ALIGNMENT == 0,
               "rows stand one behind the other");

/* A session's books as a list. */
struct books {
    struct umig_backlog_book items[BOOKS_MAX];
    uint32_t count;
};

/* --- opening and closing --- */

int umig_backlog_open(struct umig_memory *memory,
                      size_t most_bytes,
                      struct umig_backlog **out_backlog,
                      struct umig_err *err)
{
    struct umig_backlog *backlog = umig_memory_take(memory, sizeof *backlog);
    uint8_t *bytes = backlog != NULL ? umig_memory_take(memory, UMIG_BACKLOG_MIN_BYTES) : NULL;
    if (bytes == NULL) {
        umig_memory_give(memory, backlog, sizeof *backlog);
        return umig_err_set(err, UMIG_E_NOMEM,
                            "no memory to keep what comes before the condition holds within the "
                            "agent's bound of %zu bytes; raise memory=, or keep nothing: "
                            "--before 0s",
                            memory->limit_bytes);
    }
    *backlog = (struct umig_backlog){
        .memory = memory, .bytes = bytes, .room = UMIG_BACKLOG_MIN_BYTES, .most = most_bytes};
    *out_backlog = backlog;
    return UMIG_OK;
}

void umig_backlog_begin(struct umig_backlog *backlog, const struct umig_cost *cost, uint64_t now_ns)
{
    backlog->from_ns = now_ns;
    backlog->agent_cpu_ns = cost->agent_cpu_ns;
    backlog->process_cpu_ns = cost->process_cpu_ns;
}

void umig_backlog_close(struct umig_backlog *backlog)
{
    if (backlog != NULL) {
        umig_memory_give(backlog->memory, backlog->bytes, backlog->room);
        umig_memory_give(backlog->memory, backlog, sizeof *backlog);
    }
}

/* --- slices --- */

static struct umig_backlog_slice *slice_at(const struct umig_backlog *backlog, size_t at)
{
    return (struct umig_backlog_slice *)(void *)(backlog->bytes + at);
}

static struct umig_batch_sample *samples_of(struct umig_backlog_slice *slice)
{
    return (struct umig_batch_sample *)(void *)(slice + 1);
}

static struct umig_batch_wait *waits_of(struct umig_backlog_slice *slice)
{
    return (struct umig_batch_wait *)(void *)(samples_of(slice) + slice->sample_count);
}

static struct umig_batch_pause *pauses_of(struct umig_backlog_slice *slice)
{
    return (struct umig_batch_pause *)(void *)(waits_of(slice) + slice->wait_count);
}

static struct umig_batch_gc_event *gc_events_of(struct umig_backlog_slice *slice)
{
    return (struct umig_batch_gc_event *)(void *)(pauses_of(slice) + slice->pause_count);
}

static struct umig_batch_heap_point *heap_points_of(struct umig_backlog_slice *slice)
{
    return (struct umig_batch_heap_point *)(void *)(gc_events_of(slice) + slice->gc_event_count);
}

static struct umig_batch_pool *pools_of(struct umig_backlog_slice *slice)
{
    return (struct umig_batch_pool *)(void *)(heap_points_of(slice) + slice->heap_point_count);
}

static struct umig_backlog_book *books_of(struct umig_backlog_slice *slice)
{
    return (struct umig_backlog_book *)(void *)(pools_of(slice) + slice->pool_count);
}

static uint32_t rows_of(const struct umig_backlog_slice *slice)
{
    return slice->sample_count + slice->wait_count + slice->pause_count + slice->gc_event_count +
           slice->heap_point_count + slice->pool_count;
}

static uint32_t bytes_of(const struct umig_backlog_slice *slice)
{
    return (uint32_t)(sizeof *slice + slice->sample_count * sizeof(struct umig_batch_sample) +
                      slice->wait_count * sizeof(struct umig_batch_wait) +
                      slice->pause_count * sizeof(struct umig_batch_pause) +
                      slice->gc_event_count * sizeof(struct umig_batch_gc_event) +
                      slice->heap_point_count * sizeof(struct umig_batch_heap_point) +
                      slice->pool_count * sizeof(struct umig_batch_pool) +
                      slice->book_count * sizeof(struct umig_backlog_book));
}

static void forget_first(struct umig_backlog *backlog)
{
    const struct umig_backlog_slice *first = slice_at(backlog, backlog->begin);
    backlog->rows -= rows_of(first);
    backlog->begin += first->byte_count;
    if (backlog->begin == backlog->end) {
        backlog->begin = 0;
        backlog->end = 0;
    }
}

const struct umig_backlog_slice *umig_backlog_first(const struct umig_backlog *backlog)
{
    return backlog->begin < backlog->end ? slice_at(backlog, backlog->begin) : NULL;
}

void umig_backlog_forget(struct umig_backlog *backlog, uint64_t before_ns)
{
    while (backlog->begin < backlog->end &&
           slice_at(backlog, backlog->begin)->until_ns < before_ns) {
        forget_first(backlog);
    }
}

/* --- books --- */

static void add_book(struct books *books, uint32_t kind, uint32_t what, uint64_t value)
{
    if (value != 0) {
        books->items[books->count++] =
            (struct umig_backlog_book){.kind = kind, .what = what, .value = value};
    }
}

/* What the session's books have come to since they were taken last; they are empty then. What is
 * carried of losses stays carried. */
static void take_books(struct umig_session *session, struct books *out)
{
    out->count = 0;
    for (uint32_t kind = 0; kind < UMIG_KIND_COUNT; kind++) {
        struct umig_tally *tally = &session->tallies[kind];
        add_book(out, kind, PRODUCED, tally->produced);
        for (uint32_t cause = 1; cause < UMIG_DROP_COUNT; cause++) {
            add_book(out, kind, cause, tally->dropped[cause]);
        }
        add_book(out, kind, SAMPLES, tally->samples);
        *tally = (struct umig_tally){.drop_carry = tally->drop_carry};
    }
    memset(session->outcomes, 0, sizeof session->outcomes);
}

static void add_to_session(struct umig_session *session, const struct umig_backlog_book *book)
{
    struct umig_tally *tally = &session->tallies[book->kind];
    if (book->what == PRODUCED) {
        tally->produced += book->value;
    } else if (book->what == SAMPLES) {
        tally->samples += book->value;
    } else {
        tally->dropped[book->what] += book->value;
    }
}

/* The books of a slice whose rows are gone: what was stored is dropped. */
static void lose_rows(const struct umig_backlog_book *items, uint32_t count, struct books *out)
{
    uint64_t stored[UMIG_KIND_COUNT] = {0};
    out->count = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct umig_backlog_book *book = &items[i];
        if (book->what == PRODUCED) {
            stored[book->kind] += book->value;
        } else if (book->what != SAMPLES) {
            stored[book->kind] -= book->value;
        }
        if (book->what != SAMPLES && book->what != UMIG_DROP_BACKLOG_FULL) {
            out->items[out->count++] = *book;
        } else if (book->what == UMIG_DROP_BACKLOG_FULL) {
            stored[book->kind] += book->value; /* said once, below */
        }
    }
    for (uint32_t kind = 0; kind < UMIG_KIND_COUNT; kind++) {
        add_book(out, kind, UMIG_DROP_BACKLOG_FULL, stored[kind]);
    }
}

/* --- room --- */

static void move_to_front(struct umig_backlog *backlog)
{
    memmove(backlog->bytes, backlog->bytes + backlog->begin, backlog->end - backlog->begin);
    backlog->end -= backlog->begin;
    backlog->begin = 0;
}

/* Takes the rows out of a slice; what stands before it moves up. False: it would not get smaller.
 */
static bool strip(struct umig_backlog *backlog, size_t at)
{
    struct umig_backlog_slice *slice = slice_at(backlog, at);
    struct books books;
    lose_rows(books_of(slice), slice->book_count, &books);
    struct umig_backlog_slice head = *slice;
    head.sample_count = 0;
    head.wait_count = 0;
    head.pause_count = 0;
    head.gc_event_count = 0;
    head.heap_point_count = 0;
    head.pool_count = 0;
    head.book_count = books.count;
    head.byte_count = bytes_of(&head);
    if (head.byte_count >= slice->byte_count) {
        return false;
    }
    const size_t freed = slice->byte_count - head.byte_count;
    backlog->rows -= rows_of(slice);
    memmove(backlog->bytes + backlog->begin + freed, backlog->bytes + backlog->begin,
            at - backlog->begin);
    slice = slice_at(backlog, at + freed);
    *slice = head;
    memcpy(slice + 1, books.items, books.count * sizeof books.items[0]);
    backlog->begin += freed;
    return true;
}

/* Gives up the oldest rows, or, where there are none, the oldest slice. False: nothing is left. */
static bool give_up(struct umig_backlog *backlog)
{
    for (size_t at = backlog->begin; at < backlog->end; at += slice_at(backlog, at)->byte_count) {
        if (rows_of(slice_at(backlog, at)) > 0 && strip(backlog, at)) {
            return true;
        }
    }
    if (backlog->begin == backlog->end) {
        return false;
    }
    forget_first(backlog);
    return true;
}

/* Moves to a larger block. False: there is none. */
static bool grow(struct umig_backlog *backlog)
{
    const size_t room = backlog->room * 2;
    uint8_t *bytes = room <= backlog->most ? umig_memory_take_spare(backlog->memory, room) : NULL;
    if (bytes == NULL) {
        return false;
    }
    const size_t used = backlog->end - backlog->begin;
    memcpy(bytes, backlog->bytes + backlog->begin, used);
    umig_memory_give(backlog->memory, backlog->bytes, backlog->room);
    backlog->bytes = bytes;
    backlog->room = room;
    backlog->begin = 0;
    backlog->end = used;
    return true;
}

static bool make_room(struct umig_backlog *backlog, size_t byte_count)
{
    while (backlog->end - backlog->begin + byte_count > backlog->room && grow(backlog)) {
    }
    if (byte_count > backlog->room) {
        return false;
    }
    while (backlog->end - backlog->begin + byte_count > backlog->room && give_up(backlog)) {
    }
    if (backlog->end + byte_count > backlog->room) {
        move_to_front(backlog);
    }
    return true;
}

/* --- from the batch and into it --- */

/* Moves the rows of a session from the front list to dst, if there is one; the others close up.
 * Lists of rows differ in type only. Returns how many there were. */
#define MOVE_ROWS(list, list_count, number, dst)   \
 do {                                              \
  uint32_t kept_ = 0;                              \
  for (uint32_t i_ = 0; i_ < (list_count); i_++) { \
   if ((list)[i_].session != (number)) {           \
    (list)[kept_++] = (list)[i_];                  \
   } else if ((dst) != NULL) {                     \
    *(dst)++ = (list)[i_];                         \
   }                                               \
  }                                                \
  (list_count) = kept_;                            \
 } while (0)

#define COUNT_ROWS(list, list_count, number, out)  \
 do {                                              \
  for (uint32_t i_ = 0; i_ < (list_count); i_++) { \
   (out) += (list)[i_].session == (number);        \
  }                                                \
 } while (0)

static void count_rows(const struct umig_batch *batch,
                       uint32_t number,
                       struct umig_backlog_slice *out)
{
    COUNT_ROWS(batch->samples, batch->sample_count, number, out->sample_count);
    COUNT_ROWS(batch->waits, batch->wait_count, number, out->wait_count);
    COUNT_ROWS(batch->pauses, batch->pause_count, number, out->pause_count);
    COUNT_ROWS(batch->gc_events, batch->gc_event_count, number, out->gc_event_count);
    COUNT_ROWS(batch->heap_points, batch->heap_point_count, number, out->heap_point_count);
    COUNT_ROWS(batch->pools, batch->pool_count, number, out->pool_count);
}

/* slice: NULL: they are thrown away. */
static void move_rows(struct umig_batch *batch, uint32_t number, struct umig_backlog_slice *slice)
{
    struct umig_batch_sample *samples = slice != NULL ? samples_of(slice) : NULL;
    struct umig_batch_wait *waits = slice != NULL ? waits_of(slice) : NULL;
    struct umig_batch_pause *pauses = slice != NULL ? pauses_of(slice) : NULL;
    struct umig_batch_gc_event *events = slice != NULL ? gc_events_of(slice) : NULL;
    struct umig_batch_heap_point *points = slice != NULL ? heap_points_of(slice) : NULL;
    struct umig_batch_pool *pools = slice != NULL ? pools_of(slice) : NULL;
    MOVE_ROWS(batch->samples, batch->sample_count, number, samples);
    MOVE_ROWS(batch->waits, batch->wait_count, number, waits);
    MOVE_ROWS(batch->pauses, batch->pause_count, number, pauses);
    MOVE_ROWS(batch->gc_events, batch->gc_event_count, number, events);
    MOVE_ROWS(batch->heap_points, batch->heap_point_count, number, points);
    MOVE_ROWS(batch->pools, batch->pool_count, number, pools);
}

void umig_backlog_cut(struct umig_session *session,
                      struct umig_batch *batch,
                      const struct umig_cost *cost,
                      uint64_t now_ns)
{
    struct umig_backlog *backlog = session->backlog;
    struct umig_backlog_slice head = {
        .from_ns = backlog->from_ns,
        .until_ns = now_ns,
        .agent_cpu_ns = backlog->agent_cpu_ns,
        .process_cpu_ns = backlog->process_cpu_ns,
    };
    struct books books;
    count_rows(batch, session->number, &head);
    take_books(session, &books);
    head.book_count = books.count;
    head.byte_count = bytes_of(&head);
    if (!session->is_waiting && rows_of(&head) == 0 && books.count == 0) {
        return; /* it only waits for room in the spool: nothing is to grow meanwhile */
    }
    struct umig_backlog_slice *slice = NULL;
    if (!make_room(backlog, head.byte_count)) {
        move_rows(batch, session->number, NULL);
        struct books all = books;
        lose_rows(all.items, all.count, &books);
        head.sample_count = head.wait_count = head.pause_count = head.gc_event_count = 0;
        head.heap_point_count = head.pool_count = 0;
        head.book_count = books.count;
        head.byte_count = bytes_of(&head);
        (void)make_room(backlog, head.byte_count); /* heads are small: there is */
    }
    slice = slice_at(backlog, backlog->end);
    *slice = head;
    move_rows(batch, session->number, slice);
    memcpy(books_of(slice), books.items, books.count * sizeof books.items[0]);
    backlog->end += head.byte_count;
    backlog->rows += rows_of(slice);
    backlog->from_ns = now_ns;
    backlog->agent_cpu_ns = cost->agent_cpu_ns;
    backlog->process_cpu_ns = cost->process_cpu_ns;
}

/* --- taking --- */

static void drop_row(struct umig_session *session, uint32_t kind, uint64_t value)
{
    session->tallies[kind].dropped[UMIG_DROP_DICTIONARY_FULL] += value;
    session->tallies[kind].samples--;
}

static void take_samples(struct umig_session *session,
                         struct umig_backlog_slice *slice,
                         struct umig_batch *batch)
{
    for (uint32_t i = 0; i < slice->sample_count; i++) {
        struct umig_batch_sample row = samples_of(slice)[i];
        row.session = session->number;
        if (row.stack == 0 || row.thread == 0) {
            drop_row(session, row.kind, row.value);
            continue;
        }
        session->outcomes[row.outcome] += row.kind == UMIG_KIND_CPU;
        batch->samples[batch->sample_count++] = row;
    }
}

static void take_waits(struct umig_session *session,
                       struct umig_backlog_slice *slice,
                       struct umig_batch *batch)
{
    for (uint32_t i = 0; i < slice->wait_count; i++) {
        struct umig_batch_wait row = waits_of(slice)[i];
        row.session = session->number;
        if (row.stack == 0 || row.thread == 0) {
            drop_row(session, UMIG_KIND_LOCKS, row.wait_ns);
        } else {
            batch->waits[batch->wait_count++] = row;
        }
    }
}

bool umig_backlog_take(struct umig_session *session, struct umig_batch *batch)
{
    struct umig_backlog *backlog = session->backlog;
    if (backlog == NULL || backlog->begin == backlog->end) {
        return false;
    }
    struct umig_backlog_slice *slice = slice_at(backlog, backlog->begin);
    for (uint32_t i = 0; i < slice->book_count; i++) {
        add_to_session(session, &books_of(slice)[i]);
    }
    take_samples(session, slice, batch);
    take_waits(session, slice, batch);
    for (uint32_t i = 0; i < slice->pause_count; i++) {
        batch->pauses[batch->pause_count] = pauses_of(slice)[i];
        batch->pauses[batch->pause_count++].session = session->number;
    }
    for (uint32_t i = 0; i < slice->gc_event_count; i++) {
        batch->gc_events[batch->gc_event_count] = gc_events_of(slice)[i];
        batch->gc_events[batch->gc_event_count++].session = session->number;
    }
    for (uint32_t i = 0; i < slice->heap_point_count; i++) {
        batch->heap_points[batch->heap_point_count] = heap_points_of(slice)[i];
        batch->heap_points[batch->heap_point_count++].session = session->number;
    }
    for (uint32_t i = 0; i < slice->pool_count; i++) {
        batch->pools[batch->pool_count] = pools_of(slice)[i];
        batch->pools[batch->pool_count++].session = session->number;
    }
    forget_first(backlog);
    return true;
}

/* --- another dictionary --- */

static uint32_t stack_in(struct umig_carry *carry, uint32_t id)
{
    return carry != NULL && id != 0 ? umig_carry_stack(carry, id) : 0;
}

static uint32_t thread_in(struct umig_carry *carry, uint32_t id)
{
    return carry != NULL ? umig_carry_thread(carry, id) : 0;
}

static uint32_t string_in(struct umig_carry *carry, uint32_t id)
{
    return carry != NULL ? umig_carry_string(carry, id) : 0;
}

static void carry_slice(struct umig_backlog_slice *slice, struct umig_carry *carry)
{
    for (uint32_t i = 0; i < slice->sample_count; i++) {
        struct umig_batch_sample *row = &samples_of(slice)[i];
        row->stack = stack_in(carry, row->stack);
        row->thread = thread_in(carry, row->thread);
    }
    for (uint32_t i = 0; i < slice->wait_count; i++) {
        struct umig_batch_wait *row = &waits_of(slice)[i];
        row->stack = stack_in(carry, row->stack);
        row->thread = thread_in(carry, row->thread);
        row->monitor_class = string_in(carry, row->monitor_class);
        row->holder = thread_in(carry, row->holder);
        row->holder_stack = stack_in(carry, row->holder_stack);
    }
    for (uint32_t i = 0; i < slice->pause_count; i++) {
        struct umig_batch_pause *row = &pauses_of(slice)[i];
        row->collection = string_in(carry, row->collection);
        row->cause = string_in(carry, row->cause);
    }
    for (uint32_t i = 0; i < slice->gc_event_count; i++) {
        struct umig_batch_gc_event *row = &gc_events_of(slice)[i];
        row->name = string_in(carry, row->name);
        row->detail = string_in(carry, row->detail);
        row->thread = thread_in(carry, row->thread);
        row->stack = stack_in(carry, row->stack);
    }
    for (uint32_t i = 0; i < slice->heap_point_count; i++) {
        struct umig_batch_heap_point *row = &heap_points_of(slice)[i];
        for (uint32_t pool = 0; pool < row->pool_count; pool++) {
            row->pools[pool].name = string_in(carry, row->pools[pool].name);
        }
    }
    for (uint32_t i = 0; i < slice->pool_count; i++) {
        struct umig_batch_pool *row = &pools_of(slice)[i];
        row->name = string_in(carry, row->name);
    }
}

void umig_backlog_carry(struct umig_backlog *backlog, struct umig_carry *carry)
{
    for (size_t at = backlog->begin; at < backlog->end; at += slice_at(backlog, at)->byte_count) {
        carry_slice(slice_at(backlog, at), carry);
    }
}
