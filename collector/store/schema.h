/*
 * Tables and statements of umig.db and of the day files; docs/storage.md explains them. A table
 * changes by a new migration at the end of the list, never by editing an old one.
 */
#ifndef UMIG_COLLECTOR_STORE_SCHEMA_H
#define UMIG_COLLECTOR_STORE_SCHEMA_H

#include "collector/store/db.h"

/* Statements of umig.db for its one writer. */
enum umig_main_statement {
    UMIG_MAIN_STORE_ID,
    UMIG_MAIN_STREAM_FIND,
    UMIG_MAIN_STREAM_INSERT,
    UMIG_MAIN_STREAM_UPDATE,
    UMIG_MAIN_STREAM_ENDED,
    UMIG_MAIN_STREAMS_RUNNING,
    UMIG_MAIN_INBOX_INSERT,
    UMIG_MAIN_DELTA_INSERT,
    UMIG_MAIN_SESSION_FIND,
    UMIG_MAIN_SESSION_INSERT,
    UMIG_MAIN_SESSION_START,
    UMIG_MAIN_SESSION_DESCRIBE,
    UMIG_MAIN_SESSION_TOUCH,
    UMIG_MAIN_SESSION_END,
    UMIG_MAIN_SESSION_DAY,
    UMIG_MAIN_SESSIONS_CLOSE,
    UMIG_MAIN_SESSIONS_REOPEN,
    UMIG_MAIN_FORGET_INBOX,
    UMIG_MAIN_FORGET_DELTAS,
    UMIG_MAIN_FILES,
    UMIG_MAIN_FORGET_FILES,
    UMIG_MAIN_FORGET_SESSIONS,
    UMIG_MAIN_FORGET_STREAM_DELTAS,
    UMIG_MAIN_FORGET_STREAMS,
    UMIG_MAIN_COUNT,
};

/* Statements of umig.db for the folder and for readers. */
enum umig_read_statement {
    UMIG_READ_STORE_ID,
    UMIG_READ_INBOX_DAYS,
    UMIG_READ_INBOX_STREAMS,
    UMIG_READ_INBOX_NEXT,
    UMIG_READ_STREAM,
    UMIG_READ_DELTAS,
    UMIG_READ_SESSION_KEY,
    UMIG_READ_SESSIONS,
    UMIG_READ_SESSION,
    UMIG_READ_SESSION_OTHERS,
    UMIG_READ_SESSION_DAYS,
    UMIG_READ_DAY_SESSIONS,
    UMIG_READ_DAYS,
    UMIG_READ_INBOX_SIZE,
    UMIG_READ_SESSION_WAITING,
    UMIG_READ_COUNT,
};

/* Statements of a day file for the folder. An INSERT follows its FIND. */
enum umig_day_statement {
    UMIG_DAY_STORE_ID,
    UMIG_DAY_SET_STORE_ID,
    UMIG_DAY_LOST_PUT,
    UMIG_DAY_LOST_DELETE,
    UMIG_DAY_FOLDED,
    UMIG_DAY_SET_FOLDED,
    UMIG_DAY_STRING_TEXT,
    UMIG_DAY_STRING_FIND,
    UMIG_DAY_STRING_INSERT,
    UMIG_DAY_METHOD_FIND,
    UMIG_DAY_METHOD_INSERT,
    UMIG_DAY_FRAME_FIND,
    UMIG_DAY_FRAME_INSERT,
    UMIG_DAY_STACK_FIND,
    UMIG_DAY_STACK_INSERT,
    UMIG_DAY_THREAD_FIND,
    UMIG_DAY_THREAD_INSERT,
    UMIG_DAY_CELL_FIND,
    UMIG_DAY_CELL_PUT,
    UMIG_DAY_TOTAL_ADD,
    UMIG_DAY_PAUSE_INSERT,
    UMIG_DAY_GC_EVENTS_INSERT,
    UMIG_DAY_HEAP_INSERT,
    UMIG_DAY_POOLS_INSERT,
    UMIG_DAY_WAIT_INSERT,
    UMIG_DAY_TALLY_PUT,
    UMIG_DAY_COST_INSERT,
    UMIG_DAY_COUNT,
};

/* Statements of a day file for reports. */
enum umig_view_statement {
    UMIG_VIEW_STORE_ID,
    UMIG_VIEW_LOST,
    UMIG_VIEW_ALL_LOST,
    UMIG_VIEW_HAS_DATA,
    UMIG_VIEW_CELLS,
    UMIG_VIEW_STRING,
    UMIG_VIEW_METHOD,
    UMIG_VIEW_FRAME,
    UMIG_VIEW_STACK,
    UMIG_VIEW_THREAD,
    UMIG_VIEW_TOTALS,
    UMIG_VIEW_PAUSES,
    UMIG_VIEW_GC_EVENTS,
    UMIG_VIEW_HEAP,
    UMIG_VIEW_POOLS,
    UMIG_VIEW_WAITS,
    UMIG_VIEW_TALLIES,
    UMIG_VIEW_COSTS,
    UMIG_VIEW_ALL_TOTALS,
    UMIG_VIEW_ALL_TALLIES,
    UMIG_VIEW_COUNT,
};

extern const struct umig_db_schema umig_main_schema;
extern const struct umig_db_schema umig_read_schema;
extern const struct umig_db_schema umig_day_schema;
extern const struct umig_db_schema umig_view_schema;

#endif
