#include "analysis/dispatch.h"

#include <stdio.h>
#include <string.h>

#define WORK      UMIG_ROLE_WORK
#define SYSTEM    UMIG_ROLE_SYSTEM
#define HELPER    UMIG_ROLE_HELPER
#define INVOKER   UMIG_ROLE_INVOKER
#define MACHINERY UMIG_ROLE_MACHINERY

/*
 * The first row that fits decides. A class pattern that ends in '*' fits every name that begins so,
 * another fits the class and its inner classes; a method pattern the same way, NULL fits all.
 */
struct row {
    const char *class_pattern;
    const char *method_pattern;
    enum umig_dispatch_role role;
    enum umig_dispatch_way way;
    bool is_java;
};

#define RUNTIME "org.codehaus.groovy.runtime."

/* clang-format off */
static const struct row rows[] = {
  /* What lives among the machinery and is none: extension methods, printing, starting scripts. */
    {"org.codehaus.groovy.vmplugin.v5.Plugin*", NULL, WORK, UMIG_DISPATCH_NONE, false},
    {"org.codehaus.groovy.vmplugin.v6.Plugin*", NULL, WORK, UMIG_DISPATCH_NONE, false},
    {"org.codehaus.groovy.vmplugin.v7.Plugin*", NULL, WORK, UMIG_DISPATCH_NONE, false},
    {"org.codehaus.groovy.vmplugin.v8.Plugin*", NULL, WORK, UMIG_DISPATCH_NONE, false},
    {"org.codehaus.groovy.vmplugin.v9.Plugin*", NULL, WORK, UMIG_DISPATCH_NONE, false},
    {RUNTIME "InvokerHelper", "format*", WORK, UMIG_DISPATCH_NONE, false},
    {RUNTIME "InvokerHelper", "to*", WORK, UMIG_DISPATCH_NONE, false},
    {RUNTIME "InvokerHelper", "inspect", WORK, UMIG_DISPATCH_NONE, false},
    {RUNTIME "InvokerHelper", "write*", WORK, UMIG_DISPATCH_NONE, false},
    {RUNTIME "InvokerHelper", "append", WORK, UMIG_DISPATCH_NONE, false},
    {RUNTIME "InvokerHelper", "createScript", WORK, UMIG_DISPATCH_NONE, false},
    {RUNTIME "InvokerHelper", "newScript", WORK, UMIG_DISPATCH_NONE, false},
    {RUNTIME "InvokerHelper", "runScript", WORK, UMIG_DISPATCH_NONE, false},

    {"org.codehaus.groovy.vmplugin.*", NULL, MACHINERY, UMIG_DISPATCH_INDY, false},
    {RUNTIME "callsite.*", NULL, MACHINERY, UMIG_DISPATCH_CALL_SITE, false},
    {RUNTIME "BytecodeInterface8", NULL, MACHINERY, UMIG_DISPATCH_CALL_SITE, false},

    {RUNTIME "dgm$*", NULL, INVOKER, UMIG_DISPATCH_METACLASS, false},
    {RUNTIME "dgmimpl.*", NULL, INVOKER, UMIG_DISPATCH_CALL_SITE, false},
    {RUNTIME "metaclass.*", NULL, MACHINERY, UMIG_DISPATCH_METACLASS, false},
    {RUNTIME "m12n.*", NULL, MACHINERY, UMIG_DISPATCH_METACLASS, false},
    {RUNTIME "InvokerHelper", NULL, INVOKER, UMIG_DISPATCH_METACLASS, false},
    {RUNTIME "InvokerInvocationException", NULL, MACHINERY, UMIG_DISPATCH_METACLASS, false},
    {RUNTIME "HandleMetaClass", NULL, MACHINERY, UMIG_DISPATCH_METACLASS, false},
    {RUNTIME "MetaClassHelper", NULL, MACHINERY, UMIG_DISPATCH_METACLASS, false},
    {RUNTIME "MethodKey", NULL, MACHINERY, UMIG_DISPATCH_METACLASS, false},
    {RUNTIME "DefaultMethodKey", NULL, MACHINERY, UMIG_DISPATCH_METACLASS, false},
    {RUNTIME "DefaultCachedMethodKey", NULL, MACHINERY, UMIG_DISPATCH_METACLASS, false},
    {RUNTIME "MethodRankHelper", NULL, MACHINERY, UMIG_DISPATCH_METACLASS, false},
    {RUNTIME "NullObject", NULL, INVOKER, UMIG_DISPATCH_METACLASS, false},
    {RUNTIME "Reflector", NULL, INVOKER, UMIG_DISPATCH_METACLASS, false},
    {RUNTIME "ReflectionMethodInvoker", NULL, INVOKER, UMIG_DISPATCH_REFLECTION, false},
    {RUNTIME "GroovyCategorySupport", NULL, MACHINERY, UMIG_DISPATCH_CATEGORY, false},

    {RUNTIME "ScriptBytecodeAdapter", "invoke*", INVOKER, UMIG_DISPATCH_METACLASS, false},
    {RUNTIME "ScriptBytecodeAdapter", "get*", INVOKER, UMIG_DISPATCH_PROPERTY, false},
    {RUNTIME "ScriptBytecodeAdapter", "set*", INVOKER, UMIG_DISPATCH_PROPERTY, false},
    {RUNTIME "ScriptBytecodeAdapter", NULL, INVOKER, UMIG_DISPATCH_CONVERSION, false},
    {RUNTIME "typehandling.*", NULL, INVOKER, UMIG_DISPATCH_CONVERSION, false},
    {RUNTIME "wrappers.*", NULL, INVOKER, UMIG_DISPATCH_CONVERSION, false},

    {RUNTIME "ConversionHandler", NULL, INVOKER, UMIG_DISPATCH_PROXY, false},
    {RUNTIME "ConvertedClosure", NULL, INVOKER, UMIG_DISPATCH_PROXY, false},
    {RUNTIME "ConvertedMap", NULL, INVOKER, UMIG_DISPATCH_PROXY, false},
    {RUNTIME "ProxyGeneratorAdapter", NULL, MACHINERY, UMIG_DISPATCH_PROXY, false},
    {RUNTIME "CurriedClosure", NULL, MACHINERY, UMIG_DISPATCH_CLOSURE, false},
    {RUNTIME "ComposedClosure", NULL, MACHINERY, UMIG_DISPATCH_CLOSURE, false},
    {RUNTIME "MethodClosure", NULL, MACHINERY, UMIG_DISPATCH_CLOSURE, false},

    {"org.codehaus.groovy.reflection.*", NULL, MACHINERY, UMIG_DISPATCH_METACLASS, false},
    {"org.codehaus.groovy.util.AbstractConcurrent*", NULL, MACHINERY, UMIG_DISPATCH_METACLASS,
     false                                                                                                             },
    {"org.codehaus.groovy.util.ComplexKey*", NULL, MACHINERY, UMIG_DISPATCH_METACLASS, false},
    {"org.codehaus.groovy.util.SingleKey*", NULL, MACHINERY, UMIG_DISPATCH_METACLASS, false},
    {"org.codehaus.groovy.util.DoubleKey*", NULL, MACHINERY, UMIG_DISPATCH_METACLASS, false},
    {"org.codehaus.groovy.util.TripleKey*", NULL, MACHINERY, UMIG_DISPATCH_METACLASS, false},
    {"org.codehaus.groovy.util.FastArray", NULL, MACHINERY, UMIG_DISPATCH_METACLASS, false},
    {"org.codehaus.groovy.util.Managed*", NULL, MACHINERY, UMIG_DISPATCH_METACLASS, false},
    {"org.codehaus.groovy.util.LazyReference", NULL, MACHINERY, UMIG_DISPATCH_METACLASS, false},
    {"org.codehaus.groovy.util.LockableObject", NULL, MACHINERY, UMIG_DISPATCH_METACLASS, false},
    {"org.codehaus.groovy.util.Reference*", NULL, MACHINERY, UMIG_DISPATCH_METACLASS, false},
    {"org.apache.groovy.internal.*", NULL, MACHINERY, UMIG_DISPATCH_METACLASS, false},
    {"org.apache.groovy.util.BeanUtils", NULL, MACHINERY, UMIG_DISPATCH_METACLASS, false},

    {"groovy.lang.MetaClass*", NULL, MACHINERY, UMIG_DISPATCH_METACLASS, false},
    {"groovy.lang.Meta*", NULL, MACHINERY, UMIG_DISPATCH_METACLASS, false},
    {"groovy.lang.ExpandoMetaClass*", NULL, MACHINERY, UMIG_DISPATCH_METACLASS, false},
    {"groovy.lang.DelegatingMetaClass", NULL, MACHINERY, UMIG_DISPATCH_METACLASS, false},
    {"groovy.lang.ProxyMetaClass", NULL, MACHINERY, UMIG_DISPATCH_METACLASS, false},
    {"groovy.lang.AdaptingMetaClass", NULL, MACHINERY, UMIG_DISPATCH_METACLASS, false},
    {"groovy.lang.MultipleSetterProperty", NULL, MACHINERY, UMIG_DISPATCH_METACLASS, false},
    {"groovy.lang.GroovyObject", NULL, MACHINERY, UMIG_DISPATCH_METACLASS, false},
    {"groovy.lang.GroovyObjectSupport", NULL, MACHINERY, UMIG_DISPATCH_METACLASS, false},
    {"groovy.lang.GroovySystem", NULL, MACHINERY, UMIG_DISPATCH_METACLASS, false},
    {"groovy.lang.Closure", NULL, MACHINERY, UMIG_DISPATCH_CLOSURE, false},
    {"groovy.lang.Script", "invokeMethod", MACHINERY, UMIG_DISPATCH_METACLASS, false},
    {"groovy.lang.Script", "getProperty", MACHINERY, UMIG_DISPATCH_PROPERTY, false},
    {"groovy.lang.Script", "setProperty", MACHINERY, UMIG_DISPATCH_PROPERTY, false},
    {"groovy.lang.Binding", NULL, MACHINERY, UMIG_DISPATCH_PROPERTY, false},
    {"groovy.util.BuilderSupport", "invokeMethod", INVOKER, UMIG_DISPATCH_BUILDER, false},
    {"groovy.util.BuilderSupport", "doInvokeMethod", INVOKER, UMIG_DISPATCH_BUILDER, false},
    {"groovy.util.FactoryBuilderSupport", "invokeMethod", INVOKER, UMIG_DISPATCH_BUILDER, false},
    {"groovy.util.FactoryBuilderSupport", "doInvokeMethod", INVOKER, UMIG_DISPATCH_BUILDER, false},
    {"groovy.util.FactoryBuilderSupport", "dispatchNodeCall", INVOKER, UMIG_DISPATCH_BUILDER,
     false                                                                                                             },

 /* Java's own ways to call what is not known at compile time. */
    {"java.lang.invoke.VarHandle*", NULL, SYSTEM, UMIG_DISPATCH_NONE, false},
    {"java.lang.invoke.LambdaForm*", NULL, INVOKER, UMIG_DISPATCH_METHOD_HANDLES, true},
    {"java.lang.invoke.Invokers", NULL, INVOKER, UMIG_DISPATCH_METHOD_HANDLES, true},
    {"java.lang.invoke.DirectMethodHandle", NULL, INVOKER, UMIG_DISPATCH_METHOD_HANDLES, true},
    {"java.lang.invoke.DelegatingMethodHandle", NULL, INVOKER, UMIG_DISPATCH_METHOD_HANDLES, true},
    {"java.lang.invoke.MethodHandle", NULL, INVOKER, UMIG_DISPATCH_METHOD_HANDLES, true},
    {"java.lang.invoke.*", NULL, MACHINERY, UMIG_DISPATCH_METHOD_HANDLES, true},
    {"java.lang.reflect.Method", NULL, INVOKER, UMIG_DISPATCH_REFLECTION, true},
    {"java.lang.reflect.Constructor", NULL, INVOKER, UMIG_DISPATCH_REFLECTION, true},
    {"java.lang.reflect.Field", NULL, INVOKER, UMIG_DISPATCH_REFLECTION, true},
    {"java.lang.reflect.AccessibleObject", NULL, MACHINERY, UMIG_DISPATCH_REFLECTION, true},
    {"java.lang.reflect.Executable", NULL, MACHINERY, UMIG_DISPATCH_REFLECTION, true},
    {"jdk.internal.reflect.Reflection*", NULL, MACHINERY, UMIG_DISPATCH_REFLECTION, true},
    {"jdk.internal.reflect.MethodHandleAccessorFactory", NULL, MACHINERY, UMIG_DISPATCH_REFLECTION, true},
    {"jdk.internal.reflect.*", NULL, INVOKER, UMIG_DISPATCH_REFLECTION, true},
    {"sun.reflect.*", NULL, INVOKER, UMIG_DISPATCH_REFLECTION, true},
    {"jdk.proxy*", NULL, INVOKER, UMIG_DISPATCH_PROXY, true},
    {"com.sun.proxy.$Proxy*", NULL, INVOKER, UMIG_DISPATCH_PROXY, true},

 /* The casts and checks of method handles, and what only the JDK calls. */
    {"java.lang.Class", "cast", HELPER, UMIG_DISPATCH_NONE, false},
    {"java.lang.Class", "isInstance", HELPER, UMIG_DISPATCH_NONE, false},
    {"java.lang.Class", "getComponentType", HELPER, UMIG_DISPATCH_NONE, false},
    {"java.lang.ref.SoftReference", "get", HELPER, UMIG_DISPATCH_NONE, false},
    {"java.lang.reflect.Array", "new*", HELPER, UMIG_DISPATCH_NONE, false},
    {"java.util.Objects", "requireNonNull", HELPER, UMIG_DISPATCH_NONE, false},
    {"jdk.internal.misc.*", NULL, HELPER, UMIG_DISPATCH_NONE, false},
    {"jdk.internal.org.objectweb.*", NULL, HELPER, UMIG_DISPATCH_NONE, false},
    {"jdk.internal.vm.*", NULL, HELPER, UMIG_DISPATCH_NONE, false},
    {"sun.invoke.*", NULL, HELPER, UMIG_DISPATCH_NONE, false},
    {"sun.*", NULL, SYSTEM, UMIG_DISPATCH_NONE, false},
    {"java.*", NULL, SYSTEM, UMIG_DISPATCH_NONE, false},
    {"javax.*", NULL, SYSTEM, UMIG_DISPATCH_NONE, false},
    {"jdk.*", NULL, SYSTEM, UMIG_DISPATCH_NONE, false},
    {"com.sun.*", NULL, SYSTEM, UMIG_DISPATCH_NONE, false},
    {"groovyjarjarasm.*", NULL, SYSTEM, UMIG_DISPATCH_NONE, false}, /* writes call-site classes */
};
/* clang-format on */

static bool fits(const char *text, const char *pattern, bool takes_inner)
{
    const size_t len = strlen(pattern);
    if (pattern[len - 1] == '*') {
        return strncmp(text, pattern, len - 1) == 0;
    }
    return strncmp(text, pattern, len) == 0 &&
           (text[len] == '\0' || (takes_inner && text[len] == '$'));
}

static const struct row *find_row(const char *class_name, const char *name)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        if (fits(class_name, row->class_pattern, true) &&
            (row->method_pattern == NULL || fits(name, row->method_pattern, false))) {
            return row;
        }
    }
    return NULL;
}

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static bool is_one_of(const char *text, const char *const *list)
{
    for (; *list != NULL; list++) {
        if (strcmp(text, *list) == 0) {
            return true;
        }
    }
    return false;
}

/*
 * Classes that CallSiteGenerator writes: Order$total, Work$spin$0, one method, no line. An inner
 * class of that shape whose name begins small would be taken for one; sources hardly have them.
 */
static bool is_call_site_class(const char *class_name, const char *name)
{
    static const char *const methods[] = {"call", "callCurrent", "callStatic", "callConstructor",
                                          NULL};
    if (!is_one_of(name, methods)) {
        return false;
    }
    const char *tail = strrchr(class_name, '$');
    if (tail == NULL || tail == class_name) {
        return false;
    }
    if (tail[1] >= '0' && tail[1] <= '9') { /* the number that tells two sites apart */
        do {
            tail--;
        } while (tail > class_name && *tail != '$');
    }
    return *tail == '$' && ((tail[1] >= 'a' && tail[1] <= 'z') || tail[1] == '<');
}

/* Methods that Groovy adds to every class it compiles; a line means that somebody wrote them. */
static bool is_generated_method(const char *name, uint32_t line)
{
    static const char *const added[] = {"invokeMethod", "getProperty",  "setProperty",
                                        "getMetaClass", "setMetaClass", NULL};
    return starts_with(name, "this$dist$") || starts_with(name, "super$") ||
           starts_with(name, "pfaccess$") || starts_with(name, "$getCallSiteArray") ||
           starts_with(name, "$createCallSiteArray") || starts_with(name, "$getStaticMetaClass") ||
           starts_with(name, "$getLookup") || strstr(name, "trait$super$") != NULL ||
           (line == 0 && is_one_of(name, added));
}

static bool ends_with(const char *text, const char *suffix)
{
    const size_t len = strlen(text);
    const size_t suffix_len = strlen(suffix);
    return len >= suffix_len && strcmp(text + len - suffix_len, suffix) == 0;
}

static struct umig_dispatch dispatch(enum umig_dispatch_role role, enum umig_dispatch_way way)
{
    return (struct umig_dispatch){.role = role, .way = way};
}

/* Classes that Groovy compiled or wrote at run time. */
static struct umig_dispatch of_compiled(const char *class_name,
                                        const char *name,
                                        uint32_t line,
                                        enum umig_naming_origin origin)
{
    static const char *const of_closures[] = {"call", "<init>", NULL};
    if (origin == UMIG_NAMING_CLOSURE && is_one_of(name, of_closures)) {
        return dispatch(INVOKER, UMIG_DISPATCH_CLOSURE);
    }
    if (line == 0 && is_call_site_class(class_name, name)) {
        return dispatch(INVOKER, UMIG_DISPATCH_CALL_SITE);
    }
    if (ends_with(class_name, "_groovyProxy")) {
        return dispatch(INVOKER, UMIG_DISPATCH_PROXY);
    }
    const char *simple = strrchr(class_name, '.');
    if (starts_with(simple != NULL ? simple + 1 : class_name, "$Proxy")) {
        return (struct umig_dispatch){INVOKER, UMIG_DISPATCH_PROXY, true};
    }
    if (is_generated_method(name, line)) {
        return dispatch(MACHINERY, UMIG_DISPATCH_METACLASS);
    }
    return dispatch(WORK, UMIG_DISPATCH_NONE);
}

struct umig_dispatch umig_dispatch_of(const char *class_name,
                                      const char *name,
                                      uint32_t line,
                                      enum umig_frame_kind kind,
                                      enum umig_naming_origin origin)
{
    if (kind == UMIG_FRAME_NATIVE || kind == UMIG_FRAME_KERNEL || kind == UMIG_FRAME_VM) {
        return dispatch(HELPER, UMIG_DISPATCH_NONE);
    }
    if (kind == UMIG_FRAME_STATE || kind == UMIG_FRAME_ERROR || kind == UMIG_FRAME_TRUNCATED ||
        kind == UMIG_FRAME_DISPATCH || kind == UMIG_FRAME_COMPILING ||
        kind == UMIG_FRAME_ALLOCATED || kind == UMIG_FRAME_OUTSIDE ||
        kind == UMIG_FRAME_HUMONGOUS || kind == UMIG_FRAME_LIVE || kind == UMIG_FRAME_HELD) {
        return dispatch(WORK, UMIG_DISPATCH_NONE);
    }
    const struct row *row = find_row(class_name, name);
    if (row != NULL) {
        return (struct umig_dispatch){row->role, row->way, row->is_java};
    }
    return of_compiled(class_name, name, line, origin);
}

const char *umig_dispatch_words(enum umig_dispatch_way way)
{
    static const char *const words[] = {
#define UMIG_DISPATCH_WORDS(name, text) text,
        UMIG_DISPATCH_TABLE(UMIG_DISPATCH_WORDS)
#undef UMIG_DISPATCH_WORDS
    };
    return words[way];
}

void umig_dispatch_line(enum umig_dispatch_way way,
                        bool is_groovy,
                        char out[UMIG_DISPATCH_LINE_BYTES])
{
    snprintf(out, UMIG_DISPATCH_LINE_BYTES, is_groovy ? "[groovy dispatch: %s]" : "[%s]",
             umig_dispatch_words(way));
}

bool umig_dispatch_is_line(const char *name)
{
    for (int way = UMIG_DISPATCH_INDY; name[0] == '[' && way <= UMIG_DISPATCH_CATEGORY; way++) {
        char groovy[UMIG_DISPATCH_LINE_BYTES];
        char java[UMIG_DISPATCH_LINE_BYTES];
        umig_dispatch_line((enum umig_dispatch_way)way, true, groovy);
        umig_dispatch_line((enum umig_dispatch_way)way, false, java);
        if (strcmp(name, groovy) == 0 || strcmp(name, java) == 0) {
            return true;
        }
    }
    return false;
}
