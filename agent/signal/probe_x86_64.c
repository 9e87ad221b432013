#include "agent/signal/probe.h"

#include "agent/signal/sigsafe_only.h"

/* In assembly, so that the address of the load that may fault is known exactly. */
__asm__(".text\n"
        ".p2align 4\n"
        ".globl umig_probe_word\n"
        ".hidden umig_probe_word\n"
        ".type umig_probe_word, @function\n"
        "umig_probe_word:\n"
        "  mov (%rdi), %rax\n"
        "  mov %rax, (%rsi)\n"
        "  mov $1, %eax\n"
        "  ret\n"
        ".hidden umig_probe_failed\n"
        ".globl umig_probe_failed\n"
        "umig_probe_failed:\n"
        "  xor %eax, %eax\n"
        "  ret\n"
        ".size umig_probe_word, .-umig_probe_word\n");

extern const char umig_probe_failed[] __attribute__((visibility("hidden")));

uintptr_t umig_probe_resume(uintptr_t fault_pc)
{
    return fault_pc == (uintptr_t)umig_probe_word ? (uintptr_t)umig_probe_failed : 0;
}
