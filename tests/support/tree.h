/* Folders of tests. */
#ifndef UMIG_TESTS_SUPPORT_TREE_H
#define UMIG_TESTS_SUPPORT_TREE_H

/** Removes a folder below /tmp/umig-test- and all in it; asserts that it lies there. */
void umig_tree_remove(const char *path);

#endif
