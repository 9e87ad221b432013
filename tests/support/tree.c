#include "tests/support/tree.h"

#include <ftw.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/test.h"

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

void umig_tree_remove(const char *path)
{
    assert_memory_equal(path, "/tmp/umig-test-", strlen("/tmp/umig-test-"));
    (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
