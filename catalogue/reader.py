"""What can be asked of the ledger: status, runs, events, releases and the descriptions in them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Engine, Row, Select, and_, case, func, or_, select

from catalogue import schema
from catalogue.content import graph_content, released_graphs
from catalogue.description import StoredDescription
from catalogue.entries import Event, RepositoryEntry, RepositoryStatus, RevisionEntry, RunEntry, Status
from catalogue.release import (
    Release,
    each_member,
    each_upcoming,
    members_query,
    pending_changes,
    read_releases,
    stored,
    to_description,
)
from catalogue.revisions import Revisions
from core.settings import Settings

_r = schema.revision.c
_d = schema.description.c
_LIVE = ("published", "draft", "rejected")
#: What was published and is withdrawn stays published until the next release; it is no delivery any more.
_UNDELETED = or_(_r.upcoming.is_(True), _r.state.in_(("draft", "rejected")))


class LedgerReader:
    """The reading half of :class:`catalogue.ledger.Ledger`; every answer is of one moment."""

    settings: Settings
    engine: Engine

    def status(self) -> Status:
        """Count descriptions by repository and state, each once."""
        release = self.current_release()
        with self.engine.connect() as connection:
            counts = {row.repository: row for row in connection.execute(_status_query())}
            known = connection.execute(select(schema.repository.c.id).order_by(schema.repository.c.id)).scalars()
            repositories = {name: _repository_status(counts.get(name)) for name in known}
            pending = pending_changes(connection).changed
        if release is None:
            return Status(0, 0, 0, repositories, pending)
        return Status(release.number, release.triples, release.links, repositories, pending)

    def repositories(self) -> list[RepositoryEntry]:
        """The declared repositories, by id."""
        table, content = schema.repository, schema.content
        query = select(table, content.c.ntriples).join(content, content.c.hash == table.c.content_hash)
        with self.engine.connect() as connection:
            return [
                RepositoryEntry(row.id, row.title, row.ntriples, row.gate, row.declaration_hash)
                for row in connection.execute(query.order_by(table.c.id))
            ]

    def runs(self, *, repository: str | None = None, limit: int | None = None) -> list[RunEntry]:
        """The runs, newest first."""
        query = select(schema.run).order_by(schema.run.c.id.desc()).limit(limit)
        if repository is not None:
            query = query.where(schema.run.c.repository == repository)
        with self.engine.connect() as connection:
            return [
                RunEntry(
                    row.id,
                    row.repository,
                    row.source,
                    row.state,
                    row.started,
                    row.finished,
                    json.loads(row.report) if row.report else {},
                )
                for row in connection.execute(query)
            ]

    def events(self, since: int = 0, *, until: int | None = None, limit: int | None = None) -> list[Event]:
        """The events after ``since`` (up to ``until``), oldest first. A release includes those up to its ``event``."""
        table, description = schema.event, schema.description
        query = (
            select(table, description.c.iri, description.c.repository)
            .join(description, description.c.id == table.c.description)
            .where(table.c.seq > since)
            .order_by(table.c.seq)
            .limit(limit)
        )
        if until is not None:
            query = query.where(table.c.seq <= until)
        with self.engine.connect() as connection:
            return [
                Event(row.seq, row.kind, row.iri, row.repository, row.revision, row.run, row.at, row.reason)
                for row in connection.execute(query)
            ]

    def current_release(self) -> Release | None:
        """The newest release, or None before the first."""
        with self.engine.connect() as connection:
            return next(iter(read_releases(connection, self.settings.releases_path, limit=1)), None)

    def releases(self) -> list[Release]:
        """All releases, newest first, also those whose folder was dropped."""
        with self.engine.connect() as connection:
            return read_releases(connection, self.settings.releases_path)

    def members(
        self, release: int, *, offset: int = 0, limit: int | None = None, repository: str | None = None
    ) -> list[StoredDescription]:
        """Descriptions of a release, sorted by IRI; the order is the same at every call."""
        query = members_query(release, repository=repository).offset(offset).limit(limit)
        with self.engine.connect() as connection:
            return [to_description(row) for row in connection.execute(query)]

    def each_member(self, release: int) -> Iterator[StoredDescription]:
        """All descriptions of a release, sorted by IRI, without having them all in memory."""
        with self.engine.connect() as connection:
            yield from each_member(connection, release)

    def each_accepted(self) -> Iterator[StoredDescription]:
        """All descriptions as accepted last, which is what the next release will hold, sorted by IRI."""
        with self.engine.connect() as connection:
            yield from each_upcoming(connection, datetime.now(UTC))

    def count(self, release: int, *, repository: str | None = None) -> int:
        """How many descriptions a release holds; 0 where it was dropped or never made."""
        member = schema.release_member.c
        query = select(func.count()).select_from(schema.release_member).where(member.release == release)
        if repository is not None:
            query = query.where(member.repository == repository)
        with self.engine.connect() as connection:
            return connection.execute(query).scalar_one()

    def member_iris(self, release: int) -> list[str]:
        """The IRIs of the descriptions of a release, sorted."""
        member = schema.release_member.c
        query = select(member.iri).where(member.release == release).order_by(member.iri)
        with self.engine.connect() as connection:
            return list(connection.execute(query).scalars())

    def description(self, iri: str, *, release: int | None = None) -> StoredDescription | None:
        """A description as released, by default in the current release."""
        if release is None:
            current = self.current_release()
            if current is None:
                return None
            release = current.number
        with self.engine.connect() as connection:
            row = connection.execute(members_query(release).where(schema.release_member.c.iri == iri)).first()
        return to_description(row) if row is not None else None

    def revision(self, number: int) -> StoredDescription | None:
        """One revision by its number, whatever became of it: the content that an event speaks of."""
        with self.engine.connect() as connection:
            row = connection.execute(stored().where(schema.revision.c.id == number)).first()
        return to_description(row) if row is not None else None

    def history(self, iri: str) -> list[RevisionEntry]:
        """The revisions of a description, newest first; empty where it was never seen."""
        query = (
            select(*(_r[name] for name in RevisionEntry.__slots__))
            .join_from(schema.revision, schema.description)
            .where(_d.iri == iri)
            .order_by(_r.id.desc())
        )
        with self.engine.connect() as connection:
            return [RevisionEntry(*row) for row in connection.execute(query)]

    def state(self, iri: str) -> str | None:
        """``published``, ``draft``, ``rejected`` or ``withdrawn``; None where the IRI was never seen."""
        with self.engine.connect() as connection:
            live = Revisions(connection).live(iri)
        if live is None:
            return None
        newest = live.published or live.candidate
        return newest.state if newest is not None else "withdrawn"

    def report(self, iri: str) -> str | None:
        """The JSON of the validation report on what the repository delivered last; None where never seen."""
        query = (
            select(_r.report)
            .join_from(schema.revision, schema.description)
            .where(_d.iri == iri)
            .order_by(_r.state.in_(_LIVE).desc(), _r.id.desc())
            .limit(1)
        )
        with self.engine.connect() as connection:
            found: str | None = connection.execute(query).scalar()
        return found

    def source_records(self, repository: str) -> Iterator[tuple[str, str]]:
        """``(IRI, JSON of the source record)`` of every description that is not deleted, as delivered last."""
        newest = (
            select(func.max(_r.id))
            .where(_r.description == _d.id, _UNDELETED)
            .correlate(schema.description)
            .scalar_subquery()
        )
        query = (
            select(_d.iri, _r.source_record)
            .join_from(schema.description, schema.revision, _r.id == newest)
            .where(_d.repository == repository)
            .order_by(_d.iri)
        )
        with self.engine.connect() as connection:
            for row in connection.execute(query):
                yield row.iri, row.source_record

    def released_graphs(self, release: int) -> dict[str, bytes]:
        """The graphs of a release that belong to no description, as N-Triples, by graph IRI."""
        with self.engine.connect() as connection:
            digests = released_graphs(connection, release)
            return {name: graph_content(connection, digest) for name, digest in digests.items()}

    def unaccepted(self) -> set[str]:
        """The IRIs of descriptions whose last delivery, or whose own content by now, was not accepted by its gate."""
        query = (
            select(_d.iri)
            .join_from(schema.description, schema.revision, _r.description == _d.id)
            .where(or_(_r.state == "rejected", and_(_r.upcoming.is_(True), _r.stale.is_(True))))
        )
        with self.engine.connect() as connection:
            return set(connection.execute(query).scalars())


def _status_query() -> Select[Any]:
    """Count the descriptions of each repository by state, each description once."""

    def has(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.max(case((condition, 1), else_=0))

    live = (
        select(
            _d.repository,
            has(_r.state == "published").label("published"),
            has(_r.state == "draft").label("draft"),
            has(_r.state == "rejected").label("rejected"),
            has(and_(_r.state == "published", _r.stale.is_(True))).label("stale"),
        )
        .outerjoin_from(schema.description, schema.revision, and_(_r.description == _d.id, _r.state.in_(_LIVE)))
        .group_by(_d.id)
        .subquery()
    )
    c = live.c
    return select(
        c.repository,
        func.sum(c.published).label("published"),
        func.sum(c.draft * (1 - c.published)).label("draft"),
        func.sum(c.rejected * (1 - c.published)).label("rejected"),
        func.count().label("total"),
        func.sum(c.stale).label("stale"),
    ).group_by(c.repository)


def _repository_status(row: Row[Any] | None) -> RepositoryStatus:
    if row is None:
        return RepositoryStatus()
    gone = row.total - row.published - row.draft - row.rejected
    return RepositoryStatus(row.published, row.draft, row.rejected, gone, row.stale)
