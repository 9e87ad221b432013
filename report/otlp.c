#include "report/otlp.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/label.h"
#include "core/err.h"
#include "include/umig/version.h"
#include "report/protobuf.h"

#define MESSAGE_LIMIT_BYTES (512u << 20)
#define PROFILE_ID_BYTES    16

/* Field numbers. The first item of every table of the dictionary stands for "none"; functions and
 * locations keep the ids of the profile. */
enum {
    DATA_RESOURCE_PROFILES = 1,
    DATA_DICTIONARY = 2,
    RESOURCE_PROFILES_RESOURCE = 1,
    RESOURCE_PROFILES_SCOPE_PROFILES = 2,
    RESOURCE_ATTRIBUTE = 1,
    SCOPE_PROFILES_SCOPE = 1,
    SCOPE_PROFILES_PROFILE = 2,
    SCOPE_NAME = 1,
    SCOPE_VERSION = 2,
    KEY_VALUE_KEY = 1,
    KEY_VALUE_VALUE = 2,
    ANY_STRING = 1,
    ANY_INT = 3,
    PROFILE_SAMPLE_TYPE = 1,
    PROFILE_SAMPLE = 2,
    PROFILE_TIME_UNIX_NANO = 3,
    PROFILE_DURATION_NANO = 4,
    PROFILE_PERIOD_TYPE = 5,
    PROFILE_PERIOD = 6,
    PROFILE_ID = 7,
    VALUE_TYPE_TYPE = 1,
    VALUE_TYPE_UNIT = 2,
    SAMPLE_STACK = 1,
    SAMPLE_ATTRIBUTE = 2,
    SAMPLE_VALUE = 4,
    DICTIONARY_MAPPING = 1,
    DICTIONARY_LOCATION = 2,
    DICTIONARY_FUNCTION = 3,
    DICTIONARY_LINK = 4,
    DICTIONARY_STRING = 5,
    DICTIONARY_ATTRIBUTE = 6,
    DICTIONARY_STACK = 7,
    STACK_LOCATION = 1,
    LOCATION_LINE = 3,
    LOCATION_ATTRIBUTE = 4,
    LINE_FUNCTION = 1,
    LINE_LINE = 2,
    FUNCTION_NAME = 1,
    FUNCTION_FILENAME = 3,
    ATTRIBUTE_KEY = 1,
    ATTRIBUTE_VALUE = 2
};

/* Kinds of frames as the semantic conventions of profiles name them; places in the attributes. */
static const char *const frame_types[] = {"jvm", "native", "kernel"};

enum {
    ATTRIBUTES_FIRST = 1,
    ATTRIBUTES_GROUPS = ATTRIBUTES_FIRST + 3 /* thread groups, as samples come to them */
};

/* A message under way. */
struct message {
    const struct umig_stack_rows *rows;
    const struct umig_profile *profile; /* theirs */
    struct umig_profile *strings;       /* as a table of strings: 0 is "" there, too */
    struct umig_buf dictionary;
    struct umig_buf parts[3]; /* working memory, by depth */
    int rc;
};

static uint32_t string_of(struct message *m, const char *text)
{
    uint32_t id = 0;
    if (m->rc == UMIG_OK && *text != '\0') {
        m->rc = umig_profile_string(m->strings, text, strlen(text), &id);
    }
    return id;
}

static void put_function(struct message *m, uint32_t method)
{
    struct umig_buf *function = &m->parts[0];
    struct umig_buf *name = &m->parts[1];
    umig_buf_clear(name);
    umig_label_method(m->profile, method, false, name);
    m->rc = m->rc != UMIG_OK ? m->rc : name->failed;
    umig_protobuf_number(FUNCTION_NAME, string_of(m, umig_buf_str(name)), function);
    umig_buf_clear(name);
    umig_protobuf_number(
        FUNCTION_FILENAME,
        string_of(m, umig_profile_text(m->profile, m->profile->methods.items[method].file)),
        function);
    umig_protobuf_part(DICTIONARY_FUNCTION, function, &m->dictionary);
}

static uint32_t attribute_of(enum umig_frame_kind kind)
{
    return kind == UMIG_FRAME_KERNEL                            ? ATTRIBUTES_FIRST + 2
           : kind == UMIG_FRAME_NATIVE || kind == UMIG_FRAME_VM ? ATTRIBUTES_FIRST + 1
                                                                : ATTRIBUTES_FIRST;
}

static void put_location(struct message *m, uint32_t frame)
{
    const struct umig_profile_frame *at = &m->profile->frames.items[frame];
    struct umig_buf *location = &m->parts[0];
    struct umig_buf *part = &m->parts[1];
    umig_protobuf_number(LINE_FUNCTION, at->method, part);
    umig_protobuf_number(LINE_LINE, at->line, part);
    umig_protobuf_part(LOCATION_LINE, part, location);
    umig_protobuf_varint(attribute_of(at->kind), part);
    umig_protobuf_part(LOCATION_ATTRIBUTE, part, location);
    umig_protobuf_part(DICTIONARY_LOCATION, location, &m->dictionary);
}

/* Leaf first. */
static void put_stack(struct message *m, uint32_t stack)
{
    const struct umig_profile_stack *stacks = m->profile->stacks.items;
    for (uint32_t at = stack; at != 0; at = stacks[at].parent) {
        umig_protobuf_varint(stacks[at].frame, &m->parts[1]);
    }
    umig_protobuf_part(STACK_LOCATION, &m->parts[1], &m->parts[0]);
    umig_protobuf_part(DICTIONARY_STACK, &m->parts[0], &m->dictionary);
}

static void put_attribute(struct message *m, const char *key, const char *value)
{
    umig_protobuf_number(ATTRIBUTE_KEY, string_of(m, key), &m->parts[0]);
    umig_protobuf_text(ANY_STRING, value, &m->parts[1]);
    umig_protobuf_part(ATTRIBUTE_VALUE, &m->parts[1], &m->parts[0]);
    umig_protobuf_part(DICTIONARY_ATTRIBUTE, &m->parts[0], &m->dictionary);
}

static void put_tables(struct message *m)
{
    const struct umig_profile *profile = m->profile;
    static const uint32_t tables[] = {DICTIONARY_MAPPING, DICTIONARY_LOCATION,  DICTIONARY_FUNCTION,
                                      DICTIONARY_LINK,    DICTIONARY_ATTRIBUTE, DICTIONARY_STACK};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        umig_protobuf_bytes(tables[i], "", 0, &m->dictionary);
    }
    for (size_t i = 1; i < profile->methods.count; i++) {
        put_function(m, (uint32_t)i);
    }
    for (size_t i = 1; i < profile->frames.count; i++) {
        put_location(m, (uint32_t)i);
    }
    for (size_t i = 0; i < sizeof frame_types / sizeof frame_types[0]; i++) {
        put_attribute(m, "profile.frame.type", frame_types[i]);
    }
}

/* Stacks and thread groups are numbered as samples come to them. */
struct numbering {
    uint32_t *stacks; /* by stack: its index; 0: none yet */
    uint32_t *groups; /* by string: likewise */
    uint32_t stack_count, group_count;
};

static void put_sample(struct message *m,
                       struct numbering *n,
                       const struct umig_stack_row *row,
                       struct umig_buf *profile)
{
    struct umig_buf *part = &m->parts[2];
    struct umig_buf list = UMIG_BUF_INIT(64);
    if (n->stacks[row->stack] == 0) {
        n->stacks[row->stack] = ++n->stack_count;
        put_stack(m, row->stack);
    }
    if (n->groups[row->group] == 0) {
        n->groups[row->group] = ATTRIBUTES_GROUPS + n->group_count++;
        put_attribute(m, "thread.name", umig_profile_text(m->profile, row->group));
    }
    umig_protobuf_number(SAMPLE_STACK, n->stacks[row->stack], part);
    umig_protobuf_varint(n->groups[row->group], &list);
    umig_protobuf_part(SAMPLE_ATTRIBUTE, &list, part);
    umig_protobuf_varint(row->value, &list);
    umig_protobuf_part(SAMPLE_VALUE, &list, part);
    umig_protobuf_part(PROFILE_SAMPLE, part, profile);
    umig_buf_fini(&list);
}

static void put_value_type(struct message *m,
                           uint32_t field,
                           const char *type,
                           const char *unit,
                           struct umig_buf *profile)
{
    umig_protobuf_number(VALUE_TYPE_TYPE, string_of(m, type), &m->parts[0]);
    umig_protobuf_number(VALUE_TYPE_UNIT, string_of(m, unit), &m->parts[0]);
    umig_protobuf_part(field, &m->parts[0], profile);
}

/*
 * Sixteen bytes that tell profiles apart: the session's start, and a hash of its service, its id
 * and what the stacks are of (nothing for CPU: ids of before there were other kinds stay).
 */
static void put_id(const struct umig_stack_rows *rows, struct umig_buf *out)
{
    const struct umig_profile *profile = rows->profile;
    const char *const texts[] = {umig_profile_text(profile, profile->session.service),
                                 umig_profile_text(profile, profile->session.id),
                                 rows->kind != UMIG_KIND_CPU ? rows->terms->value_type : ""};
    uint64_t words[2] = {profile->session.start_unix_ns, 0xCBF29CE484222325u}; /* FNV-1a */
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        for (const char *at = texts[i]; *at != '\0'; at++) {
            words[1] = (words[1] ^ (uint8_t)*at) * 0x100000001B3u;
        }
    }
    uint8_t id[PROFILE_ID_BYTES];
    for (size_t i = 0; i < PROFILE_ID_BYTES; i++) {
        id[i] = (uint8_t)(words[i / 8] >> (i % 8 * 8));
    }
    umig_protobuf_bytes(PROFILE_ID, id, sizeof id, out);
}

static void put_profile(struct message *m, struct numbering *n, struct umig_buf *out)
{
    const struct umig_profile_session *session = &m->profile->session;
    const struct umig_stack_terms *terms = m->rows->terms;
    put_value_type(m, PROFILE_SAMPLE_TYPE, terms->value_type, terms->value_unit, out);
    for (size_t i = 0; i < m->rows->count; i++) {
        put_sample(m, n, &m->rows->items[i], out);
    }
    umig_protobuf_fixed64(PROFILE_TIME_UNIX_NANO, session->start_unix_ns, out);
    if (session->end_unix_ns > session->start_unix_ns) {
        umig_protobuf_number(PROFILE_DURATION_NANO, session->end_unix_ns - session->start_unix_ns,
                             out);
    }
    put_value_type(m, PROFILE_PERIOD_TYPE, terms->period_type, terms->period_unit, out);
    umig_protobuf_number(PROFILE_PERIOD, m->rows->period, out);
    put_id(m->rows, out);
}

/* A resource's attribute; no text: the number. */
static void put_resource_attribute(struct message *m,
                                   const char *key,
                                   const char *text,
                                   uint64_t number)
{
    umig_protobuf_text(KEY_VALUE_KEY, key, &m->parts[1]);
    if (text != NULL) {
        umig_protobuf_text(ANY_STRING, text, &m->parts[2]);
    } else {
        umig_protobuf_number(ANY_INT, number, &m->parts[2]);
    }
    umig_protobuf_part(KEY_VALUE_VALUE, &m->parts[2], &m->parts[1]);
    umig_protobuf_part(RESOURCE_ATTRIBUTE, &m->parts[1], &m->parts[0]);
}

static void put_resource(struct message *m, struct umig_buf *out)
{
    const struct umig_profile_session *session = &m->profile->session;
    put_resource_attribute(m, "service.name", umig_profile_text(m->profile, session->service), 0);
    put_resource_attribute(m, "host.name", umig_profile_text(m->profile, session->host), 0);
    put_resource_attribute(m, "process.pid", NULL, session->pid);
    umig_protobuf_part(RESOURCE_PROFILES_RESOURCE, &m->parts[0], out);
}

static void put_scope(struct message *m, struct umig_buf *out)
{
    umig_protobuf_text(SCOPE_NAME, "umig", &m->parts[0]);
    umig_protobuf_text(SCOPE_VERSION, UMIG_VERSION, &m->parts[0]);
    umig_protobuf_part(SCOPE_PROFILES_SCOPE, &m->parts[0], out);
}

static int put_message(struct message *m, struct numbering *n, struct umig_buf *out)
{
    struct umig_buf levels[3] = {UMIG_BUF_INIT(MESSAGE_LIMIT_BYTES),
                                 UMIG_BUF_INIT(MESSAGE_LIMIT_BYTES),
                                 UMIG_BUF_INIT(MESSAGE_LIMIT_BYTES)};
    put_tables(m);
    put_profile(m, n, &levels[2]);
    put_scope(m, &levels[1]);
    umig_protobuf_part(SCOPE_PROFILES_PROFILE, &levels[2], &levels[1]);
    put_resource(m, &levels[0]);
    umig_protobuf_part(RESOURCE_PROFILES_SCOPE_PROFILES, &levels[1], &levels[0]);
    umig_protobuf_part(DATA_RESOURCE_PROFILES, &levels[0], out);
    for (size_t i = 0; i < m->strings->strings.count; i++) {
        umig_protobuf_text(DICTIONARY_STRING, m->strings->strings.items[i], &m->dictionary);
    }
    umig_protobuf_part(DATA_DICTIONARY, &m->dictionary, out);
    for (size_t i = 0; i < 3; i++) {
        umig_buf_fini(&levels[i]);
    }
    return m->rc != UMIG_OK ? m->rc : out->failed;
}

int umig_otlp_write(const struct umig_stack_rows *rows, struct umig_buf *out, struct umig_err *err)
{
    const struct umig_profile *profile = rows->profile;
    struct message m = {
        .rows = rows, .profile = profile, .dictionary = UMIG_BUF_INIT(MESSAGE_LIMIT_BYTES)};
    struct numbering n = {.stacks = calloc(profile->stacks.count + 1, sizeof *n.stacks),
                          .groups = calloc(profile->strings.count + 1, sizeof *n.groups)};
    int rc = n.stacks != NULL && n.groups != NULL ? UMIG_OK : UMIG_E_NOMEM;
    for (size_t i = 0; i < 3; i++) {
        m.parts[i] = (struct umig_buf)UMIG_BUF_INIT(MESSAGE_LIMIT_BYTES);
    }
    rc = rc != UMIG_OK ? rc : umig_profile_create(2 * profile->limit_bytes, &m.strings, NULL);
    rc = rc != UMIG_OK ? rc : put_message(&m, &n, out);
    for (size_t i = 0; i < 3; i++) {
        umig_buf_fini(&m.parts[i]);
    }
    umig_buf_fini(&m.dictionary);
    umig_profile_destroy(m.strings);
    free(n.stacks);
    free(n.groups);
    return rc == UMIG_OK ? UMIG_OK
                         : umig_err_set(err, rc, "writing OTLP profiles: %s", umig_status_text(rc));
}
