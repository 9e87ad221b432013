#include "analysis/way.h"

#include <stdbool.h>
#include <string.h>

const char *umig_way_edge_key(uint32_t edge)
{
    static const char *const keys[] = {
        [UMIG_WAY_STATIC] = "static",   [UMIG_WAY_THREAD] = "thread", [UMIG_WAY_FIELD] = "field",
        [UMIG_WAY_ELEMENT] = "element", [UMIG_WAY_CLASS] = "class",   [UMIG_WAY_SOFT] = "soft",
        [UMIG_WAY_BOUNDED] = "bounded",
    };
    const char *key = edge < sizeof keys / sizeof keys[0] ? keys[edge] : NULL;
    return key != NULL ? key : "unknown";
}

/* A way as it is told. */
struct telling {
    struct umig_buf *out;
    const char *collection; /* whose insides the way goes through, without its inner classes */
    size_t collection_bytes;
};

static bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* Classes that only hold what they are given. */
static bool is_collection(const char *class_name)
{
    return begins_with(class_name, "java.util.") ||
           begins_with(class_name, "java.lang.ThreadLocal") ||
           begins_with(class_name, "java.lang.ClassValue") ||
           begins_with(class_name, "groovy.lang.Reference") ||
           begins_with(class_name, "java.lang.Object[]");
}

static const char *without_package(const char *class_name)
{
    const char *dot = strrchr(class_name, '.');
    return dot != NULL ? dot + 1 : class_name;
}

/* What entries lie in, which may be another collection's: a LinkedHashMap has HashMap's table. */
static bool is_part(const char *class_name)
{
    const char *inner = strchr(class_name, '$');
    return inner != NULL && (strstr(inner, "Node") != NULL || strstr(inner, "Entry") != NULL);
}

/* "HashMap", at the first step inside of one. */
static void put_collection(struct telling *telling, const char *class_name)
{
    const size_t len = strcspn(class_name, "$[");
    const bool is_new =
        telling->collection_bytes == 0 ||
        (!is_part(class_name) &&
         (len != telling->collection_bytes || strncmp(class_name, telling->collection, len) != 0));
    if (begins_with(class_name, "java.lang.Object[]") || !is_new) {
        return;
    }
    telling->collection = class_name;
    telling->collection_bytes = len;
    const char *name = without_package(class_name);
    umig_buf_printf(telling->out, " > %.*s", (int)strcspn(name, "$["), name);
}

static void put_step(struct telling *telling, const struct umig_way_step *step)
{
    const char *class_name = step->class_name;
    const char *name = step->name;
    const uint32_t edge = step->edge;
    if (edge == UMIG_WAY_FIELD && strcmp(name, "threadLocals") == 0) {
        return; /* of whatever class the thread is: the map says it */
    }
    if (edge == UMIG_WAY_FIELD && strcmp(name, "contextClassLoader") == 0) {
        umig_buf_text(telling->out, " > context class loader");
        return;
    }
    if ((edge == UMIG_WAY_FIELD || edge == UMIG_WAY_ELEMENT || edge == UMIG_WAY_BOUNDED) &&
        is_collection(class_name)) {
        put_collection(telling, class_name);
        return;
    }
    telling->collection_bytes = 0;
    switch (edge) {
    case UMIG_WAY_STATIC:
        umig_buf_printf(telling->out, "%sstatic %s.%s", telling->out->len > 0 ? " > " : "",
                        class_name, name);
        break;
    case UMIG_WAY_THREAD:
        umig_buf_printf(telling->out, "thread %s", name);
        break;
    case UMIG_WAY_ELEMENT:
        umig_buf_printf(telling->out, " > %s", class_name);
        break;
    case UMIG_WAY_SOFT:
        umig_buf_printf(telling->out, " > %s", class_name);
        break;
    case UMIG_WAY_CLASS:
        umig_buf_printf(telling->out, " > class %s", class_name);
        break;
    case UMIG_WAY_BOUNDED:
    case UMIG_WAY_FIELD:
    default:
        umig_buf_printf(telling->out, " > %s.%s", class_name, name);
    }
}

void umig_way_put(const struct umig_way_step *steps, size_t count, struct umig_buf *out)
{
    struct umig_buf way = UMIG_BUF_INIT(1u << 16);
    struct telling telling = {.out = &way};
    for (size_t i = 0; i < count; i++) {
        put_step(&telling, &steps[i]);
    }
    umig_buf_text(out, umig_buf_str(&way));
    umig_buf_fini(&way);
}
