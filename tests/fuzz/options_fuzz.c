/* Any option text: it is right and within its ranges, or one line says what is wrong. */
#include <string.h>

#include "agent/options.h"
#include "tests/fuzz/fuzz.h"
#include "wire/utf8.h"

static void check_good(const struct umig_agent_options *options)
{
    FUZZ_CHECK(options->memory_bytes >= 8u << 20 && options->memory_bytes <= 1u << 30);
    FUZZ_CHECK(options->duration_ns == 0 ||
               (options->has_start && options->duration_ns >= UMIG_DURATION_MIN_NS &&
                options->duration_ns <= UMIG_DURATION_MAX_NS));
    FUZZ_CHECK(options->label_count <= UMIG_LABEL_MAX);
    FUZZ_CHECK(strnlen(options->service, UMIG_NAME_BYTES) < UMIG_NAME_BYTES);
    FUZZ_CHECK(strnlen(options->instance, UMIG_NAME_BYTES) < UMIG_NAME_BYTES);
    FUZZ_CHECK(options->control[0] == '\0' || options->control[0] == '/');
    FUZZ_CHECK(options->log_path[0] == '\0' || options->log_path[0] == '/');
    for (size_t i = 0; i < options->label_count; i++) {
        const char *value = options->labels[i].value;
        FUZZ_CHECK(options->labels[i].key[0] != '\0' && value[0] != '\0');
        FUZZ_CHECK(umig_utf8_is_valid(value, strlen(value)));
    }
    for (int kind = 1; kind < UMIG_KIND_COUNT; kind++) {
        const struct umig_kind_rule *rule = umig_kind_rule((enum umig_kind)kind);
        FUZZ_CHECK(!options->start.has_kind[kind] ||
                   umig_kind_interval_check(rule, options->start.interval_ns[kind], NULL) ==
                       UMIG_OK);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct umig_agent_options options = {.is_strict = false};
    struct umig_err err = UMIG_ERR_INIT;
    char *text = malloc(size + 1);
    if (size > 0) {
        memcpy(text, data, size);
    }
    text[size] = '\0';
    const int rc = umig_options_parse(text, &options, &err);
    if (rc == UMIG_OK) {
        check_good(&options);
    } else {
        FUZZ_CHECK(rc == UMIG_E_ARG);
        FUZZ_CHECK(err.text[0] != '\0' && strlen(err.text) < sizeof err.text);
    }
    free(text);
    return 0;
}
