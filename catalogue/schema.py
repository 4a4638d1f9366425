"""The tables of the ledger, as this program reads and writes them.

The tables themselves are made by the numbered steps of :mod:`catalogue.migrations`; a test compares the two.
Content is addressed by its hash and kept once: a description that returns unchanged, a rollback, or a
vocabulary that many releases share adds no bytes.
"""

from __future__ import annotations

import json
import zlib
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    TypeDecorator,
    text,
)

from core.errors import LedgerError

# Level 1 shrinks N-Triples about eightfold; higher levels cost more of an ingest than they save on disk.
_COMPRESSION = 1


def _inflate(value: bytes) -> bytes:
    try:
        return zlib.decompress(value)
    except zlib.error as error:
        raise LedgerError(
            f"an entry of the ledger is damaged: {error}", remedy="restore a backup with `radiograph restore`"
        ) from error


class UtcTime(TypeDecorator[datetime]):
    """A point in time, kept as ISO 8601 text in UTC so that text order is time order."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        return value.astimezone(UTC).isoformat(timespec="microseconds") if value is not None else None

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return datetime.fromisoformat(value) if value is not None else None


class CompressedBytes(TypeDecorator[bytes]):
    """Bytes, deflated in the table."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:
        return zlib.compress(value, _COMPRESSION) if value is not None else None

    def process_result_value(self, value: Any, dialect: Dialect) -> bytes | None:
        return _inflate(value) if value is not None else None


class CompressedText(TypeDecorator[str]):
    """Text, deflated in the table."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return zlib.compress(value.encode(), _COMPRESSION) if value is not None else None

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        return _inflate(value).decode() if value is not None else None


class Iris(TypeDecorator[tuple[str, ...]]):
    """A sorted set of IRIs, as a JSON array; equal sets are equal text."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: tuple[str, ...] | None, dialect: Dialect) -> str | None:
        return json.dumps(sorted(set(value))) if value is not None else None

    def process_result_value(self, value: Any, dialect: Dialect) -> tuple[str, ...] | None:
        return tuple(json.loads(value)) if value is not None else None


metadata = MetaData()

schema_version = Table(
    "schema_version",
    metadata,
    Column("version", Integer, primary_key=True),
    Column("applied", UtcTime, nullable=False),
)

ledger = Table(
    "ledger",
    metadata,
    Column("id", String, primary_key=True),
    Column("base_iri", String),
    Column("created", UtcTime, nullable=False),
)

content = Table(
    "content",
    metadata,
    Column("hash", String, primary_key=True),
    Column("ntriples", CompressedBytes, nullable=False),
)

repository = Table(
    "repository",
    metadata,
    Column("id", String, primary_key=True),
    Column("title", String, nullable=False),
    Column("gate", String, nullable=False),
    Column("content_hash", ForeignKey(content.c.hash), nullable=False),
    Column("declaration_hash", String, nullable=False),
    Column("declared", UtcTime, nullable=False),
)

run = Table(
    "run",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("repository", ForeignKey(repository.c.id), nullable=False),
    Column("source", String, nullable=False),
    Column("state", String, nullable=False),
    Column("started", UtcTime, nullable=False),
    Column("finished", UtcTime),
    Column("report", CompressedText),
    CheckConstraint("state IN ('running', 'complete', 'partial', 'failed', 'interrupted')"),
    sqlite_autoincrement=True,
)

description = Table(
    "description",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("iri", String, nullable=False, unique=True),
    Column("repository", ForeignKey(repository.c.id), nullable=False),
    Column("identifier", String, nullable=False),
    Column("issued", UtcTime),
    Index("description_repository", "repository"),
    sqlite_autoincrement=True,
)

#: ``upcoming`` marks the revision that the next release will hold; its absence means the description will be gone.
revision = Table(
    "revision",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("description", ForeignKey(description.c.id), nullable=False),
    Column("content_hash", ForeignKey(content.c.hash), nullable=False),
    Column("state", String, nullable=False),
    Column("upcoming", Boolean, nullable=False),
    Column("stale", Boolean, nullable=False),
    Column("conforms_to", Iris, nullable=False),
    Column("source_iri", String),
    Column("report", CompressedText, nullable=False),
    Column("source_record", CompressedText, nullable=False),
    Column("details_hash", String, nullable=False),
    Column("run", ForeignKey(run.c.id)),
    Column("created", UtcTime, nullable=False),
    Column("released", UtcTime),
    Column("ended", UtcTime),
    CheckConstraint("state IN ('draft', 'published', 'rejected', 'withdrawn', 'superseded')"),
    CheckConstraint("NOT upcoming OR state IN ('draft', 'published')"),
    Index("revision_description", "description", "state"),
    Index("revision_published", "description", unique=True, sqlite_where=text("state = 'published'")),
    Index("revision_candidate", "description", unique=True, sqlite_where=text("state IN ('draft', 'rejected')")),
    Index("revision_upcoming", "description", unique=True, sqlite_where=text("upcoming = 1")),
    sqlite_autoincrement=True,
)

event = Table(
    "event",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("kind", String, nullable=False),
    Column("description", ForeignKey(description.c.id), nullable=False),
    Column("revision", ForeignKey(revision.c.id), nullable=False),
    Column("run", ForeignKey(run.c.id)),
    Column("at", UtcTime, nullable=False),
    Column("reason", String),
    CheckConstraint("kind IN ('create', 'update', 'delete')"),
    Index("event_description", "description"),
    sqlite_autoincrement=True,
)

release = Table(
    "release",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("created", UtcTime, nullable=False),
    Column("event", Integer, nullable=False),
    Column("triples", Integer, nullable=False),
    Column("links", Integer, nullable=False),
    Column("datasets", Integer, nullable=False),
    Column("vocabularies", String, nullable=False),
    Column("manifest", String, nullable=False),
    Column("dropped", Boolean, nullable=False),
)

release_member = Table(
    "release_member",
    metadata,
    Column("release", ForeignKey(release.c.number), primary_key=True),
    Column("iri", String, primary_key=True),
    Column("repository", ForeignKey(repository.c.id), nullable=False),
    Column("revision", ForeignKey(revision.c.id), nullable=False),
    Index("release_member_repository", "release", "repository", "iri"),
)

#: The graphs of repositories and vocabularies that a release holds, by graph IRI.
release_graph = Table(
    "release_graph",
    metadata,
    Column("release", ForeignKey(release.c.number), primary_key=True),
    Column("graph", String, primary_key=True),
    Column("content_hash", ForeignKey(content.c.hash), nullable=False),
)

verdict = Table(
    "verdict",
    metadata,
    Column("key", String, primary_key=True),
    Column("report", CompressedText, nullable=False),
    Column("at", UtcTime, nullable=False),
    Index("verdict_at", "at"),
)
