// Numbered steps from an empty file to today's tables. A step that has landed never changes; a new need is
// a new step. `PRAGMA user_version` says how many a file has had.

export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE streams (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,      -- term.ringPosition.incarnation
    last INTEGER NOT NULL           -- highest sequence held; dense from 1
  );
  CREATE TABLE entries (
    stream INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    place TEXT NOT NULL,            -- the one order, as orderOf writes it
    room TEXT,                      -- of a post that is shown or hidden; null for other entries
    request TEXT,                   -- session/number
    hidden INTEGER NOT NULL,        -- 1: another entry of the same request is lower in the order
    wall_ms INTEGER NOT NULL,
    body TEXT NOT NULL,
    hash BLOB NOT NULL,             -- SHA-256 of the entry, checked whenever it is read
    PRIMARY KEY (stream, sequence)
  ) WITHOUT ROWID;
  CREATE INDEX entries_by_room ON entries (room, place) WHERE room IS NOT NULL AND hidden = 0;
  CREATE INDEX entries_by_request ON entries (request) WHERE request IS NOT NULL;
  CREATE INDEX entries_other ON entries (stream, sequence) WHERE room IS NULL;
  CREATE TABLE sessions (id TEXT PRIMARY KEY, highest INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE bases (stream TEXT PRIMARY KEY, digest TEXT NOT NULL, made INTEGER NOT NULL) WITHOUT ROWID;
  `,
  // Posts up to this sequence are pruned; the room of a pruned post is ''.
  'ALTER TABLE streams ADD COLUMN pruned INTEGER NOT NULL DEFAULT 0;',
  `
  CREATE TABLE damaged (            -- entries to be repaired, known beyond a restart
    stream TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    kind TEXT NOT NULL,             -- post, or other
    PRIMARY KEY (stream, sequence)
  ) WITHOUT ROWID;
  `,
  // All of each entry that is no post, side by side: a start reads these, and nothing of what lies between them.
  `
  DROP INDEX entries_other;
  CREATE INDEX entries_other
    ON entries (stream, sequence, place, room, request, hidden, wall_ms, body, hash) WHERE room IS NULL;
  `,
  // From here on streams.last, sessions.highest and the sums in meta may be behind what is in entries (TAIL_MAX in sqlite-store.ts).
  'SELECT 1;',
  // In place of indexes that every commit writes to: tables that are filled behind the entries (sqlite-index.ts).
  `
  CREATE TABLE filed_posts (        -- posts that are shown
    room TEXT NOT NULL,
    place TEXT NOT NULL,
    stream INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (room, place)
  ) WITHOUT ROWID;
  CREATE TABLE filed_requests (
    request TEXT NOT NULL,
    place TEXT NOT NULL,
    stream INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    PRIMARY KEY (request, place)
  ) WITHOUT ROWID;
  INSERT OR IGNORE INTO filed_posts SELECT room, place, stream, sequence FROM entries
    WHERE room IS NOT NULL AND room <> '' AND hidden = 0 ORDER BY room, place;
  INSERT OR IGNORE INTO filed_requests SELECT request, place, stream, sequence FROM entries
    WHERE request IS NOT NULL ORDER BY request, place;
  DROP INDEX entries_by_room;
  DROP INDEX entries_by_request;
  ALTER TABLE streams ADD COLUMN filed INTEGER NOT NULL DEFAULT 0; -- entries up to here are in both tables
  UPDATE streams SET filed = last;
  `,
];
