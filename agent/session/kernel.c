#include "agent/session/kernel.h"

#include <stdio.h>
#include <string.h>

#include "core/err.h"
#include "include/umig/kinds.h"

enum {
    NAMES_BYTES = 6 * 1024 * 1024 /* a distribution's kernel takes 3 of them */
};

#define UNNAMED "[kernel]"

void umig_kernel_frames_open(struct umig_kernel_frames *kernel,
                             const char *path,
                             struct umig_memory *memory)
{
    struct umig_err err = UMIG_ERR_INIT;
    if (kernel->is_open) {
        return;
    }
    kernel->is_open = true; /* what is refused once is not asked for in each tick */
    if (umig_kallsyms_check(path, &err) != UMIG_OK ||
        umig_kallsyms_read(&kernel->symbols, path, memory, NAMES_BYTES, &err) != UMIG_OK) {
        snprintf(kernel->problem, sizeof kernel->problem, "names of kernel frames (%.160s)",
                 err.text);
    }
}

const struct umig_kernel_part *umig_kernel_part_at(const uint8_t *at, const uint8_t *limit)
{
    return limit - at >= (ptrdiff_t)sizeof(struct umig_kernel_part)
               ? (const struct umig_kernel_part *)(const void *)at
               : NULL;
}

const uint8_t *umig_kernel_part_end(const struct umig_kernel_part *part)
{
    return (const uint8_t *)(part + 1) + (size_t)part->frame_count * sizeof(uint64_t);
}

static uint32_t intern(struct umig_dictionary *dictionary, const char *name)
{
    const uint32_t method = umig_dictionary_method(
        dictionary, 0, umig_dictionary_string(dictionary, name, strlen(name)), 0);
    return umig_dictionary_frame(dictionary, UMIG_FRAME_KERNEL, method, 0);
}

static uint32_t frame_of(struct umig_kernel_frames *kernel,
                         struct umig_dictionary *dictionary,
                         uint32_t function)
{
    struct umig_kernel_name *name = &kernel->names[function & (UMIG_KERNEL_REMEMBERED - 1)];
    if (name->function == function && name->generation == dictionary->generation) {
        return name->frame;
    }
    const uint32_t frame = intern(dictionary, umig_kallsyms_name(&kernel->symbols, function));
    if (frame != 0) {
        *name = (struct umig_kernel_name){
            .function = function, .generation = dictionary->generation, .frame = frame};
    }
    return frame;
}

static uint32_t put(struct umig_dictionary *dictionary, uint32_t stack, uint32_t frame)
{
    const uint32_t grown = frame != 0 ? umig_dictionary_stack(dictionary, stack, frame) : 0;
    return grown != 0 ? grown : stack;
}

uint32_t umig_kernel_frames_put(struct umig_kernel_frames *kernel,
                                struct umig_dictionary *dictionary,
                                uint32_t stack,
                                const struct umig_kernel_part *part)
{
    const uint64_t *addresses = (const uint64_t *)(const void *)(part + 1);
    if (kernel->symbols.count == 0 || part->frame_count == 0) {
        return put(dictionary, stack, intern(dictionary, UNNAMED));
    }
    for (uint32_t i = part->frame_count; i-- > 0;) {
        /* All but the innermost are return addresses, which may lie behind the function's end. */
        const uint64_t in_call = addresses[i] - (i > 0);
        const uint32_t function = umig_kallsyms_find(&kernel->symbols, in_call);
        stack = put(dictionary, stack,
                    function != 0 ? frame_of(kernel, dictionary, function)
                                  : intern(dictionary, UNNAMED));
    }
    return stack;
}
