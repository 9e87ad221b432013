#include "agent/native/symbols.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    CHUNK_SYMBOLS = 512,
    SYMBOLS_MAX = 4 << 20,
    SIZE_MAX_KEPT = (1 << 30) - 1,
    LINK_NAME_BYTES = 256,
    CRC_FILE_MAX_BYTES = 64 << 20,
    CRC_CHUNK_BYTES = 16384
};

/* An open file, checked to be the one asked for. */
struct opened {
    int fd;
    struct umig_elf elf;
    struct umig_file_stamp stamp;
    char path[UMIG_OBJECT_PATH_BYTES];
};

static struct umig_file_stamp stamp_of(const struct stat *status)
{
    return (struct umig_file_stamp){
        .device = status->st_dev,
        .inode = status->st_ino,
        .byte_count = status->st_size,
        .changed_ns = (int64_t)status->st_ctim.tv_sec * 1000000000 + status->st_ctim.tv_nsec,
    };
}

static bool stamps_equal(const struct umig_file_stamp *a, const struct umig_file_stamp *b)
{
    return a->device == b->device && a->inode == b->inode && a->byte_count == b->byte_count &&
           a->changed_ns == b->changed_ns;
}

/* Not blocking: a path may name a FIFO or a device by now. */
static int open_regular(const char *path, struct stat *out_status)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd >= 0 && (fstat(fd, out_status) != 0 || !S_ISREG(out_status->st_mode))) {
        close(fd);
        return -1;
    }
    return fd;
}

static bool open_elf(const char *path, struct opened *out_file)
{
    struct stat status;
    const int fd = open_regular(path, &status);
    if (fd < 0) {
        return false;
    }
    const struct umig_elf_source source = {.fd = fd, .byte_count = (uint64_t)status.st_size};
    if (umig_elf_open(&out_file->elf, source, NULL) != UMIG_OK) {
        close(fd);
        return false;
    }
    out_file->fd = fd;
    out_file->stamp = stamp_of(&status);
    snprintf(out_file->path, sizeof out_file->path, "%s", path);
    return true;
}

static bool ids_equal(const struct umig_build_id *a, const struct umig_build_id *b)
{
    return a->byte_count == b->byte_count && memcmp(a->bytes, b->bytes, a->byte_count) == 0;
}

static bool is_object_file(const struct opened *file, const struct umig_symbols_query *query)
{
    if (query->build_id.byte_count == 0) {
        return umig_elf_program_hash(&file->elf) == query->program_hash;
    }
    const struct umig_build_id id = umig_elf_build_id(&file->elf);
    return ids_equal(&id, &query->build_id);
}

/* CRC-32 of IEEE 802.3, reflected, as .gnu_debuglink has it. */
static uint32_t crc_add(uint32_t crc, const uint8_t *bytes, size_t byte_count)
{
    crc = ~crc;
    for (size_t i = 0; i < byte_count; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc >> 1) ^ (UINT32_C(0xedb88320) & (0u - (crc & 1)));
        }
    }
    return ~crc;
}

static bool has_crc(const struct opened *file, uint32_t wanted)
{
    uint8_t chunk[CRC_CHUNK_BYTES];
    const uint64_t byte_count = file->elf.source.byte_count;
    uint32_t crc = 0;
    if (byte_count > CRC_FILE_MAX_BYTES) {
        return false;
    }
    for (uint64_t at = 0; at < byte_count; at += sizeof chunk) {
        const uint64_t left = byte_count - at;
        const size_t count = left < sizeof chunk ? (size_t)left : sizeof chunk;
        if (umig_elf_read(&file->elf, at, chunk, count) != UMIG_OK) {
            return false;
        }
        crc = crc_add(crc, chunk, count);
    }
    return crc == wanted;
}

static bool open_by_build_id(const struct umig_symbols_query *query, struct opened *out_file)
{
    char path[UMIG_OBJECT_PATH_BYTES];
    const struct umig_build_id *id = &query->build_id;
    if (id->byte_count < 2) {
        return false;
    }
    int length = snprintf(path, sizeof path, "%s/.build-id/%02x/", query->debug_root, id->bytes[0]);
    for (uint32_t i = 1; i < id->byte_count && length < (int)sizeof path; i++) {
        length += snprintf(path + length, sizeof path - (size_t)length, "%02x", id->bytes[i]);
    }
    if (length + (int)sizeof ".debug" > (int)sizeof path) {
        return false;
    }
    memcpy(path + length, ".debug", sizeof ".debug");
    if (!open_elf(path, out_file)) {
        return false;
    }
    if (!is_object_file(out_file, query)) {
        close(out_file->fd);
        return false;
    }
    return true;
}

/* Name and checksum of .gnu_debuglink: a string, zeros up to a multiple of 4, 4 bytes. */
static bool read_link(const struct umig_elf *elf, char name[LINK_NAME_BYTES], uint32_t *out_crc)
{
    const struct umig_elf_query query = {.type = SHT_PROGBITS, .name = ".gnu_debuglink"};
    Elf64_Shdr section;
    if (umig_elf_find(elf, query, &section) != UMIG_OK || section.sh_size < 8 ||
        section.sh_size > LINK_NAME_BYTES) {
        return false;
    }
    const size_t name_room = (size_t)section.sh_size - sizeof *out_crc;
    if (umig_elf_read(elf, section.sh_offset, name, name_room) != UMIG_OK ||
        umig_elf_read(elf, section.sh_offset + name_room, out_crc, sizeof *out_crc) != UMIG_OK) {
        return false;
    }
    return memchr(name, '\0', name_room) != NULL && name[0] != '\0' && strchr(name, '/') == NULL;
}

static bool open_by_link(const struct umig_elf *elf,
                         const struct umig_symbols_query *query,
                         struct opened *out_file)
{
    char name[LINK_NAME_BYTES];
    char path[UMIG_OBJECT_PATH_BYTES];
    uint32_t crc = 0;
    const char *slash = strrchr(query->path, '/');
    if (slash == NULL || !read_link(elf, name, &crc)) {
        return false;
    }
    const char *roots[] = {"", "", query->debug_root};
    const char *folders[] = {"", "/.debug", ""};
    for (int i = 0; i < 3; i++) {
        const int length = snprintf(path, sizeof path, "%s%.*s%s/%s", roots[i],
                                    (int)(slash - query->path), query->path, folders[i], name);
        if (length >= (int)sizeof path || strcmp(path, query->path) == 0 ||
            !open_elf(path, out_file)) {
            continue;
        }
        const bool has_id = query->build_id.byte_count > 0;
        if (has_id ? is_object_file(out_file, query) : has_crc(out_file, crc)) {
            return true;
        }
        close(out_file->fd);
    }
    return false;
}

static bool is_kept(const Elf64_Sym *symbol)
{
    const int type = ELF64_ST_TYPE(symbol->st_info);
    return (type == STT_FUNC || type == STT_GNU_IFUNC) && symbol->st_shndx != SHN_UNDEF &&
           symbol->st_value != 0 && symbol->st_value <= UINT32_MAX &&
           symbol->st_size <= SIZE_MAX_KEPT;
}

/* Hand-written code often says no size: such a function goes on to the end of its section at most,
 * or _init would be the name of all the PLT's stubs behind it. */
static uint64_t size_of(const struct umig_elf *elf, const Elf64_Sym *symbol)
{
    Elf64_Shdr section;
    if (symbol->st_size > 0) {
        return symbol->st_size;
    }
    if (umig_elf_section(elf, symbol->st_shndx, &section) != UMIG_OK ||
        symbol->st_value < section.sh_addr ||
        symbol->st_value - section.sh_addr >= section.sh_size) {
        return 1;
    }
    const uint64_t left = section.sh_size - (symbol->st_value - section.sh_addr);
    return left < SIZE_MAX_KEPT ? left : SIZE_MAX_KEPT;
}

static struct umig_symbol kept_of(const struct umig_elf *elf, const Elf64_Sym *symbol)
{
    const int binding = ELF64_ST_BIND(symbol->st_info);
    return (struct umig_symbol){
        .offset = (uint32_t)symbol->st_value,
        .size = (uint32_t)size_of(elf, symbol) & SIZE_MAX_KEPT,
        .binding = binding == STB_LOCAL  ? 0
                   : binding == STB_WEAK ? 1
                                         : 2,
        .name = symbol->st_name,
    };
}

/* Counts the functions of a section, or keeps them where there is room for them. */
static int scan(const struct umig_elf *elf, const Elf64_Shdr *section, struct umig_symbols *symbols)
{
    Elf64_Sym chunk[CHUNK_SYMBOLS];
    const uint64_t total = section->sh_size / sizeof chunk[0];
    if (section->sh_entsize != sizeof chunk[0] || total > SYMBOLS_MAX) {
        return UMIG_E_UNSUPPORTED;
    }
    symbols->count = 0;
    for (uint64_t at = 0; at < total; at += CHUNK_SYMBOLS) {
        const uint64_t left = total - at;
        const size_t count = left < CHUNK_SYMBOLS ? (size_t)left : CHUNK_SYMBOLS;
        const uint64_t offset = section->sh_offset + at * sizeof chunk[0];
        if (umig_elf_read(elf, offset, chunk, count * sizeof chunk[0]) != UMIG_OK) {
            return UMIG_E_IO;
        }
        for (size_t i = 0; i < count; i++) {
            if (is_kept(&chunk[i])) {
                /* The file may grow between counting and keeping. */
                if (symbols->items != NULL && symbols->count < symbols->room) {
                    symbols->items[symbols->count] = kept_of(elf, &chunk[i]);
                } else if (symbols->items != NULL) {
                    return UMIG_E_IO;
                }
                symbols->count++;
            }
        }
    }
    return UMIG_OK;
}

static int by_offset(const void *left, const void *right)
{
    const struct umig_symbol *a = left;
    const struct umig_symbol *b = right;
    if (a->offset != b->offset) {
        return a->offset < b->offset ? -1 : 1;
    }
    if (a->binding != b->binding) {
        return a->binding > b->binding ? -1 : 1;
    }
    if (a->size != b->size) {
        return a->size > b->size ? -1 : 1;
    }
    return a->name < b->name ? -1 : a->name > b->name;
}

static void sort_and_unite(struct umig_symbols *symbols)
{
    qsort(symbols->items, symbols->count, sizeof symbols->items[0], by_offset);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < symbols->count; i++) {
        if (kept == 0 || symbols->items[kept - 1].offset != symbols->items[i].offset) {
            symbols->items[kept++] = symbols->items[i];
        }
    }
    symbols->count = kept;
}

/* Reads the table of a type out of an open file. UMIG_NOT_FOUND: it has none. */
static int read_table(const struct umig_elf *elf,
                      uint32_t type,
                      struct umig_symbols *symbols,
                      struct umig_quota *quota)
{
    Elf64_Shdr section;
    int rc = umig_elf_find(elf, (struct umig_elf_query){.type = type}, &section);
    if (rc != UMIG_OK) {
        return rc;
    }
    rc = umig_elf_section(elf, section.sh_link, &symbols->strings);
    if (rc == UMIG_OK) {
        rc = scan(elf, &section, symbols);
    }
    if (rc != UMIG_OK || symbols->count == 0) {
        return rc;
    }
    symbols->room = symbols->count;
    symbols->items = umig_quota_take(quota, symbols->room * sizeof symbols->items[0]);
    if (symbols->items == NULL) {
        return UMIG_E_NOMEM;
    }
    rc = scan(elf, &section, symbols);
    if (rc != UMIG_OK) {
        umig_symbols_fini(symbols, quota);
        return rc;
    }
    sort_and_unite(symbols);
    return UMIG_OK;
}

/* Takes the table of an open file, closes the file. */
static int read_file(struct opened *file,
                     uint32_t type,
                     struct umig_symbols *out_symbols,
                     struct umig_quota *quota)
{
    struct umig_symbols symbols = {.image = {.fd = -1}, .stamp = file->stamp};
    memcpy(symbols.path, file->path, sizeof symbols.path);
    const int rc = read_table(&file->elf, type, &symbols, quota);
    close(file->fd);
    if (rc == UMIG_OK) {
        *out_symbols = symbols;
    }
    return rc;
}

static bool has_table(const struct umig_elf *elf, uint32_t type)
{
    Elf64_Shdr section;
    return umig_elf_find(elf, (struct umig_elf_query){.type = type}, &section) == UMIG_OK;
}

int umig_symbols_read(struct umig_symbols *out_symbols,
                      const struct umig_symbols_query *query,
                      struct umig_quota *quota)
{
    struct opened own = {.fd = -1};
    struct opened debug = {.fd = -1};
    bool has_own = open_elf(query->path, &own);
    if (has_own && !is_object_file(&own, query)) {
        close(own.fd);
        has_own = false;
    }
    if (has_own && has_table(&own.elf, SHT_SYMTAB)) {
        return read_file(&own, SHT_SYMTAB, out_symbols, quota);
    }
    if (open_by_build_id(query, &debug) || (has_own && open_by_link(&own.elf, query, &debug))) {
        const int rc = read_file(&debug, SHT_SYMTAB, out_symbols, quota);
        if (rc == UMIG_OK || !has_own) {
            if (has_own) {
                close(own.fd);
            }
            return rc;
        }
    }
    return has_own ? read_file(&own, SHT_DYNSYM, out_symbols, quota) : UMIG_NOT_FOUND;
}

int umig_symbols_read_image(struct umig_symbols *out_symbols,
                            struct umig_elf_source image,
                            struct umig_quota *quota)
{
    struct umig_symbols symbols = {.image = image};
    struct umig_elf elf;
    int rc = umig_elf_open(&elf, image, NULL);
    if (rc == UMIG_OK) {
        const uint32_t type = has_table(&elf, SHT_SYMTAB) ? SHT_SYMTAB : SHT_DYNSYM;
        rc = read_table(&elf, type, &symbols, quota);
    }
    if (rc == UMIG_OK) {
        *out_symbols = symbols;
    }
    return rc;
}

void umig_symbols_fini(struct umig_symbols *symbols, struct umig_quota *quota)
{
    umig_quota_give(quota, symbols->items, symbols->room * sizeof symbols->items[0]);
    *symbols = (struct umig_symbols){.items = NULL};
}

uint32_t umig_symbols_find(const struct umig_symbols *symbols, uint64_t offset)
{
    uint32_t low = 0;
    uint32_t high = symbols->count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (symbols->items[middle].offset <= offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == 0) {
        return 0;
    }
    const struct umig_symbol *symbol = &symbols->items[low - 1];
    return offset - symbol->offset < symbol->size ? low : 0;
}

static int name_from_file(const struct umig_symbols *symbols, uint32_t name, char *out, size_t room)
{
    struct stat status;
    const int fd = open_regular(symbols->path, &status);
    if (fd < 0) {
        return UMIG_NOT_FOUND;
    }
    const struct umig_file_stamp stamp = stamp_of(&status);
    int rc = UMIG_NOT_FOUND;
    if (stamps_equal(&stamp, &symbols->stamp)) {
        const struct umig_elf elf = {
            .source = {.fd = fd, .byte_count = (uint64_t)status.st_size},
        };
        rc = umig_elf_string(&elf, &symbols->strings, name, out, room);
    }
    close(fd);
    return rc;
}

int umig_symbols_name(const struct umig_symbols *symbols, uint32_t symbol, char *out, size_t room)
{
    int rc = UMIG_NOT_FOUND;
    if (symbol > 0 && symbol <= symbols->count) {
        const uint32_t name = symbols->items[symbol - 1].name;
        const struct umig_elf image = {.source = symbols->image};
        rc = symbols->image.bytes != NULL
                 ? umig_elf_string(&image, &symbols->strings, name, out, room)
                 : name_from_file(symbols, name, out, room);
    }
    if (rc != UMIG_OK && rc != UMIG_TRUNCATED) {
        out[0] = '\0';
    }
    return rc;
}
