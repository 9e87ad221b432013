#include "agent/native/elf_file.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "core/err.h"

enum {
    NOTES_MAX_BYTES = 4096,
    PROGRAM_HEADERS_MAX = 128,
    NAME_MAX_BYTES = 64 /* of a section */
};

static bool lies_within(uint64_t offset, uint64_t byte_count, uint64_t limit)
{
    return offset <= limit && byte_count <= limit - offset;
}

static int read_source(const struct umig_elf_source *source,
                       uint64_t offset,
                       void *out,
                       size_t byte_count)
{
    if (!lies_within(offset, byte_count, source->byte_count)) {
        return UMIG_E_IO;
    }
    if (source->fd < 0) {
        memcpy(out, source->bytes + offset, byte_count);
        return UMIG_OK;
    }
    const ssize_t count = pread(source->fd, out, byte_count, (off_t)offset);
    return count >= 0 && (size_t)count == byte_count ? UMIG_OK : UMIG_E_IO;
}

int umig_elf_read(const struct umig_elf *elf, uint64_t offset, void *out, size_t byte_count)
{
    return read_source(&elf->source, offset, out, byte_count);
}

static bool is_x86_64(const Elf64_Ehdr *header)
{
    return memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 &&
           header->e_ident[EI_CLASS] == ELFCLASS64 && header->e_ident[EI_DATA] == ELFDATA2LSB &&
           header->e_machine == EM_X86_64;
}

/* Counts that do not fit the header stand in section 0 (System V gABI, "ELF Header"). */
static void read_counts(struct umig_elf *elf)
{
    Elf64_Shdr first = {.sh_size = 0};
    elf->section_count = elf->header.e_shnum;
    elf->names_section = elf->header.e_shstrndx;
    if (elf->header.e_shoff == 0 || elf->header.e_shentsize != sizeof first ||
        umig_elf_read(elf, elf->header.e_shoff, &first, sizeof first) != UMIG_OK) {
        elf->section_count = 0;
        return;
    }
    if (elf->section_count == 0) {
        elf->section_count = first.sh_size;
    }
    if (elf->names_section == SHN_XINDEX) {
        elf->names_section = first.sh_link;
    }
    if (elf->section_count > UMIG_ELF_SECTIONS_MAX) {
        elf->section_count = UMIG_ELF_SECTIONS_MAX;
    }
}

int umig_elf_open(struct umig_elf *elf, struct umig_elf_source source, struct umig_err *err)
{
    struct umig_elf opened = {.source = source};
    if (read_source(&source, 0, &opened.header, sizeof opened.header) != UMIG_OK) {
        return umig_err_set(err, UMIG_E_IO, "%llu bytes are less than an ELF header",
                            (unsigned long long)source.byte_count);
    }
    if (!is_x86_64(&opened.header)) {
        return umig_err_set(err, UMIG_E_UNSUPPORTED, "not an ELF file of x86-64");
    }
    read_counts(&opened);
    *elf = opened;
    return UMIG_OK;
}

int umig_elf_section(const struct umig_elf *elf, uint64_t number, Elf64_Shdr *out_section)
{
    Elf64_Shdr section;
    if (number >= elf->section_count) {
        return UMIG_NOT_FOUND;
    }
    if (elf->header.e_shoff > elf->source.byte_count ||
        umig_elf_read(elf, elf->header.e_shoff + number * sizeof section, &section,
                      sizeof section) != UMIG_OK) {
        return UMIG_E_IO;
    }
    if (section.sh_type != SHT_NOBITS &&
        !lies_within(section.sh_offset, section.sh_size, elf->source.byte_count)) {
        return UMIG_E_IO;
    }
    *out_section = section;
    return UMIG_OK;
}

int umig_elf_string(const struct umig_elf *elf,
                    const Elf64_Shdr *section,
                    uint64_t offset,
                    char *out,
                    size_t room)
{
    if (section->sh_type != SHT_STRTAB || offset >= section->sh_size) {
        return UMIG_E_IO;
    }
    const uint64_t left = section->sh_size - offset;
    const size_t count = left < room ? (size_t)left : room;
    if (umig_elf_read(elf, section->sh_offset + offset, out, count) != UMIG_OK) {
        return UMIG_E_IO;
    }
    if (memchr(out, '\0', count) != NULL) {
        return UMIG_OK;
    }
    out[count - 1] = '\0';
    return count == room && left > room ? UMIG_TRUNCATED : UMIG_E_IO;
}

static bool section_is(const struct umig_elf *elf,
                       const Elf64_Shdr *section,
                       const Elf64_Shdr *names,
                       struct umig_elf_query query)
{
    char name[NAME_MAX_BYTES];
    if (section->sh_type != query.type) {
        return false;
    }
    return query.name == NULL ||
           (umig_elf_string(elf, names, section->sh_name, name, sizeof name) == UMIG_OK &&
            strcmp(name, query.name) == 0);
}

int umig_elf_find(const struct umig_elf *elf, struct umig_elf_query query, Elf64_Shdr *out_section)
{
    Elf64_Shdr names = {.sh_type = SHT_NULL};
    if (query.name != NULL && umig_elf_section(elf, elf->names_section, &names) != UMIG_OK) {
        return UMIG_NOT_FOUND;
    }
    for (uint64_t i = 1; i < elf->section_count; i++) {
        Elf64_Shdr section;
        const int rc = umig_elf_section(elf, i, &section);
        if (rc == UMIG_OK && section_is(elf, &section, &names, query)) {
            *out_section = section;
            return UMIG_OK;
        }
    }
    return UMIG_NOT_FOUND;
}

static size_t round_up_4(size_t byte_count)
{
    return (byte_count + 3) & ~(size_t)3;
}

struct umig_build_id umig_build_id_of_notes(const uint8_t *notes, size_t byte_count)
{
    struct umig_build_id id = {.byte_count = 0};
    Elf64_Nhdr note;
    for (size_t at = 0; lies_within(at, sizeof note, byte_count);) {
        memcpy(&note, notes + at, sizeof note);
        at += sizeof note;
        const size_t name_bytes = round_up_4(note.n_namesz);
        const size_t id_bytes = round_up_4(note.n_descsz);
        if (!lies_within(at, name_bytes, byte_count) ||
            !lies_within(at + name_bytes, note.n_descsz, byte_count)) {
            return id;
        }
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == sizeof "GNU" &&
            memcmp(notes + at, "GNU", sizeof "GNU") == 0 && note.n_descsz <= UMIG_BUILD_ID_MAX) {
            id.byte_count = note.n_descsz;
            memcpy(id.bytes, notes + at + name_bytes, note.n_descsz);
            return id;
        }
        at += name_bytes + id_bytes;
    }
    return id;
}

struct umig_build_id umig_elf_build_id(const struct umig_elf *elf)
{
    struct umig_build_id id = {.byte_count = 0};
    uint8_t notes[NOTES_MAX_BYTES];
    for (uint64_t i = 1; i < elf->section_count && id.byte_count == 0; i++) {
        Elf64_Shdr section;
        if (umig_elf_section(elf, i, &section) == UMIG_OK && section.sh_type == SHT_NOTE &&
            section.sh_size <= sizeof notes &&
            umig_elf_read(elf, section.sh_offset, notes, (size_t)section.sh_size) == UMIG_OK) {
            id = umig_build_id_of_notes(notes, (size_t)section.sh_size);
        }
    }
    return id;
}

uint64_t umig_elf_program_hash(const struct umig_elf *elf)
{
    Elf64_Phdr headers[PROGRAM_HEADERS_MAX];
    const size_t count = elf->header.e_phnum;
    if (count == 0 || count > PROGRAM_HEADERS_MAX || elf->header.e_phentsize != sizeof headers[0] ||
        umig_elf_read(elf, elf->header.e_phoff, headers, count * sizeof headers[0]) != UMIG_OK) {
        return 0;
    }
    return umig_hash_bytes(UMIG_HASH_START, headers, count * sizeof headers[0]);
}

uint64_t umig_hash_bytes(uint64_t hash, const void *bytes, size_t byte_count)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < byte_count; i++) {
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    }
    return hash | 1;
}
