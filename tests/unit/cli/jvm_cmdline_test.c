#include <string.h>

#include "cli/jvm.h"
#include "tests/support/test.h"

/* Words with NUL between, as /proc has them; sizeof counts the last NUL too. */
#define WORDS(text) text, sizeof(text)

static void test_main_class_table(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        size_t byte_count;
        const char *main_class;
    } cases[] = {
        /* Version 14 falls over the macro in the rows. */
        /* clang-format off */
        {WORDS("java\0-Xmx1g\0-cp\0a.jar:b.jar\0com.acme.Orders\0--port\0""80"), "com.acme.Orders"},
        {WORDS("java\0-classpath\0x\0Main"), "Main"},
        {WORDS("java\0--class-path=x\0Main"), "Main"},
        {WORDS("/usr/bin/java\0-server\0-jar\0/srv/orders/orders.jar\0arg"), "orders.jar"},
        {WORDS("java\0-p\0mods\0-m\0acme.orders/com.acme.Main"), "acme.orders/com.acme.Main"},
        {WORDS("java\0--add-opens\0java.base/java.lang=ALL-UNNAMED\0Main"), "Main"},
        {WORDS("java\0@/etc/orders.args"), "@/etc/orders.args"},
        {WORDS("java\0@opts\0com.acme.Main"), "com.acme.Main"},
        {WORDS("java\0-agentpath:/x.so=control=/y\0Burn.java"), "Burn.java"},
        {WORDS("java\0-cp\0groovy.jar\0org.codehaus.groovy.tools.GroovyStarter\0--main\0"
               "groovy.ui.GroovyMain\0--conf\0x.conf\0/srv/jobs/nightly.groovy\0now"),
         "nightly.groovy"},
        {WORDS("java\0org.codehaus.groovy.tools.GroovyStarter\0-e\0println 1"),
         "org.codehaus.groovy.tools.GroovyStarter"},
        {WORDS("java"), ""},
        {WORDS("java\0-jar"), ""},
        {WORDS("java\0-cp"), ""},
        {"", 0, ""},
        {"java\0Mai", 8, ""}, /* cut in the middle of a word */
        /* clang-format on */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char name[160] = "before";
        umig_jvm_main_class(cases[i].words, cases[i].byte_count, name, sizeof name);
        assert_string_equal(name, cases[i].main_class);
    }
}

static void test_control_option_table(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        size_t byte_count;
        const char *path;
    } cases[] = {
        /* Version 14 falls over the macro in the rows. */
        /* clang-format off */
        {WORDS("java\0-agentpath:/l/libumigagent.so=control=/run/a.sock\0Main"), "/run/a.sock"},
        {WORDS("java\0-agentpath:/l.so=service=x,control=/a,memory=8m\0Main"), "/a"},
        {WORDS("HOME=/\0JAVA_TOOL_OPTIONS=-Xmx1g -agentpath:/l.so=control=/b -Dx=y\0P=1"), "/b"},
        {WORDS("java\0-agentpath:/jdwp.so=opt\0-agentpath:/l.so=control=/c\0Main"), "/c"},
        {WORDS("java\0-agentpath:/l.so\0control=/no"), ""},
        {WORDS("java\0-agentpath:/l.so=remotecontrol=/no\0Main"), ""},
        {WORDS("java\0-agentpath:/l.so=control=\0Main"), ""},
        {"", 0, ""},
        /* clang-format on */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[UMIG_SOCKET_PATH_BYTES] = "before";
        umig_jvm_control_option(cases[i].words, cases[i].byte_count, path);
        assert_string_equal(path, cases[i].path);
    }
}

static void test_control_option_too_long_for_a_socket_is_none(void **state)
{
    (void)state;
    char words[300];
    char path[UMIG_SOCKET_PATH_BYTES];
    memset(words, 'p', sizeof words);
    memcpy(words, "-agentpath:/l.so=control=/", 26);
    words[sizeof words - 1] = '\0';

    umig_jvm_control_option(words, sizeof words, path);

    assert_string_equal(path, "");
}

int main(void)
{
    const struct CMUnitTest jvm_cmdline_test[] = {
        cmocka_unit_test(test_main_class_table),
        cmocka_unit_test(test_control_option_table),
        cmocka_unit_test(test_control_option_too_long_for_a_socket_is_none),
    };
    return cmocka_run_group_tests(jvm_cmdline_test, NULL, NULL);
}
