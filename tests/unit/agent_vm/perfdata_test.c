#include <stdlib.h>
#include <string.h>

#include "agent/vm/perfdata.h"
#include "tests/support/test.h"

#define PROLOGUE_BYTES 32u
#define ENTRY_BYTES    20u

/* Counters' memory as the JVM lays it out, made byte by byte. */
struct region {
    char bytes[512];
    size_t len;
    int32_t entry_count;
};

static void put_int(struct region *region, size_t at, int32_t value)
{
    memcpy(region->bytes + at, &value, sizeof value);
}

static void put_prologue(struct region *region)
{
    const unsigned char magic[] = {0xca, 0xfe, 0xc0, 0xc0};
    memcpy(region->bytes, magic, sizeof magic);
    region->bytes[4] = 1; /* little-endian */
    region->bytes[5] = 2;
    put_int(region, 8, (int32_t)region->len);
    put_int(region, 24, (int32_t)PROLOGUE_BYTES);
    put_int(region, 28, region->entry_count);
}

/* vector_bytes 0: a number. Returns where the data begin. */
static size_t put_entry(struct region *region, const char *name, size_t vector_bytes)
{
    const size_t begin = region->len;
    const size_t data_at = (ENTRY_BYTES + strlen(name) + 1 + 7) / 8 * 8;
    const size_t data_bytes = vector_bytes == 0 ? 8 : vector_bytes;
    const size_t len = (data_at + data_bytes + 7) / 8 * 8;
    assert_true(begin + len <= sizeof region->bytes);
    put_int(region, begin, (int32_t)len);
    put_int(region, begin + 4, (int32_t)ENTRY_BYTES);
    put_int(region, begin + 8, (int32_t)vector_bytes);
    put_int(region, begin + 16, (int32_t)data_at);
    memcpy(region->bytes + begin + ENTRY_BYTES, name, strlen(name) + 1);
    region->len += len;
    region->entry_count++;
    return begin + data_at;
}

static void make_region(struct region *region, size_t *out_number_at, size_t *out_text_at)
{
    memset(region, 0, sizeof *region);
    region->len = PROLOGUE_BYTES;
    put_entry(region, "sun.gc.collector.0.name", 30);
    *out_number_at = put_entry(region, "sun.gc.collector.0.invocations", 0);
    *out_text_at = put_entry(region, "sun.gc.cause", 80);
    put_prologue(region);
}

static void test_find_known_name_returns_its_place(void **state)
{
    (void)state;
    struct region region;
    size_t number_at;
    size_t text_at;
    make_region(&region, &number_at, &text_at);
    struct umig_perf_place place;

    assert_true(
        umig_perfdata_find(region.bytes, region.len, "sun.gc.collector.0.invocations", &place));
    assert_int_equal(place.offset, number_at);
    assert_int_equal(place.vector_bytes, 0);

    assert_true(umig_perfdata_find(region.bytes, region.len, "sun.gc.cause", &place));
    assert_int_equal(place.offset, text_at);
    assert_int_equal(place.vector_bytes, 80);
}

static void test_find_other_names_returns_false(void **state)
{
    (void)state;
    const char *const names[] = {"", "sun.gc.caus", "sun.gc.causes", "java.cls.loadedClasses"};
    struct region region;
    size_t number_at;
    size_t text_at;
    make_region(&region, &number_at, &text_at);
    struct umig_perf_place place;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        assert_false(umig_perfdata_find(region.bytes, region.len, names[i], &place));
    }
}

static void test_find_in_another_format_returns_false(void **state)
{
    (void)state;
    struct region region;
    size_t number_at;
    size_t text_at;
    struct umig_perf_place place;

    make_region(&region, &number_at, &text_at);
    region.bytes[5] = 3;
    assert_false(umig_perfdata_find(region.bytes, region.len, "sun.gc.cause", &place));

    make_region(&region, &number_at, &text_at);
    region.bytes[0] = 0;
    assert_false(umig_perfdata_find(region.bytes, region.len, "sun.gc.cause", &place));
}

/* In memory of exactly that length, so that a sanitizer sees a read beyond it. */
static void check_stays_inside(const struct region *region, size_t len)
{
    char *exact = malloc(len == 0 ? 1 : len);
    assert_non_null(exact);
    memcpy(exact, region->bytes, len);
    struct umig_perf_place place;
    if (umig_perfdata_find(exact, len, "sun.gc.cause", &place)) {
        const size_t data_bytes = place.vector_bytes == 0 ? 8 : place.vector_bytes;
        assert_true(place.offset <= len && data_bytes <= len - place.offset);
    }
    free(exact);
}

static void test_find_in_truncated_region_stays_inside(void **state)
{
    (void)state;
    struct region region;
    size_t number_at;
    size_t text_at;
    make_region(&region, &number_at, &text_at);

    for (size_t len = 0; len <= region.len; len++) {
        check_stays_inside(&region, len);
    }
}

static void test_find_with_any_bit_flipped_stays_inside(void **state)
{
    (void)state;
    struct region region;
    size_t number_at;
    size_t text_at;
    make_region(&region, &number_at, &text_at);

    for (size_t bit = 0; bit < region.len * 8; bit++) {
        region.bytes[bit / 8] = (char)(region.bytes[bit / 8] ^ (1 << bit % 8));
        check_stays_inside(&region, region.len);
        region.bytes[bit / 8] = (char)(region.bytes[bit / 8] ^ (1 << bit % 8));
    }
}

static void test_number_and_text_give_addresses_in_the_jvm(void **state)
{
    (void)state;
    struct region region;
    size_t number_at;
    size_t text_at;
    make_region(&region, &number_at, &text_at);
    const struct umig_perfdata perfdata = {
        .bytes = region.bytes, .len = region.len, .start = 0x10000};
    size_t room = 0;

    assert_int_equal(umig_perfdata_number(&perfdata, "sun.gc.collector.0.invocations"),
                     0x10000 + number_at);
    assert_int_equal(umig_perfdata_text(&perfdata, "sun.gc.cause", &room), 0x10000 + text_at);
    assert_int_equal(room, 80);

    /* Of the other type, or not there. */
    assert_int_equal(umig_perfdata_number(&perfdata, "sun.gc.cause"), 0);
    assert_int_equal(umig_perfdata_text(&perfdata, "sun.gc.collector.0.invocations", &room), 0);
    assert_int_equal(umig_perfdata_number(&perfdata, "sun.gc.none"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find_known_name_returns_its_place),
        cmocka_unit_test(test_find_other_names_returns_false),
        cmocka_unit_test(test_find_in_another_format_returns_false),
        cmocka_unit_test(test_find_in_truncated_region_stays_inside),
        cmocka_unit_test(test_find_with_any_bit_flipped_stays_inside),
        cmocka_unit_test(test_number_and_text_give_addresses_in_the_jvm),
    };
    return cmocka_run_group_tests_name("perfdata_test", tests, NULL, NULL);
}
