CREATE TABLE verdict (
  key TEXT NOT NULL PRIMARY KEY,
  report BLOB NOT NULL,
  at TEXT NOT NULL
);

CREATE INDEX verdict_at ON verdict (at);
