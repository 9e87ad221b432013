/* Inside of struct umig_store; for the files of collector/store that write umig.db. */
#ifndef UMIG_COLLECTOR_STORE_STORE_PRIVATE_H
#define UMIG_COLLECTOR_STORE_STORE_PRIVATE_H

#include <stdbool.h>
#include <sys/types.h>

#include "collector/store/db.h"
#include "collector/store/places.h"
#include "collector/store/schema.h"
#include "collector/store/store.h"

struct umig_store {
    char dir[UMIG_STORE_PATH_BYTES];
    bool is_made;   /* there was no folder before it was opened */
    bool is_locked; /* by us: lock_fd alone may be open in vain */
    int lock_fd;
    struct umig_db main;
    int64_t id;
    dev_t device; /* of umig.db, as it was opened */
    ino_t inode;
    bool in_transaction;
    int64_t file; /* day file that the newest batch goes to */
};

/** Begins a transaction unless one is open. */
UMIG_NODISCARD int umig_store_begin(struct umig_store *store, struct umig_err *err);

/** Day file of a batch that arrives now: of its day, the part that is being filled. */
int64_t umig_store_file_at(struct umig_store *store, uint64_t now_unix_ns);

#endif
