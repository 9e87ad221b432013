#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/native/elf_file.h"
#include "agent/native/symbols.h"
#include "tests/support/test.h"

struct file {
    uint8_t *bytes;
    size_t byte_count;
};

static struct file load(const char *path)
{
    struct stat status;
    const int fd = open(path, O_RDONLY);
    assert_true(fd >= 0 && fstat(fd, &status) == 0);
    struct file file = {.bytes = malloc((size_t)status.st_size),
                        .byte_count = (size_t)status.st_size};
    assert_int_equal(read(fd, file.bytes, file.byte_count), status.st_size);
    close(fd);
    return file;
}

static struct umig_elf_source source_of(const struct file *file)
{
    return (struct umig_elf_source){.fd = -1, .bytes = file->bytes, .byte_count = file->byte_count};
}

/* Everything that can be asked of a file; counts names that are the sample's. */
static size_t read_everything(const struct file *file)
{
    struct umig_memory memory = {.limit_bytes = 1 << 20};
    struct umig_quota quota = {.memory = &memory, .limit_bytes = 1 << 20};
    struct umig_symbols symbols = {.items = NULL};
    struct umig_elf elf;
    size_t found = 0;
    if (umig_elf_open(&elf, source_of(file), NULL) != UMIG_OK) {
        return 0;
    }
    assert_true(umig_elf_build_id(&elf).byte_count <= UMIG_BUILD_ID_MAX);
    (void)umig_elf_program_hash(&elf);
    if (umig_symbols_read_image(&symbols, source_of(file), &quota) == UMIG_OK) {
        for (uint32_t i = 1; i <= symbols.count; i++) {
            char name[64];
            const int rc = umig_symbols_name(&symbols, i, name, sizeof name);
            assert_true(rc == UMIG_OK || rc == UMIG_TRUNCATED || name[0] == '\0');
            found += strncmp(name, "sample_", 7) == 0;
        }
    }
    umig_symbols_fini(&symbols, &quota);
    assert_int_equal(memory.used_bytes, 0);
    return found;
}

static void test_a_file_has_its_symbols_and_its_id(void **state)
{
    (void)state;
    struct file file = load(UMIG_TEST_SAMPLE);
    struct umig_elf elf;
    Elf64_Shdr section;
    assert_int_equal(umig_elf_open(&elf, source_of(&file), NULL), UMIG_OK);
    assert_int_equal(umig_elf_build_id(&elf).byte_count, 20);
    assert_true(umig_elf_program_hash(&elf) != 0);
    const struct umig_elf_query text = {.type = SHT_PROGBITS, .name = ".text"};
    assert_int_equal(umig_elf_find(&elf, text, &section), UMIG_OK);
    const struct umig_elf_query none = {.type = SHT_PROGBITS, .name = ".nothing"};
    assert_int_equal(umig_elf_find(&elf, none, &section), UMIG_NOT_FOUND);
    assert_int_equal(read_everything(&file), 3); /* of the two names of one, one */
    free(file.bytes);
}

static void test_a_file_cut_short_is_refused_or_read_in_part(void **state)
{
    (void)state;
    struct file file = load(UMIG_TEST_SAMPLE);
    Elf64_Ehdr header;
    memcpy(&header, file.bytes, sizeof header);
    for (size_t count = 0; count < file.byte_count; count += 13) {
        struct file cut = {.bytes = malloc(count + 1), .byte_count = count};
        memcpy(cut.bytes, file.bytes, count);
        /* Exactly as large as the file, so that a sanitizer sees a byte beyond. */
        cut.bytes = realloc(cut.bytes, count > 0 ? count : 1);
        /* The section headers come last: without the symbols' there are none. */
        const size_t found = read_everything(&cut);
        assert_true(found == 0 || count > header.e_shoff);
        free(cut.bytes);
    }
    free(file.bytes);
}

static void test_a_damaged_file_is_survived(void **state)
{
    (void)state;
    struct file file = load(UMIG_TEST_SAMPLE);
    struct file damaged = {.bytes = malloc(file.byte_count), .byte_count = file.byte_count};
    Elf64_Ehdr header;
    memcpy(&header, file.bytes, sizeof header);
    size_t unread = 0;
    srandom(1);
    for (int round = 0; round < 3000; round++) {
        memcpy(damaged.bytes, file.bytes, file.byte_count);
        for (int i = 0; i < 8; i++) {
            /* In the headers, where it hurts. */
            const size_t at =
                i % 2 == 0 ? (size_t)random() % sizeof header
                           : header.e_shoff + (size_t)random() % (file.byte_count - header.e_shoff);
            damaged.bytes[at] = (uint8_t)random();
        }
        unread += read_everything(&damaged) == 0;
    }
    assert_in_range(unread, 1, 3000);
    free(damaged.bytes);
    free(file.bytes);
}

static void test_what_is_no_elf_file_of_ours_says_so(void **state)
{
    (void)state;
    struct file file = load(UMIG_TEST_SAMPLE);
    struct umig_elf elf;
    struct umig_err err = UMIG_ERR_INIT;
    struct file empty = {.bytes = file.bytes, .byte_count = 10};
    assert_int_equal(umig_elf_open(&elf, source_of(&empty), &err), UMIG_E_IO);
    assert_string_equal(err.text, "10 bytes are less than an ELF header");
    file.bytes[18] = EM_AARCH64;
    assert_int_equal(umig_elf_open(&elf, source_of(&file), &err), UMIG_E_UNSUPPORTED);
    assert_string_equal(err.text, "not an ELF file of x86-64");
    free(file.bytes);
}

static void test_notes_of_any_size_are_bounded(void **state)
{
    (void)state;
    struct {
        Elf64_Nhdr note;
        char name[4];
        uint8_t id[20];
    } notes = {{4, 20, NT_GNU_BUILD_ID}, "GNU", {1, 2, 3}};
    struct umig_build_id id = umig_build_id_of_notes((const uint8_t *)&notes, sizeof notes);
    assert_int_equal(id.byte_count, 20);
    assert_int_equal(id.bytes[2], 3);
    for (size_t count = 0; count < sizeof notes; count++) {
        assert_int_equal(umig_build_id_of_notes((const uint8_t *)&notes, count).byte_count, 0);
    }
    notes.note.n_descsz = UINT32_MAX;
    id = umig_build_id_of_notes((const uint8_t *)&notes, sizeof notes);
    assert_int_equal(id.byte_count, 0);
    notes.note.n_descsz = 20;
    notes.note.n_namesz = UINT32_MAX;
    id = umig_build_id_of_notes((const uint8_t *)&notes, sizeof notes);
    assert_int_equal(id.byte_count, 0);
}

static void test_strings_end(void **state)
{
    (void)state;
    static const uint8_t bytes[] = "\0first\0unended";
    const struct umig_elf elf = {
        .source = {.fd = -1, .bytes = bytes, .byte_count = sizeof bytes - 1}};
    Elf64_Shdr section = {.sh_type = SHT_STRTAB, .sh_size = sizeof bytes - 1};
    char out[8];
    assert_int_equal(umig_elf_string(&elf, &section, 1, out, sizeof out), UMIG_OK);
    assert_string_equal(out, "first");
    assert_int_equal(umig_elf_string(&elf, &section, 1, out, 3), UMIG_TRUNCATED);
    assert_string_equal(out, "fi");
    assert_int_equal(umig_elf_string(&elf, &section, 7, out, sizeof out), UMIG_E_IO);
    assert_int_equal(umig_elf_string(&elf, &section, sizeof bytes, out, sizeof out), UMIG_E_IO);
    section.sh_size = 1000; /* more than there is */
    assert_int_equal(umig_elf_string(&elf, &section, 10, out, sizeof out), UMIG_E_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_file_has_its_symbols_and_its_id),
        cmocka_unit_test(test_a_file_cut_short_is_refused_or_read_in_part),
        cmocka_unit_test(test_a_damaged_file_is_survived),
        cmocka_unit_test(test_what_is_no_elf_file_of_ours_says_so),
        cmocka_unit_test(test_notes_of_any_size_are_bounded),
        cmocka_unit_test(test_strings_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
