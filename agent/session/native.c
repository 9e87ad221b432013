#include "agent/session/native.h"

#include <stdio.h>
#include <string.h>

#include "core/err.h"
#include "include/umig/kinds.h"

enum {
    OBJECTS_BYTES = 6 * 1024 * 1024, /* libjvm takes 3 of them */
    NAME_BYTES = 512,
    PUSHED_BYTES_MAX = 128 /* between the sp Java notes where it is left, and its call */
};

static int open_all(struct umig_native_frames *native,
                    struct umig_memory *memory,
                    struct umig_err *err)
{
    native->names =
        umig_memory_take_spare(memory, UMIG_NATIVE_REMEMBERED * sizeof(struct umig_native_name));
    int rc = native->names != NULL ? umig_objects_init(&native->objects, memory, OBJECTS_BYTES, err)
                                   : umig_err_set(err, UMIG_E_NOMEM, "no memory for their names");
    if (rc != UMIG_OK) {
        umig_memory_give(memory, native->names,
                         UMIG_NATIVE_REMEMBERED * sizeof(struct umig_native_name));
        native->names = NULL;
        return umig_err_trace(err, rc);
    }
    native->is_open = true;
    (void)umig_objects_refresh(&native->objects);
    return umig_err_trace(err,
                          umig_unwinder_open(&native->objects, memory, &native->unwinder, err));
}

int umig_native_frames_open(struct umig_native_frames *native,
                            struct umig_memory *memory,
                            struct umig_err *err)
{
    if (native->is_open) {
        return UMIG_OK;
    }
    struct umig_err why = UMIG_ERR_INIT;
    const int rc = open_all(native, memory, &why);
    snprintf(native->problem, sizeof native->problem, "native frames%s (%.130s%s)",
             native->is_open ? " beyond the function that ran" : "", why.text,
             rc == UMIG_E_NOMEM ? "; raise memory=" : "");
    if (rc == UMIG_OK) {
        native->problem[0] = '\0';
        return UMIG_OK;
    }
    return umig_err_set(err, rc, "no %s", native->problem);
}

const char *umig_native_frames_lack(const struct umig_native_frames *native, enum umig_native asked)
{
    const bool has_all = asked == UMIG_NATIVE_OFF || (asked == UMIG_NATIVE_LEAF && native->is_open);
    return has_all ? "" : native->problem;
}

void umig_native_frames_refresh(struct umig_native_frames *native)
{
    if (native->is_open) {
        (void)umig_objects_refresh(&native->objects);
    }
}

void umig_native_frames_at(struct umig_native_frames *native, uint64_t time_ns, bool is_own)
{
    native->time_ns = time_ns;
    native->is_own = is_own;
    if (native->is_open && time_ns > native->objects.listed_ns) {
        (void)umig_objects_refresh(&native->objects); /* it came while records were taken */
    }
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* A function by its mangled name; where it has none, by its library. */
static uint32_t intern_function(struct umig_dictionary *dictionary,
                                const struct umig_object *object,
                                uint32_t symbol)
{
    const char *library = object != NULL ? base_name(object->path) : "[unknown code]";
    char name[NAME_BYTES];
    const bool is_named = object != NULL && symbol != 0 &&
                          umig_objects_name(object, symbol, name, sizeof name) == UMIG_OK;
    const char *text = is_named ? name : library;
    const uint32_t method = umig_dictionary_method(
        dictionary, 0, umig_dictionary_string(dictionary, text, strlen(text)),
        umig_dictionary_string(dictionary, library, strlen(library)));
    return umig_dictionary_frame(dictionary, UMIG_FRAME_NATIVE, method, 0);
}

/* Fibonacci hashing, as in agent/signal/slots.c. */
static uint32_t hash_function(uint32_t object, uint32_t symbol)
{
    const uint64_t mixed = (uint64_t)object << 32 | symbol;
    return (uint32_t)(mixed * UINT64_C(0x9e3779b97f4a7c15) >> 40);
}

static uint32_t frame_of(struct umig_native_frames *native,
                         struct umig_dictionary *dictionary,
                         const struct umig_unwind_frame *found)
{
    struct umig_native_name *name =
        &native->names[hash_function(found->object, found->symbol) & (UMIG_NATIVE_REMEMBERED - 1)];
    if (found->object != 0 && name->object == found->object && name->symbol == found->symbol &&
        name->generation == dictionary->generation) {
        return name->frame;
    }
    const struct umig_object *object = umig_objects_by_serial(&native->objects, found->object);
    const uint32_t frame = intern_function(dictionary, object, found->symbol);
    if (frame != 0) {
        *name = (struct umig_native_name){
            .object = found->object,
            .symbol = found->symbol,
            .generation = dictionary->generation,
            .frame = frame,
        };
    }
    return frame;
}

/* The function that was running, without unwinding. */
static uint32_t find_leaf(struct umig_native_frames *native, const struct umig_native_copy *copy)
{
    const uintptr_t pc = copy->registers.by_number[UMIG_REGISTER_PC];
    struct umig_object *object = umig_objects_find(&native->objects, pc, native->time_ns);
    native->found[0] = (struct umig_unwind_frame){
        .pc = pc,
        .object = object != NULL ? object->serial : 0,
        .symbol = object != NULL ? umig_objects_symbol(&native->objects, object, pc) : 0,
        .is_exact = true,
    };
    return 1;
}

static struct umig_unwind_result unwind(struct umig_native_frames *native,
                                        const struct umig_native_copy *copy,
                                        uintptr_t java_low,
                                        uintptr_t java_high)
{
    const struct umig_unwind_request request = {
        .registers = copy->registers,
        .is_return = copy->crossing != 0,
        .time_ns = native->time_ns,
        .stack = (const uint8_t *)(copy + 1),
        .stack_low = copy->stack_low,
        .stack_bytes = copy->stack_bytes,
        .stop_low = java_low,
        .stop_high = java_high,
        .frames = native->found,
        .max_frames = UMIG_UNWIND_FRAMES_MAX,
    };
    native->unwinds++;
    return umig_unwind(native->unwinder, &request);
}

/* The agent's functions that stand innermost of what was found. */
static uint32_t count_own(const struct umig_native_frames *native, uint32_t count)
{
    const struct umig_object *agent = umig_objects_find(
        &native->objects, (uintptr_t)umig_native_frames_open, UMIG_OBJECTS_ANY_TIME);
    uint32_t own = 0;
    while (agent != NULL && own < count && native->found[own].object == agent->serial) {
        own++;
    }
    return own;
}

static void name_found(struct umig_native_frames *native,
                       struct umig_dictionary *dictionary,
                       uint32_t count,
                       uint32_t *out_frames)
{
    for (uint32_t i = 0; i < count; i++) {
        out_frames[i] = frame_of(native, dictionary, &native->found[i]);
    }
}

uint32_t umig_native_frames_of(struct umig_native_frames *native,
                               struct umig_dictionary *dictionary,
                               const struct umig_native_copy *copy,
                               uintptr_t java_low,
                               uintptr_t java_high,
                               uint32_t *out_frames,
                               bool *out_is_cut)
{
    uint32_t count = 0;
    *out_is_cut = false;
    if (!native->is_open) {
        return 0;
    }
    if (copy->stack_bytes == 0 || native->unwinder == NULL) {
        count = find_leaf(native, copy);
        *out_is_cut = native->unwinder != NULL; /* there was no room for its callers */
    } else {
        const struct umig_unwind_result result = unwind(native, copy, java_low, java_high);
        count = result.frame_count;
        *out_is_cut = result.end != UMIG_UNWIND_STOPPED && result.end != UMIG_UNWIND_ROOT;
    }
    native->short_of_root += *out_is_cut;
    if (native->is_own) {
        const uint32_t own = count_own(native, count);
        count -= own;
        memmove(native->found, native->found + own, count * sizeof native->found[0]);
    }
    name_found(native, dictionary, count, out_frames);
    return count;
}

/*
 * Did it come to the frame the walk went on with? What Java pushes behind the sp it notes is the
 * return address of a call by way of another, alignment and arguments.
 */
static bool is_at_java(const struct umig_unwind_result *result, const struct umig_native_copy *copy)
{
    if (copy->java_sp == 0) {
        return result->end == UMIG_UNWIND_ROOT; /* where Java never was */
    }
    return result->end == UMIG_UNWIND_STOPPED && result->sp <= copy->java_sp &&
           copy->java_sp - result->sp <= PUSHED_BYTES_MAX;
}

uint32_t umig_native_frames_between(struct umig_native_frames *native,
                                    struct umig_dictionary *dictionary,
                                    const struct umig_native_copy *copy,
                                    uintptr_t java_low,
                                    uintptr_t java_high,
                                    uint32_t *out_frames,
                                    bool *out_is_cut)
{
    uint32_t count = 0;
    *out_is_cut = true;
    if (copy != NULL && native->is_open && native->unwinder != NULL) {
        const struct umig_unwind_result result = unwind(native, copy, java_low, java_high);
        count = result.frame_count;
        *out_is_cut = !is_at_java(&result, copy);
        name_found(native, dictionary, count, out_frames);
    }
    const bool is_root = copy != NULL && copy->java_sp == 0;
    *(is_root ? &native->roots : &native->crossings) += 1;
    *(is_root ? &native->roots_cut : &native->crossings_cut) += *out_is_cut;
    return count;
}
