CREATE TABLE ledger (
  id TEXT NOT NULL PRIMARY KEY,
  base_iri TEXT,
  created TEXT NOT NULL
);

CREATE TABLE content (
  hash TEXT NOT NULL PRIMARY KEY,
  ntriples BLOB NOT NULL
);

CREATE TABLE repository (
  id TEXT NOT NULL PRIMARY KEY,
  title TEXT NOT NULL,
  gate TEXT NOT NULL,
  content_hash TEXT NOT NULL REFERENCES content (hash),
  declaration_hash TEXT NOT NULL,
  declared TEXT NOT NULL
);

CREATE TABLE run (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  repository TEXT NOT NULL REFERENCES repository (id),
  source TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('running', 'complete', 'partial', 'failed', 'interrupted')),
  started TEXT NOT NULL,
  finished TEXT,
  report BLOB
);

CREATE TABLE description (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  iri TEXT NOT NULL UNIQUE,
  repository TEXT NOT NULL REFERENCES repository (id),
  identifier TEXT NOT NULL,
  issued TEXT
);

CREATE INDEX description_repository ON description (repository);

CREATE TABLE revision (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  description INTEGER NOT NULL REFERENCES description (id),
  content_hash TEXT NOT NULL REFERENCES content (hash),
  state TEXT NOT NULL CHECK (state IN ('draft', 'published', 'rejected', 'withdrawn', 'superseded')),
  upcoming BOOLEAN NOT NULL CHECK (NOT upcoming OR state IN ('draft', 'published')),
  stale BOOLEAN NOT NULL,
  conforms_to TEXT NOT NULL,
  source_iri TEXT,
  report BLOB NOT NULL,
  source_record BLOB NOT NULL,
  details_hash TEXT NOT NULL,
  run INTEGER REFERENCES run (id),
  created TEXT NOT NULL,
  released TEXT,
  ended TEXT
);

CREATE INDEX revision_description ON revision (description, state);

CREATE UNIQUE INDEX revision_published ON revision (description) WHERE state = 'published';

CREATE UNIQUE INDEX revision_candidate ON revision (description) WHERE state IN ('draft', 'rejected');

CREATE UNIQUE INDEX revision_upcoming ON revision (description) WHERE upcoming = 1;

CREATE TABLE event (
  seq INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL CHECK (kind IN ('create', 'update', 'delete')),
  description INTEGER NOT NULL REFERENCES description (id),
  revision INTEGER NOT NULL REFERENCES revision (id),
  run INTEGER REFERENCES run (id),
  at TEXT NOT NULL,
  reason TEXT
);

CREATE INDEX event_description ON event (description);

CREATE TABLE release (
  number INTEGER NOT NULL PRIMARY KEY,
  created TEXT NOT NULL,
  event INTEGER NOT NULL,
  triples INTEGER NOT NULL,
  links INTEGER NOT NULL,
  datasets INTEGER NOT NULL,
  vocabularies TEXT NOT NULL,
  manifest TEXT NOT NULL,
  dropped BOOLEAN NOT NULL
);

CREATE TABLE release_member (
  release INTEGER NOT NULL REFERENCES release (number),
  iri TEXT NOT NULL,
  repository TEXT NOT NULL REFERENCES repository (id),
  revision INTEGER NOT NULL REFERENCES revision (id),
  PRIMARY KEY (release, iri)
);

CREATE INDEX release_member_repository ON release_member (release, repository, iri);

CREATE TABLE release_graph (
  release INTEGER NOT NULL REFERENCES release (number),
  graph TEXT NOT NULL,
  content_hash TEXT NOT NULL REFERENCES content (hash),
  PRIMARY KEY (release, graph)
);
