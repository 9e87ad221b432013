#include "agent/walk/virtual_thread.h"

#include <string.h>

#include "agent/signal/probe.h"
#include "agent/signal/sigsafe_only.h"
#include "agent/walk/objects.h"

enum {
    WORD = sizeof(uintptr_t),
    TEXT_BYTES_MAX = 1 << 30,    /* a longer name is a misreading */
    CODER_LATIN1 = 0,            /* String.LATIN1 */
    CODER_UTF16 = 1,             /* String.UTF16 */
    LAYOUT_TYPE_ARRAY = 3,       /* the upper two bits of an array of primitive elements */
    LAYOUT_BYTE = 8,             /* T_BYTE */
    HEADER_BYTES_MAX = 4 * WORD, /* of an array */
};

static bool has_field(uintptr_t object, int32_t field)
{
    const uintptr_t at = object + (uintptr_t)(intptr_t)field;
    return umig_object_is_readable(at, at + WORD);
}

/* What a field of an object refers to; 0: nothing, or it cannot be had. */
static uintptr_t follow(const struct umig_hotspot *hs, uintptr_t object, int32_t field)
{
    return has_field(object, field) ? umig_object_at(hs, object, field) : 0;
}

/* A word of a class that may be none. */
static uintptr_t klass_word(uintptr_t klass, int32_t offset)
{
    uintptr_t word = 0;
    return umig_probe_word((klass + (uintptr_t)(intptr_t)offset) & ~(uintptr_t)(WORD - 1), &word)
               ? word
               : 0;
}

/* Told by the name of its class: to ask for the class would make a scheduler that nobody needs. */
static bool is_virtual_thread(const struct umig_hotspot *hs, uintptr_t object)
{
    static const char name[] = "java/lang/VirtualThread";
    const uint16_t length = sizeof name - 1;
    const uintptr_t klass = umig_object_klass(hs, object);
    const uintptr_t symbol = klass != 0 ? klass_word(klass, hs->klass_name) : 0;
    const uintptr_t body = symbol + (uintptr_t)(intptr_t)hs->symbol_body;
    return umig_hs_plausible(symbol) && umig_object_is_readable(symbol, body + length) &&
           umig_hs_u16(symbol, hs->symbol_length) == length &&
           memcmp((const void *)body, name, length) == 0;
}

static uintptr_t current_of(const struct umig_hotspot *hs, uintptr_t java_thread)
{
    const uintptr_t handle =
        hs->thread_vthread >= 0 ? umig_hs_ptr(java_thread, hs->thread_vthread) : 0;
    return umig_hs_plausible(handle) && has_field(handle, 0) ? umig_object_of_handle(hs, handle)
                                                             : 0;
}

static uintptr_t runner_of(const struct umig_hotspot *hs, uintptr_t continuation)
{
    const uintptr_t body = follow(hs, continuation, hs->continuation_target);
    return body != 0 && umig_object_klass(hs, body) == hs->body_klass
               ? follow(hs, body, hs->body_thread)
               : 0;
}

/* The VirtualThread; 0: it cannot be had. */
static uintptr_t thread_of(const struct umig_hotspot *hs,
                           uintptr_t java_thread,
                           uintptr_t continuation)
{
    uintptr_t thread = current_of(hs, java_thread);
    if (thread == 0 || !is_virtual_thread(hs, thread)) {
        thread = runner_of(hs, continuation);
    }
    return thread != 0 && is_virtual_thread(hs, thread) && has_field(thread, hs->thread_id) ? thread
                                                                                            : 0;
}

/* Where the elements of an array of bytes begin, from its beginning; 0: it is none. */
static uint32_t byte_array_header(const struct umig_hotspot *hs, uintptr_t array)
{
    const uintptr_t klass = umig_object_klass(hs, array);
    if (klass == 0) {
        return 0;
    }
    const uintptr_t word = klass_word(klass, hs->klass_layout);
    const uint32_t layout = (uint32_t)(word >> ((uint32_t)hs->klass_layout & 4) * 8);
    const uint32_t header = layout >> 16 & 0xff;
    return layout >> 30 == LAYOUT_TYPE_ARRAY && (layout >> 8 & 0xff) == LAYOUT_BYTE &&
                   header <= HEADER_BYTES_MAX
               ? header
               : 0;
}

/* Behind mark and class, whatever the header's form. */
static int32_t length_at(const struct umig_hotspot *hs)
{
    switch (hs->header) {
    case UMIG_HS_HEADER_COMPACT:
        return WORD;
    case UMIG_HS_HEADER_NARROW:
        return WORD + (int32_t)sizeof(uint32_t);
    case UMIG_HS_HEADER_WIDE:
    default:
        return 2 * WORD;
    }
}

/* Copies the beginning of a name; false if it could not be had. */
static bool copy_text(const struct umig_hotspot *hs,
                      uintptr_t string,
                      struct umig_virtual_thread *out)
{
    const uintptr_t array = follow(hs, string, hs->string_value);
    const uint32_t header = array != 0 ? byte_array_header(hs, array) : 0;
    const uint8_t coder =
        has_field(string, hs->string_coder) ? umig_hs_u8(string, hs->string_coder) : UINT8_MAX;
    if (header == 0 || coder > CODER_UTF16 || !has_field(array, length_at(hs))) {
        return false;
    }
    const uint32_t length = umig_hs_u32(array, length_at(hs));
    const uint32_t max =
        coder == CODER_LATIN1 ? UMIG_VIRTUAL_TEXT_BYTES / 2 : UMIG_VIRTUAL_TEXT_BYTES;
    const uint32_t bytes = length < max ? length : max;
    const uintptr_t from = array + header;
    if (length > TEXT_BYTES_MAX || (coder == CODER_UTF16 && length % 2 != 0) ||
        !umig_object_is_readable(from, from + bytes)) {
        return false;
    }
    memcpy(out->text, (const void *)from, bytes);
    /* A thread in native code does not hold a collector back: was the array there all the time? */
    if (byte_array_header(hs, array) != header || umig_hs_u32(array, length_at(hs)) != length) {
        return false;
    }
    out->text_bytes = bytes;
    out->who = coder == CODER_LATIN1 ? UMIG_RECORD_VIRTUAL_LATIN1 : UMIG_RECORD_VIRTUAL_UTF16;
    return true;
}

void umig_virtual_thread_read(const struct umig_hotspot *hotspot,
                              uintptr_t thread,
                              uintptr_t continuation,
                              struct umig_virtual_thread *out_thread)
{
    out_thread->who = UMIG_RECORD_VIRTUAL;
    out_thread->id = 0;
    out_thread->text_bytes = 0;
    const bool has_names = atomic_load_explicit(&hotspot->has_thread_names, memory_order_acquire);
    const uintptr_t object = has_names ? thread_of(hotspot, thread, continuation) : 0;
    uint64_t id = 0;
    if (object != 0) {
        id = umig_hs_ptr(object, hotspot->thread_id);
    } else if (hotspot->thread_owner_id >= 0) {
        id = umig_hs_ptr(thread, hotspot->thread_owner_id);
    }
    if (id == 0 || id > INT64_MAX) {
        return; /* ids are positive */
    }
    out_thread->id = id;
    out_thread->who = UMIG_RECORD_VIRTUAL_ID;
    const uintptr_t name = object != 0 ? follow(hotspot, object, hotspot->thread_name) : 0;
    if (name != 0 && umig_object_klass(hotspot, name) == hotspot->string_klass) {
        (void)copy_text(hotspot, name, out_thread);
    }
}
