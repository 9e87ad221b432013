#include <stdlib.h>
#include <string.h>

#include "analysis/demangle.h"
#include "core/clock.h"
#include "tests/support/test.h"

struct name_case {
    const char *mangled;
    const char *want; /* NULL: stays as it is */
};

static void check(const struct name_case *cases, size_t count)
{
    struct umig_buf out = UMIG_BUF_INIT(1u << 20);
    for (size_t i = 0; i < count; i++) {
        const int rc = umig_demangle(cases[i].mangled, &out);
        assert_int_equal(rc, cases[i].want == NULL ? UMIG_NOT_FOUND : UMIG_OK);
        assert_string_equal(umig_buf_str(&out), cases[i].want == NULL ? "" : cases[i].want);
    }
    umig_buf_fini(&out);
}

#define CHECK(cases) check(cases, sizeof(cases) / sizeof(cases)[0])

static void test_cpp_names_lose_their_arguments(void **state)
{
    (void)state;
    static const struct name_case cases[] = {
        {"_Z3foov", "foo"},
        {"_ZN2os5yieldEv", "os::yield"},
        {"_ZNSt6vectorIiSaIiEE9push_backERKi", "std::vector<int, std::allocator<int> >::push_back"},
        {"_ZN9JavaCalls4callEP9JavaValueRK12methodHandleP17JavaCallArgumentsP10JavaThread",
         "JavaCalls::call"},
        {"_ZN4NodeC2Ev", "Node::Node"},
        {"_ZN4NodeD0Ev", "Node::~Node"},
        {"_ZNK3MapclEi", "Map::operator()"},
        {"_ZN2os5yieldEv.part.0", "os::yield"},
        {"_ZZ4mainENKUliE_clEi", "main::{lambda(int)#1}::operator()"},
        {"_ZN12_GLOBAL__N_13runEv", "(anonymous namespace)::run"},
        {"_Z3maxIiET_S0_S0_", "max<int>"},
    };
    CHECK(cases);
}

static void test_rust_names_lose_their_hash(void **state)
{
    (void)state;
    static const struct name_case cases[] = {
        {"_ZN4core3fmt5write17h01db6bbd3a4af28bE", "core::fmt::write"},
        {"_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$GT$3bar17h930b"
         "740aa94f1d3aE",
         "<Test + 'static as foo::Bar<Test>>::bar"},
        {"_RNvCs1234_7mycrate3foo", "mycrate::foo"},
        {"_RNvMs_NtCs4fqI2P2rA04_4core3fmtNtB4_9Formatter3pad", "<core::fmt::Formatter>::pad"},
        {"_RINvNtC3std3mem8align_ofjE", "std::mem::align_of::<usize>"},
        {"_RNCNvC4bork4main0", "bork::main::{closure#0}"},
    };
    CHECK(cases);
}

static void test_other_names_stay(void **state)
{
    (void)state;
    static const struct name_case cases[] = {
        {"", NULL},
        {"_", NULL},
        {"main", NULL},
        {"_Z", NULL},
        {"_R", NULL},
        {"_ZZZZ", NULL},
        {"[no Java]", NULL},
        {"__libc_start_main", NULL},
        {"_ZN", NULL},
        {"_Z99a", NULL},
        {"java.util.Map", NULL},
        {"_RNv", NULL},
        {"_RNvC5helloo\xff", NULL},
    };
    CHECK(cases);
}

static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/* f<pair<int, int>, pair<that, that>, pair<that, that>...>: each argument twice as long. S_ is f,
 * S0_ pair, S1_ the first argument; numbers are base 36 in capitals. */
static void put_doubling(struct umig_buf *out, int steps)
{
    umig_buf_text(out, "_Z1fISt4pairIiiE");
    for (int i = 1; i <= steps; i++) {
        const char id = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[i];
        umig_buf_printf(out, "S0_IS%c_S%c_E", id, id);
    }
    umig_buf_text(out, "Evv");
}

/* The same as a Rust name of tuples; a back reference is a position less 1 in base 62. */
static void put_rust_doubling(struct umig_buf *out, int steps)
{
    umig_buf_text(out, "_RINvC1a1f");
    size_t previous = out->len - 2;
    umig_buf_text(out, "TjjE");
    for (int i = 0; i < steps; i++) {
        const size_t here = out->len - 2;
        const char high = digits[(previous - 1) / 62];
        const char low = digits[(previous - 1) % 62];
        umig_buf_printf(out, "TB%c%c_B%c%c_E", high, low, high, low);
        previous = here;
    }
    umig_buf_text(out, "E");
}

static void put_nested(struct umig_buf *out, const char *part, size_t count)
{
    umig_buf_text(out, "_Z1fI");
    for (size_t i = 0; i < count; i++) {
        umig_buf_text(out, part);
    }
}

static void test_hostile_names_are_bounded(void **state)
{
    (void)state;
    struct umig_buf mangled = UMIG_BUF_INIT(1u << 20);
    struct umig_buf out = UMIG_BUF_INIT(1u << 20);
    static const char *const parts[] = {"P", "K", "DpT_", "1aI", "N1a", "XadL", "DTcv", "T_", "M"};
    const uint64_t begin_ns = umig_clock_thread_cpu_ns();
    for (int steps = 1; steps < 35; steps++) {
        umig_buf_clear(&mangled);
        put_doubling(&mangled, steps);
        assert_int_equal(umig_demangle(umig_buf_str(&mangled), &out),
                         steps < 6 ? UMIG_OK : UMIG_NOT_FOUND);
        umig_buf_clear(&mangled);
        put_rust_doubling(&mangled, steps);
        assert_int_equal(umig_demangle(umig_buf_str(&mangled), &out),
                         steps < 7 ? UMIG_OK : UMIG_NOT_FOUND);
    }
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        for (size_t count = 1; count < 1100; count += 100) {
            umig_buf_clear(&mangled);
            put_nested(&mangled, parts[i], count);
            assert_int_equal(umig_demangle(umig_buf_str(&mangled), &out), UMIG_NOT_FOUND);
        }
    }
    assert_true(umig_clock_thread_cpu_ns() - begin_ns < 5 * UMIG_NS_PER_S);
    assert_true(out.room <= 4 * UMIG_DEMANGLED_MAX_BYTES);
    umig_buf_fini(&mangled);
    umig_buf_fini(&out);
}

static void test_noise_is_survived(void **state)
{
    (void)state;
    struct umig_buf out = UMIG_BUF_INIT(1u << 20);
    static const char letters[] = "NISTtsaZEKPRvijcu_0123456789BCFMXYpLD$.";
    char name[64];
    size_t good = 0;
    srandom(7);
    for (int round = 0; round < 200000; round++) {
        const size_t len = 4 + (size_t)random() % 56;
        name[0] = '_';
        name[1] = round % 2 == 0 ? 'Z' : 'R';
        for (size_t i = 2; i < len; i++) {
            name[i] = letters[(size_t)random() % (sizeof letters - 1)];
        }
        name[len] = '\0';
        const int rc = umig_demangle(name, &out);
        assert_true(rc == UMIG_OK || rc == UMIG_NOT_FOUND);
        good += rc == UMIG_OK;
    }
    assert_true(good > 0);
    umig_buf_fini(&out);
}

static void test_a_small_buffer_says_so(void **state)
{
    (void)state;
    struct umig_buf out = UMIG_BUF_INIT(4);
    assert_int_equal(umig_demangle("_ZN2os5yieldEv", &out), UMIG_E_LIMIT);
    umig_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cpp_names_lose_their_arguments),
        cmocka_unit_test(test_rust_names_lose_their_hash),
        cmocka_unit_test(test_other_names_stay),
        cmocka_unit_test(test_hostile_names_are_bounded),
        cmocka_unit_test(test_noise_is_survived),
        cmocka_unit_test(test_a_small_buffer_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
