"""The ledger: what was ingested, from where, judged how, and what of it is released.

It is the truth; store, search index and links are derived from it and can be made again at any time.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.exc import DatabaseError, OperationalError

from catalogue import migrations, schema
from catalogue.engine import ledger_engine
from catalogue.entries import Event, RepositoryEntry, RevisionEntry, RunEntry, RunSummary, Status
from catalogue.lock import make_home, writer_lock
from catalogue.reader import LedgerReader
from catalogue.release import Release
from catalogue.revisions import Revisions, keep_content
from catalogue.run import Run, end
from catalogue.verdicts import LedgerVerdictCache
from core.canonical import content_hash
from core.errors import LedgerError
from core.settings import Settings

__all__ = ["Event", "Ledger", "Release", "RepositoryEntry", "RevisionEntry", "Run", "RunEntry", "RunSummary", "Status"]


class Ledger(LedgerReader):
    """One opened ledger; close it, or use it as a context manager."""

    def __init__(self, settings: Settings, engine: Engine, *, read_only: bool) -> None:
        self.settings = settings
        self.engine = engine
        self.lock = writer_lock(settings)
        self._read_only = read_only
        self._connection: Connection | None = None
        self.verdicts = LedgerVerdictCache(engine, None if read_only else self._writing_verdicts)

    @classmethod
    def open(cls, settings: Settings, *, create: bool = False, read_only: bool = False) -> Self:
        """Open the ledger of ``settings.home``, bringing its tables up to date; ``create`` makes a missing one.

        Raises:
            LedgerError: there is none, a newer program wrote it, or it belongs to another base IRI.
        """
        path = settings.ledger_path
        # A file without any content is what is left where a program was killed as it made the ledger.
        if not path.exists() or path.stat().st_size == 0:
            if not create:
                raise LedgerError(
                    "there is no ledger yet",
                    where=str(path),
                    remedy="ingest something first, or set RADIOGRAPH_HOME to the folder that has one",
                )
            make_home(settings)
        _bring_up_to_date(settings)
        ledger = cls(settings, ledger_engine(path, read_only=read_only), read_only=read_only)
        try:
            ledger._check_base()
        except BaseException:
            ledger.close()
            raise
        return ledger

    def close(self) -> None:
        """Write what the verdict cache holds back and let go of the file."""
        try:
            self.verdicts.flush()
        finally:
            self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def id(self) -> str:
        """A name for this ledger, made with it and kept in its backups."""
        with self.engine.connect() as connection:
            return str(connection.execute(select(schema.ledger.c.id)).scalar_one())

    @contextmanager
    def writing(self, purpose: str) -> Iterator[Connection]:
        """The writer lock and one transaction, or the transaction of the run that is going on.

        Raises:
            LedgerError: somebody else is writing, or the ledger was opened to read only.
        """
        if self._read_only:
            raise LedgerError("the ledger was opened to read only", where=str(self.settings.ledger_path))
        with self.lock.held(purpose):
            if self._connection is not None:
                yield self._connection
                return
            with self.engine.connect().execution_options(writing=True) as connection:
                self._connection = connection
                try:
                    yield connection
                    connection.commit()
                finally:
                    self._connection = None

    @contextmanager
    def _writing_verdicts(self) -> Iterator[Connection]:
        with self.writing("validation") as connection:
            yield connection

    def declare(self, repository: RepositoryEntry) -> None:
        """Enter or update a repository; nothing is written where nothing changed. Fixes the base IRI."""
        row = {
            "id": repository.id,
            "title": repository.title,
            "gate": repository.gate,
            "content_hash": content_hash(repository.ntriples),
            "declaration_hash": repository.declaration_hash,
        }
        with self.writing(f"declaring {repository.id}") as connection:
            self._fix_base(connection)
            known = connection.execute(select(schema.repository).where(schema.repository.c.id == repository.id)).first()
            if known is not None and all(getattr(known, key) == value for key, value in row.items()):
                return
            keep_content(connection, repository.ntriples, row["content_hash"])
            row_now = {**row, "declared": datetime.now(UTC)}
            if known is None:
                connection.execute(insert(schema.repository), row_now)
            else:
                connection.execute(update(schema.repository).where(schema.repository.c.id == repository.id), row_now)

    @contextmanager
    def run(self, repository: str, source: str) -> Iterator[Run]:
        """Ingest into one repository; an exception marks the run failed and deletes nothing.

        Raises:
            LedgerError: somebody else is writing, the repository is not declared, or the run was never finished.
        """
        with self.writing(f"ingest of {repository}") as connection:
            self._fix_base(connection)
            run = Run(connection, self.settings.identifiers, repository, source)
            try:
                yield run
                self.verdicts.flush()
                if not run.finished:
                    raise LedgerError(f"run {run.id} ended without being finished", remedy="call its finish()")
            except BaseException as error:
                if not run.finished:
                    connection.rollback()
                    end(connection, run.id, "failed", {"error": type(error).__name__})
                    connection.commit()
                raise

    def withdraw(self, iri: str, reason: str) -> None:
        """Take one description out of the next release; it returns when its repository delivers it again.

        Raises:
            LedgerError: the description is not known, or already withdrawn.
        """
        with self.writing(f"withdrawing {iri}") as connection:
            revisions = Revisions(connection, reason=reason)
            live = revisions.live(iri)
            if live is None:
                raise LedgerError(f"{iri} is not in the ledger", remedy="see `radiograph descriptions show`")
            if not revisions.delete(live):
                raise LedgerError(f"{iri} is withdrawn already")

    def _check_base(self) -> None:
        with self.engine.connect() as connection:
            kept = connection.execute(select(schema.ledger.c.base_iri)).scalar_one()
        ours = self.settings.identifiers.base
        if kept is not None and kept != ours:
            raise LedgerError(
                f"the ledger holds descriptions under {kept}, but the base IRI is set to {ours}",
                where=str(self.settings.ledger_path),
                remedy=f"set RADIOGRAPH_BASE_IRI back to {kept}, or use another RADIOGRAPH_HOME",
            )

    def _fix_base(self, connection: Connection) -> None:
        missing = update(schema.ledger).where(schema.ledger.c.base_iri.is_(None))
        connection.execute(missing.values(base_iri=self.settings.identifiers.base))


def _bring_up_to_date(settings: Settings) -> None:
    path = settings.ledger_path
    try:
        if path.exists() and _version(path) == migrations.CURRENT_VERSION:
            return
        engine = ledger_engine(path)
        try:
            with writer_lock(settings).held("bringing the ledger up to date"), engine.connect() as connection:
                migrations.migrate(connection)
                if connection.execute(select(schema.ledger.c.id)).first() is None:
                    row = {"id": str(uuid.uuid4()), "created": datetime.now(UTC)}
                    connection.execute(insert(schema.ledger), row)
                    connection.commit()
        finally:
            engine.dispose()
    except OperationalError as error:
        raise LedgerError(
            f"it cannot be opened: {error.orig}",
            where=str(path),
            remedy="check permissions and free space",
        ) from error
    except DatabaseError as error:
        raise LedgerError(
            f"it cannot be read: {error.orig}", where=str(path), remedy="restore a backup with `radiograph restore`"
        ) from error


def _version(path: Path) -> int:
    engine = ledger_engine(path, read_only=True)
    try:
        with engine.connect() as connection:
            return migrations.version(connection)
    finally:
        engine.dispose()
