-- A day file as umig wrote it up to schema 3, with something in it. Never changed: tests read it.
CREATE TABLE meta(
  name TEXT NOT NULL PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT;
CREATE TABLE folded(stream INTEGER PRIMARY KEY, sequence INTEGER NOT NULL) STRICT;
CREATE TABLE strings(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE methods(
  id INTEGER PRIMARY KEY,
  class INTEGER NOT NULL, name INTEGER NOT NULL, file INTEGER NOT NULL,
  UNIQUE(class, name, file)
) STRICT;
CREATE TABLE frames(
  id INTEGER PRIMARY KEY,
  method INTEGER NOT NULL, line INTEGER NOT NULL, kind INTEGER NOT NULL,
  UNIQUE(method, line, kind)
) STRICT;
CREATE TABLE stacks(
  id INTEGER PRIMARY KEY,
  parent INTEGER NOT NULL, frame INTEGER NOT NULL,
  UNIQUE(parent, frame)
) STRICT;
CREATE TABLE threads(
  id INTEGER PRIMARY KEY,
  tid INTEGER NOT NULL,
  name INTEGER NOT NULL, kind INTEGER NOT NULL,
  UNIQUE(tid, name, kind)
) STRICT;
CREATE TABLE cells(
  session INTEGER NOT NULL,
  slot INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  operation INTEGER NOT NULL,
  grp INTEGER NOT NULL,
  outcome INTEGER NOT NULL,
  data BLOB NOT NULL,
  PRIMARY KEY(session, slot, kind, operation, grp, outcome)
) STRICT;
CREATE TABLE thread_totals(
  session INTEGER NOT NULL, kind INTEGER NOT NULL, thread INTEGER NOT NULL,
  count INTEGER NOT NULL, value INTEGER NOT NULL,
  PRIMARY KEY(session, kind, thread)
) STRICT, WITHOUT ROWID;
CREATE TABLE pauses(
  session INTEGER NOT NULL,
  start_unix_ns INTEGER NOT NULL, duration_ns INTEGER NOT NULL,
  collection INTEGER NOT NULL, cause INTEGER NOT NULL,
  heap_before INTEGER NOT NULL, heap_after INTEGER NOT NULL
) STRICT;
CREATE INDEX pauses_by_session ON pauses(session);
CREATE TABLE heap_points(
  session INTEGER NOT NULL, unix_ns INTEGER NOT NULL, rss_bytes INTEGER NOT NULL,
  pools BLOB NOT NULL
) STRICT;
CREATE INDEX heap_points_by_session ON heap_points(session);
CREATE TABLE waits(
  session INTEGER NOT NULL, unix_ns INTEGER NOT NULL,
  thread INTEGER NOT NULL, holder INTEGER NOT NULL,
  monitor_class INTEGER NOT NULL, stack INTEGER NOT NULL,
  wait_ns INTEGER NOT NULL, count INTEGER NOT NULL
) STRICT;
CREATE INDEX waits_by_session ON waits(session);
CREATE TABLE tallies(
  session INTEGER NOT NULL, kind INTEGER NOT NULL, time_ns INTEGER NOT NULL,
  produced INTEGER NOT NULL,
  dropped BLOB NOT NULL,
  agent_cpu_ns INTEGER NOT NULL, agent_memory_bytes INTEGER NOT NULL,
  process_cpu_ns INTEGER NOT NULL,
  PRIMARY KEY(session, kind)
) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES('store_id', 17);
INSERT INTO strings VALUES(1, 'kept');
INSERT INTO heap_points VALUES(4, 1000000000, 4096, x'');
CREATE TABLE pool_readings(
  session INTEGER NOT NULL, unix_ns INTEGER NOT NULL,
  pools BLOB NOT NULL
) STRICT;
CREATE INDEX pool_readings_by_session ON pool_readings(session);
CREATE TABLE gc_events(
  session INTEGER NOT NULL,
  unix_ns INTEGER NOT NULL,
  events BLOB NOT NULL
) STRICT;
CREATE INDEX gc_events_by_session ON gc_events(session);
PRAGMA user_version=3;
