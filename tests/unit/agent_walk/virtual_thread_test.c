/* Ids and names of virtual threads, in a heap made here. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "agent/signal/guard.h"
#include "agent/walk/virtual_thread.h"
#include "tests/support/test.h"

enum {
    TEXT_BYTES = 1024,
    NARROW_SHIFT = 3,
    KLASS_SHIFT = 3,
    COMPACT_BIT = 42,
    ID = 4711
};

/* Classes lie within 22 bits of one another, as compact headers want it. */
struct fake_symbol {
    uint32_t hash;
    uint16_t length;
    char body[58];
};

struct fake_klass {
    uint64_t vtable;
    int32_t padding, layout;
    uintptr_t name;
};

struct fake_array {
    uint64_t mark;
    uint64_t klass; /* narrow: the class, then the length */
    uint32_t length, unused;
    char bytes[TEXT_BYTES];
};

struct fake_object {
    uint64_t mark;
    uint64_t klass;
    uint64_t field[4];
};

struct fixture {
    struct umig_hotspot hotspot;
    struct fake_symbol names[2];
    struct fake_klass carrier, virtual_thread, body, string, bytes;
    struct fake_object continuation, target, thread, carrier_thread, text;
    struct fake_array array;
    uintptr_t handle; /* of JavaThread::_vthread */
    struct {
        uintptr_t vthread;
        uint64_t owner_id;
    } java_thread;
    struct umig_virtual_thread out;
};

static _Alignas(4096) struct fixture g_fx;
static struct sigaction g_ours; /* cmocka puts its own handlers in front for every test */

static uint64_t reference(const struct fixture *fx, const void *to)
{
    return fx->hotspot.references == UMIG_HS_COLOURED ? (uintptr_t)to << 14 | 1u << 13
                                                      : (uintptr_t)to;
}

static void set_class(const struct fixture *fx, struct fake_object *object, const void *klass)
{
    const uint64_t narrow = ((uintptr_t)klass - fx->hotspot.klass_base) >> KLASS_SHIFT;
    switch (fx->hotspot.header) {
    case UMIG_HS_HEADER_COMPACT:
        object->mark = narrow << COMPACT_BIT | 1;
        break;
    case UMIG_HS_HEADER_NARROW:
        object->klass = narrow;
        break;
    case UMIG_HS_HEADER_WIDE:
    default:
        object->klass = (uintptr_t)klass;
        break;
    }
}

/* Where an array's length is, and where its elements begin, follows from its header. */
static void set_name(struct fixture *fx, const void *bytes, uint32_t length, uint8_t coder)
{
    static const uint32_t headers[] = {24, 16, 12};
    const uint32_t header = headers[fx->hotspot.header];
    static const uint32_t lengths[] = {16, 12, 8};
    set_class(fx, (struct fake_object *)&fx->array, &fx->bytes);
    fx->bytes.layout = (int32_t)(0xc0000000u | header << 16 | 8 << 8);
    memcpy((char *)&fx->array + lengths[fx->hotspot.header], &length, sizeof length);
    memcpy((char *)&fx->array + header, bytes, length);
    fx->text.field[1] = coder;
    fx->text.field[0] = reference(fx, &fx->array);
}

static void link_all(struct fixture *fx)
{
    set_class(fx, &fx->target, &fx->body);
    set_class(fx, &fx->thread, &fx->virtual_thread);
    set_class(fx, &fx->carrier_thread, &fx->carrier);
    set_class(fx, &fx->text, &fx->string);
    fx->continuation.field[0] = reference(fx, &fx->target);
    fx->target.field[0] = reference(fx, &fx->thread);
    fx->thread.field[0] = ID;
    fx->thread.field[1] = reference(fx, &fx->text);
    fx->handle = reference(fx, &fx->thread);
    set_name(fx, "orders-17", 9, 0);
}

static void describe(struct fixture *fx)
{
    const int32_t first = offsetof(struct fake_object, field);
    fx->hotspot = (struct umig_hotspot){
        .klass_name = offsetof(struct fake_klass, name),
        .symbol_length = offsetof(struct fake_symbol, length),
        .symbol_body = offsetof(struct fake_symbol, body),
        .klass_layout = offsetof(struct fake_klass, layout),
        .klass_base = (uintptr_t)fx,
        .klass_shift = KLASS_SHIFT,
        .body_klass = (uintptr_t)&fx->body,
        .string_klass = (uintptr_t)&fx->string,
        .continuation_target = first,
        .body_thread = first,
        .thread_id = first,
        .thread_name = first + 8,
        .string_value = first,
        .string_coder = first + 8,
        .thread_vthread = 0,
        .thread_owner_id = -1,
        .has_thread_names = true,
    };
}

static int setup(void **state)
{
    struct fixture *fx = &g_fx;
    memset(fx, 0, sizeof *fx);
    fx->names[0] = (struct fake_symbol){.length = 23, .body = "java/lang/VirtualThread"};
    fx->names[1] = (struct fake_symbol){.length = 23, .body = "jdk/internal/CarrierXYZ"};
    fx->virtual_thread.name = (uintptr_t)&fx->names[0];
    fx->carrier.name = (uintptr_t)&fx->names[1];
    describe(fx);
    fx->java_thread.vthread = (uintptr_t)&fx->handle;
    fx->java_thread.owner_id = ID;
    link_all(fx);
    *state = fx;
    return 0;
}

static void read_thread(struct fixture *fx)
{
    umig_virtual_thread_read(&fx->hotspot, (uintptr_t)&fx->java_thread,
                             (uintptr_t)&fx->continuation, &fx->out);
}

static void assert_name(const struct fixture *fx, const char *name)
{
    assert_int_equal(fx->out.id, ID);
    assert_int_equal(fx->out.who, UMIG_RECORD_VIRTUAL_LATIN1);
    assert_int_equal(fx->out.text_bytes, strlen(name));
    assert_memory_equal(fx->out.text, name, strlen(name));
}

static void test_id_and_name_are_read_whatever_the_headers(void **state)
{
    struct fixture *fx = *state;
    static const enum umig_hs_header headers[] = {UMIG_HS_HEADER_WIDE, UMIG_HS_HEADER_NARROW,
                                                  UMIG_HS_HEADER_COMPACT};
    for (size_t i = 0; i < 3; i++) {
        fx->hotspot.header = headers[i];
        link_all(fx);
        read_thread(fx);
        assert_name(fx, "orders-17");
    }
}

static void test_references_are_read_as_the_collectors_write_them(void **state)
{
    struct fixture *fx = *state;
    fx->hotspot.references = UMIG_HS_COLOURED;
    link_all(fx);
    read_thread(fx);
    assert_name(fx, "orders-17");

    describe(fx);
    fx->hotspot.references = UMIG_HS_NARROW; /* the handle stays an address */
    fx->hotspot.narrow_base = (uintptr_t)fx - 4096;
    fx->hotspot.narrow_shift = NARROW_SHIFT;
    link_all(fx);
    fx->thread.field[1] = ((uintptr_t)&fx->text - fx->hotspot.narrow_base) >> NARROW_SHIFT;
    fx->text.field[0] = ((uintptr_t)&fx->array - fx->hotspot.narrow_base) >> NARROW_SHIFT;
    read_thread(fx);
    assert_name(fx, "orders-17");
}

/* While a virtual thread is scheduled, its carrier is the current thread. */
static void test_the_continuation_tells_while_the_carrier_acts(void **state)
{
    struct fixture *fx = *state;
    fx->handle = (uintptr_t)&fx->carrier_thread;
    read_thread(fx);
    assert_name(fx, "orders-17");

    fx->hotspot.thread_vthread = -1; /* a JVM that does not describe it */
    read_thread(fx);
    assert_name(fx, "orders-17");
}

static void test_a_thread_without_name_has_an_empty_one(void **state)
{
    struct fixture *fx = *state;
    set_name(fx, "", 0, 0);
    read_thread(fx);
    assert_name(fx, "");
}

static void test_a_wide_name_keeps_its_form(void **state)
{
    struct fixture *fx = *state;
    static const uint16_t name[] = {0x0437, 0x0430, 0xd83d, 0xde00};
    set_name(fx, name, sizeof name, 1);
    read_thread(fx);
    assert_int_equal(fx->out.who, UMIG_RECORD_VIRTUAL_UTF16);
    assert_int_equal(fx->out.text_bytes, sizeof name);
    assert_memory_equal(fx->out.text, name, sizeof name);
}

static void test_a_long_name_is_read_one_character_beyond_what_is_kept(void **state)
{
    struct fixture *fx = *state;
    char name[TEXT_BYTES - 16];
    memset(name, 'n', sizeof name);
    set_name(fx, name, 200, 0);
    read_thread(fx);
    assert_int_equal(fx->out.text_bytes, UMIG_VIRTUAL_NAME_CHARS + 1);
    set_name(fx, name, 400, 1);
    read_thread(fx);
    assert_int_equal(fx->out.text_bytes, 2 * (UMIG_VIRTUAL_NAME_CHARS + 1));
}

/* What a collector leaves where an object was: another object, or anything. */
static void test_what_is_of_another_class_is_no_name(void **state)
{
    struct fixture *fx = *state;
    set_class(fx, &fx->text, &fx->body);
    read_thread(fx);
    assert_int_equal(fx->out.who, UMIG_RECORD_VIRTUAL_ID);
    assert_int_equal(fx->out.id, ID);

    link_all(fx);
    fx->bytes.layout = (int32_t)(0xc0000000u | 24 << 16 | 5 << 8); /* char[] */
    read_thread(fx);
    assert_int_equal(fx->out.who, UMIG_RECORD_VIRTUAL_ID);

    link_all(fx);
    fx->text.field[1] = 2; /* no coder */
    read_thread(fx);
    assert_int_equal(fx->out.who, UMIG_RECORD_VIRTUAL_ID);

    link_all(fx);
    set_name(fx, "odd", 3, 1);
    read_thread(fx);
    assert_int_equal(fx->out.who, UMIG_RECORD_VIRTUAL_ID);
}

static void test_a_thread_that_cannot_be_had_is_told_by_the_jvms_number(void **state)
{
    struct fixture *fx = *state;
    set_class(fx, &fx->thread, &fx->carrier);
    read_thread(fx);
    assert_int_equal(fx->out.who, UMIG_RECORD_VIRTUAL);
    assert_int_equal(fx->out.id, 0);

    fx->hotspot.thread_owner_id = offsetof(typeof(fx->java_thread), owner_id); /* JDK 24 */
    read_thread(fx);
    assert_int_equal(fx->out.who, UMIG_RECORD_VIRTUAL_ID);
    assert_int_equal(fx->out.id, ID);
}

static void test_without_the_layout_nothing_is_told(void **state)
{
    struct fixture *fx = *state;
    atomic_store(&fx->hotspot.has_thread_names, false);
    read_thread(fx);
    assert_int_equal(fx->out.who, UMIG_RECORD_VIRTUAL);
    assert_int_equal(fx->out.id, 0);
    assert_int_equal(fx->out.text_bytes, 0);
}

/* No guard is armed here: each of these must be asked for before it is read. */
static void test_memory_that_is_gone_is_not_read(void **state)
{
    struct fixture *fx = *state;
    void *gone = mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(gone, MAP_FAILED);
    assert_int_equal(sigaction(SIGSEGV, &g_ours, NULL), 0);
    uint64_t *const links[] = {&fx->text.field[0], &fx->thread.field[1], &fx->thread.klass,
                               &fx->text.klass, &fx->array.klass};
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        link_all(fx);
        *links[i] = (uintptr_t)gone;
        read_thread(fx);
        assert_true(fx->out.who == UMIG_RECORD_VIRTUAL || fx->out.who == UMIG_RECORD_VIRTUAL_ID);
    }
    link_all(fx);
    fx->handle = fx->continuation.field[0] = (uintptr_t)gone;
    read_thread(fx);
    assert_int_equal(fx->out.who, UMIG_RECORD_VIRTUAL);
    link_all(fx);
    fx->java_thread.vthread = (uintptr_t)gone;
    read_thread(fx);
    assert_name(fx, "orders-17");
    munmap(gone, 8192);
}

/* Every word of the heap in turn is something else: never a fault, never a longer name than kept.
 */
static void test_noise_in_the_heap_is_survived(void **state)
{
    struct fixture *fx = *state;
    assert_int_equal(sigaction(SIGSEGV, &g_ours, NULL), 0);
    uint64_t *const begin = (uint64_t *)(void *)&fx->carrier;
    const size_t words =
        (offsetof(struct fixture, handle) - offsetof(struct fixture, carrier)) / sizeof *begin;
    unsigned seed = 1;
    for (int round = 0; round < 20000; round++) {
        const size_t at = (size_t)rand_r(&seed) % words;
        const uint64_t before = begin[at];
        begin[at] = (round % 3 == 0 ? before : 0) ^
                    ((uint64_t)rand_r(&seed) << (rand_r(&seed) % 33) & UINT64_C(0x7fffffffffff));
        fx->hotspot.header = (enum umig_hs_header)(round % 3);
        read_thread(fx);
        assert_true(fx->out.text_bytes <= UMIG_VIRTUAL_TEXT_BYTES);
        begin[at] = before;
    }
}

static int install_guard(void **state)
{
    (void)state;
    static struct umig_slot slots[UMIG_SLOT_WINDOW];
    static struct umig_slots table;
    const struct umig_code_range nothing = {.begin = 0, .end = 0};
    struct umig_err err = UMIG_ERR_INIT;
    umig_slots_init(&table, slots, UMIG_SLOT_WINDOW);
    const int rc = umig_guard_install(&table, &nothing, 1, &err);
    (void)sigaction(SIGSEGV, NULL, &g_ours);
    return rc;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_id_and_name_are_read_whatever_the_headers, setup),
        cmocka_unit_test_setup(test_references_are_read_as_the_collectors_write_them, setup),
        cmocka_unit_test_setup(test_the_continuation_tells_while_the_carrier_acts, setup),
        cmocka_unit_test_setup(test_a_thread_without_name_has_an_empty_one, setup),
        cmocka_unit_test_setup(test_a_wide_name_keeps_its_form, setup),
        cmocka_unit_test_setup(test_a_long_name_is_read_one_character_beyond_what_is_kept, setup),
        cmocka_unit_test_setup(test_what_is_of_another_class_is_no_name, setup),
        cmocka_unit_test_setup(test_a_thread_that_cannot_be_had_is_told_by_the_jvms_number, setup),
        cmocka_unit_test_setup(test_without_the_layout_nothing_is_told, setup),
        cmocka_unit_test_setup(test_memory_that_is_gone_is_not_read, setup),
        cmocka_unit_test_setup(test_noise_in_the_heap_is_survived, setup),
    };
    return cmocka_run_group_tests_name("unit.agent.virtual_thread", tests, install_guard, NULL);
}
