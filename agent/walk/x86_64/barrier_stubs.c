#include "agent/walk/x86_64/barrier_stubs.h"

#include <string.h>

#include "agent/signal/probe.h"
#include "agent/signal/sigsafe_only.h"
#include "agent/walk/hotspot.h"

enum {
    SPAN_BYTES = 640, /* 16 general and 32 vector registers are saved by less */
    IMM32_MOVE_BYTES = 7,
    EXIT_BYTES = IMM32_MOVE_BYTES + 5, /* "add rsp, imm32; jmp rel32" */
    SAVED_BYTES_MAX = 4096,
    SUB = 0xec, /* second operand byte of "sub rsp, imm" and "add rsp, imm" */
    ADD = 0xc4,
};

/* "sub rsp, n" or "add rsp, n": its length, and n; 0 if it is none of a slow path's. */
static uint32_t read_move(const uint8_t *code, uint8_t operation, uint32_t *out_bytes)
{
    if (code[0] != 0x48 || (code[1] != 0x83 && code[1] != 0x81) || code[2] != operation) {
        return 0;
    }
    const bool is_short = code[1] == 0x83;
    uint32_t bytes = (uint32_t)(int8_t)code[3];
    if (!is_short) {
        memcpy(&bytes, code + 3, sizeof bytes);
    }
    *out_bytes = bytes;
    return bytes > 0 && bytes <= SAVED_BYTES_MAX && bytes % 16 == 0 ? (is_short ? 4 : 7) : 0;
}

/* "add rsp, n; jmp": its length, n, and how far the jump goes; 0 if it is not. */
static uint32_t read_exit(const uint8_t *code, uint32_t *out_bytes, int32_t *out_jump)
{
    const uint32_t at = read_move(code, ADD, out_bytes);
    if (at == 0) {
        return 0;
    }
    if (code[at] == 0xe9) {
        memcpy(out_jump, code + at + 1, sizeof *out_jump);
        return at + 5;
    }
    *out_jump = (int8_t)code[at + 1];
    return code[at] == 0xeb ? at + 2 : 0;
}

/* The code from an address on as far as there is any; how much. Behind it are zeros. */
static uint32_t copy_code(uintptr_t from, uint8_t out[SPAN_BYTES + EXIT_BYTES])
{
    uint32_t copied = 0;
    memset(out, 0, SPAN_BYTES + EXIT_BYTES);
    for (uintptr_t word; copied < SPAN_BYTES && umig_probe_word(from + copied, &word);
         copied += sizeof word) {
        memcpy(out + copied, &word, sizeof word);
    }
    return copied;
}

static bool find_exit(uintptr_t pc, uint32_t *out_bytes, uintptr_t *out_continuation)
{
    uint8_t code[SPAN_BYTES + EXIT_BYTES];
    const uint32_t copied = copy_code(pc, code);
    for (uint32_t i = 0; i < copied; i++) {
        int32_t jump;
        const uint32_t length = read_exit(code + i, out_bytes, &jump);
        if (length != 0) {
            *out_continuation = pc + i + length + (uintptr_t)(intptr_t)jump;
            return true;
        }
    }
    return false;
}

/* Is sp moved down by so much before the pc, and not up again? */
static bool has_entry(uintptr_t low, uintptr_t pc, uint32_t bytes)
{
    for (uintptr_t at = pc - 4; at >= low && pc - at <= SPAN_BYTES; at--) {
        uint8_t code[IMM32_MOVE_BYTES] = {0};
        uint32_t moved;
        if (umig_hs_u8(at, 0) != 0x48) {
            continue;
        }
        memcpy(code, (const void *)at, pc - at < sizeof code ? pc - at : sizeof code);
        if (read_move(code, SUB, &moved) != 0 && moved == bytes) {
            return true;
        }
        if (read_move(code, ADD, &moved) != 0) {
            return false; /* of the slow path before this one */
        }
    }
    return false;
}

bool umig_x64_find_barrier_stub(const struct umig_blob *blob,
                                uintptr_t pc,
                                struct umig_x64_barrier_stub *out_stub)
{
    const uintptr_t body =
        blob->code + (blob->frame_complete > 0 ? (uint32_t)blob->frame_complete : 0);
    uint32_t bytes;
    uintptr_t continuation;
    if (pc < body || !find_exit(pc, &bytes, &continuation) || continuation < blob->code ||
        continuation >= pc || !has_entry(body, pc, bytes)) {
        return false;
    }
    *out_stub = (struct umig_x64_barrier_stub){bytes / sizeof(uintptr_t), continuation};
    return true;
}
