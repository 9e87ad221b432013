#include <string.h>

#include "analysis/shorten.h"
#include "tests/support/test.h"

#define NAME_LIMIT_BYTES 65536

static void expect(const char *name, size_t characters, const char *want)
{
    struct umig_buf out = UMIG_BUF_INIT(NAME_LIMIT_BYTES);
    umig_shorten_native(name, characters, &out);
    assert_string_equal(umig_buf_str(&out), want);
    umig_buf_fini(&out);
}

static void test_what_fits_stays_whole(void **state)
{
    (void)state;
    expect("std::vector<int>::push_back(int const&)", 80,
           "std::vector<int>::push_back(int const&)");
    expect("memcpy", 8, "memcpy");
    expect("", 8, "");
}

static void test_template_arguments_go_first(void **state)
{
    (void)state;
    expect(
        "void std::sort<std::vector<Row<int>, A<Row<int>>>::iterator, Less>(Row<int>*, Row<int>*)",
        60, "void std::sort<...>(Row<...>*, Row<...>*)");
    expect("a::Map<std::function<void (b::C<(1 > 2)>)>, d::E>::get(unsigned long) const", 40,
           "a::Map<...>::get(unsigned long) const");
    expect("a::Pointer<some::very::long::Type, and::another::One>::operator->() const", 40,
           "a::Pointer<...>::operator->() const");
}

static void test_parameters_go_next(void **state)
{
    (void)state;
    expect("(anonymous namespace)::walk<A>(std::map<K, V>*, unsigned long, unsigned long, int)", 50,
           "(anonymous namespace)::walk<...>(...)");
    expect(
        "run(std::string const&, unsigned long, unsigned long)::{lambda(int)#1}::operator()(int)",
        60, "run(...)::{lambda(...)#1}::operator()(...)");
}

static void test_operators_are_no_lists(void **state)
{
    (void)state;
    expect("std::ostream& std::operator<< <std::char_traits<char> >(std::ostream&, char const*)",
           70, "std::ostream& std::operator<< <std::char_traits<...> >(...)");
    expect("<alloc::vec::Vec<core::option::Option<a::Type>, A> as core::ops::drop::Drop>::drop", 60,
           "<alloc::vec::Vec<...> as core::ops::drop::Drop>::drop");
}

static void test_the_middle_goes_last_and_at_characters(void **state)
{
    (void)state;
    expect("aaaaaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbb", 16,
           "aaaaa\xE2\x80\xA6"
           "bbbbbbbbbb");
    expect("\xC3\xA4\xC3\xB6\xC3\xBC\xC3\xA4\xC3\xB6\xC3\xBC\xC3\xA4\xC3\xB6\xC3\xBC", 8,
           "\xC3\xA4\xC3\xB6\xE2\x80\xA6\xC3\xB6\xC3\xBC\xC3\xA4\xC3\xB6\xC3\xBC");
    /* Lists that do not close are no lists. */
    expect("f<aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 10,
           "f<a\xE2\x80\xA6"
           "aaaaaa");
    expect("f(aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 10,
           "f(a\xE2\x80\xA6"
           "aaaaaa");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_fits_stays_whole),
        cmocka_unit_test(test_template_arguments_go_first),
        cmocka_unit_test(test_parameters_go_next),
        cmocka_unit_test(test_operators_are_no_lists),
        cmocka_unit_test(test_the_middle_goes_last_and_at_characters),
    };
    return cmocka_run_group_tests_name("analysis.shorten", tests, NULL, NULL);
}
