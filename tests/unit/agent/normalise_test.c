#include <string.h>

#include "agent/symbol/normalise.h"
#include "tests/support/test.h"

static const struct {
    const char *from;
    const char *to;
} g_classes[] = {
    {"java/lang/invoke/LambdaForm$MH+0x00007f0a4c2b1c00", "java.lang.invoke.LambdaForm$MH"},
    {"java/lang/invoke/LambdaForm$DMH/0x0000000800c03400", "java.lang.invoke.LambdaForm$DMH"},
    {"a/B$$Lambda$14+0x00000008000c1800", "a.B$$Lambda"},
    {"a/B$$Lambda$1417/0x0000000840c1e040", "a.B$$Lambda"},
    {"a/B$$Lambda+0x00007f0a4c2b1c00", "a.B$$Lambda"},
    {"jdk/internal/reflect/GeneratedMethodAccessor17",
     "jdk.internal.reflect.GeneratedMethodAccessor*"},
    {"jdk/internal/reflect/GeneratedConstructorAccessor3",
     "jdk.internal.reflect.GeneratedConstructorAccessor*"},
    {"jdk/proxy2/$Proxy31", "jdk.proxy*.$Proxy*"},
    {"com/sun/proxy/$Proxy7", "com.sun.proxy.$Proxy*"},
    {"Script42", "Script*"},
    {"Script42$_run_closure1", "Script*$_run_closure1"},
    {"script17000000001234567890$_run_closure2$_closure3", "script*$_run_closure2$_closure3"},
    {"orders/script12", "orders.script12"},
    {"orders/Script7Job", "orders.Script*Job"},
    {"orders/JavaScript7", "orders.JavaScript7"},
    {"orders/Orders$_total_closure3", "orders.Orders$_total_closure3"},
    {"org/codehaus/groovy/runtime/dgm$203", "org.codehaus.groovy.runtime.dgm$203"},
    {"sun/security/provider/SHA2$SHA256", "sun.security.provider.SHA2$SHA256"},
    {"", ""},
};

static void test_normalise_class_by_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof g_classes / sizeof g_classes[0]; i++) {
        char out[256];
        const size_t len =
            umig_normalise_class(g_classes[i].from, strlen(g_classes[i].from), out, sizeof out - 1);
        out[len] = '\0';
        assert_string_equal(out, g_classes[i].to);
    }
}

static void test_normalise_type_by_table(void **state)
{
    (void)state;
    static const char *const types[][2] = {
        {"java/lang/String", "java.lang.String"},
        {"[Ljava/lang/String;", "java.lang.String[]"},
        {"[[Ljava/util/Map$Entry;", "java.util.Map$Entry[][]"},
        {"[B", "byte[]"},
        {"[[[I", "int[][][]"},
        {"[Z", "boolean[]"},
        {"[C", "char[]"},
        {"[S", "short[]"},
        {"[J", "long[]"},
        {"[F", "float[]"},
        {"[D", "double[]"},
        {"a/B$$Lambda+0x00007f0a4c2b1c00", "a.B$$Lambda"},
        {"[LScript42;", "Script*[]"},
        {"[", "["},
        {"[L;", "[L;"},
        {"[X", "[]"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        char out[256];
        const size_t len =
            umig_normalise_type(types[i][0], strlen(types[i][0]), out, sizeof out - 1);
        out[len] = '\0';
        assert_string_equal(out, types[i][1]);
    }
    char few[8];
    assert_int_equal(umig_normalise_type("[[Ljava/lang/String;", 20, few, sizeof few), 8);
    assert_memory_equal(few, "java.lan", 8);
}

static void test_normalise_file(void **state)
{
    (void)state;
    char out[64];
    const size_t len = umig_normalise_file("Script42.groovy", 15, out, sizeof out);
    assert_int_equal(len, 14);
    assert_memory_equal(out, "Script*.groovy", 14);
}

static void test_normalise_never_writes_past_the_room(void **state)
{
    (void)state;
    for (size_t room = 0; room < 20; room++) {
        char out[32];
        memset(out, '#', sizeof out);
        const size_t len = umig_normalise_class("abc/Script123456789$x", 21, out, room);
        assert_true(len <= room);
        assert_int_equal(out[room], '#');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_normalise_class_by_table),
        cmocka_unit_test(test_normalise_type_by_table),
        cmocka_unit_test(test_normalise_file),
        cmocka_unit_test(test_normalise_never_writes_past_the_room),
    };
    return cmocka_run_group_tests_name("normalise", tests, NULL, NULL);
}
