#include "collector/store/schema.h"

/* clang-format off */

/*
 * umig.db: what must be one truth with an acknowledgement. Keys are never used twice
 * (AUTOINCREMENT): day files outlive the rows they refer to.
 */
static const struct umig_db_migration main_migrations[] = {
    {"CREATE TABLE meta("
     "  name TEXT NOT NULL PRIMARY KEY,"
     "  value INTEGER NOT NULL"
     ") STRICT;"
     "INSERT INTO meta VALUES ('store_id', random());"

     /* One row for each process that ever sent a batch. */
     "CREATE TABLE streams("
     "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
     "  epoch INTEGER NOT NULL UNIQUE,"
     "  uid INTEGER NOT NULL,"                  /* -1: over TCP */
     "  watermark INTEGER NOT NULL,"            /* highest batch stored */
     "  generation INTEGER NOT NULL,"           /* of the dictionary, and its highest ids: */
     "  strings INTEGER NOT NULL, methods INTEGER NOT NULL, frames INTEGER NOT NULL,"
     "  stacks INTEGER NOT NULL, threads INTEGER NOT NULL,"
     "  sessions INTEGER NOT NULL,"             /* highest session number */
     "  anchor_monotonic_ns INTEGER NOT NULL,"  /* of the first Hello, never replaced */
     "  anchor_unix_ns INTEGER NOT NULL,"
     "  last_unix_ns INTEGER NOT NULL,"
     "  ended INTEGER NOT NULL DEFAULT 0,"      /* 1: it said BYE */
     "  hello BLOB NOT NULL"
     ") STRICT;"

     "CREATE TABLE sessions("
     "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
     "  stream INTEGER NOT NULL,"
     "  number INTEGER NOT NULL,"
     "  name TEXT NOT NULL,"
     "  uid INTEGER NOT NULL,"
     "  start_unix_ns INTEGER NOT NULL,"
     "  end_unix_ns INTEGER NOT NULL DEFAULT 0,"
     "  last_unix_ns INTEGER NOT NULL,"
     "  end_reason INTEGER NOT NULL DEFAULT 0,"
     "  start BLOB NOT NULL,"                   /* SessionStart */
     "  hello BLOB NOT NULL,"                   /* of its stream, which may go before it */
     "  UNIQUE(stream, number)"
     ") STRICT;"
     "CREATE INDEX sessions_by_name ON sessions(name, id);"

     /* Which day files hold data of a session. */
     "CREATE TABLE session_days("
     "  day INTEGER NOT NULL,"
     "  session INTEGER NOT NULL,"
     "  PRIMARY KEY(day, session)"
     ") STRICT, WITHOUT ROWID;"
     "CREATE INDEX session_days_by_session ON session_days(session, day);"

     /* Batches that were acknowledged and not folded yet. */
     "CREATE TABLE inbox("
     "  stream INTEGER NOT NULL,"
     "  sequence INTEGER NOT NULL,"
     "  day INTEGER NOT NULL,"
     "  payload BLOB NOT NULL,"
     "  PRIMARY KEY(stream, sequence)"
     ") STRICT;"
     "CREATE INDEX inbox_by_day ON inbox(day, stream, sequence);"

     /* The map from an agent's ids to names: what it sent, generation by generation. */
     "CREATE TABLE deltas("
     "  stream INTEGER NOT NULL,"
     "  generation INTEGER NOT NULL,"
     "  sequence INTEGER NOT NULL,"
     "  dictionary BLOB NOT NULL,"
     "  PRIMARY KEY(stream, generation, sequence)"
     ") STRICT;"},
};

#define STORE_ID "SELECT value FROM meta WHERE name='store_id'"

static const char *const main_statements[UMIG_MAIN_COUNT] = {
    [UMIG_MAIN_STORE_ID] = STORE_ID,
    [UMIG_MAIN_STREAM_FIND] =
        "SELECT id, uid, watermark, generation, strings, methods, frames, stacks, threads,"
        " sessions, anchor_monotonic_ns, anchor_unix_ns, ended FROM streams WHERE epoch=?1",
    [UMIG_MAIN_STREAM_INSERT] =
        "INSERT INTO streams(epoch, uid, watermark, generation, strings, methods, frames, stacks,"
        " threads, sessions, anchor_monotonic_ns, anchor_unix_ns, last_unix_ns, hello)"
        " VALUES(?1, ?2, 0, 0, 0, 0, 0, 0, 0, 0, ?3, ?4, ?5, ?6)",
    [UMIG_MAIN_STREAM_UPDATE] =
        "UPDATE streams SET watermark=?2, generation=?3, strings=?4, methods=?5, frames=?6,"
        " stacks=?7, threads=?8, sessions=?9, last_unix_ns=?10 WHERE id=?1",
    [UMIG_MAIN_STREAM_ENDED] = "UPDATE streams SET ended=1 WHERE id=?1",
    [UMIG_MAIN_STREAMS_RUNNING] = "SELECT DISTINCT s.id, s.epoch FROM streams s"
        " JOIN sessions x ON x.stream=s.id WHERE x.end_reason=0",
    [UMIG_MAIN_INBOX_INSERT] =
        "INSERT INTO inbox(stream, sequence, day, payload) VALUES(?1, ?2, ?3, ?4)",
    [UMIG_MAIN_DELTA_INSERT] =
        "INSERT INTO deltas(stream, generation, sequence, dictionary) VALUES(?1, ?2, ?3, ?4)",
    [UMIG_MAIN_SESSION_FIND] = "SELECT id FROM sessions WHERE stream=?1 AND number=?2",
    [UMIG_MAIN_SESSION_INSERT] =
        "INSERT INTO sessions(stream, number, name, uid, start_unix_ns, last_unix_ns, start, hello)"
        " SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, hello FROM streams WHERE id=?1",
    [UMIG_MAIN_SESSION_START] = "SELECT start FROM sessions WHERE stream=?1 AND number=?2",
    [UMIG_MAIN_SESSION_DESCRIBE] = "UPDATE sessions SET start=?3 WHERE stream=?1 AND number=?2",
    [UMIG_MAIN_SESSION_TOUCH] =
        "UPDATE sessions SET last_unix_ns=max(last_unix_ns, ?2) WHERE id=?1",
    [UMIG_MAIN_SESSION_END] =
        "UPDATE sessions SET end_unix_ns=?3, end_reason=?4 WHERE stream=?1 AND number=?2",
    [UMIG_MAIN_SESSION_DAY] = "INSERT OR IGNORE INTO session_days(day, session) VALUES(?1, ?2)",
    [UMIG_MAIN_SESSIONS_CLOSE] =
        "UPDATE sessions SET end_reason=?2, end_unix_ns=last_unix_ns"
        " WHERE stream=?1 AND end_reason=0",
    [UMIG_MAIN_SESSIONS_REOPEN] =
        "UPDATE sessions SET end_reason=0, end_unix_ns=0 WHERE stream=?1 AND end_reason=?2",
    [UMIG_MAIN_FORGET_INBOX] = "DELETE FROM inbox WHERE stream=?1 AND sequence<=?2",
    [UMIG_MAIN_FORGET_DELTAS] =
        "DELETE FROM deltas WHERE stream=?1"
        " AND (generation < (SELECT generation FROM streams WHERE id=?1)"
        "   OR (SELECT ended FROM streams WHERE id=?1))"
        " AND NOT EXISTS (SELECT 1 FROM inbox WHERE stream=?1)",
    [UMIG_MAIN_FILES] =
        "SELECT day, count(*) FROM session_days"
        " WHERE day>=?1 AND day NOT IN (SELECT day FROM inbox) GROUP BY day ORDER BY day",
    [UMIG_MAIN_FORGET_FILES] =
        "DELETE FROM session_days WHERE day<=?1 AND day NOT IN (SELECT day FROM inbox)",
    [UMIG_MAIN_FORGET_SESSIONS] =
        "DELETE FROM sessions WHERE end_reason!=0"
        " AND NOT EXISTS (SELECT 1 FROM session_days d WHERE d.session=sessions.id)",
    [UMIG_MAIN_FORGET_STREAM_DELTAS] =
        "DELETE FROM deltas WHERE stream IN (SELECT id FROM streams WHERE last_unix_ns<?1"
        " AND NOT EXISTS (SELECT 1 FROM sessions x WHERE x.stream=streams.id)"
        " AND NOT EXISTS (SELECT 1 FROM inbox i WHERE i.stream=streams.id))",
    [UMIG_MAIN_FORGET_STREAMS] =
        "DELETE FROM streams WHERE last_unix_ns<?1"
        " AND NOT EXISTS (SELECT 1 FROM sessions x WHERE x.stream=streams.id)"
        " AND NOT EXISTS (SELECT 1 FROM inbox i WHERE i.stream=streams.id)",
};

static const char *const read_statements[UMIG_READ_COUNT] = {
    [UMIG_READ_STORE_ID] = STORE_ID,
    [UMIG_READ_INBOX_DAYS] = "SELECT DISTINCT day FROM inbox ORDER BY day",
    [UMIG_READ_INBOX_STREAMS] = "SELECT DISTINCT stream FROM inbox WHERE day=?1 ORDER BY stream",
    [UMIG_READ_INBOX_NEXT] = "SELECT sequence, payload FROM inbox"
        " WHERE day=?1 AND stream=?2 AND sequence>?3 ORDER BY sequence",
    [UMIG_READ_STREAM] =
        "SELECT anchor_monotonic_ns, anchor_unix_ns FROM streams WHERE id=?1",
    [UMIG_READ_DELTAS] = "SELECT dictionary FROM deltas"
        " WHERE stream=?1 AND generation=?2 AND sequence<=?3 ORDER BY sequence",
    [UMIG_READ_SESSION_KEY] = "SELECT id FROM sessions WHERE stream=?1 AND number=?2",
    [UMIG_READ_SESSIONS] =
        "SELECT id, name, uid, start_unix_ns, end_unix_ns, last_unix_ns, end_reason, start, hello"
        " FROM sessions ORDER BY start_unix_ns, id",
    [UMIG_READ_SESSION] =
        "SELECT id, name, uid, start_unix_ns, end_unix_ns, last_unix_ns, end_reason, start, hello"
        " FROM sessions WHERE id=?1",
    [UMIG_READ_SESSION_OTHERS] =
        "WITH spans AS (SELECT id, stream, name, start_unix_ns AS since,"
        "   CASE end_reason WHEN 0 THEN last_unix_ns ELSE end_unix_ns END AS until FROM sessions)"
        " SELECT other.name FROM spans AS one JOIN spans AS other"
        "   ON other.stream=one.stream AND other.id!=one.id"
        "   AND other.since<one.until AND other.until>one.since"
        " WHERE one.id=?1 ORDER BY other.since, other.id",
    [UMIG_READ_SESSION_DAYS] = "SELECT day FROM session_days WHERE session=?1 ORDER BY day",
    [UMIG_READ_DAY_SESSIONS] = "SELECT session FROM session_days WHERE day=?1",
    [UMIG_READ_DAYS] = "SELECT DISTINCT day FROM session_days ORDER BY day",
    [UMIG_READ_SESSION_WAITING] =
        "SELECT s.anchor_monotonic_ns, s.anchor_unix_ns, x.end_reason, x.end_unix_ns, i.payload,"
        "   (SELECT count(*) FROM inbox WHERE stream=s.id)"
        " FROM sessions x JOIN streams s ON s.id=x.stream JOIN inbox i ON i.stream=s.id"
        " WHERE x.id=?1 ORDER BY i.sequence LIMIT 1",
    [UMIG_READ_INBOX_SIZE] = "SELECT count(*), coalesce(sum(length(payload)), 0) FROM inbox",
};

/*
 * A day file stands for itself: its own names, its own ids, all that was measured on that day. So
 * forgetting a day is unlinking its file.
 */
static const struct umig_db_migration day_migrations[] = {
    {"CREATE TABLE meta("
     "  name TEXT NOT NULL PRIMARY KEY,"
     "  value INTEGER NOT NULL"
     ") STRICT;"

     /* Highest batch of each stream whose effect is in this file. */
     "CREATE TABLE folded(stream INTEGER PRIMARY KEY, sequence INTEGER NOT NULL) STRICT;"

     /* Dictionaries by content; ids from 1, 0 is "none". */
     "CREATE TABLE strings(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;"
     "CREATE TABLE methods("
     "  id INTEGER PRIMARY KEY,"
     "  class INTEGER NOT NULL, name INTEGER NOT NULL, file INTEGER NOT NULL,"
     "  UNIQUE(class, name, file)"
     ") STRICT;"
     "CREATE TABLE frames("
     "  id INTEGER PRIMARY KEY,"
     "  method INTEGER NOT NULL, line INTEGER NOT NULL, kind INTEGER NOT NULL,"
     "  UNIQUE(method, line, kind)"
     ") STRICT;"
     "CREATE TABLE stacks("
     "  id INTEGER PRIMARY KEY,"
     "  parent INTEGER NOT NULL, frame INTEGER NOT NULL,"
     "  UNIQUE(parent, frame)"
     ") STRICT;"
     "CREATE TABLE threads("
     "  id INTEGER PRIMARY KEY,"
     "  tid INTEGER NOT NULL,"        /* below 0: the id of a virtual thread, negated */
     "  name INTEGER NOT NULL, kind INTEGER NOT NULL,"
     "  UNIQUE(tid, name, kind)"
     ") STRICT;"

     /* Samples of ten seconds with the same key; data: collector/store/cell.h. */
     "CREATE TABLE cells("
     "  session INTEGER NOT NULL,"
     "  slot INTEGER NOT NULL,"       /* unix time / 10 s */
     "  kind INTEGER NOT NULL,"
     "  operation INTEGER NOT NULL,"  /* 0: operations come with the probes */
     "  grp INTEGER NOT NULL,"        /* string: thread group */
     "  outcome INTEGER NOT NULL,"
     "  data BLOB NOT NULL,"
     "  PRIMARY KEY(session, slot, kind, operation, grp, outcome)"
     ") STRICT;"
     "CREATE TABLE thread_totals("
     "  session INTEGER NOT NULL, kind INTEGER NOT NULL, thread INTEGER NOT NULL,"
     "  count INTEGER NOT NULL, value INTEGER NOT NULL,"
     "  PRIMARY KEY(session, kind, thread)"
     ") STRICT, WITHOUT ROWID;"
     "CREATE TABLE pauses("
     "  session INTEGER NOT NULL,"
     "  start_unix_ns INTEGER NOT NULL, duration_ns INTEGER NOT NULL,"
     "  collection INTEGER NOT NULL, cause INTEGER NOT NULL,"
     "  heap_before INTEGER NOT NULL, heap_after INTEGER NOT NULL"  /* bytes + 1; 0 unknown */
     ") STRICT;"
     "CREATE INDEX pauses_by_session ON pauses(session);"
     "CREATE TABLE heap_points("
     "  session INTEGER NOT NULL, unix_ns INTEGER NOT NULL, rss_bytes INTEGER NOT NULL,"
     /* varints: string, used, committed, maximum + 1; ...; a counter of the JVM: 0, number, value, 0 */
     "  pools BLOB NOT NULL"
     ") STRICT;"
     "CREATE INDEX heap_points_by_session ON heap_points(session);"
     "CREATE TABLE waits("
     "  session INTEGER NOT NULL, unix_ns INTEGER NOT NULL,"
     /* In the upper 32 bits of holder: stack of the holder; of monitor_class: number of the
        deadlock that the wait is part of. 0 unknown, or none. */
     "  thread INTEGER NOT NULL, holder INTEGER NOT NULL,"
     "  monitor_class INTEGER NOT NULL, stack INTEGER NOT NULL,"
     "  wait_ns INTEGER NOT NULL, count INTEGER NOT NULL"
     ") STRICT;"
     "CREATE INDEX waits_by_session ON waits(session);"

     /* The newest books of a session's kind; the sums are cumulative since its start. */
     "CREATE TABLE tallies("
     "  session INTEGER NOT NULL, kind INTEGER NOT NULL, time_ns INTEGER NOT NULL,"
     "  produced INTEGER NOT NULL,"
     "  dropped BLOB NOT NULL,"       /* varints: cause, value; ... */
     "  agent_cpu_ns INTEGER NOT NULL, agent_memory_bytes INTEGER NOT NULL,"
     "  process_cpu_ns INTEGER NOT NULL,"
     "  PRIMARY KEY(session, kind)"
     ") STRICT, WITHOUT ROWID;"},

    /* Pools of threads and of connections, each reading of all of them a row. */
    {"CREATE TABLE pool_readings("
     "  session INTEGER NOT NULL, unix_ns INTEGER NOT NULL,"
     /* varints: number, kind, string, size, maximum + 1, active, queued + 1, completed + 1; ... */
     "  pools BLOB NOT NULL"
     ") STRICT;"
     "CREATE INDEX pool_readings_by_session ON pool_readings(session);"},

    /* What the JVM's log says of collections and safepoints, a batch's of a session a row. */
    {"CREATE TABLE gc_events("
     "  session INTEGER NOT NULL,"
     "  unix_ns INTEGER NOT NULL,"    /* the latest start of its events */
     /* varints: ns from the start to unix_ns, kind, duration, name and detail (strings), before,
        after, thread, stack; ... */
     "  events BLOB NOT NULL"
     ") STRICT;"
     "CREATE INDEX gc_events_by_session ON gc_events(session);"},

    /* What the agent itself took, each time it told it. */
    {"CREATE TABLE costs("
     "  session INTEGER NOT NULL, unix_ns INTEGER NOT NULL,"
     "  process_cpu_ns INTEGER NOT NULL, memory_bytes INTEGER NOT NULL,"
     "  budget_ppm INTEGER NOT NULL, budget_memory_bytes INTEGER NOT NULL,"
     "  kinds BLOB NOT NULL"          /* varints: kind, ns of CPU, divisor; ... */
     ") STRICT;"
     "CREATE INDEX costs_by_session ON costs(session);"},
};

static const char *const day_statements[UMIG_DAY_COUNT] = {
    [UMIG_DAY_STORE_ID] = STORE_ID,
    [UMIG_DAY_SET_STORE_ID] = "INSERT INTO meta(name, value) VALUES('store_id', ?1)",
    /* A session that had data in a file of this name that was set aside. */
    [UMIG_DAY_LOST_PUT] = "INSERT OR IGNORE INTO meta(name, value) VALUES('lost_'||?1, 1)",
    [UMIG_DAY_LOST_DELETE] = "DELETE FROM meta WHERE name='lost_'||?1",
    [UMIG_DAY_FOLDED] = "SELECT sequence FROM folded WHERE stream=?1",
    [UMIG_DAY_SET_FOLDED] =
        "INSERT INTO folded(stream, sequence) VALUES(?1, ?2)"
        " ON CONFLICT(stream) DO UPDATE SET sequence=excluded.sequence",
    [UMIG_DAY_STRING_TEXT] = "SELECT text FROM strings WHERE id=?1",
    [UMIG_DAY_STRING_FIND] = "SELECT id FROM strings WHERE text=?1",
    [UMIG_DAY_STRING_INSERT] = "INSERT INTO strings(text) VALUES(?1)",
    [UMIG_DAY_METHOD_FIND] = "SELECT id FROM methods WHERE class=?1 AND name=?2 AND file=?3",
    [UMIG_DAY_METHOD_INSERT] = "INSERT INTO methods(class, name, file) VALUES(?1, ?2, ?3)",
    [UMIG_DAY_FRAME_FIND] = "SELECT id FROM frames WHERE method=?1 AND line=?2 AND kind=?3",
    [UMIG_DAY_FRAME_INSERT] = "INSERT INTO frames(method, line, kind) VALUES(?1, ?2, ?3)",
    [UMIG_DAY_STACK_FIND] = "SELECT id FROM stacks WHERE parent=?1 AND frame=?2",
    [UMIG_DAY_STACK_INSERT] = "INSERT INTO stacks(parent, frame) VALUES(?1, ?2)",
    [UMIG_DAY_THREAD_FIND] = "SELECT id FROM threads WHERE tid=?1 AND name=?2 AND kind=?3",
    [UMIG_DAY_THREAD_INSERT] = "INSERT INTO threads(tid, name, kind) VALUES(?1, ?2, ?3)",
    [UMIG_DAY_CELL_FIND] =
        "SELECT data FROM cells"
        " WHERE session=?1 AND slot=?2 AND kind=?3 AND operation=0 AND grp=?4 AND outcome=?5",
    [UMIG_DAY_CELL_PUT] =
        "INSERT INTO cells(session, slot, kind, operation, grp, outcome, data)"
        " VALUES(?1, ?2, ?3, 0, ?4, ?5, ?6)"
        " ON CONFLICT(session, slot, kind, operation, grp, outcome)"
        " DO UPDATE SET data=excluded.data",
    [UMIG_DAY_TOTAL_ADD] =
        "INSERT INTO thread_totals(session, kind, thread, count, value) VALUES(?1, ?2, ?3, ?4, ?5)"
        " ON CONFLICT(session, kind, thread)"
        /* Beyond 2^62 a total stands still: an overflow would not be an integer any more. */
        " DO UPDATE SET count=count+excluded.count,"
        " value=iif(value<4611686018427387904, value+excluded.value, value)",
    [UMIG_DAY_PAUSE_INSERT] = "INSERT INTO pauses VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [UMIG_DAY_GC_EVENTS_INSERT] = "INSERT INTO gc_events VALUES(?1, ?2, ?3)",
    [UMIG_DAY_HEAP_INSERT] = "INSERT INTO heap_points VALUES(?1, ?2, ?3, ?4)",
    [UMIG_DAY_POOLS_INSERT] = "INSERT INTO pool_readings VALUES(?1, ?2, ?3)",
    [UMIG_DAY_WAIT_INSERT] = "INSERT INTO waits VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [UMIG_DAY_TALLY_PUT] =
        "INSERT INTO tallies VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
        " ON CONFLICT(session, kind) DO UPDATE SET time_ns=excluded.time_ns,"
        " produced=excluded.produced, dropped=excluded.dropped,"
        " agent_cpu_ns=excluded.agent_cpu_ns, agent_memory_bytes=excluded.agent_memory_bytes,"
        " process_cpu_ns=excluded.process_cpu_ns WHERE excluded.time_ns>=time_ns",
    [UMIG_DAY_COST_INSERT] = "INSERT INTO costs VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
};

static const char *const view_statements[UMIG_VIEW_COUNT] = {
    [UMIG_VIEW_STORE_ID] = STORE_ID,
    [UMIG_VIEW_LOST] = "SELECT 1 FROM meta WHERE name='lost_'||?1",
    [UMIG_VIEW_ALL_LOST] =
        "SELECT CAST(substr(name, 6) AS INTEGER) FROM meta WHERE name GLOB 'lost_*'",
    [UMIG_VIEW_HAS_DATA] =
        "SELECT 1 WHERE EXISTS(SELECT 1 FROM cells WHERE session=?1)"
        " OR EXISTS(SELECT 1 FROM thread_totals WHERE session=?1)"
        " OR EXISTS(SELECT 1 FROM pauses WHERE session=?1)"
        " OR EXISTS(SELECT 1 FROM gc_events WHERE session=?1)"
        " OR EXISTS(SELECT 1 FROM heap_points WHERE session=?1)"
        " OR EXISTS(SELECT 1 FROM pool_readings WHERE session=?1)"
        " OR EXISTS(SELECT 1 FROM waits WHERE session=?1)",
    [UMIG_VIEW_CELLS] = 
        "SELECT kind, grp, outcome, data, slot FROM cells WHERE session=?1 AND slot>=?2 ORDER BY slot",
    [UMIG_VIEW_STRING] = "SELECT text FROM strings WHERE id=?1",
    [UMIG_VIEW_METHOD] = "SELECT class, name, file FROM methods WHERE id=?1",
    [UMIG_VIEW_FRAME] = "SELECT method, line, kind FROM frames WHERE id=?1",
    [UMIG_VIEW_STACK] = "SELECT parent, frame FROM stacks WHERE id=?1",
    [UMIG_VIEW_THREAD] = "SELECT tid, name, kind FROM threads WHERE id=?1",
    [UMIG_VIEW_TOTALS] = "SELECT kind, thread, count, value FROM thread_totals WHERE session=?1",
    [UMIG_VIEW_PAUSES] =
        "SELECT start_unix_ns, duration_ns, collection, cause, heap_before, heap_after"
        " FROM pauses WHERE session=?1 AND start_unix_ns>=?2 ORDER BY start_unix_ns",
    [UMIG_VIEW_GC_EVENTS] =
        "SELECT unix_ns, events FROM gc_events WHERE session=?1 AND unix_ns>=?2 ORDER BY unix_ns",
    [UMIG_VIEW_HEAP] =
        "SELECT unix_ns, rss_bytes, pools FROM heap_points WHERE session=?1 AND unix_ns>=?2 ORDER BY unix_ns",
    [UMIG_VIEW_POOLS] =
        "SELECT unix_ns, pools FROM pool_readings WHERE session=?1 AND unix_ns>=?2 ORDER BY unix_ns",
    [UMIG_VIEW_WAITS] =
        "SELECT unix_ns, thread, holder, monitor_class, stack, wait_ns, count"
        " FROM waits WHERE session=?1 AND unix_ns>=?2 ORDER BY unix_ns",
    [UMIG_VIEW_TALLIES] =
        "SELECT kind, produced, dropped, agent_cpu_ns, agent_memory_bytes, process_cpu_ns"
        " FROM tallies WHERE session=?1",
    [UMIG_VIEW_COSTS] =
        "SELECT unix_ns, process_cpu_ns, memory_bytes, budget_ppm, budget_memory_bytes, kinds"
        " FROM costs WHERE session=?1 AND unix_ns>=?2 ORDER BY unix_ns",
    [UMIG_VIEW_ALL_TOTALS] = "SELECT session, count, value FROM thread_totals WHERE kind=?1",
    [UMIG_VIEW_ALL_TALLIES] =
        "SELECT session, time_ns, produced, dropped, kind FROM tallies",
};

/* clang-format on */

#define COUNT_OF(array) ((int)(sizeof(array) / sizeof(array)[0]))

const struct umig_db_schema umig_main_schema = {
    "umig.db", main_migrations, COUNT_OF(main_migrations), main_statements, UMIG_MAIN_COUNT};

const struct umig_db_schema umig_read_schema = {
    "umig.db", main_migrations, COUNT_OF(main_migrations), read_statements, UMIG_READ_COUNT};

const struct umig_db_schema umig_day_schema = {
    "a day file", day_migrations, COUNT_OF(day_migrations), day_statements, UMIG_DAY_COUNT};

const struct umig_db_schema umig_view_schema = {
    "a day file", day_migrations, COUNT_OF(day_migrations), view_statements, UMIG_VIEW_COUNT};
