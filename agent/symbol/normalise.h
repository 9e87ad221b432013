/*
 * Names that change without meaning: numbers the JVM or Groovy deals out (hidden classes,
 * accessors, proxies, scripts that are compiled again and again). Replaced before they are hashed,
 * so that a recompiled script stays one script and the dictionary stays small.
 */
#ifndef UMIG_AGENT_SYMBOL_NORMALISE_H
#define UMIG_AGENT_SYMBOL_NORMALISE_H

#include <stddef.h>

/**
 * Writes a class name as source has it: '/' becomes '.', and what is volatile becomes '*':
 *
 *   java/lang/invoke/LambdaForm$MH+0x00007f01  java.lang.invoke.LambdaForm$MH
 *   a/B$$Lambda$14+0x0000, a/B$$Lambda+0x0000   a.B$$Lambda
 *   jdk/internal/reflect/GeneratedMethodAccessor17   jdk.internal.reflect.GeneratedMethodAccessor*
 *   jdk/proxy2/$Proxy31                              jdk.proxy*.$Proxy*
 *   Script42, Script42$_run_closure1                 Script*, Script*$_run_closure1
 *   script17000000001234567890                       script*
 *
 * @return bytes written, at most room
 */
size_t umig_normalise_class(const char *name, size_t len, char *out, size_t room);

/**
 * The same for the type of an object, which may be an array: what the VM calls [Ljava/lang/String;
 * and [[I become java.lang.String[] and int[][].
 */
size_t umig_normalise_type(const char *name, size_t len, char *out, size_t room);

/** The same for a source file: Script42.groovy becomes Script*.groovy. */
size_t umig_normalise_file(const char *name, size_t len, char *out, size_t room);

#endif
