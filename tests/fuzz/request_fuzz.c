/*
 * Any bytes as a condition of sessions, and as a request at the control socket: it is right and
 * within its bounds, or one line says what is wrong.
 */
#include <string.h>

#include "agent/control_read.h"
#include "core/trigger.h"
#include "tests/fuzz/fuzz.h"

static void check_condition(const struct umig_trigger *trigger, size_t size)
{
    FUZZ_CHECK(trigger->count >= 1 && trigger->count <= UMIG_TRIGGER_PARTS_MAX);
    FUZZ_CHECK(strnlen(trigger->text, UMIG_TRIGGER_TEXT_BYTES) == size);
    FUZZ_CHECK(!trigger->parts[0].begins_or);
    for (size_t i = 0; i < trigger->count; i++) {
        FUZZ_CHECK(trigger->parts[i].figure < UMIG_FIGURE_COUNT);
        FUZZ_CHECK(trigger->parts[i].op <= UMIG_TRIGGER_AT_MOST);
        FUZZ_CHECK(trigger->parts[i].for_ns <= UMIG_TRIGGER_FOR_MAX_NS);
    }
}

/* What was read says the same when it is read again, and can be looked at and told. */
static void check_use(const struct umig_trigger *trigger)
{
    struct umig_trigger again;
    struct umig_trigger_state state = {0};
    struct umig_figures_now now;
    char told[UMIG_TRIGGER_TOLD_BYTES];
    uint32_t parts = 0;
    FUZZ_CHECK(umig_trigger_parse(umig_span_of(trigger->text), &again, NULL) == UMIG_OK);
    FUZZ_CHECK(again.count == trigger->count);
    for (size_t i = 0; i < again.count; i++) {
        FUZZ_CHECK(again.parts[i].figure == trigger->parts[i].figure);
        FUZZ_CHECK(again.parts[i].bound == trigger->parts[i].bound);
        FUZZ_CHECK(again.parts[i].begins_or == trigger->parts[i].begins_or);
    }
    for (int i = 0; i < UMIG_FIGURE_COUNT; i++) {
        now.values[i] = trigger->parts[0].bound + (uint64_t)i % 2;
    }
    const bool holds = umig_trigger_check(trigger, &state, &now, 1, &parts);
    FUZZ_CHECK(holds == (parts != 0));
    FUZZ_CHECK(parts < UINT32_C(1) << trigger->count);
    umig_trigger_tell(trigger, &now, UINT32_MAX, true, told);
    FUZZ_CHECK(told[0] != '\0' && strlen(told) < sizeof told - 1);
}

static void read_condition(const uint8_t *data, size_t size)
{
    struct umig_trigger trigger = {.count = 0};
    struct umig_err err = UMIG_ERR_INIT;
    char *text = malloc(size + 1);
    if (size > 0) {
        memcpy(text, data, size);
    }
    const int rc = umig_trigger_parse((struct umig_span){text, size}, &trigger, &err);
    if (rc == UMIG_OK) {
        check_condition(&trigger, size);
        check_use(&trigger);
    } else {
        FUZZ_CHECK(rc == UMIG_E_ARG && trigger.count == 0);
        FUZZ_CHECK(err.text[0] != '\0' && strlen(err.text) < sizeof err.text);
    }
    free(text);
}

static void check_good(const struct umig_request *request)
{
    const struct umig_session_spec *spec = &request->spec;
    FUZZ_CHECK(strnlen(spec->id, sizeof spec->id) < sizeof spec->id);
    FUZZ_CHECK(strnlen(spec->threads, sizeof spec->threads) < sizeof spec->threads);
    FUZZ_CHECK(strnlen(request->stop_id, sizeof request->stop_id) < sizeof request->stop_id);
    FUZZ_CHECK(spec->label_count <= UMIG_LABEL_MAX);
    FUZZ_CHECK(spec->before_ns <= UMIG_BEFORE_MAX_NS);
    FUZZ_CHECK(spec->when.count <= UMIG_TRIGGER_PARTS_MAX);
    FUZZ_CHECK((spec->when.count > 0) == (spec->when.text[0] != '\0'));
    FUZZ_CHECK(spec->duration_ns == 0 || (spec->duration_ns >= UMIG_DURATION_MIN_NS &&
                                          spec->duration_ns <= UMIG_DURATION_MAX_NS));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct umig_request request;
    struct umig_err err = UMIG_ERR_INIT;
    read_condition(data, size);
    const int rc = umig_request_read(data, size, &request, &err);
    if (rc == UMIG_OK) {
        check_good(&request);
    } else {
        FUZZ_CHECK(rc < 0);
        FUZZ_CHECK(err.text[0] != '\0' && strlen(err.text) < sizeof err.text);
    }
    return 0;
}
