#include "agent/vm/redirect.h"

#include <link.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include "agent/signal/guard.h"

enum {
    PAGE = 4096
};

/* One pass over all objects. */
struct pass {
    struct umig_slot *own;
    const struct umig_redirect *redirects;
    size_t count;
    bool is_on;
    struct umig_redirect_count result;
};

/* What an object says of its relocations. */
struct tables {
    const ElfW(Sym) * symbols;
    const char *strings;
    size_t string_bytes;
    const ElfW(Rela) * calls; /* entries of calls that may be bound when they are first made */
    size_t call_bytes;
    const ElfW(Rela) * others;
    size_t other_bytes;
    size_t relative_count; /* of the others, the first ones, which are of no symbol */
};

static bool is_in_segment(const struct dl_phdr_info *info, uintptr_t address, uint32_t flags)
{
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        const uintptr_t low = info->dlpi_addr + header->p_vaddr;
        if (header->p_type == PT_LOAD && (header->p_flags & flags) == flags && address >= low &&
            address < low + header->p_memsz) {
            return true;
        }
    }
    return false;
}

/* Loaders turn these into addresses, but not in objects whose dynamic section is read-only. */
static const void *pointer_of(const struct dl_phdr_info *info, const ElfW(Dyn) * dynamic)
{
    const uintptr_t value = dynamic->d_un.d_ptr;
    return (const void *)(value < info->dlpi_addr ? info->dlpi_addr + value : value);
}

static void read_dynamic(const struct dl_phdr_info *info,
                         const ElfW(Dyn) * dynamic,
                         struct tables *tables)
{
    for (; dynamic->d_tag != DT_NULL; dynamic++) {
        switch (dynamic->d_tag) {
        case DT_SYMTAB:
            tables->symbols = pointer_of(info, dynamic);
            break;
        case DT_STRTAB:
            tables->strings = pointer_of(info, dynamic);
            break;
        case DT_STRSZ:
            tables->string_bytes = dynamic->d_un.d_val;
            break;
        case DT_JMPREL:
            tables->calls = pointer_of(info, dynamic);
            break;
        case DT_PLTRELSZ:
            tables->call_bytes = dynamic->d_un.d_val;
            break;
        case DT_RELA:
            tables->others = pointer_of(info, dynamic);
            break;
        case DT_RELASZ:
            tables->other_bytes = dynamic->d_un.d_val;
            break;
        case DT_RELACOUNT:
            tables->relative_count = dynamic->d_un.d_val;
            break;
        default:
            break;
        }
    }
}

/* The redirect of the function that an entry is of; NULL: none is asked for. */
static const struct umig_redirect *redirect_of(const struct pass *pass,
                                               const struct tables *tables,
                                               const ElfW(Rela) * entry)
{
    const uint32_t type = ELF64_R_TYPE(entry->r_info);
    const ElfW(Sym) *symbol = &tables->symbols[ELF64_R_SYM(entry->r_info)];
    if ((type != R_X86_64_JUMP_SLOT && type != R_X86_64_GLOB_DAT) ||
        symbol->st_shndx != SHN_UNDEF || symbol->st_name >= tables->string_bytes) {
        return NULL;
    }
    const char *name = tables->strings + symbol->st_name;
    const size_t room = tables->string_bytes - symbol->st_name;
    for (size_t i = 0; i < pass->count; i++) {
        if (strncmp(name, pass->redirects[i].name, room) == 0) {
            return &pass->redirects[i];
        }
    }
    return NULL;
}

/* A sanitizer would hold a lock of its own around a store that faults. */
UMIG_NO_SANITIZE static __attribute__((noinline)) void put(uintptr_t at, uintptr_t value)
{
    atomic_store((_Atomic(uintptr_t) *)at, value);
}

static bool store_guarded(struct umig_slot *own, uintptr_t at, uintptr_t value)
{
    struct umig_guard guard;
    if (!UMIG_GUARD_ENTER(own, &guard)) {
        return false;
    }
    put(at, value);
    umig_guard_leave(own, &guard);
    return true;
}

/* Where the first store faults, the loader has done its work here and will not write again. */
static bool store(struct umig_slot *own, uintptr_t at, uintptr_t value)
{
    void *page = (void *)(at & ~(uintptr_t)(PAGE - 1));
    if (store_guarded(own, at, value)) {
        return true;
    }
    if (mprotect(page, PAGE, PROT_READ | PROT_WRITE) != 0) {
        return false;
    }
    const bool is_stored = store_guarded(own, at, value);
    return mprotect(page, PAGE, PROT_READ) == 0 && is_stored;
}

static void set_entry(struct pass *pass,
                      const struct dl_phdr_info *info,
                      const struct umig_redirect *redirect,
                      uintptr_t at)
{
    const uintptr_t value = atomic_load((_Atomic(uintptr_t) *)at);
    /* Code of the object itself: the call has not been made yet, and is bound by the first one. */
    const bool is_real = value == redirect->real || is_in_segment(info, value, PF_X);
    const bool is_ours = value == redirect->ours;
    if (!is_ours && !is_real) {
        pass->result.foreign++;
    } else if (is_ours != pass->is_on &&
               !store(pass->own, at, pass->is_on ? redirect->ours : redirect->real)) {
        pass->result.failed++;
        pass->result.ours += is_ours;
    } else {
        pass->result.ours += pass->is_on;
    }
}

static void set_entries(struct pass *pass,
                        const struct dl_phdr_info *info,
                        const struct tables *tables,
                        const ElfW(Rela) * entry,
                        size_t byte_count)
{
    const ElfW(Rela) *const end = entry + byte_count / sizeof *entry;
    for (; entry < end; entry++) {
        const struct umig_redirect *redirect = redirect_of(pass, tables, entry);
        const uintptr_t at = info->dlpi_addr + entry->r_offset;
        if (redirect != NULL && is_in_segment(info, at, PF_W)) {
            set_entry(pass, info, redirect, at);
        }
    }
}

static void set_object(struct pass *pass, const struct dl_phdr_info *info)
{
    struct tables tables = {.symbols = NULL};
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type == PT_DYNAMIC) {
            read_dynamic(info, (const void *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr),
                         &tables);
        }
    }
    if (tables.symbols == NULL || tables.strings == NULL) {
        return;
    }
    if (tables.calls != NULL) {
        set_entries(pass, info, &tables, tables.calls, tables.call_bytes);
    }
    const size_t relative_bytes = tables.relative_count * sizeof *tables.others;
    if (tables.others != NULL && relative_bytes < tables.other_bytes) {
        set_entries(pass, info, &tables, tables.others + tables.relative_count,
                    tables.other_bytes - relative_bytes);
    }
}

/* The loader's lock keeps the object from being unmapped; what it says is read under the guard. */
static int on_object(struct dl_phdr_info *info, size_t byte_count, void *ctx)
{
    struct pass *pass = ctx;
    struct umig_guard guard;
    (void)byte_count;
    if (is_in_segment(info, pass->redirects[0].ours, PF_X)) {
        return 0;
    }
    if (UMIG_GUARD_ENTER(pass->own, &guard)) {
        set_object(pass, info);
        umig_guard_leave(pass->own, &guard);
    } else {
        pass->result.failed++;
    }
    return 0;
}

struct umig_redirect_count umig_redirect_set(struct umig_slot *own,
                                             const struct umig_redirect *redirects,
                                             size_t count,
                                             bool is_on)
{
    struct pass pass = {.own = own, .redirects = redirects, .count = count, .is_on = is_on};
    if (count > 0) {
        (void)dl_iterate_phdr(on_object, &pass);
    }
    return pass.result;
}
