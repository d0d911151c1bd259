-- A quota root (RFC 4331 section 2). Every resource is charged to all spaces whose path contains it.
CREATE TABLE space (
  path TEXT PRIMARY KEY,
  kind TEXT NOT NULL DEFAULT 'collection' CHECK (kind IN ('collection', 'user')),
  limit_bytes INTEGER CHECK (limit_bytes >= 0),
  limit_entries INTEGER CHECK (limit_entries >= 0),
  used_bytes INTEGER NOT NULL DEFAULT 0 CHECK (used_bytes >= 0),
  used_entries INTEGER NOT NULL DEFAULT 0 CHECK (used_entries >= 0),
  reserved_bytes INTEGER NOT NULL DEFAULT 0 CHECK (reserved_bytes >= 0),
  reserved_entries INTEGER NOT NULL DEFAULT 0 CHECK (reserved_entries >= 0)
) STRICT, WITHOUT ROWID;

INSERT INTO space (path) VALUES ('/');

-- Room that is promised and not yet used, and at the same time the journal of what is about to happen:
-- identity is set once a commit or a removal may have begun.
CREATE TABLE claim (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('put', 'mkcol', 'remove', 'copy', 'move')),
  path TEXT NOT NULL,
  bytes INTEGER NOT NULL CHECK (bytes >= 0),
  replaces_bytes INTEGER NOT NULL CHECK (replaces_bytes >= 0),
  entries INTEGER NOT NULL,
  overhead_bytes INTEGER NOT NULL CHECK (overhead_bytes >= 0),
  identity TEXT,
  content_type TEXT,
  -- Of a move: where it comes from, and how many names come along.
  source_path TEXT,
  moved_entries INTEGER NOT NULL DEFAULT 0 CHECK (moved_entries >= 0),
  lease_until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What has properties. Apart from their values, so that moving a tree writes its paths anew and not its values:
-- a full disk has no room for those. A path 'stage:ID' and what is below it waits for the commit of claim ID.
CREATE TABLE property_holder (
  id INTEGER PRIMARY KEY,
  path TEXT NOT NULL UNIQUE
) STRICT;

-- The value is the whole property element as XML.
CREATE TABLE property (
  holder INTEGER NOT NULL REFERENCES property_holder (id) ON DELETE CASCADE,
  ns TEXT NOT NULL,
  local TEXT NOT NULL,
  value TEXT NOT NULL,
  charged_bytes INTEGER NOT NULL DEFAULT 0 CHECK (charged_bytes >= 0),
  PRIMARY KEY (holder, ns, local)
) STRICT, WITHOUT ROWID;

-- RFC 4918 section 6. A lock covers its root and, at depth infinity, everything below it.
CREATE TABLE lock (
  token TEXT PRIMARY KEY,
  path TEXT NOT NULL,
  scope TEXT NOT NULL CHECK (scope IN ('exclusive', 'shared')),
  depth TEXT NOT NULL CHECK (depth IN ('0', 'infinity')),
  owner TEXT NOT NULL,
  creator TEXT,
  timeout_seconds INTEGER NOT NULL,
  expires_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX lock_path ON lock (path);

-- What a new lock counts: the table itself is as large as what its owners wrote.
CREATE INDEX lock_creator ON lock (creator, expires_ms);
CREATE INDEX lock_expires ON lock (expires_ms);
