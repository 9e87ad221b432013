/*
 * Any bytes as the file of a loaded object, and as its unwind tables in memory: what is read lies
 * within them, nothing is leaked, every lookup ends.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/native/symbols.h"
#include "agent/native/unwind_table.h"
#include "tests/fuzz/fuzz.h"

enum {
    LIMIT_BYTES = 4 << 20,
    NAMES_READ = 64
};

static void check_symbols(const struct umig_symbols *symbols)
{
    char name[128];
    for (uint32_t i = 1; i <= symbols->count; i++) {
        const struct umig_symbol *symbol = &symbols->items[i - 1];
        FUZZ_CHECK(i == 1 || symbols->items[i - 2].offset < symbol->offset);
        const uint32_t found = umig_symbols_find(symbols, symbol->offset);
        FUZZ_CHECK(found == (symbol->size > 0 ? i : 0));
        if (i <= NAMES_READ) {
            const int rc = umig_symbols_name(symbols, i, name, sizeof name);
            FUZZ_CHECK(memchr(name, '\0', sizeof name) != NULL);
            FUZZ_CHECK(rc == UMIG_OK || rc == UMIG_TRUNCATED || name[0] == '\0');
        }
    }
}

/* Through a path, as an object's file: debug links and build-ids are followed, too. */
static void read_as_file(const uint8_t *data, size_t size, struct umig_quota *quota)
{
    struct umig_symbols symbols = {.items = NULL};
    char path[64];
    const int fd = memfd_create("elf", MFD_CLOEXEC);
    FUZZ_CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    const struct umig_elf_source source = {.fd = -1, .bytes = data, .byte_count = size};
    struct umig_elf elf;
    if (umig_elf_open(&elf, source, NULL) == UMIG_OK) {
        struct umig_symbols_query query = {.path = path,
                                           .debug_root = "/proc/self/no",
                                           .build_id = umig_elf_build_id(&elf),
                                           .program_hash = umig_elf_program_hash(&elf)};
        if (umig_symbols_read(&symbols, &query, quota) == UMIG_OK) {
            check_symbols(&symbols);
        }
    }
    umig_symbols_fini(&symbols, quota);
    close(fd);
}

static void read_as_image(const uint8_t *data, size_t size, struct umig_quota *quota)
{
    struct umig_symbols symbols = {.items = NULL};
    const struct umig_elf_source source = {.fd = -1, .bytes = data, .byte_count = size};
    if (umig_symbols_read_image(&symbols, source, quota) == UMIG_OK) {
        check_symbols(&symbols);
    }
    umig_symbols_fini(&symbols, quota);
}

static void read_as_tables(const uint8_t *data, size_t size, struct umig_quota *quota)
{
    struct umig_unwind_table table = {.bytes = NULL};
    struct umig_unwind_entry entry;
    const uintptr_t low = (uintptr_t)data;
    const struct umig_unwind_place place = {low, low, low + size};
    if (umig_unwind_table_copy(&table, place, false, quota) == UMIG_OK) {
        FUZZ_CHECK(table.address + 8 > low && table.byte_count <= size + 16);
        for (uintptr_t pc = low; pc < low + size; pc += 16) {
            uint64_t word = 0;
            if (umig_unwind_table_find(&table, pc, &entry)) {
                FUZZ_CHECK(umig_unwind_table_word(&table, entry.address, &word));
            }
        }
    }
    umig_unwind_table_fini(&table, quota);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct umig_memory memory = {.limit_bytes = LIMIT_BYTES};
    struct umig_quota quota = {.memory = &memory, .limit_bytes = LIMIT_BYTES};
    read_as_file(data, size, &quota);
    read_as_image(data, size, &quota);
    read_as_tables(data, size, &quota);
    FUZZ_CHECK(memory.used_bytes == 0 && quota.used_bytes == 0);
    return 0;
}
