#include "agent/symbol/dictionary.h"

#include <string.h>

enum {
    STRING_BYTES_MAX = 1024,
    TEXT_PER_STRING = 48,
    VARINT_BYTES = 5, /* of a 32-bit number */
    THREAD_WORDS = 5,
    THREAD_VARINTS = 5, /* three numbers of 32 bits and one of 64 */
};

/* Words of a stack. */
enum {
    STACK_PARENT,
    STACK_FRAME
};

/* Sizes in proportion to the stacks, from dynamic Groovy services: per 100 stacks about 12 frames,
 * 5 methods and 8 strings; doubled. */
static uint32_t frame_room(uint32_t stack_room)
{
    return stack_room / 4;
}
static uint32_t method_room(uint32_t stack_room)
{
    return stack_room / 8;
}
static uint32_t string_room(uint32_t stack_room)
{
    return stack_room / 6;
}
static uint32_t thread_room(uint32_t stack_room)
{
    return stack_room / 6; /* the thread table's, and some that ended */
}

static uint32_t index_size_for(uint32_t room)
{
    uint32_t size = 64;
    while (size < room + room / 3) {
        size *= 2;
    }
    return size;
}

static size_t intern_bytes(uint32_t words, uint32_t room)
{
    return ((size_t)words * room + index_size_for(room)) * sizeof(uint32_t);
}

size_t umig_dictionary_bytes(uint32_t stack_room)
{
    return intern_bytes(3, string_room(stack_room)) + intern_bytes(3, method_room(stack_room)) +
           intern_bytes(3, frame_room(stack_room)) + intern_bytes(2, stack_room) +
           intern_bytes(THREAD_WORDS, thread_room(stack_room)) +
           (size_t)string_room(stack_room) * TEXT_PER_STRING;
}

static char *intern_init(struct umig_intern *table, char *memory, uint32_t words, uint32_t room)
{
    *table = (struct umig_intern){
        .items = (void *)memory,
        .words = words,
        .room = room,
        .index_size = index_size_for(room),
    };
    table->index = table->items + (size_t)words * room;
    return memory + intern_bytes(words, room);
}

void umig_dictionary_init(struct umig_dictionary *dictionary, void *memory, uint32_t stack_room)
{
    memset(dictionary, 0, sizeof *dictionary);
    char *at = memory;
    at = intern_init(&dictionary->strings, at, 3, string_room(stack_room));
    at = intern_init(&dictionary->methods, at, 3, method_room(stack_room));
    at = intern_init(&dictionary->frames, at, 3, frame_room(stack_room));
    at = intern_init(&dictionary->stacks, at, 2, stack_room);
    at = intern_init(&dictionary->threads, at, THREAD_WORDS, thread_room(stack_room));
    dictionary->text = at;
    dictionary->text_room = string_room(stack_room) * TEXT_PER_STRING;
    dictionary->generation = 1;
}

static void intern_clear(struct umig_intern *table)
{
    memset(table->index, 0, table->index_size * sizeof *table->index);
    table->count = 0;
    table->sent = 0;
}

void umig_dictionary_begin_generation(struct umig_dictionary *dictionary)
{
    intern_clear(&dictionary->strings);
    intern_clear(&dictionary->methods);
    intern_clear(&dictionary->frames);
    intern_clear(&dictionary->stacks);
    intern_clear(&dictionary->threads);
    dictionary->text_used = 0;
    dictionary->text_sent = 0;
    dictionary->generation++;
    dictionary->is_full = false;
}

static bool is_nearly_full(const struct umig_intern *table)
{
    return table->count >= table->room - table->room / 10;
}

bool umig_dictionary_nearly_full(const struct umig_dictionary *dictionary)
{
    return dictionary->is_full || is_nearly_full(&dictionary->strings) ||
           is_nearly_full(&dictionary->methods) || is_nearly_full(&dictionary->frames) ||
           is_nearly_full(&dictionary->stacks) || is_nearly_full(&dictionary->threads) ||
           dictionary->text_used >= dictionary->text_room - dictionary->text_room / 10;
}

/* Finaliser of MurmurHash3 (Appleby), word by word. */
static uint32_t hash_words(const uint32_t *words, uint32_t count)
{
    uint64_t hash = UINT64_C(0x9e3779b97f4a7c15);
    for (uint32_t i = 0; i < count; i++) {
        hash = (hash ^ words[i]) * UINT64_C(0xff51afd7ed558ccd);
        hash ^= hash >> 32;
    }
    return (uint32_t)hash;
}

static const uint32_t *item_of(const struct umig_intern *table, uint32_t id)
{
    return table->items + (size_t)(id - 1) * table->words;
}

/* The id of equal words, or a new one; 0 when the table is full. */
static uint32_t intern(struct umig_dictionary *dictionary,
                       struct umig_intern *table,
                       const uint32_t *words)
{
    uint32_t at = hash_words(words, table->words) & (table->index_size - 1);
    for (; table->index[at] != 0; at = (at + 1) & (table->index_size - 1)) {
        const uint32_t id = table->index[at];
        if (memcmp(item_of(table, id), words, table->words * sizeof *words) == 0) {
            return id;
        }
    }
    if (table->count == table->room) {
        dictionary->is_full = true;
        return 0;
    }
    memcpy(table->items + (size_t)table->count * table->words, words, table->words * sizeof *words);
    table->index[at] = ++table->count;
    return table->count;
}

/* FNV-1a (Fowler, Noll, Vo), 32 bits. */
static uint32_t hash_bytes(const char *bytes, size_t len)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ (uint8_t)bytes[i]) * 16777619u;
    }
    return hash;
}

uint32_t umig_dictionary_string(struct umig_dictionary *dictionary, const char *bytes, size_t len)
{
    if (len == 0) {
        return 0;
    }
    len = len < STRING_BYTES_MAX ? len : STRING_BYTES_MAX;
    struct umig_intern *table = &dictionary->strings;
    const uint32_t hash = hash_bytes(bytes, len);
    uint32_t at = hash & (table->index_size - 1);
    for (; table->index[at] != 0; at = (at + 1) & (table->index_size - 1)) {
        const uint32_t *item = item_of(table, table->index[at]);
        if (item[2] == hash && item[1] == len &&
            memcmp(dictionary->text + item[0], bytes, len) == 0) {
            return table->index[at];
        }
    }
    if (table->count == table->room || len > dictionary->text_room - dictionary->text_used) {
        dictionary->is_full = true;
        return 0;
    }
    memcpy(dictionary->text + dictionary->text_used, bytes, len);
    uint32_t *item = table->items + (size_t)table->count * table->words;
    item[0] = dictionary->text_used;
    item[1] = (uint32_t)len;
    item[2] = hash;
    dictionary->text_used += (uint32_t)len;
    table->index[at] = ++table->count;
    return table->count;
}

uint32_t umig_dictionary_method(struct umig_dictionary *dictionary,
                                uint32_t class_name,
                                uint32_t name,
                                uint32_t file)
{
    const uint32_t words[] = {class_name, name, file};
    return intern(dictionary, &dictionary->methods, words);
}

uint32_t umig_dictionary_frame(struct umig_dictionary *dictionary,
                               uint32_t kind,
                               uint32_t method,
                               uint32_t line)
{
    const uint32_t words[] = {kind, method, line};
    return intern(dictionary, &dictionary->frames, words);
}

uint32_t umig_dictionary_stack(struct umig_dictionary *dictionary, uint32_t parent, uint32_t frame)
{
    const uint32_t words[] = {parent, frame};
    /* A stack is first interned from its root on, so that the first child of a stack is nearly
     * always the next id: one line of memory read in order, where the index is two at random. */
    if (parent < dictionary->stacks.count &&
        memcmp(item_of(&dictionary->stacks, parent + 1), words, sizeof words) == 0) {
        return parent + 1;
    }
    return intern(dictionary, &dictionary->stacks, words);
}

uint32_t umig_dictionary_thread(struct umig_dictionary *dictionary,
                                uint32_t tid,
                                uint32_t kind,
                                uint32_t name,
                                uint64_t virtual_id)
{
    const uint32_t words[] = {tid, kind, name, (uint32_t)virtual_id, (uint32_t)(virtual_id >> 32)};
    return intern(dictionary, &dictionary->threads, words);
}

const uint32_t *umig_dictionary_frame_words(const struct umig_dictionary *dictionary,
                                            uint32_t frame)
{
    return item_of(&dictionary->frames, frame);
}

const uint32_t *umig_dictionary_stack_words(const struct umig_dictionary *dictionary,
                                            uint32_t stack)
{
    return item_of(&dictionary->stacks, stack);
}

static uint32_t unsent_of(const struct umig_intern *table)
{
    return table->count - table->sent;
}

uint32_t umig_dictionary_unsent(const struct umig_dictionary *dictionary)
{
    return unsent_of(&dictionary->strings) + unsent_of(&dictionary->methods) +
           unsent_of(&dictionary->frames) + unsent_of(&dictionary->stacks) +
           unsent_of(&dictionary->threads);
}

size_t umig_dictionary_delta_bytes(const struct umig_dictionary *dictionary)
{
    /* Tag and length of each; a byte of the JVM's modified UTF-8 never grows beyond three. */
    const size_t text = 4 * (size_t)unsent_of(&dictionary->strings) +
                        3 * (size_t)(dictionary->text_used - dictionary->text_sent);
    const size_t columns = 3 * (size_t)unsent_of(&dictionary->methods) +
                           3 * (size_t)unsent_of(&dictionary->frames) +
                           3 * (size_t)unsent_of(&dictionary->stacks) +
                           THREAD_VARINTS * (size_t)unsent_of(&dictionary->threads);
    return text + columns * VARINT_BYTES + 256;
}

static void write_column(struct umig_pb_writer *writer,
                         uint32_t field,
                         const struct umig_intern *table,
                         uint32_t word)
{
    if (unsent_of(table) == 0) {
        return;
    }
    const size_t column = umig_pb_open(writer, field);
    for (uint32_t id = table->sent + 1; id <= table->count; id++) {
        umig_pb_item(writer, item_of(table, id)[word]);
    }
    umig_pb_close(writer, column);
}

/* "first_*" and a column for each of the first words; fields are numbered one after the other. */
static void write_table(struct umig_pb_writer *writer,
                        uint32_t first_field,
                        const struct umig_intern *table,
                        uint32_t words)
{
    if (unsent_of(table) == 0) {
        return;
    }
    umig_pb_uint(writer, first_field, table->sent + 1);
    for (uint32_t word = 0; word < words; word++) {
        write_column(writer, first_field + 1 + word, table, word);
    }
}

/* The first stack after the chain that begins at id: one whose caller is not the stack before. */
static uint32_t chain_end(const struct umig_intern *stacks, uint32_t id)
{
    do {
        id++;
    } while (id <= stacks->count && item_of(stacks, id)[STACK_PARENT] == id - 1);
    return id;
}

static void write_stacks(const struct umig_intern *stacks, struct umig_pb_writer *writer)
{
    if (unsent_of(stacks) == 0) {
        return;
    }
    umig_pb_uint(writer, 11, stacks->sent + 1);
    write_column(writer, 13, stacks, STACK_FRAME);
    const size_t parents = umig_pb_open(writer, 18);
    for (uint32_t id = stacks->sent + 1; id <= stacks->count; id = chain_end(stacks, id)) {
        umig_pb_item(writer, item_of(stacks, id)[STACK_PARENT]);
    }
    umig_pb_close(writer, parents);
    const size_t lengths = umig_pb_open(writer, 19);
    for (uint32_t id = stacks->sent + 1, end = 0; id <= stacks->count; id = end) {
        end = chain_end(stacks, id);
        umig_pb_item(writer, end - id);
    }
    umig_pb_close(writer, lengths);
}

static uint64_t virtual_id_of(const struct umig_intern *threads, uint32_t id)
{
    const uint32_t *words = item_of(threads, id);
    return words[3] | (uint64_t)words[4] << 32;
}

/* The ids of virtual threads only where there are some. */
static void write_threads(const struct umig_intern *threads, struct umig_pb_writer *writer)
{
    bool has_ids = false;
    write_table(writer, 14, threads, 3);
    for (uint32_t id = threads->sent + 1; id <= threads->count; id++) {
        has_ids = has_ids || virtual_id_of(threads, id) != 0;
    }
    if (!has_ids) {
        return;
    }
    const size_t column = umig_pb_open(writer, 20);
    for (uint32_t id = threads->sent + 1; id <= threads->count; id++) {
        umig_pb_item(writer, virtual_id_of(threads, id));
    }
    umig_pb_close(writer, column);
}

static void write_strings(const struct umig_dictionary *dictionary, struct umig_pb_writer *writer)
{
    const struct umig_intern *table = &dictionary->strings;
    if (unsent_of(table) > 0) {
        umig_pb_uint(writer, 1, table->sent + 1);
    }
    for (uint32_t id = table->sent + 1; id <= table->count; id++) {
        const uint32_t *item = item_of(table, id);
        umig_pb_text(writer, 2, dictionary->text + item[0], item[1]);
    }
}

void umig_dictionary_write_delta(const struct umig_dictionary *dictionary,
                                 struct umig_pb_writer *writer,
                                 uint32_t field)
{
    if (umig_dictionary_unsent(dictionary) == 0) {
        return;
    }
    /* Field numbers: message Dictionary in proto/umig/v1/stream.proto. */
    const size_t message = umig_pb_open(writer, field);
    write_strings(dictionary, writer);
    write_table(writer, 3, &dictionary->methods, 3);
    write_table(writer, 7, &dictionary->frames, 3);
    write_stacks(&dictionary->stacks, writer);
    write_threads(&dictionary->threads, writer);
    umig_pb_close(writer, message);
}

static void mark(struct umig_intern *table)
{
    table->sent = table->count;
}

void umig_dictionary_mark_sent(struct umig_dictionary *dictionary)
{
    dictionary->text_sent = dictionary->text_used;
    mark(&dictionary->strings);
    mark(&dictionary->methods);
    mark(&dictionary->frames);
    mark(&dictionary->stacks);
    mark(&dictionary->threads);
}
