#include "analysis/profile.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/profile_private.h"
#include "core/err.h"
#include "core/thread_group.h"
#include "core/utf8.h"

#define LIMIT_MIN_BYTES ((size_t)64 * 1024)
#define ROOM_MIN        16u

/* What malloc adds to a small block, so that a million short names are charged as they cost. */
#define MALLOC_OVERHEAD_BYTES 16u

struct bytes_key {
    const char *bytes;
    size_t byte_count;
};

static bool fits(const struct umig_profile *profile, size_t byte_count)
{
    return byte_count <= profile->limit_bytes - profile->used_bytes;
}

int umig_profile_reserve(struct umig_profile *profile, struct umig_profile_list list)
{
    if (*list.count < *list.room) {
        return UMIG_OK;
    }
    const size_t room = *list.room == 0 ? ROOM_MIN : *list.room * 2;
    const size_t more = (room - *list.room) * list.item_bytes;
    if (*list.count >= UINT32_MAX || !fits(profile, more)) {
        return UMIG_E_NOMEM;
    }
    void *items = NULL;
    memcpy(&items, list.items_at, sizeof items);
    items = realloc(items, room * list.item_bytes);
    if (items == NULL) {
        return UMIG_E_NOMEM;
    }
    memcpy(list.items_at, &items, sizeof items);
    *list.room = room;
    profile->used_bytes += more;
    return UMIG_OK;
}

static int index_reserve(struct umig_profile *profile, struct umig_intern *index)
{
    const size_t more = umig_intern_next_bytes(index);
    if (!fits(profile, more) || !umig_intern_reserve(index)) {
        return UMIG_E_NOMEM;
    }
    profile->used_bytes += more;
    return UMIG_OK;
}

int umig_profile_reserve_both(struct umig_profile *profile,
                              struct umig_profile_list list,
                              struct umig_intern *index)
{
    const int rc = umig_profile_reserve(profile, list);
    return rc != UMIG_OK ? rc : index_reserve(profile, index);
}

/* Item 0 of the interned lists is "none". */
static int put_nones(struct umig_profile *profile)
{
    char *empty = calloc(1, 1);
    if (empty == NULL) {
        return UMIG_E_NOMEM;
    }
    if (umig_profile_reserve(profile, UMIG_PROFILE_LIST_OF(&profile->strings)) != UMIG_OK) {
        free(empty);
        return UMIG_E_NOMEM;
    }
    profile->strings.items[profile->strings.count++] = empty;
    if (umig_profile_reserve(profile, UMIG_PROFILE_LIST_OF(&profile->methods)) != UMIG_OK ||
        umig_profile_reserve(profile, UMIG_PROFILE_LIST_OF(&profile->frames)) != UMIG_OK ||
        umig_profile_reserve(profile, UMIG_PROFILE_LIST_OF(&profile->stacks)) != UMIG_OK ||
        umig_profile_reserve(profile, UMIG_PROFILE_LIST_OF(&profile->threads)) != UMIG_OK) {
        return UMIG_E_NOMEM;
    }
    profile->methods.items[profile->methods.count++] = (struct umig_profile_method){0};
    profile->frames.items[profile->frames.count++] = (struct umig_profile_frame){0};
    profile->stacks.items[profile->stacks.count++] = (struct umig_profile_stack){0};
    profile->threads.items[profile->threads.count++] = (struct umig_profile_thread){0};
    return UMIG_OK;
}

int umig_profile_create(size_t limit_bytes, struct umig_profile **out_profile, struct umig_err *err)
{
    if (limit_bytes < LIMIT_MIN_BYTES) {
        return umig_err_set(err, UMIG_E_ARG, "a profile of %zu bytes: at least 64 KiB is needed",
                            limit_bytes);
    }
    struct umig_profile *profile = calloc(1, sizeof *profile);
    if (profile == NULL) {
        return umig_err_set(err, UMIG_E_NOMEM, "no memory for a profile");
    }
    profile->limit_bytes = limit_bytes;
    profile->used_bytes = sizeof *profile + sizeof *profile->index;
    profile->index = calloc(1, sizeof *profile->index);
    if (profile->index == NULL || put_nones(profile) != UMIG_OK) {
        umig_profile_destroy(profile);
        return umig_err_set(err, UMIG_E_NOMEM, "no memory for a profile");
    }
    *out_profile = profile;
    return UMIG_OK;
}

static void index_destroy(struct umig_profile_index *index)
{
    if (index == NULL) {
        return;
    }
    umig_intern_fini(&index->strings);
    umig_intern_fini(&index->methods);
    umig_intern_fini(&index->frames);
    umig_intern_fini(&index->stacks);
    umig_intern_fini(&index->threads);
    umig_intern_fini(&index->samples);
    umig_intern_fini(&index->thread_totals);
    free(index);
}

struct umig_profile *umig_profile_destroy(struct umig_profile *profile)
{
    if (profile == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < profile->strings.count; i++) {
        void *text = NULL; /* const for readers, ours to free */
        memcpy(&text, &profile->strings.items[i], sizeof text);
        free(text);
    }
    free((void *)profile->strings.items);
    free(profile->labels.items);
    free(profile->others.items);
    free(profile->methods.items);
    free(profile->frames.items);
    free(profile->stacks.items);
    free(profile->threads.items);
    free(profile->samples.items);
    free(profile->thread_totals.items);
    free(profile->pauses.items);
    free(profile->gc_sums.items);
    free(profile->gc_steps.items);
    free(profile->pool_points.items);
    free(profile->work_pools.items);
    free(profile->waits.items);
    index_destroy(profile->index);
    free(profile);
    return NULL;
}

/* Writes one character of a name as the profile keeps it; returns its bytes. */
static size_t clean_char(const char *bytes, size_t byte_count, size_t *consumed, const char **out)
{
    uint32_t point = 0;
    *consumed = umig_utf8_read(bytes, byte_count, &point);
    *out = bytes;
    if (*consumed == 0) {
        *consumed = 1;
        *out = UMIG_UTF8_REPLACEMENT;
        return strlen(UMIG_UTF8_REPLACEMENT);
    }
    if (point == 0) {
        *out = "\xE2\x90\x80"; /* U+2400, the picture of NUL */
        return 3;
    }
    return *consumed;
}

/* Bytes of the cleaned name; writes them if out is not NULL. */
static size_t clean(const char *bytes, size_t byte_count, char *out)
{
    size_t length = 0;
    size_t consumed = 0;
    for (size_t at = 0; at < byte_count; at += consumed) {
        const char *from = NULL;
        const size_t more = clean_char(bytes + at, byte_count - at, &consumed, &from);
        if (out != NULL) {
            memcpy(out + length, from, more);
        }
        length += more;
    }
    return length;
}

static bool same_string(const void *items, uint32_t id, const void *key)
{
    const struct umig_profile *profile = items;
    const struct bytes_key *bytes = key;
    const char *text = profile->strings.items[id];
    return strncmp(text, bytes->bytes, bytes->byte_count) == 0 && text[bytes->byte_count] == '\0';
}

/* Interns a clean name; takes the memory over, frees it if the name is there already. */
static int intern_owned(struct umig_profile *profile, char *text, size_t length, uint32_t *out_id)
{
    struct umig_intern *index = &profile->index->strings;
    const struct bytes_key key = {.bytes = text, .byte_count = length};
    const uint32_t hash = umig_intern_hash(text, length);
    const uint32_t found = umig_intern_find(index, hash, same_string, profile, &key);
    if (found != 0) {
        free(text);
        *out_id = found;
        return UMIG_OK;
    }
    const size_t more = length + 1 + MALLOC_OVERHEAD_BYTES;
    if (umig_profile_reserve_both(profile, UMIG_PROFILE_LIST_OF(&profile->strings), index) !=
            UMIG_OK ||
        !fits(profile, more)) {
        free(text);
        return UMIG_E_NOMEM;
    }
    profile->used_bytes += more;
    const uint32_t id = (uint32_t)profile->strings.count++;
    profile->strings.items[id] = text;
    umig_intern_put(index, hash, id);
    *out_id = id;
    return UMIG_OK;
}

int umig_profile_string(struct umig_profile *profile,
                        const char *bytes,
                        size_t byte_count,
                        uint32_t *out_id)
{
    if (byte_count == 0) {
        *out_id = 0;
        return UMIG_OK;
    }
    /* Every byte may become three; nothing longer than the bound can be kept anyway. */
    if (byte_count > profile->limit_bytes) {
        return UMIG_E_NOMEM;
    }
    const size_t length = clean(bytes, byte_count, NULL);
    char *text = malloc(length + 1);
    if (text == NULL) {
        return UMIG_E_NOMEM;
    }
    clean(bytes, byte_count, text);
    text[length] = '\0';
    return intern_owned(profile, text, length, out_id);
}

static bool same_method(const void *items, uint32_t id, const void *key)
{
    const struct umig_profile_method *methods = items;
    return memcmp(&methods[id], key, sizeof *methods) == 0;
}

int umig_profile_method(struct umig_profile *profile,
                        const struct umig_profile_method *method,
                        uint32_t *out_id)
{
    const size_t strings = profile->strings.count;
    if (method->class_name >= strings || method->name >= strings || method->file >= strings) {
        return UMIG_E_ARG;
    }
    struct umig_intern *index = &profile->index->methods;
    const uint32_t hash = umig_intern_hash(method, sizeof *method);
    uint32_t id = umig_intern_find(index, hash, same_method, profile->methods.items, method);
    if (id == 0) {
        if (umig_profile_reserve_both(profile, UMIG_PROFILE_LIST_OF(&profile->methods), index) !=
            UMIG_OK) {
            return UMIG_E_NOMEM;
        }
        id = (uint32_t)profile->methods.count++;
        profile->methods.items[id] = *method;
        umig_intern_put(index, hash, id);
    }
    *out_id = id;
    return UMIG_OK;
}

static bool same_frame(const void *items, uint32_t id, const void *key)
{
    const struct umig_profile_frame *frames = items;
    return memcmp(&frames[id], key, sizeof *frames) == 0;
}

int umig_profile_frame(struct umig_profile *profile,
                       const struct umig_profile_frame *frame,
                       uint32_t *out_id)
{
    if (frame->method == 0 || frame->method >= profile->methods.count ||
        (unsigned)frame->kind >= UMIG_FRAME_COUNT) {
        return UMIG_E_ARG;
    }
    struct umig_intern *index = &profile->index->frames;
    const uint32_t hash = umig_intern_hash(frame, sizeof *frame);
    uint32_t id = umig_intern_find(index, hash, same_frame, profile->frames.items, frame);
    if (id == 0) {
        if (umig_profile_reserve_both(profile, UMIG_PROFILE_LIST_OF(&profile->frames), index) !=
            UMIG_OK) {
            return UMIG_E_NOMEM;
        }
        id = (uint32_t)profile->frames.count++;
        profile->frames.items[id] = *frame;
        umig_intern_put(index, hash, id);
    }
    *out_id = id;
    return UMIG_OK;
}

static bool same_stack(const void *items, uint32_t id, const void *key)
{
    const struct umig_profile_stack *stacks = items;
    const struct umig_profile_pair *pair = key;
    return stacks[id].parent == pair->first && stacks[id].frame == pair->second;
}

int umig_profile_stack(struct umig_profile *profile,
                       uint32_t parent,
                       uint32_t frame,
                       uint32_t *out_id)
{
    if (parent >= profile->stacks.count || frame == 0 || frame >= profile->frames.count) {
        return UMIG_E_ARG;
    }
    struct umig_intern *index = &profile->index->stacks;
    const struct umig_profile_pair key = {.first = parent, .second = frame};
    const uint32_t hash = umig_intern_hash(&key, sizeof key);
    uint32_t id = umig_intern_find(index, hash, same_stack, profile->stacks.items, &key);
    if (id == 0) {
        if (umig_profile_reserve_both(profile, UMIG_PROFILE_LIST_OF(&profile->stacks), index) !=
            UMIG_OK) {
            return UMIG_E_NOMEM;
        }
        id = (uint32_t)profile->stacks.count++;
        profile->stacks.items[id] = (struct umig_profile_stack){
            .parent = parent,
            .frame = frame,
            .depth = profile->stacks.items[parent].depth + 1,
        };
        umig_intern_put(index, hash, id);
    }
    *out_id = id;
    return UMIG_OK;
}

int umig_profile_group(struct umig_profile *profile, uint32_t name, uint32_t *out_group)
{
    if (name >= profile->strings.count) {
        return UMIG_E_ARG;
    }
    const char *from = profile->strings.items[name];
    if (*from == '\0') {
        *out_group = 0;
        return UMIG_OK;
    }
    char *group = malloc(strlen(from) + 1);
    if (group == NULL) {
        return UMIG_E_NOMEM;
    }
    const size_t length = umig_thread_group(from, group);
    return intern_owned(profile, group, length, out_group);
}

static bool same_thread(const void *items, uint32_t id, const void *key)
{
    const struct umig_profile_thread *threads = items;
    const struct umig_profile_thread *wanted = key;
    return threads[id].tid == wanted->tid && threads[id].virtual_id == wanted->virtual_id &&
           threads[id].name == wanted->name;
}

static uint32_t hash_thread(const struct umig_profile_thread *thread)
{
    const uint32_t words[] = {thread->tid, thread->name, (uint32_t)thread->virtual_id,
                              (uint32_t)(thread->virtual_id >> 32)};
    return umig_intern_hash(words, sizeof words);
}

static int intern_thread(struct umig_profile *profile,
                         const struct umig_profile_thread *thread,
                         uint32_t *out_id)
{
    if (thread->name >= profile->strings.count || (unsigned)thread->kind >= UMIG_THREAD_COUNT) {
        return UMIG_E_ARG;
    }
    struct umig_intern *index = &profile->index->threads;
    const uint32_t hash = hash_thread(thread);
    const uint32_t found =
        umig_intern_find(index, hash, same_thread, profile->threads.items, thread);
    if (found != 0) {
        if (profile->threads.items[found].kind == UMIG_THREAD_UNKNOWN) {
            profile->threads.items[found].kind = thread->kind;
        }
        *out_id = found;
        return UMIG_OK;
    }
    uint32_t group = 0;
    int rc = umig_profile_group(profile, thread->name, &group);
    if (rc == UMIG_OK) {
        rc = umig_profile_reserve_both(profile, UMIG_PROFILE_LIST_OF(&profile->threads), index);
    }
    if (rc != UMIG_OK) {
        return rc;
    }
    const uint32_t id = (uint32_t)profile->threads.count++;
    profile->threads.items[id] = *thread;
    profile->threads.items[id].group = group;
    umig_intern_put(index, hash, id);
    *out_id = id;
    return UMIG_OK;
}

int umig_profile_thread(struct umig_profile *profile,
                        uint32_t tid,
                        enum umig_thread_kind kind,
                        uint32_t name,
                        uint32_t *out_id)
{
    return intern_thread(
        profile, &(struct umig_profile_thread){.tid = tid, .kind = kind, .name = name}, out_id);
}

int umig_profile_virtual_thread(struct umig_profile *profile,
                                uint64_t virtual_id,
                                uint32_t name,
                                uint32_t *out_id)
{
    return intern_thread(profile,
                         &(struct umig_profile_thread){
                             .virtual_id = virtual_id, .kind = UMIG_THREAD_VIRTUAL, .name = name},
                         out_id);
}

const char *umig_profile_text(const struct umig_profile *profile, uint32_t string)
{
    return profile->strings.items[string];
}
