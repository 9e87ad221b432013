#include <stdio.h>
#include <string.h>

#include "analysis/naming.h"
#include "tests/support/test.h"

struct name_case {
    const char *class_name;
    const char *name;
    const char *file;
    const char *want; /* class.name (file) */
};

static void check(const struct name_case *cases, size_t count)
{
    struct umig_naming naming = UMIG_NAMING_INIT;
    for (size_t i = 0; i < count; i++) {
        char got[512];
        assert_int_equal(
            umig_naming_read(cases[i].class_name, cases[i].name, cases[i].file, &naming), UMIG_OK);
        (void)snprintf(got, sizeof got, "%s.%s (%s)", umig_buf_str(&naming.class_name),
                       umig_buf_str(&naming.name), umig_buf_str(&naming.file));
        assert_string_equal(got, cases[i].want);
    }
    umig_naming_fini(&naming);
}

#define CHECK(cases) check(cases, sizeof(cases) / sizeof(cases)[0])

static void test_naming_of_closures_names_method_and_number(void **state)
{
    (void)state;
    static const struct name_case cases[] = {
        {"svc.Orders$_total_closure3", "doCall", "", "svc.Orders.total {closure 3} ()"},
        {"svc.Orders$_total_closure3$_closure4", "doCall", "Orders.groovy",
         "svc.Orders.total {closure 3} {closure 4} (Orders.groovy)"},
        {"svc.Orders$_total_closure3_closure4", "doCall", "",
         "svc.Orders.total {closure 3} {closure 4} ()"},
        {"svc.Orders$_closure1", "doCall", "", "svc.Orders.{closure 1} ()"},
        {"svc.Orders$__clinit__closure2", "doCall", "", "svc.Orders.<clinit> {closure 2} ()"},
        {"svc.Orders$_total_lambda1", "doCall", "", "svc.Orders.total {lambda 1} ()"},
        {"svc.Orders$_total_closure3$_lambda1", "doCall", "",
         "svc.Orders.total {closure 3} {lambda 1} ()"},
        {"svc.Orders$_is_big_closure12", "doCall", "", "svc.Orders.is_big {closure 12} ()"},
        {"svc.Orders$Line$_sum_closure1", "doCall", "", "svc.Orders$Line.sum {closure 1} ()"},
        {"svc.Orders$_total_closure3", "getFactor", "",
         "svc.Orders.total {closure 3} getFactor ()"},
        {"svc.T$Trait$Helper$_tax_closure1", "doCall", "", "svc.T.tax {closure 1} ()"},
        {"Orders$_total_closure3", "doCall", "", "Orders.total {closure 3} ()"},
        /* near misses stay as they are */
        {"svc.Orders$_total_closure", "doCall", "", "svc.Orders$_total_closure.doCall ()"},
        {"svc.Orders$_total_closure3x", "doCall", "", "svc.Orders$_total_closure3x.doCall ()"},
        {"$_", "a", "", "$_.a ()"},
        {"", "", "", ". ()"},
    };
    CHECK(cases);
}

static void test_naming_of_java_lambdas_names_the_method(void **state)
{
    (void)state;
    static const struct name_case cases[] = {
        {"svc.Orders", "lambda$total$3", "", "svc.Orders.total {lambda 3} ()"},
        {"svc.Orders", "lambda$new$0", "", "svc.Orders.<init> {lambda 0} ()"},
        {"svc.Orders", "lambda$static$1", "", "svc.Orders.<clinit> {lambda 1} ()"},
        {"svc.Orders", "lambda$null$4", "", "svc.Orders.{lambda 4} ()"},
        {"svc.Orders", "lambda$a$b$4", "", "svc.Orders.a$b {lambda 4} ()"},
        {"svc.Orders", "lambda$", "", "svc.Orders.lambda$ ()"},
        {"svc.Orders", "lambda$3", "", "svc.Orders.lambda$3 ()"},
        {"svc.Orders", "lambda$$3", "", "svc.Orders.lambda$$3 ()"},
    };
    CHECK(cases);
}

static void test_naming_of_scripts_is_one_over_recompilation(void **state)
{
    (void)state;
    static const struct name_case cases[] = {
        {"Script1", "run", "Script1.groovy", "Script*.run (Script*.groovy)"},
        {"Script42", "run", "", "Script*.run ()"},
        {"Script42", "run", "rules.groovy", "rules.run (rules.groovy)"},
        {"Script42$_run_closure1", "doCall", "Script42.groovy",
         "Script*.run {closure 1} (Script*.groovy)"},
        {"script17000000000001234", "run", "script17000000000001234.groovy",
         "script*.run (script*.groovy)"},
        {"Script_0123456789abcdef0123456789abcdef", "run",
         "Script_0123456789abcdef0123456789abcdef.groovy", "Script*.run (Script*.groovy)"},
        {"SimpleTemplateScript7", "run", "", "SimpleTemplateScript*.run ()"},
        {"rules", "run", "rules.groovy", "rules.run (rules.groovy)"},
        {"BuildScript2", "run", "", "BuildScript2.run ()"},
        {"Script_notahash", "run", "", "Script_notahash.run ()"},
    };
    CHECK(cases);
}

static void test_naming_of_hidden_classes_drops_what_changes(void **state)
{
    (void)state;
    static const struct name_case cases[] = {
        {"java.lang.invoke.LambdaForm$MH/0x00007f4350099000", "guard", "LambdaForm$MH",
         "java.lang.invoke.LambdaForm$MH.guard (LambdaForm$MH)"},
        {"java.lang.invoke.LambdaForm$MH.0x00007f4350099000", "guard", "",
         "java.lang.invoke.LambdaForm$MH.guard ()"},
        {"svc.Work$$Lambda$27/0x00007f06940da228", "run", "", "svc.Work$$Lambda.run ()"},
        {"svc.Work$$Lambda.0x000000004e10d3f0", "run", "", "svc.Work$$Lambda.run ()"},
        {"svc.Work$$Lambda$14/1234567", "run", "", "svc.Work$$Lambda.run ()"},
        {"svc.Hidden+0x00007f06940da228", "run", "", "svc.Hidden.run ()"},
        {"jdk.internal.reflect.GeneratedMethodAccessor57", "invoke", "",
         "jdk.internal.reflect.GeneratedMethodAccessor*.invoke ()"},
        {"jdk.proxy2.$Proxy12", "go", "", "jdk.proxy*.$Proxy*.go ()"},
        {"com.sun.proxy.$Proxy9", "go", "", "com.sun.proxy.$Proxy*.go ()"},
        {"svc.0xzz", "go", "", "svc.0xzz.go ()"},
    };
    CHECK(cases);
}

static void test_naming_of_traits_drops_the_helper(void **state)
{
    (void)state;
    static const struct name_case cases[] = {
        {"svc.Priced$Trait$Helper", "tax", "", "svc.Priced.tax ()"},
        {"svc.Priced$Trait$FieldHelper", "x", "", "svc.Priced$Trait$FieldHelper.x ()"},
        {"svc.Map$Entry", "getKey", "", "svc.Map$Entry.getKey ()"},
    };
    CHECK(cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_naming_of_closures_names_method_and_number),
        cmocka_unit_test(test_naming_of_java_lambdas_names_the_method),
        cmocka_unit_test(test_naming_of_scripts_is_one_over_recompilation),
        cmocka_unit_test(test_naming_of_hidden_classes_drops_what_changes),
        cmocka_unit_test(test_naming_of_traits_drops_the_helper),
    };
    return cmocka_run_group_tests_name("analysis.naming", tests, NULL, NULL);
}
