/* Answers of JVMs to "load", as JDK 17 and 25 give them, whole and in pieces. */
#include <stdlib.h>
#include <string.h>

#include "cli/attach.h"
#include "core/err.h"
#include "tests/support/test.h"

static const struct {
    const char *reply;
    int rc;
    const char *says;
} cases[] = {
    {"0\nreturn code: 0\n", UMIG_OK, ""},
    {"0\nreturn code: 101\n", UMIG_E_JVM, "its options are not right"},
    {"0\nreturn code: 105\n", UMIG_E_JVM, "no control socket"},
    {"0\nreturn code: -1\n", UMIG_E_JVM, "code -1"},
    /* JDK 17 */
    {"-1\n/x/libumigagent.so was not loaded.\n/x/libumigagent.so: cannot open shared object file\n",
     UMIG_E_JVM, "not loaded.; /x/libumigagent.so: cannot open"},
    {"-1\n", UMIG_E_JVM, "-XX:-EnableDynamicAgentLoading"},
    {"-1\nOperation bogus not recognized!", UMIG_E_JVM, "Operation bogus not recognized!"},
    /* JDK 25 */
    {"0\n/x/libumigagent.so was not loaded.\n/x/libumigagent.so: invalid ELF header\n", UMIG_E_JVM,
     "invalid ELF header"},
    {"0\nDynamic agent loading is not enabled. Use -XX:+EnableDynamicAgentLoading to launch target "
     "VM.\n",
     UMIG_E_JVM, "start it with -agentpath"},
    {"0\nDynamic agent loading is only permitted in the live phase\n", UMIG_AGAIN, ""},
    /* of no JVM */
    {"101\n", UMIG_E_JVM, "status 101"},
    {"0", UMIG_E_PROTO, "none of the attach protocol"},
    {"0\nreturn code: 0", UMIG_E_PROTO, "half of one"},
    {"0\nreturn code: 0 or so\n", UMIG_E_PROTO, "half of one"},
    {"0\nreturn code: 10000000000000000000\n", UMIG_E_PROTO, "half of one"},
    {"0\nretu", UMIG_E_PROTO, "half of one"},
    {"\n\n", UMIG_E_PROTO, "none of the attach protocol"},
    {"HTTP/1.1 400 Bad Request\r\n\r\n", UMIG_E_PROTO, "none of the attach protocol"},
    {"0 and more\nreturn code: 0\n", UMIG_E_PROTO, "none of the attach protocol"},
};

/* Without the NUL, so that a read behind the end is seen by the sanitizer. */
static int read_exactly(const char *text, size_t len, struct umig_err *err)
{
    char *bytes = malloc(len > 0 ? len : 1);
    assert_non_null(bytes);
    memcpy(bytes, text, len);
    const int rc = umig_attach_read_reply(bytes, len, err);
    free(bytes);
    return rc;
}

static void test_reply_of_each_jdk_is_understood(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct umig_err err = UMIG_ERR_INIT;
        const int rc = read_exactly(cases[i].reply, strlen(cases[i].reply), &err);
        if (rc != cases[i].rc || strstr(err.text, cases[i].says) == NULL) {
            fail_msg("'%s': %d, not %d, and \"%s\"", cases[i].reply, rc, cases[i].rc, err.text);
        }
        assert_null(strchr(err.text, '\n'));
    }
}

static void test_half_a_reply_is_never_success(void **state)
{
    (void)state;
    static const char whole[] = "0\nreturn code: 0\n";
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        assert_true(read_exactly(whole, len, NULL) < 0);
    }
    static const char refusal[] = "0\nreturn code: 101\n";
    for (size_t len = 0; len < sizeof refusal - 1; len++) {
        assert_true(read_exactly(refusal, len, NULL) < 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reply_of_each_jdk_is_understood),
        cmocka_unit_test(test_half_a_reply_is_never_success),
    };
    return cmocka_run_group_tests_name("unit.cli.attach_reply", tests, NULL, NULL);
}
