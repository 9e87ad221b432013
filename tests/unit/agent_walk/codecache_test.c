#include <string.h>

#include "agent/walk/codecache.h"
#include "tests/support/test.h"
#include "tests/unit/agent_walk/fake_jvm.h"

static void test_codecache_knows_code_by_its_name(void **state)
{
    struct fake_jvm *jvm = *state;
    static const struct {
        const char *name;
        enum umig_blob_kind kind;
    } cases[] = {
        {"nmethod", UMIG_BLOB_NMETHOD},
        {"native nmethod", UMIG_BLOB_NATIVE},
        {"Interpreter", UMIG_BLOB_INTERPRETER},
        {"I2C/C2I adapters", UMIG_BLOB_FRAMELESS},
        {"I2C/C2I adapters(LLI)", UMIG_BLOB_FRAMELESS},
        {"vtable chunks", UMIG_BLOB_FRAMELESS},
        {"VtableBlob", UMIG_BLOB_FRAMELESS},
        {"MethodHandles adapters", UMIG_BLOB_FRAMELESS},
        {"upcall_stub", UMIG_BLOB_UPCALL},
        {"StubRoutines (initial stubs)", UMIG_BLOB_STUB},
        {"StubRoutines (continuation stubs)", UMIG_BLOB_CONTINUATION},
        {"StubRoutines (continuationstubs)", UMIG_BLOB_CONTINUATION},
        {"", UMIG_BLOB_STUB},
        {NULL, UMIG_BLOB_STUB},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        jvm->blocks[FAKE_COMPILED].blob.name = cases[i].name;

        const struct umig_blob blob =
            umig_codecache_find(&jvm->hotspot, fake_code(jvm, FAKE_COMPILED, 10));

        assert_int_equal(blob.kind, cases[i].kind);
    }
}

static void test_codecache_describes_the_blob(void **state)
{
    struct fake_jvm *jvm = *state;
    const uintptr_t pcs[] = {fake_code(jvm, FAKE_RUNTIME_STUB, 0),
                             fake_code(jvm, FAKE_RUNTIME_STUB, FAKE_CODE_BYTES - 1)};
    for (size_t i = 0; i < 2; i++) { /* in its first segment, and in the second */
        const struct umig_blob blob = umig_codecache_find(&jvm->hotspot, pcs[i]);

        assert_ptr_equal(blob.at, &jvm->blocks[FAKE_RUNTIME_STUB].blob);
        assert_ptr_equal(blob.code, jvm->blocks[FAKE_RUNTIME_STUB].code);
        assert_int_equal(blob.frame_words, 6);
        assert_int_equal(blob.frame_complete, 4);
    }
}

/* JDK 25: an offset in 16 bits where a pointer was, and frame_complete in 16 bits. */
static void test_codecache_reads_the_short_fields(void **state)
{
    struct fake_jvm *jvm = *state;
    struct fake_blob *blob = &jvm->blocks[FAKE_COMPILED].blob;
    blob->frame_complete = 0x00070000 | 0xffff; /* -1, and what stands behind it */
    blob->orig_pc = 0x00090000 | sizeof(struct fake_blob);
    jvm->hotspot.blob_frame_complete_bytes = 2;
    jvm->hotspot.blob_code_begin = -1;
    jvm->hotspot.blob_code_offset = offsetof(struct fake_blob, orig_pc);

    const struct umig_blob found =
        umig_codecache_find(&jvm->hotspot, fake_code(jvm, FAKE_COMPILED, 10));

    assert_int_equal(found.frame_complete, -1);
    assert_ptr_equal(found.code, jvm->blocks[FAKE_COMPILED].code);
}

static void assert_nothing_at(const struct fake_jvm *jvm, uintptr_t pc)
{
    assert_int_equal(umig_codecache_find(&jvm->hotspot, pc).kind, UMIG_BLOB_NONE);
}

static void test_codecache_finds_nothing_where_nothing_is(void **state)
{
    struct fake_jvm *jvm = *state;
    assert_nothing_at(jvm, fake_code(jvm, FAKE_BLOCKS, 10)); /* free */
    assert_nothing_at(jvm, jvm->low - 1);
    assert_nothing_at(jvm, jvm->high);
    assert_nothing_at(jvm, 0);

    jvm->blocks[FAKE_COMPILED].used = 0;
    assert_nothing_at(jvm, fake_code(jvm, FAKE_COMPILED, 10));

    jvm->hotspot.can_find_code = false;
    assert_nothing_at(jvm, fake_code(jvm, FAKE_CALLER, 10));
}

/* Blocks beyond 254 segments are chained; a chain that leaves the heap is none. */
static void test_codecache_follows_chained_segments(void **state)
{
    struct fake_jvm *jvm = *state;
    const size_t last = 2 * FAKE_BLOCKS - 1;
    memset(jvm->segmap, 1, last + 1);
    jvm->segmap[0] = 0;

    assert_ptr_equal(umig_codecache_find(&jvm->hotspot, fake_code(jvm, FAKE_BLOCKS - 1, 300)).at,
                     &jvm->blocks[0].blob);

    jvm->segmap[last] = (uint8_t)(last + 1);
    assert_nothing_at(jvm, fake_code(jvm, FAKE_BLOCKS - 1, 300));
}

static void test_codecache_searches_every_heap(void **state)
{
    struct fake_jvm *jvm = *state;
    const struct fake_heap elsewhere = {.low = 0x1000, .high = 0x2000};
    const uintptr_t heaps[] = {(uintptr_t)&elsewhere, (uintptr_t)&jvm->heap};
    jvm->array = (struct fake_array){2, (uintptr_t)heaps};
    assert_int_equal(umig_codecache_find(&jvm->hotspot, fake_code(jvm, FAKE_CALLER, 10)).kind,
                     UMIG_BLOB_NMETHOD);

    jvm->array.length = 1;
    assert_nothing_at(jvm, fake_code(jvm, FAKE_CALLER, 10));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_jvm_setup, fake_jvm_teardown)
        TEST(test_codecache_knows_code_by_its_name),
        TEST(test_codecache_describes_the_blob),
        TEST(test_codecache_reads_the_short_fields),
        TEST(test_codecache_finds_nothing_where_nothing_is),
        TEST(test_codecache_follows_chained_segments),
        TEST(test_codecache_searches_every_heap),
    };
    return cmocka_run_group_tests_name("unit.agent.codecache", tests, NULL, NULL);
}
