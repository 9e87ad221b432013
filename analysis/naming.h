/*
 * Names as the source has them. Compilers and the JVM invent names for closures, lambdas, traits,
 * scripts and hidden classes; some of them change with every run or recompilation. Here they are
 * turned back:
 *
 *   svc.Orders$_total_closure3.doCall             svc.Orders.total {closure 3}
 *   svc.Orders$_total_closure3$_closure4.doCall   svc.Orders.total {closure 3} {closure 4}
 *   svc.Orders$_total_closure3_closure4.doCall    the same (Groovy up to 2.4)
 *   svc.Orders$_closure1.doCall                   svc.Orders {closure 1}: of a field or script body
 *   svc.Orders$_total_lambda1.doCall              svc.Orders.total {lambda 1}
 *   svc.Orders.lambda$total$3                     svc.Orders.total {lambda 3}
 *   svc.Priced$Trait$Helper.tax                   svc.Priced.tax
 *   Script42.run in rules.groovy                  rules.run
 *   Script42.run in Script42.groovy               Script*.run
 *   svc.Work$$Lambda$27/0x00007f06940da228.run    svc.Work$$Lambda.run
 *   jdk.internal.reflect.GeneratedMethodAccessor7 jdk.internal.reflect.GeneratedMethodAccessor*
 *   jdk.proxy2.$Proxy12                           jdk.proxy*.$Proxy*
 */
#ifndef UMIG_ANALYSIS_NAMING_H
#define UMIG_ANALYSIS_NAMING_H

#include <stdbool.h>

#include "core/buf.h"
#include "include/umig/attr.h"

/** What the compiler made of a piece of source. */
enum umig_naming_origin {
    UMIG_NAMING_PLAIN,   /* nothing invented */
    UMIG_NAMING_CLOSURE, /* a class for a Groovy closure or lambda */
    UMIG_NAMING_TRAIT,   /* the class that holds a trait's bodies */
    UMIG_NAMING_SCRIPT,  /* a script without a name of its own */
};

/** A method as a person calls it. */
struct umig_naming {
    struct umig_buf class_name;
    struct umig_buf name;
    struct umig_buf file;
    enum umig_naming_origin origin;
    bool is_groovy; /* certainly compiled by Groovy; false: not known */
};

/* clang-format off */
#define UMIG_NAMING_INIT { UMIG_BUF_INIT(1u << 20), UMIG_BUF_INIT(1u << 20), \
                           UMIG_BUF_INIT(1u << 20), UMIG_NAMING_PLAIN, false }
/* clang-format on */

/**
 * Names one method.
 *
 * @param class_name  binary name with dots: a.b.C$D
 * @param file        source file; "" unknown
 * @param naming      from UMIG_NAMING_INIT or an earlier call; its content is replaced
 * @return UMIG_OK, UMIG_E_NOMEM, UMIG_E_LIMIT (a name above 1 MiB)
 */
UMIG_NODISCARD int umig_naming_read(const char *class_name,
                                    const char *name,
                                    const char *file,
                                    struct umig_naming *naming);

/** Frees the texts. */
void umig_naming_fini(struct umig_naming *naming);

#endif
