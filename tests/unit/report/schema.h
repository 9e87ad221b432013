/* Whether a document is what a schema in docs/ says. */
#ifndef UMIG_TESTS_UNIT_REPORT_SCHEMA_H
#define UMIG_TESTS_UNIT_REPORT_SCHEMA_H

#include <jansson.h>

/** Fails the test, naming the key, unless every key is described and every required one there. */
void umig_schema_expect(const char *path, const json_t *value);

#endif
