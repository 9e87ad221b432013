/* Golden files: what a writer wrote is compared with a file in the tree that people have read. */
#ifndef UMIG_TESTS_SUPPORT_GOLDEN_H
#define UMIG_TESTS_SUPPORT_GOLDEN_H

/**
 * Fails the test if the text differs from the file, naming the first line that does. With
 * UMIG_UPDATE_GOLDEN=1 in the environment it writes the file instead.
 */
void umig_golden_expect(const char *folder, const char *name, const char *text);

#endif
