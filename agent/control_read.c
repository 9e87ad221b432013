/* Reads what the control socket is asked. Field numbers: proto/umig/v1/control.proto. */
#include "agent/control_read.h"

#include <string.h>

#include "agent/budget.h"
#include "core/err.h"
#include "wire/codec.h"

/* Takes one field of a message into `out`; numbers it does not know are a newer command's. */
typedef int take_field(const struct umig_pb_field *field, void *out, struct umig_err *err);

static int read_message(const uint8_t *bytes,
                        size_t byte_count,
                        take_field *take,
                        void *out,
                        struct umig_err *err)
{
    struct umig_pb_reader reader;
    struct umig_pb_field field;
    umig_pb_reader_init(&reader, bytes, byte_count);
    int rc = umig_pb_next(&reader, &field, err);
    while (rc == UMIG_OK) {
        rc = take(&field, out, err);
        if (rc == UMIG_OK) {
            rc = umig_pb_next(&reader, &field, err);
        }
    }
    return rc == UMIG_END ? UMIG_OK : umig_err_trace(err, rc);
}

static int take_label(const struct umig_pb_field *field, void *out, struct umig_err *err)
{
    struct umig_agent_label *label = out;
    switch (field->number) {
    case 1:
        return umig_pb_field_text(field, label->key, sizeof label->key, err);
    case 2:
        return umig_pb_field_text(field, label->value, sizeof label->value, err);
    default:
        return UMIG_OK;
    }
}

struct kind_request {
    uint64_t kind;
    uint64_t interval_ns; /* 0: the default of the kind */
};

static int take_kind(const struct umig_pb_field *field, void *out, struct umig_err *err)
{
    struct kind_request *request = out;
    (void)err;
    switch (field->number) {
    case 1:
        request->kind = field->value;
        return UMIG_OK;
    case 2:
        request->interval_ns = field->value;
        return UMIG_OK;
    default:
        return UMIG_OK;
    }
}

static int add_kind(const struct kind_request *request,
                    struct umig_kind_set *kinds,
                    struct umig_err *err)
{
    const struct umig_kind_rule *rule =
        request->kind < UMIG_KIND_COUNT ? umig_kind_rule((enum umig_kind)request->kind) : NULL;
    if (rule == NULL) {
        return umig_err_set(err, UMIG_E_ARG,
                            "this agent knows no kind %llu; it is older than the command",
                            (unsigned long long)request->kind);
    }
    const struct umig_kind_option option = {
        .kind = rule->kind,
        .interval_ns = request->interval_ns == 0 ? rule->default_ns : request->interval_ns,
    };
    const int rc = umig_kind_interval_check(rule, option.interval_ns, err);
    return rc == UMIG_OK ? umig_kind_set_add(kinds, option, err) : rc;
}

static int read_kind(const struct umig_pb_field *field,
                     struct umig_kind_set *kinds,
                     struct umig_err *err)
{
    struct kind_request request = {0};
    const int rc = read_message(field->bytes, field->len, take_kind, &request, err);
    return rc == UMIG_OK ? add_kind(&request, kinds, err) : rc;
}

static int read_label(const struct umig_pb_field *field,
                      struct umig_session_spec *spec,
                      struct umig_err *err)
{
    if (spec->label_count == UMIG_LABEL_MAX) {
        return umig_err_set(err, UMIG_E_LIMIT, "more than %d labels", UMIG_LABEL_MAX);
    }
    return read_message(field->bytes, field->len, take_label, &spec->labels[spec->label_count++],
                        err);
}

/* 1 + millionths, 1 is any; 0 would be as if it were not there. */
static int take_budget(uint64_t value, struct umig_session_spec *spec, struct umig_err *err)
{
    if (value > 1 + UMIG_BUDGET_PPM) {
        return umig_err_set(err, UMIG_E_ARG, "a budget of CPU is 100%% at most");
    }
    spec->has_budget = value != 0;
    spec->budget_ppm = value != 0 ? (uint32_t)value - 1 : 0;
    return UMIG_OK;
}

/* When it starts by itself, and what came later; the fields of StartSession from the 8th on. */
static int take_schedule(const struct umig_pb_field *field,
                         struct umig_request *request,
                         struct umig_err *err)
{
    struct umig_schedule *schedule = &request->schedule;
    char text[UMIG_TRIGGER_TEXT_BYTES];
    switch (field->number) {
    case 8:
        if (umig_pb_field_text(field, text, sizeof text, err) != UMIG_OK) {
            return umig_err_set(err, UMIG_E_ARG, "a condition has at most %zu bytes",
                                sizeof text - 1);
        }
        return umig_trigger_parse(umig_span_of(text), &request->spec.when, err);
    case 9:
        request->spec.before_ns = field->value;
        return UMIG_OK;
    case 10:
        schedule->at_unix_ns = field->value;
        return UMIG_OK;
    case 11:
        schedule->every_ns = field->value;
        return UMIG_OK;
    case 12:
        schedule->times = field->value < UINT32_MAX ? (uint32_t)field->value : UINT32_MAX;
        return UMIG_OK;
    case 13:
        return take_budget(field->value, &request->spec, err);
    case 14:
        request->spec.has_mutexes = field->value != 0;
        return UMIG_OK;
    default:
        return UMIG_OK;
    }
}

static int take_spec(const struct umig_pb_field *field, void *out, struct umig_err *err)
{
    struct umig_request *request = out;
    struct umig_session_spec *spec = &request->spec;
    switch (field->number) {
    case 1:
        return umig_pb_field_text(field, spec->id, sizeof spec->id, err);
    case 2:
        return read_label(field, spec, err);
    case 3:
        return read_kind(field, &spec->kinds, err);
    case 4:
        spec->duration_ns = field->value;
        return UMIG_OK;
    case 5:
        spec->native = (enum umig_native)field->value;
        return field->value <= UMIG_NATIVE_ON
                   ? UMIG_OK
                   : umig_err_set(err, UMIG_E_ARG, "native frames: %llu is not off, leaf or on",
                                  (unsigned long long)field->value);
    case 6:
        spec->clock = (enum umig_clock)field->value;
        return field->value <= UMIG_CLOCK_WALL
                   ? UMIG_OK
                   : umig_err_set(err, UMIG_E_ARG, "clock %llu is not auto, perf, cputime or wall",
                                  (unsigned long long)field->value);
    case 7:
        return umig_pb_field_text(field, spec->threads, sizeof spec->threads, err);
    default:
        return take_schedule(field, request, err);
    }
}

static int read_spec(const struct umig_pb_field *field,
                     struct umig_request *request,
                     struct umig_err *err)
{
    const struct umig_session_spec *spec = &request->spec;
    const int rc = read_message(field->bytes, field->len, take_spec, request, err);
    const bool is_in_range = spec->duration_ns == 0 || (spec->duration_ns >= UMIG_DURATION_MIN_NS &&
                                                        spec->duration_ns <= UMIG_DURATION_MAX_NS);
    if (rc == UMIG_OK && !is_in_range) {
        return umig_err_set(err, UMIG_E_ARG, "the duration must be 1s to 24h");
    }
    if (rc == UMIG_OK && spec->before_ns > UMIG_BEFORE_MAX_NS) {
        return umig_err_set(err, UMIG_E_ARG, "what is kept of before the condition is 0s to 5m");
    }
    return rc;
}

static int take_stop(const struct umig_pb_field *field, void *out, struct umig_err *err)
{
    struct umig_request *request = out;
    return field->number == 1
               ? umig_pb_field_text(field, request->stop_id, sizeof request->stop_id, err)
               : UMIG_OK;
}

static int take_search(const struct umig_pb_field *field, void *out, struct umig_err *err)
{
    struct umig_search_request *request = out;
    switch (field->number) {
    case 1:
        request->action = field->value;
        return UMIG_OK;
    case 2:
        return umig_pb_field_text(field, request->session, sizeof request->session, err);
    case 3:
        return request->class_count < UMIG_RETAINERS_TARGETS
                   ? umig_pb_field_text(field, request->classes[request->class_count++],
                                        sizeof request->classes[0], err)
                   : umig_err_set(err, UMIG_E_LIMIT, "a search looks for %u classes at most",
                                  UMIG_RETAINERS_TARGETS);
    case 4:
        request->cpu_budget_ns = field->value;
        return UMIG_OK;
    case 5:
        request->wants_loaders = field->value != 0;
        return UMIG_OK;
    default:
        return UMIG_OK;
    }
}

static int take_request(const struct umig_pb_field *field, void *out, struct umig_err *err)
{
    struct umig_request *request = out;
    const bool is_message = field->type == UMIG_PB_BYTES;
    if (field->number == 1) {
        request->verb = field->value;
    } else if (field->number == 2 && is_message) {
        return read_spec(field, request, err);
    } else if (field->number == 3 && is_message) {
        return read_message(field->bytes, field->len, take_stop, request, err);
    } else if (field->number == 4 && is_message) {
        return read_message(field->bytes, field->len, take_search, &request->search, err);
    }
    return UMIG_OK;
}

int umig_request_read(const uint8_t *payload,
                      size_t payload_bytes,
                      struct umig_request *out_request,
                      struct umig_err *err)
{
    memset(out_request, 0, sizeof *out_request);
    return read_message(payload, payload_bytes, take_request, out_request, err);
}
