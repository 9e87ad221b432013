#include "agent/walk/continuation.h"

#include <string.h>

#include "agent/signal/sigsafe_only.h"
#include "agent/walk/names.h"
#include "agent/walk/objects.h"
#include "agent/walk/scopes.h"
#include "agent/walk/step.h"
#include "agent/walk/x86_64/stubs.h"

enum {
    WORD = sizeof(uintptr_t),
    ENTER_CODE_BYTES = 192,       /* of enterSpecial, which stores all fields in its first 100 */
    PADDING_WORDS = 2,            /* between the outermost thawed frame and the entry */
    FRAME_WORDS_MAX = 32768,      /* a larger frame is a misreading */
    CHUNK_WORDS_MAX = 64 << 20,   /* a stack of 512 MiB */
    LOCALS_WORDS_MAX = 65536 + 1, /* a method's locals are counted in 16 bits */
    METADATA_WORDS = 2,           /* saved fp and return address, below a frame */
};

/* Of an interpreted frame, from its fp, in words (agent/walk/x86_64/interpreted.h). */
enum {
    FP_RETURN = 1,
    FP_METHOD = -3,
    FP_LOCALS = -7,
    FP_BCP = -8,
};

static uintptr_t word_at(uintptr_t base, int32_t word)
{
    return umig_hs_ptr(base, word * WORD);
}

/* --- the entry --- */

/* A "mov" to memory with these bytes before its displacement? */
static bool is_store(const uint8_t *code, const char *opcode, uint32_t bytes)
{
    return memcmp(code, opcode, bytes) == 0;
}

bool umig_continuation_read_entry_layout(uintptr_t code,
                                         uint32_t byte_count,
                                         struct umig_continuation_entry_layout *out_layout)
{
    enum {
        OBJECT_AT = 7,
        FLAGS_AT = 12,
        CHUNK_AT = 16,
        ARGUMENTS_AT = 25,
        BYTES = 33
    };
    for (uint32_t i = 0; i + BYTES <= byte_count; i++) {
        const uint8_t *at = (const uint8_t *)code + i;
        if (is_store(at, "\x49\x89\xa7", 3) && is_store(at + OBJECT_AT, "\x48\x89\x74\x24", 4) &&
            is_store(at + FLAGS_AT, "\x89\x4c\x24", 3) &&
            is_store(at + CHUNK_AT, "\x48\xc7\x44\x24", 4) &&
            is_store(at + ARGUMENTS_AT, "\xc7\x44\x24", 3)) {
            *out_layout = (struct umig_continuation_entry_layout){
                .thread_entry = umig_hs_i32((uintptr_t)at, 3),
                .object = at[OBJECT_AT + 4],
                .arguments = at[ARGUMENTS_AT + 3],
            };
            return true;
        }
    }
    return false;
}

struct umig_continuation umig_continuation_of(const struct umig_hotspot *hotspot, uintptr_t thread)
{
    struct umig_continuation found = {0};
    if (!atomic_load_explicit(&hotspot->has_continuations, memory_order_acquire)) {
        return found;
    }
    const uintptr_t code = umig_hs_ptr(hotspot->enter_special, hotspot->method_code);
    struct umig_continuation_entry_layout layout;
    if (code == 0) {
        return found; /* no continuation was ever entered */
    }
    const struct umig_blob blob = umig_codecache_find(hotspot, code);
    if (!umig_continuation_read_entry_layout(blob.code, ENTER_CODE_BYTES, &layout)) {
        return found;
    }
    found.entry = umig_hs_ptr(thread, layout.thread_entry);
    if (found.entry != 0) {
        found.enter_code = blob.at;
        found.enter_words = blob.frame_words;
        found.object = umig_hs_ptr(found.entry, layout.object);
        found.argument_words = umig_hs_u32(found.entry, layout.arguments);
    }
    return found;
}

/* Only the outermost thawed frame lies right below the entry, with the arguments it was given. */
bool umig_continuation_is_bottom(const struct umig_continuation *continuation, uintptr_t sp)
{
    return continuation->entry != 0 && sp <= continuation->entry &&
           (continuation->entry - sp) / WORD <=
               (uintptr_t)continuation->argument_words + PADDING_WORDS;
}

static enum umig_continuation_place place_in_stub(const struct umig_step *step)
{
    if (umig_continuation_is_bottom(&step->continuation, step->regs.sp)) {
        return UMIG_CONTINUATION_BARRIER;
    }
    return step->regs.sp < step->continuation.entry ? UMIG_CONTINUATION_THAW
                                                    : UMIG_CONTINUATION_ELSEWHERE;
}

enum umig_continuation_place umig_continuation_place(const struct umig_step *step)
{
    const struct umig_continuation *continuation = &step->continuation;
    if (continuation->entry == 0 || !umig_codecache_contains(step->hotspot, step->regs.pc)) {
        return UMIG_CONTINUATION_ELSEWHERE;
    }
    const struct umig_blob blob = umig_codecache_find(step->hotspot, step->regs.pc);
    if (step->is_leaf && (blob.kind != UMIG_BLOB_CONTINUATION || umig_x64_has_thawed(step))) {
        return UMIG_CONTINUATION_ELSEWHERE; /* it has frames, or is about to return to them */
    }
    if (blob.kind == UMIG_BLOB_CONTINUATION) {
        return place_in_stub(step);
    }
    return blob.at == continuation->enter_code && step->regs.sp == continuation->entry
               ? UMIG_CONTINUATION_END
               : UMIG_CONTINUATION_ELSEWHERE;
}

/* --- frames in a chunk --- */

/* A position in a chunk. */
struct frozen {
    const struct umig_hotspot *hotspot;
    uintptr_t low; /* the stack's bounds in the chunk */
    uintptr_t end;
    uintptr_t sp;
    uintptr_t pc;
    uintptr_t fp; /* where pc is the interpreter's */
};

/* Does [address, address + words) lie in the frames above sp? */
static bool is_inside(const struct frozen *at, uintptr_t address, uint32_t words)
{
    return address >= at->low && address < at->end && (at->end - address) / WORD >= words;
}

/* Goes to the frame that begins at sp: what was left has put return address and fp below it. */
static void go_to(struct frozen *at, uintptr_t sp)
{
    const uintptr_t link = sp - METADATA_WORDS * WORD;
    at->sp = sp;
    at->pc = word_at(sp, -1);
    at->fp = link + umig_hs_ptr(link, 0) * WORD;
}

/*
 * A compiled frame, or that of a native method or a runtime stub. If the frame was deoptimised it
 * returns to a handler, and keeps where it stood.
 */
static bool leave_sized(struct frozen *at, const struct umig_blob *blob, struct umig_kept *kept)
{
    const struct umig_hotspot *hs = at->hotspot;
    if (blob->frame_words < 1 || blob->frame_words > FRAME_WORDS_MAX) {
        return false;
    }
    if (blob->kind == UMIG_BLOB_NMETHOD) {
        const bool is_deoptimised = umig_hs_is_deopt_pc(hs, blob->at, at->pc);
        const uintptr_t pc = is_deoptimised
                                 ? umig_hs_ptr(at->sp, umig_hs_i32(blob->at, hs->nmethod_orig_pc))
                                 : at->pc;
        (void)umig_scopes_expand(hs, blob, pc, kept);
    } else if (blob->kind == UMIG_BLOB_NATIVE) {
        const uintptr_t method = umig_hs_ptr(blob->at, hs->nmethod_method);
        if (!umig_names_is_method(hs, method)) {
            return false;
        }
        umig_kept_add(kept, &(struct umig_walk_frame){.method = method,
                                                      .bci = UMIG_BCI_NATIVE,
                                                      .kind = UMIG_FRAME_NATIVE_METHOD});
    }
    go_to(at, at->sp + (uintptr_t)(uint32_t)blob->frame_words * WORD);
    return true;
}

/* Index of a bytecode pointer; -1 if it points elsewhere. */
static int32_t bci_of(const struct umig_hotspot *hs, uintptr_t method, uintptr_t bcp)
{
    const uintptr_t const_method = umig_hs_ptr(method, hs->method_const);
    const uintptr_t index = bcp - (const_method + hs->const_bytes);
    return index < umig_hs_u16(const_method, hs->const_code_size) ? (int32_t)index : -1;
}

/*
 * Is this where the compiled caller of an interpreted frame begins? Its own caller's return address
 * tells; at the end of the chunk that is outside.
 */
static bool is_sized_frame_at(const struct frozen *at, uintptr_t sp, const struct umig_blob *blob)
{
    if (blob->frame_words < 1 || blob->frame_words > FRAME_WORDS_MAX) {
        return false;
    }
    const uintptr_t above = sp + (uintptr_t)(uint32_t)blob->frame_words * WORD;
    return above >= at->end - METADATA_WORDS * WORD ||
           umig_codecache_find(at->hotspot, word_at(above, -1)).kind != UMIG_BLOB_NONE;
}

/*
 * Where the caller of an interpreted frame begins: above the locals, which begin with the
 * arguments; a compiled caller's stack was moved to an even word for them.
 */
static bool go_above_locals(struct frozen *at, uintptr_t locals)
{
    const uintptr_t link = at->fp;
    const uintptr_t pc = word_at(link, FP_RETURN);
    const uintptr_t caller_fp = link + umig_hs_ptr(link, 0) * WORD;
    uintptr_t sp = link + (locals + 1) * WORD;
    if (sp + METADATA_WORDS * WORD < at->end) {
        const struct umig_blob blob = umig_codecache_find(at->hotspot, pc);
        const bool is_sized = blob.kind != UMIG_BLOB_INTERPRETER;
        if (is_sized && !is_sized_frame_at(at, sp, &blob)) {
            sp += WORD;
        }
        if (is_sized && !is_sized_frame_at(at, sp, &blob)) {
            return false;
        }
    }
    at->sp = sp;
    at->pc = pc;
    at->fp = caller_fp;
    return true;
}

/* What an interpreted frame says of itself; false if it is none. */
static bool read_interpreted(const struct frozen *at,
                             struct umig_walk_frame *out_frame,
                             uintptr_t *out_locals)
{
    if (at->fp < at->sp || (at->fp & (WORD - 1)) != 0 || !is_inside(at, at->fp, METADATA_WORDS)) {
        return false;
    }
    const uintptr_t method = word_at(at->fp, FP_METHOD);
    const uintptr_t locals = word_at(at->fp, FP_LOCALS);
    if (!umig_names_is_method(at->hotspot, method) || locals < 1 || locals > LOCALS_WORDS_MAX) {
        return false;
    }
    *out_frame = (struct umig_walk_frame){
        .method = method,
        .bci = bci_of(at->hotspot, method, word_at(at->fp, FP_BCP)),
        .kind = UMIG_FRAME_INTERPRETED,
    };
    *out_locals = locals;
    return true;
}

static bool leave_interpreted(struct frozen *at, struct umig_kept *kept)
{
    struct umig_walk_frame frame;
    uintptr_t locals = 0;
    if (!read_interpreted(at, &frame, &locals)) {
        return false;
    }
    umig_kept_add(kept, &frame);
    return go_above_locals(at, locals);
}

static bool leave_frozen(struct frozen *at, struct umig_kept *kept)
{
    const struct umig_blob blob = umig_codecache_find(at->hotspot, at->pc);
    if (blob.kind == UMIG_BLOB_INTERPRETER) {
        return leave_interpreted(at, kept);
    }
    return (blob.kind == UMIG_BLOB_NMETHOD || blob.kind == UMIG_BLOB_NATIVE ||
            blob.kind == UMIG_BLOB_STUB) &&
           leave_sized(at, &blob, kept);
}

/* The frames' bounds in a chunk, in words; false if they make no sense. */
static bool open_chunk(const struct umig_hotspot *hs, uintptr_t chunk, struct frozen *out)
{
    const uintptr_t stack = chunk + (uintptr_t)(uint32_t)hs->chunk_stack;
    if (!umig_object_is_readable(chunk, stack)) {
        return false;
    }
    const int32_t size = umig_hs_i32(chunk, hs->chunk_size);
    const int32_t sp = umig_hs_i32(chunk, hs->chunk_sp);
    const int32_t bottom = hs->chunk_bottom >= 0 ? umig_hs_i32(chunk, hs->chunk_bottom)
                                                 : size - umig_hs_i32(chunk, hs->chunk_arguments);
    if (size < 0 || size > CHUNK_WORDS_MAX || bottom < 0 || bottom > size || sp < 0 || sp > size ||
        (sp < bottom && sp < METADATA_WORDS)) {
        return false;
    }
    *out = (struct frozen){
        .hotspot = hs,
        .low = stack + (uintptr_t)(uint32_t)sp * WORD,
        .end = stack + (uintptr_t)(uint32_t)bottom * WORD,
    };
    out->sp = out->low;
    return umig_object_is_readable(out->low - METADATA_WORDS * WORD, out->end);
}

/* The last frame's arguments may lie in the parent, or be padded: its metadata ends the chunk. */
static bool is_over(const struct frozen *at)
{
    return at->sp + METADATA_WORDS * WORD >= at->end;
}

static bool add_chunk(const struct umig_hotspot *hs,
                      uintptr_t chunk,
                      uint32_t *frames_left,
                      struct umig_kept *kept)
{
    struct frozen at;
    if (!open_chunk(hs, chunk, &at)) {
        return false;
    }
    if (at.sp < at.end) {
        go_to(&at, at.sp);
    }
    while (!is_over(&at)) {
        const uintptr_t before = at.sp;
        if (*frames_left == 0 || !leave_frozen(&at, kept) || at.sp <= before) {
            return false;
        }
        (*frames_left)--;
    }
    return true;
}

static void add_chunks(const struct umig_hotspot *hs, uintptr_t first, struct umig_kept *kept)
{
    uint32_t frames_left = UMIG_CONTINUATION_FRAMES_MAX;
    uintptr_t chunk = first;
    for (int i = 0; i < UMIG_CONTINUATION_CHUNKS_MAX && chunk != 0; i++) {
        if (!add_chunk(hs, chunk, &frames_left, kept)) {
            return;
        }
        chunk = umig_object_at(hs, chunk, hs->chunk_parent);
    }
}

/* The chunk frozen last; 0 if there is none, or if it cannot be read. */
static uintptr_t tail_of(const struct umig_hotspot *hotspot,
                         const struct umig_continuation *continuation)
{
    const uintptr_t tail = continuation->object + (uintptr_t)hotspot->continuation_tail;
    return umig_object_is_readable(tail, tail + WORD)
               ? umig_object_at(hotspot, continuation->object, hotspot->continuation_tail)
               : 0;
}

/* Is the frame at hand the innermost Java frame of the stack? */
static bool is_innermost(const struct frozen *at, const struct umig_continuation *continuation)
{
    struct umig_walk_frame frame;
    uintptr_t locals = 0;
    if (at->pc != continuation->called_from) {
        return false;
    }
    const struct umig_blob blob = umig_codecache_find(at->hotspot, at->pc);
    return blob.kind != UMIG_BLOB_INTERPRETER ||
           (read_interpreted(at, &frame, &locals) && frame.method == continuation->called_method &&
            frame.bci == continuation->called_bci);
}

bool umig_continuation_is_freezing(const struct umig_hotspot *hotspot,
                                   const struct umig_continuation *continuation)
{
    struct frozen at;
    const uintptr_t chunk = continuation->called_from != 0 ? tail_of(hotspot, continuation) : 0;
    if (chunk == 0 || !open_chunk(hotspot, chunk, &at) || at.sp >= at.end) {
        return false;
    }
    go_to(&at, at.sp);
    return is_innermost(&at, continuation);
}

/*
 * What was overwritten while it was read may look like the end of the chunks. The true end is known
 * by its last frame.
 */
bool umig_continuation_add_frozen(const struct umig_hotspot *hotspot,
                                  const struct umig_continuation *continuation,
                                  struct umig_kept *kept)
{
    const uint32_t before = kept->seen;
    add_chunks(hotspot, tail_of(hotspot, continuation), kept);
    return kept->seen > before && umig_kept_last(kept)->method == hotspot->enter;
}
