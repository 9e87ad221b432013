#include "agent/native/unwind.h"

#include <string.h>

#include "agent/native/libunwind.h"
#include "core/err.h"

enum {
    /* Reads of tables for one pc (every byte of a function's description is one), and of the stack
     * for one unwind: a damaged expression may loop for ever. */
    TABLE_READS_MAX = 1 << 16,
    STACK_READS_MAX = 1 << 13,
    PLACES = 4096,            /* pcs that are remembered; a power of two */
    RULES_ROOM = 256,         /* libunwind 1.6 and 1.8 take 184 bytes */
    STACK_MAX_BYTES = 1 << 30 /* what lies further above the copy is no stack of this thread */
};

/*
 * What is known of a pc: its function, and how its caller is found. libunwind remembers rules as
 * well, but blocks and unblocks all signals at every look into its cache: two system calls a frame.
 */
struct place {
    uintptr_t pc;        /* 0: free */
    uintptr_t entry;     /* address of its entry of the object's table; 0: none */
    uint32_t generation; /* of the index when this was looked up */
    uint32_t slot;       /* of the object */
    uint32_t serial;     /* 0: in no object */
    uint32_t symbol;
    bool is_signal_frame;
    bool has_rules;
    _Alignas(8) uint8_t rules[RULES_ROOM]; /* libunwind's, opaque */
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
    struct place places[PLACES];

    /* Of the unwind under way. */
    const struct umig_unwind_request *request;
    struct place *place;                   /* of the frame being left */
    const struct umig_unwind_table *table; /* and its object's */
    uint32_t reads_left;
    bool is_reading_rules; /* libunwind reads tables, no stack */
    bool has_left_copy;    /* it wanted stack above the copy */
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

/* libunwind's accessors. */

/* The pc asked about may be one off (libunwind does not know which frames were interrupted): the
 * place is the right one. */
static int find_proc_info(unw_addr_space_t space,
                          unw_word_t pc,
                          unw_proc_info_t *out_info,
                          int needs_unwind_info,
                          void *argument)
{
    (void)pc;
    struct umig_unwinder *unwinder = argument;
    const struct place *place = unwinder->place;
    /* A table of one entry: the right one is known already. */
    unw_dyn_info_t found = {
        .start_ip = place->pc,
        .end_ip = place->pc + 1,
        .format = UNW_INFO_FORMAT_REMOTE_TABLE,
        .u.rti = {.segbase = unwinder->table->header, .table_len = 1, .table_data = place->entry},
    };
    return unwinder->libunwind.search_unwind_table(space, place->pc, &found, out_info,
                                                   needs_unwind_info, argument);
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
    if (unwinder->is_reading_rules) {
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
    return unwinder->space != NULL;
}

int umig_unwinder_open(struct umig_objects *objects,
                       struct umig_memory *memory,
                       struct umig_unwinder **out_unwinder,
                       struct umig_err *err)
{
    struct umig_libunwind libunwind;
    const int rc = umig_libunwind_open(UMIG_LIBUNWIND_SONAME, &libunwind, err);
    if (rc != UMIG_OK) {
        return umig_err_trace(err, rc);
    }
    struct umig_unwinder *unwinder = umig_memory_take_spare(memory, sizeof *unwinder);
    if (unwinder == NULL) {
        return umig_err_set(err, UMIG_E_NOMEM, "no memory for an unwinder of %zu bytes",
                            sizeof *unwinder);
    }
    unwinder->libunwind = libunwind;
    unwinder->memory = memory;
    unwinder->objects = objects;
    (void)umig_objects_refresh(objects);
    umig_objects_pin(objects, (uintptr_t)libunwind.init_remote); /* it stays open */
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

static enum umig_unwind_end end_of_failure(const struct umig_unwinder *unwinder)
{
    if (unwinder->reads_left == 0) {
        return UMIG_UNWIND_LIMIT;
    }
    return unwinder->has_left_copy ? UMIG_UNWIND_TRUNCATED : UMIG_UNWIND_BROKEN;
}

/* Keeps the row of a function's description that holds for the pc. */
static int keep_rules(void *argument,
                      void *rules,
                      size_t byte_count,
                      unw_word_t low,
                      unw_word_t high)
{
    struct place *place = argument;
    if (place->pc < low || place->pc >= high) {
        return 0;
    }
    if (byte_count <= sizeof place->rules) {
        memcpy(place->rules, rules, byte_count);
        place->has_rules = true;
    }
    return -UNW_ESTOPUNWIND;
}

static void read_rules(struct umig_unwinder *unwinder, unw_cursor_t *cursor)
{
    const uint32_t reads_left = unwinder->reads_left;
    unwinder->reads_left = TABLE_READS_MAX;
    unwinder->is_reading_rules = true;
    /* Its result is in has_rules: it is an error also when the callback has what it wants. */
    (void)unwinder->libunwind.reg_states_iterate(cursor, keep_rules, unwinder->place);
    unwinder->is_reading_rules = false;
    unwinder->reads_left = reads_left;
}

static void look_up(struct umig_unwinder *unwinder, unw_cursor_t *cursor, uintptr_t pc)
{
    struct place *place = unwinder->place;
    memset(place, 0, offsetof(struct place, rules));
    place->pc = pc;
    place->generation = unwinder->objects->generation;
    struct umig_object *object =
        umig_objects_find(unwinder->objects, pc, unwinder->request->time_ns);
    if (object == NULL) {
        return;
    }
    place->slot = (uint32_t)(object - unwinder->objects->slots);
    place->serial = object->serial;
    place->symbol = umig_objects_symbol(unwinder->objects, object, pc);
    struct umig_unwind_entry entry;
    unwinder->table = umig_objects_table(unwinder->objects, object);
    if (unwinder->table != NULL && umig_unwind_table_find(unwinder->table, pc, &entry)) {
        place->entry = entry.address;
        place->is_signal_frame = entry.is_signal_frame;
        read_rules(unwinder, cursor);
    }
}

/*
 * A place is of its own object, for the times at which that was there; what could not be found once
 * may be found when objects have come or gone.
 */
static bool holds(const struct umig_unwinder *unwinder, const struct place *place)
{
    const struct umig_objects *objects = unwinder->objects;
    const struct umig_object *object = &objects->slots[place->slot];
    const uint64_t time_ns = unwinder->request->time_ns;
    const bool is_lasting = place->has_rules && time_ns != UMIG_OBJECTS_ANY_TIME;
    return place->serial != 0 && place->serial == object->serial &&
           (is_lasting || place->generation == objects->generation) &&
           umig_objects_holds(objects, object, time_ns);
}

/* Makes the place of a pc the one of the frame being left. */
static void find_place(struct umig_unwinder *unwinder, unw_cursor_t *cursor, uintptr_t pc)
{
    const uint64_t hash = (uint64_t)pc * UINT64_C(0x9e3779b97f4a7c15);
    unwinder->place = &unwinder->places[hash >> 52 & (PLACES - 1)];
    if (unwinder->place->pc != pc || !holds(unwinder, unwinder->place)) {
        look_up(unwinder, cursor, pc);
    }
    unwinder->table = &unwinder->objects->slots[unwinder->place->slot].table;
}

static bool read_position(const struct umig_unwinder *unwinder,
                          unw_cursor_t *cursor,
                          struct umig_unwind_result *result)
{
    unw_word_t pc = 0;
    unw_word_t sp = 0;
    if (unwinder->libunwind.get_reg(cursor, UMIG_REGISTER_PC, &pc) != 0 ||
        unwinder->libunwind.get_reg(cursor, UMIG_REGISTER_SP, &sp) != 0) {
        return false;
    }
    result->pc = pc;
    result->sp = sp;
    return true;
}

static enum umig_unwind_end end_without_rules(const struct umig_unwinder *unwinder)
{
    const struct place *place = unwinder->place;
    if (place->serial != 0) {
        return UMIG_UNWIND_NO_TABLE;
    }
    return umig_objects_find(unwinder->objects, place->pc, UMIG_OBJECTS_ANY_TIME) != NULL
               ? UMIG_UNWIND_UNSURE
               : UMIG_UNWIND_UNKNOWN_CODE;
}

/* Moves one frame up. False: the result's end says why not. */
static bool step(struct umig_unwinder *unwinder,
                 unw_cursor_t *cursor,
                 struct umig_unwind_result *result)
{
    struct place *place = unwinder->place;
    const uintptr_t sp = result->sp;
    if (!place->has_rules) {
        result->end = end_without_rules(unwinder);
        return false;
    }
    unwinder->has_left_copy = false;
    const int rc = unwinder->libunwind.apply_reg_state(cursor, place->rules);
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
    /* A signal may have come on a stack of its own, above or below. */
    if (result->sp <= sp && !place->is_signal_frame) {
        result->end = UMIG_UNWIND_BROKEN;
        return false;
    }
    return true;
}

/* False: there is no room for it. */
static bool keep_frame(const struct umig_unwinder *unwinder,
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
        .object = unwinder->place->serial,
        .symbol = unwinder->place->symbol,
        .is_exact = is_exact,
    };
    return true;
}

static void walk(struct umig_unwinder *unwinder,
                 unw_cursor_t *cursor,
                 struct umig_unwind_result *result)
{
    const struct umig_unwind_request *request = unwinder->request;
    bool is_exact = !request->is_return;
    do {
        if (result->pc >= request->stop_low && result->pc < request->stop_high) {
            result->end = UMIG_UNWIND_STOPPED;
            return;
        }
        /* A return address may be the first byte of the next function: the call is before it. */
        find_place(unwinder, cursor, is_exact ? result->pc : result->pc - 1);
        if (!keep_frame(unwinder, is_exact, result)) {
            return;
        }
        is_exact = unwinder->place->is_signal_frame;
    } while (step(unwinder, cursor, result));
}

struct umig_unwind_result umig_unwind(struct umig_unwinder *unwinder,
                                      const struct umig_unwind_request *request)
{
    struct umig_unwind_result result = {.end = UMIG_UNWIND_BROKEN};
    unw_cursor_t cursor;
    unw_word_t fp = 0;
    unwinder->request = request;
    unwinder->reads_left = STACK_READS_MAX;
    if (unwinder->libunwind.init_remote(&cursor, unwinder->space, unwinder) != 0 ||
        !read_position(unwinder, &cursor, &result)) {
        return result;
    }
    walk(unwinder, &cursor, &result);
    /* A frame pointer that was saved above the copy is not known. */
    if (unwinder->libunwind.get_reg(&cursor, UMIG_REGISTER_BP, &fp) == 0) {
        result.fp = fp;
    }
    return result;
}
