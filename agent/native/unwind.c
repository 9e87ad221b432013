#include "agent/native/unwind.h"

#include <string.h>

#include "agent/native/libunwind.h"
#include "core/err.h"

enum {
    READS_MAX = 1 << 16, /* cold, a frame takes some hundred; expressions cannot loop for ever */
    PLACES = 4096,       /* pcs whose place is remembered; a power of two */
    RULES_KEPT = 2048,   /* pcs whose rules libunwind remembers */
    STACK_MAX_BYTES = 1 << 30 /* what lies further above the copy is no stack of this thread */
};

/* Where a pc is. Remembered by pc; pc 0: free. */
struct place {
    uintptr_t pc;
    uintptr_t entry; /* address of its entry of the object's table; 0: none */
    uint32_t slot;   /* of the object; valid as long as the index's generation is */
    uint32_t serial; /* 0: in no object */
    uint32_t symbol;
    bool is_signal_frame;
};

/* libunwind 1.6 copies an accessors' struct of its own size, which later versions made larger. */
union accessors {
    unw_accessors_t now;
    void *room[32];
};

struct umig_unwinder {
    struct umig_libunwind libunwind;
    struct umig_memory *memory;
    struct umig_objects *objects;
    unw_addr_space_t space;
    uint32_t generation; /* of the index the caches belong to */
    struct place places[PLACES];

    /* Of the unwind under way. */
    const struct umig_unwind_request *request;
    const struct umig_unwind_table *table; /* of the frame being left */
    uint32_t reads_left;
    bool is_searching;  /* libunwind reads tables, no stack */
    bool has_left_copy; /* it wanted stack above the copy */
};

static const char *const end_texts[] = {
#define UMIG_UNWIND_END_TEXT(name, text) text,
    UMIG_UNWIND_END_TABLE(UMIG_UNWIND_END_TEXT)
#undef UMIG_UNWIND_END_TEXT
};

const char *umig_unwind_end_text(enum umig_unwind_end end)
{
    return (size_t)end < sizeof end_texts / sizeof end_texts[0] ? end_texts[end] : "unknown";
}

static void look_up(struct umig_unwinder *unwinder, uintptr_t pc, struct place *out_place)
{
    *out_place = (struct place){.pc = pc};
    struct umig_object *object = umig_objects_find(unwinder->objects, pc);
    if (object == NULL) {
        return;
    }
    out_place->slot = (uint32_t)(object - unwinder->objects->slots);
    out_place->serial = object->serial;
    out_place->symbol = umig_objects_symbol(unwinder->objects, object, pc);
    const struct umig_unwind_table *table = umig_objects_table(unwinder->objects, object);
    struct umig_unwind_entry entry;
    if (table != NULL && umig_unwind_table_find(table, pc, &entry)) {
        out_place->entry = entry.address;
        out_place->is_signal_frame = entry.is_signal_frame;
    }
}

static const struct place *place_of(struct umig_unwinder *unwinder, uintptr_t pc)
{
    const uint64_t hash = (uint64_t)pc * UINT64_C(0x9e3779b97f4a7c15);
    struct place *place = &unwinder->places[hash >> 52 & (PLACES - 1)];
    if (place->pc != pc) {
        look_up(unwinder, pc, place);
    }
    return place;
}

static const struct umig_unwind_table *table_of(const struct umig_unwinder *unwinder,
                                                const struct place *place)
{
    return &unwinder->objects->slots[place->slot].table;
}

/* libunwind's accessors. Errors are never -UNW_ENOINFO: that is what makes it guess. */

static int find_proc_info(unw_addr_space_t space,
                          unw_word_t pc,
                          unw_proc_info_t *out_info,
                          int needs_unwind_info,
                          void *argument)
{
    struct umig_unwinder *unwinder = argument;
    const struct place *place = place_of(unwinder, pc);
    if (place->entry == 0) {
        return -UNW_EBADFRAME;
    }
    const struct umig_unwind_table *table = table_of(unwinder, place);
    /* A table of one entry: the right one is known already. */
    unw_dyn_info_t found = {
        .start_ip = pc,
        .end_ip = pc + 1,
        .format = UNW_INFO_FORMAT_REMOTE_TABLE,
        .u.rti = {.segbase = table->header, .table_len = 1, .table_data = place->entry},
    };
    unwinder->is_searching = true;
    const int rc = unwinder->libunwind.search_unwind_table(space, pc, &found, out_info,
                                                           needs_unwind_info, argument);
    unwinder->is_searching = false;
    return rc == -UNW_ENOINFO ? -UNW_EBADFRAME : rc;
}

static void put_unwind_info(unw_addr_space_t space, unw_proc_info_t *info, void *argument)
{
    (void)space;
    (void)info;
    (void)argument; /* libunwind takes it from a pool and gives it back by itself */
}

static int no_dynamic_info(unw_addr_space_t space, unw_word_t *out_list, void *argument)
{
    (void)space;
    (void)out_list;
    (void)argument;
    return -UNW_ENOINFO;
}

static bool read_stack(struct umig_unwinder *unwinder, uintptr_t address, unw_word_t *out_word)
{
    const struct umig_unwind_request *request = unwinder->request;
    const uintptr_t offset = address - request->stack_low;
    if (address < request->stack_low || offset >= STACK_MAX_BYTES) {
        return false;
    }
    if (offset > request->stack_bytes || request->stack_bytes - offset < sizeof *out_word) {
        unwinder->has_left_copy = true;
        return false;
    }
    memcpy(out_word, request->stack + offset, sizeof *out_word);
    return true;
}

static int access_mem(unw_addr_space_t space,
                      unw_word_t address,
                      unw_word_t *word,
                      int is_write,
                      void *argument)
{
    (void)space;
    struct umig_unwinder *unwinder = argument;
    if (is_write || unwinder->reads_left == 0) {
        return -UNW_EINVAL;
    }
    unwinder->reads_left--;
    if (unwinder->table != NULL && umig_unwind_table_word(unwinder->table, address, word)) {
        return 0;
    }
    if (unwinder->is_searching) {
        /* Tables point to a language's handlers through relocated data: nobody calls them here. */
        *word = 0;
        return 0;
    }
    return read_stack(unwinder, address, word) ? 0 : -UNW_EINVAL;
}

static int access_reg(unw_addr_space_t space,
                      unw_regnum_t number,
                      unw_word_t *value,
                      int is_write,
                      void *argument)
{
    (void)space;
    const struct umig_unwinder *unwinder = argument;
    if (is_write || number < 0 || number >= UMIG_REGISTER_COUNT) {
        return -UNW_EBADREG;
    }
    *value = unwinder->request->registers.by_number[number];
    return 0;
}

static int no_float(unw_addr_space_t space,
                    unw_regnum_t number,
                    unw_fpreg_t *value,
                    int is_write,
                    void *argument)
{
    (void)space;
    (void)number;
    (void)value;
    (void)is_write;
    (void)argument;
    return -UNW_EBADREG;
}

static int no_resume(unw_addr_space_t space, unw_cursor_t *cursor, void *argument)
{
    (void)space;
    (void)cursor;
    (void)argument;
    return -UNW_EINVAL;
}

static int no_name(unw_addr_space_t space,
                   unw_word_t address,
                   char *out,
                   size_t room,
                   unw_word_t *out_offset,
                   void *argument)
{
    (void)space;
    (void)address;
    (void)out;
    (void)room;
    (void)out_offset;
    (void)argument;
    return -UNW_ENOINFO;
}

static bool make_space(struct umig_unwinder *unwinder)
{
    union accessors accessors = {.now = {
                                     .find_proc_info = find_proc_info,
                                     .put_unwind_info = put_unwind_info,
                                     .get_dyn_info_list_addr = no_dynamic_info,
                                     .access_mem = access_mem,
                                     .access_reg = access_reg,
                                     .access_fpreg = no_float,
                                     .resume = no_resume,
                                     .get_proc_name = no_name,
                                 }};
    unwinder->space = unwinder->libunwind.create_addr_space(&accessors.now, 0);
    if (unwinder->space == NULL) {
        return false;
    }
    /* Of no consequence but speed if it refuses. */
    unwinder->libunwind.set_caching_policy(unwinder->space, UNW_CACHE_PER_THREAD);
    unwinder->libunwind.set_cache_size(unwinder->space, RULES_KEPT, 0);
    return true;
}

int umig_unwinder_open(struct umig_objects *objects,
                       struct umig_memory *memory,
                       struct umig_unwinder **out_unwinder,
                       struct umig_err *err)
{
    struct umig_libunwind libunwind;
    const int rc = umig_libunwind_open(&libunwind, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    struct umig_unwinder *unwinder = umig_memory_take(memory, sizeof *unwinder);
    if (unwinder == NULL) {
        return umig_err_set(err, UMIG_E_NOMEM, "no memory for an unwinder of %zu bytes",
                            sizeof *unwinder);
    }
    unwinder->libunwind = libunwind;
    unwinder->memory = memory;
    unwinder->objects = objects;
    if (!make_space(unwinder)) {
        umig_memory_give(memory, unwinder, sizeof *unwinder);
        return umig_err_set(err, UMIG_E_NOMEM, "libunwind makes no address space");
    }
    *out_unwinder = unwinder;
    return UMIG_OK;
}

struct umig_unwinder *umig_unwinder_close(struct umig_unwinder *unwinder)
{
    if (unwinder != NULL) {
        unwinder->libunwind.destroy_addr_space(unwinder->space);
        umig_memory_give(unwinder->memory, unwinder, sizeof *unwinder);
    }
    return NULL;
}

static void forget_other_index(struct umig_unwinder *unwinder)
{
    if (unwinder->generation != unwinder->objects->generation) {
        unwinder->generation = unwinder->objects->generation;
        memset(unwinder->places, 0, sizeof unwinder->places);
        unwinder->libunwind.flush_cache(unwinder->space, 0, 0);
    }
}

static enum umig_unwind_end end_of_failure(const struct umig_unwinder *unwinder)
{
    if (unwinder->reads_left == 0) {
        return UMIG_UNWIND_LIMIT;
    }
    return unwinder->has_left_copy ? UMIG_UNWIND_TRUNCATED : UMIG_UNWIND_BROKEN;
}

/* The position of a cursor, in the result. */
static bool read_position(const struct umig_unwinder *unwinder,
                          unw_cursor_t *cursor,
                          struct umig_unwind_result *result)
{
    unw_word_t pc = 0;
    unw_word_t sp = 0;
    unw_word_t fp = 0;
    if (unwinder->libunwind.get_reg(cursor, UMIG_REGISTER_PC, &pc) != 0 ||
        unwinder->libunwind.get_reg(cursor, UMIG_REGISTER_SP, &sp) != 0) {
        return false;
    }
    /* A frame pointer saved above the copy is unknown: 0. */
    (void)unwinder->libunwind.get_reg(cursor, UMIG_REGISTER_BP, &fp);
    result->pc = pc;
    result->sp = sp;
    result->fp = fp;
    return true;
}

/* Moves one frame up. False: the result's end says why not. */
static bool step(struct umig_unwinder *unwinder,
                 unw_cursor_t *cursor,
                 const struct place *place,
                 struct umig_unwind_result *result)
{
    const uintptr_t sp = result->sp;
    if (place->entry == 0) {
        result->end = place->serial == 0 ? UMIG_UNWIND_UNKNOWN_CODE : UMIG_UNWIND_NO_TABLE;
        return false;
    }
    unwinder->table = table_of(unwinder, place);
    unwinder->has_left_copy = false;
    const int rc = unwinder->libunwind.step(cursor);
    if (rc == 0) {
        result->end = UMIG_UNWIND_ROOT;
        return false;
    }
    if (rc < 0 || !read_position(unwinder, cursor, result)) {
        result->end = end_of_failure(unwinder);
        return false;
    }
    if (result->pc == 0) {
        result->end = UMIG_UNWIND_ROOT;
        return false;
    }
    if (result->sp <= sp && !place->is_signal_frame) {
        result->end = UMIG_UNWIND_BROKEN;
        return false;
    }
    return true;
}

/* False: the result's end says why the walk stops here. */
static bool keep_frame(const struct umig_unwinder *unwinder,
                       const struct place *place,
                       bool is_exact,
                       struct umig_unwind_result *result)
{
    const struct umig_unwind_request *request = unwinder->request;
    if (result->frame_count == request->max_frames) {
        result->end = UMIG_UNWIND_DEPTH;
        return false;
    }
    request->frames[result->frame_count++] = (struct umig_unwind_frame){
        .pc = result->pc,
        .sp = result->sp,
        .object = place->serial,
        .symbol = place->symbol,
        .is_exact = is_exact,
    };
    return true;
}

struct umig_unwind_result umig_unwind(struct umig_unwinder *unwinder,
                                      const struct umig_unwind_request *request)
{
    struct umig_unwind_result result = {.end = UMIG_UNWIND_BROKEN};
    unw_cursor_t cursor;
    bool is_exact = true;
    forget_other_index(unwinder);
    unwinder->request = request;
    unwinder->table = NULL;
    unwinder->reads_left = READS_MAX;
    unwinder->has_left_copy = false;
    if (unwinder->libunwind.init_remote(&cursor, unwinder->space, unwinder) != 0 ||
        !read_position(unwinder, &cursor, &result)) {
        return result;
    }
    for (;;) {
        if (result.pc >= request->stop_low && result.pc < request->stop_high) {
            result.end = UMIG_UNWIND_STOPPED;
            return result;
        }
        /* A return address may be the first byte of the next function: the call is before it. */
        const struct place place = *place_of(unwinder, is_exact ? result.pc : result.pc - 1);
        if (!keep_frame(unwinder, &place, is_exact, &result) ||
            !step(unwinder, &cursor, &place, &result)) {
            return result;
        }
        is_exact = place.is_signal_frame;
    }
}
