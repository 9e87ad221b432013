#include "tests/unit/report/schema.h"

#include <stdbool.h>
#include <string.h>

#include "tests/support/test.h"

static void check(const json_t *schema, const json_t *value, const char *where);

/* Every key is described, every required one is there. */
static void check_object(const json_t *schema, const json_t *value, const char *where)
{
    const json_t *properties = json_object_get(schema, "properties");
    const char *key = NULL;
    json_t *member = NULL;
    json_object_foreach((json_t *)(uintptr_t)value, key, member)
    {
        const json_t *described = json_object_get(properties, key);
        if (described == NULL) {
            fail_msg("%s: the schema does not know %s", where, key);
        }
        check(described, member, key);
    }
    size_t index = 0;
    json_t *required = NULL;
    json_array_foreach(json_object_get(schema, "required"), index, required)
    {
        if (json_object_get(value, json_string_value(required)) == NULL) {
            fail_msg("%s: %s is missing", where, json_string_value(required));
        }
    }
}

static bool is_listed(const json_t *list, const json_t *value)
{
    size_t index = 0;
    json_t *item = NULL;
    json_array_foreach(list, index, item)
    {
        if (json_equal(item, value)) {
            return true;
        }
    }
    return false;
}

static bool is_of_type(const char *name, const json_t *value)
{
    return (strcmp(name, "object") == 0 && json_is_object(value)) ||
           (strcmp(name, "array") == 0 && json_is_array(value)) ||
           (strcmp(name, "string") == 0 && json_is_string(value)) ||
           (strcmp(name, "boolean") == 0 && json_is_boolean(value)) ||
           (strcmp(name, "number") == 0 && json_is_number(value)) ||
           (strcmp(name, "null") == 0 && json_is_null(value)) ||
           (strcmp(name, "integer") == 0 && json_is_integer(value) &&
            json_integer_value(value) >= 0);
}

/* One type, or a list of which one must fit. */
static bool is_of_types(const json_t *types, const json_t *value)
{
    size_t i;
    json_t *type;
    json_array_foreach(types, i, type)
    {
        if (is_of_type(json_string_value(type), value)) {
            return true;
        }
    }
    return json_is_string(types) && is_of_type(json_string_value(types), value);
}

/* The part of JSON Schema that the schemas in docs/ use. */
static void check(const json_t *schema, const json_t *value, const char *where)
{
    const bool is_right = is_of_types(json_object_get(schema, "type"), value) ||
                          is_listed(json_object_get(schema, "enum"), value) ||
                          (json_object_get(schema, "const") != NULL &&
                           json_equal(json_object_get(schema, "const"), value));
    if (!is_right) {
        fail_msg("%s is not what the schema says", where);
    }
    if (json_is_object(value)) {
        check_object(schema, value, where);
    }
    size_t index = 0;
    json_t *item = NULL;
    json_array_foreach(value, index, item)
    {
        check(json_object_get(schema, "items"), item, where);
    }
}

void umig_schema_expect(const char *path, const json_t *value)
{
    json_error_t error;
    json_t *schema = json_load_file(path, 0, &error);
    if (schema == NULL) {
        fail_msg("%s: %s", path, error.text);
    }
    check(schema, value, path);
    json_decref(schema);
}
