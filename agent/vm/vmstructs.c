#include "agent/vm/vmstructs.h"

#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "core/err.h"

static int match_libjvm(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size;
    struct umig_libjvm *found = arg;
    const char *name = strrchr(info->dlpi_name, '/');
    if (name == NULL || strcmp(name, "/libjvm.so") != 0) {
        return 0;
    }
    snprintf(found->path, sizeof found->path, "%s", info->dlpi_name);
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_X) != 0) {
            found->text_begin = info->dlpi_addr + segment->p_vaddr;
            found->text_end = found->text_begin + segment->p_memsz;
        }
    }
    return 1;
}

int umig_libjvm_find(struct umig_libjvm *out_libjvm, struct umig_err *err)
{
    struct umig_libjvm found = {0};
    if (dl_iterate_phdr(match_libjvm, &found) == 0) {
        return umig_err_set(err, UMIG_E_UNSUPPORTED, "no libjvm.so in this process");
    }
    /* By path: a launcher may have loaded libjvm privately, outside the default symbol scope. */
    found.handle = dlopen(found.path, RTLD_LAZY | RTLD_NOLOAD);
    if (found.handle == NULL || dlsym(found.handle, "gHotSpotVMStructs") == NULL) {
        return umig_err_set(err, UMIG_E_UNSUPPORTED, "%s is not a HotSpot JVM", found.path);
    }
    *out_libjvm = found;
    return UMIG_OK;
}

struct code_search {
    uintptr_t address;
    uintptr_t begin;
    uintptr_t end;
};

static int match_code(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size;
    struct code_search *search = arg;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        const uintptr_t begin = info->dlpi_addr + segment->p_vaddr;
        if (segment->p_type == PT_LOAD && (segment->p_flags & PF_X) != 0 &&
            search->address >= begin && search->address < begin + segment->p_memsz) {
            search->begin = begin;
            search->end = begin + segment->p_memsz;
            return 1;
        }
    }
    return 0;
}

void umig_code_bounds_of(const void *address, uintptr_t *out_begin, uintptr_t *out_end)
{
    struct code_search search = {.address = (uintptr_t)address};
    dl_iterate_phdr(match_code, &search);
    *out_begin = search.begin;
    *out_end = search.end;
}

void *umig_libjvm_symbol(const struct umig_libjvm *libjvm, const char *name)
{
    return dlsym(libjvm->handle, name);
}

/* The tables tell their own stride and the offsets of their columns, in exported variables. */
static uint64_t table_number(const struct umig_libjvm *libjvm, const char *symbol)
{
    const uint64_t *number = dlsym(libjvm->handle, symbol);
    return number != NULL ? *number : 0;
}

static const char *table_begin(const struct umig_libjvm *libjvm, const char *symbol)
{
    const char *const *table = dlsym(libjvm->handle, symbol);
    return table != NULL ? *table : NULL;
}

static const char *text_at(const char *entry, uint64_t offset)
{
    const char *text;
    memcpy(&text, entry + offset, sizeof text);
    return text;
}

static const char *find_field(const struct umig_libjvm *libjvm,
                              const char *type,
                              const char *field,
                              bool is_static)
{
    const uint64_t stride = table_number(libjvm, "gHotSpotVMStructEntryArrayStride");
    const uint64_t type_at = table_number(libjvm, "gHotSpotVMStructEntryTypeNameOffset");
    const uint64_t field_at = table_number(libjvm, "gHotSpotVMStructEntryFieldNameOffset");
    const uint64_t static_at = table_number(libjvm, "gHotSpotVMStructEntryIsStaticOffset");
    const char *entry = table_begin(libjvm, "gHotSpotVMStructs");
    for (; entry != NULL && stride != 0 && text_at(entry, type_at) != NULL; entry += stride) {
        int32_t entry_is_static;
        memcpy(&entry_is_static, entry + static_at, sizeof entry_is_static);
        if ((entry_is_static != 0) == is_static && strcmp(text_at(entry, type_at), type) == 0 &&
            strcmp(text_at(entry, field_at), field) == 0) {
            return entry;
        }
    }
    return NULL;
}

int64_t umig_vmstructs_offset(const struct umig_libjvm *libjvm, const char *type, const char *field)
{
    const char *entry = find_field(libjvm, type, field, false);
    if (entry == NULL) {
        return UMIG_VM_NO_FIELD;
    }
    int64_t offset;
    memcpy(&offset, entry + table_number(libjvm, "gHotSpotVMStructEntryOffsetOffset"),
           sizeof offset);
    return offset;
}

void *umig_vmstructs_static(const struct umig_libjvm *libjvm, const char *type, const char *field)
{
    const char *entry = find_field(libjvm, type, field, true);
    if (entry == NULL) {
        return NULL;
    }
    void *address;
    memcpy(&address, entry + table_number(libjvm, "gHotSpotVMStructEntryAddressOffset"),
           sizeof address);
    return address;
}

uint64_t umig_vmstructs_size(const struct umig_libjvm *libjvm, const char *type)
{
    const uint64_t stride = table_number(libjvm, "gHotSpotVMTypeEntryArrayStride");
    const uint64_t name_at = table_number(libjvm, "gHotSpotVMTypeEntryTypeNameOffset");
    const uint64_t size_at = table_number(libjvm, "gHotSpotVMTypeEntrySizeOffset");
    const char *entry = table_begin(libjvm, "gHotSpotVMTypes");
    for (; entry != NULL && stride != 0 && text_at(entry, name_at) != NULL; entry += stride) {
        if (strcmp(text_at(entry, name_at), type) == 0) {
            uint64_t size;
            memcpy(&size, entry + size_at, sizeof size);
            return size;
        }
    }
    return 0;
}

struct constant_table {
    const char *table, *stride, *name_at, *value_at;
    size_t value_bytes;
};

static const struct constant_table g_constant_tables[] = {
    {"gHotSpotVMIntConstants", "gHotSpotVMIntConstantEntryArrayStride",
     "gHotSpotVMIntConstantEntryNameOffset", "gHotSpotVMIntConstantEntryValueOffset", 4},
    {"gHotSpotVMLongConstants", "gHotSpotVMLongConstantEntryArrayStride",
     "gHotSpotVMLongConstantEntryNameOffset", "gHotSpotVMLongConstantEntryValueOffset", 8},
};

static bool find_constant(const struct umig_libjvm *libjvm,
                          const struct constant_table *table,
                          const char *name,
                          int64_t *out_value)
{
    const uint64_t stride = table_number(libjvm, table->stride);
    const uint64_t name_at = table_number(libjvm, table->name_at);
    const uint64_t value_at = table_number(libjvm, table->value_at);
    const char *entry = table_begin(libjvm, table->table);
    for (; entry != NULL && stride != 0 && text_at(entry, name_at) != NULL; entry += stride) {
        if (strcmp(text_at(entry, name_at), name) != 0) {
            continue;
        }
        int32_t narrow;
        memcpy(&narrow, entry + value_at, sizeof narrow);
        *out_value = narrow;
        if (table->value_bytes == sizeof *out_value) {
            memcpy(out_value, entry + value_at, sizeof *out_value);
        }
        return true;
    }
    return false;
}

bool umig_vmstructs_constant(const struct umig_libjvm *libjvm, const char *name, int64_t *out_value)
{
    const size_t count = sizeof g_constant_tables / sizeof g_constant_tables[0];
    for (size_t i = 0; i < count; i++) {
        if (find_constant(libjvm, &g_constant_tables[i], name, out_value)) {
            return true;
        }
    }
    return false;
}

bool umig_vm_peek(const void *address, void *out, size_t byte_count)
{
    const struct iovec local = {.iov_base = out, .iov_len = byte_count};
    /* The kernel only reads through the remote side. */
    const struct iovec remote = {.iov_base = (void *)(uintptr_t)address, .iov_len = byte_count};
    return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)byte_count;
}
