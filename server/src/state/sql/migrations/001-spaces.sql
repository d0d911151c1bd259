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
  kind TEXT NOT NULL CHECK (kind IN ('put', 'mkcol', 'remove')),
  path TEXT NOT NULL,
  bytes INTEGER NOT NULL CHECK (bytes >= 0),
  replaces_bytes INTEGER NOT NULL CHECK (replaces_bytes >= 0),
  entries INTEGER NOT NULL,
  overhead_bytes INTEGER NOT NULL CHECK (overhead_bytes >= 0),
  identity TEXT,
  content_type TEXT,
  lease_until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The value is the XML inside the property element.
CREATE TABLE property (
  path TEXT NOT NULL,
  ns TEXT NOT NULL,
  local TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (path, ns, local)
) STRICT, WITHOUT ROWID;
