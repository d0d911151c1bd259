-- What a collection holds itself, not counting what is further below: the base of every counter. At all times the
-- used bytes of a space are the sum of these rows in its tree and of the properties there. A path 'stage:ID' and
-- what is below it waits for the commit of claim ID.
CREATE TABLE folder (
  path TEXT PRIMARY KEY,
  bytes INTEGER NOT NULL CHECK (bytes >= 0),
  entries INTEGER NOT NULL CHECK (entries >= 0)
) STRICT, WITHOUT ROWID;

-- A space keeps its number when its folder moves, so that a claim on it is given back to the right one. The folder
-- is counted anew at every start, so only the limit is taken over.
CREATE TABLE nested_space (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  path TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL CHECK (kind IN ('collection', 'user')),
  is_configured INTEGER NOT NULL CHECK (is_configured IN (0, 1)),
  limit_bytes INTEGER CHECK (limit_bytes >= 0),
  limit_entries INTEGER CHECK (limit_entries >= 0),
  limit_file_bytes INTEGER CHECK (limit_file_bytes >= 0),
  limit_property_bytes INTEGER CHECK (limit_property_bytes >= 0),
  soft_limit_bytes INTEGER CHECK (soft_limit_bytes >= 0),
  grace_seconds INTEGER NOT NULL DEFAULT 0 CHECK (grace_seconds >= 0),
  over_since_ms INTEGER,
  used_bytes INTEGER NOT NULL DEFAULT 0 CHECK (used_bytes >= 0),
  used_entries INTEGER NOT NULL DEFAULT 0 CHECK (used_entries >= 0),
  used_property_bytes INTEGER NOT NULL DEFAULT 0 CHECK (used_property_bytes >= 0),
  reserved_bytes INTEGER NOT NULL DEFAULT 0 CHECK (reserved_bytes >= 0),
  reserved_entries INTEGER NOT NULL DEFAULT 0 CHECK (reserved_entries >= 0),
  reserved_property_bytes INTEGER NOT NULL DEFAULT 0 CHECK (reserved_property_bytes >= 0)
) STRICT;

INSERT INTO nested_space (path, kind, is_configured, limit_bytes, used_bytes, used_property_bytes)
  SELECT path, kind, 1, limit_bytes, properties.bytes, properties.bytes
  FROM space, (SELECT coalesce(sum(charged_bytes), 0) AS bytes FROM property) AS properties WHERE path = '/';
DROP TABLE space;
ALTER TABLE nested_space RENAME TO space;

-- What comes and what it replaces, each whole. space_ids is a JSON list of the spaces in which room is held.
CREATE TABLE nested_claim (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('put', 'mkcol', 'remove', 'copy', 'move')),
  path TEXT NOT NULL,
  source_path TEXT,
  bytes INTEGER NOT NULL CHECK (bytes >= 0),
  entries INTEGER NOT NULL CHECK (entries >= 0),
  property_bytes INTEGER NOT NULL CHECK (property_bytes >= 0),
  replaces_bytes INTEGER NOT NULL CHECK (replaces_bytes >= 0),
  replaces_entries INTEGER NOT NULL CHECK (replaces_entries >= 0),
  replaces_property_bytes INTEGER NOT NULL CHECK (replaces_property_bytes >= 0),
  overhead_bytes INTEGER NOT NULL CHECK (overhead_bytes >= 0),
  identity TEXT,
  content_type TEXT,
  lease_until_ms INTEGER NOT NULL,
  space_ids TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What an older version left behind after a crash is recovered with the right outcome for properties; the counters
-- come from the count that follows.
INSERT INTO nested_claim
  SELECT id, kind, path, source_path, bytes, CASE kind WHEN 'remove' THEN 0 ELSE 1 END, 0, replaces_bytes,
    CASE WHEN kind = 'remove' OR (kind = 'put' AND entries = 0) THEN 1 ELSE 0 END, 0, overhead_bytes, identity,
    content_type, lease_until_ms, '[]'
  FROM claim;
DROP TABLE claim;
ALTER TABLE nested_claim RENAME TO claim;
