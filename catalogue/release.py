"""Releases in the ledger: what each holds, and the one transaction that makes a new one current."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, delete, func, insert, literal, select, update

from catalogue import schema
from catalogue.description import StoredDescription

_r = schema.revision.c
_d = schema.description.c
_m = schema.release_member.c

#: Descriptions read at a time, so that a large release is never in memory as a whole.
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Release:
    """An immutable, numbered state of the catalogue. ``event`` is the last event it includes.

    ``triples`` counts those of the checkpoint, ``vocabularies`` is the digest of the vocabularies it was made with,
    ``dropped`` says that its folder and members were removed to keep within ``RADIOGRAPH_KEEP_RELEASES``.
    """

    number: int
    created: datetime
    event: int
    triples: int
    links: int
    datasets: int
    path: Path
    vocabularies: str
    dropped: bool


def read_releases(connection: Connection, folder: Path, *, limit: int | None = None) -> list[Release]:
    """The releases, newest first."""
    query = select(schema.release).order_by(schema.release.c.number.desc()).limit(limit)
    return [
        Release(
            row.number,
            row.created,
            row.event,
            row.triples,
            row.links,
            row.datasets,
            folder / str(row.number),
            row.vocabularies,
            row.dropped,
        )
        for row in connection.execute(query)
    ]


def stored() -> Select[Any]:
    """A query for everything a :class:`StoredDescription` is made of."""
    return select(
        _d.iri,
        _d.repository,
        _d.identifier,
        _d.issued,
        _r.id,
        _r.content_hash,
        _r.conforms_to,
        _r.source_iri,
        _r.stale,
        _r.created,
        _r.released,
        schema.content.c.ntriples,
    ).select_from(
        schema.revision.join(schema.description, _d.id == _r.description).join(
            schema.content, schema.content.c.hash == _r.content_hash
        )
    )


def to_description(row: Row[Any], *, released: datetime | None = None) -> StoredDescription:
    """A row of :func:`stored`; ``released`` stands in for times that a release in the making will set."""
    pending = released or row.created
    return StoredDescription(
        iri=row.iri,
        repository=row.repository,
        identifier=row.identifier,
        revision=row.id,
        ntriples=row.ntriples,
        content_hash=row.content_hash,
        conforms_to=row.conforms_to,
        issued=row.issued or pending,
        modified=row.released or pending,
        source_iri=row.source_iri,
        stale=row.stale,
    )


def members_query(release: int, *, repository: str | None = None) -> Select[Any]:
    """The members of a release, sorted by IRI."""
    query = stored().join(schema.release_member, _m.revision == _r.id).where(_m.release == release).order_by(_m.iri)
    return query.where(_m.repository == repository) if repository is not None else query


def each_member(connection: Connection, release: int) -> Iterator[StoredDescription]:
    """The members of a release, sorted by IRI, read in batches."""
    yield from _batches(connection, members_query(release), _m.iri, None)


def each_upcoming(connection: Connection, released: datetime) -> Iterator[StoredDescription]:
    """What the next release will hold, sorted by IRI, as if released at ``released``; read in batches."""
    yield from _batches(connection, stored().where(_r.upcoming.is_(True)).order_by(_d.iri), _d.iri, released)


def upcoming_of(connection: Connection, iris: Sequence[str], released: datetime) -> list[StoredDescription]:
    """Those of ``iris`` that the next release will hold, as if released at ``released``."""
    rows = connection.execute(stored().where(_r.upcoming.is_(True), _d.iri.in_(iris)))
    return [to_description(row, released=released) for row in rows]


def _batches(
    connection: Connection, query: Select[Any], key: Any, released: datetime | None
) -> Iterator[StoredDescription]:
    last: str | None = None
    while True:
        rows = connection.execute((query.where(key > last) if last is not None else query).limit(_BATCH)).all()
        yield from (to_description(row, released=released) for row in rows)
        if len(rows) < _BATCH:
            return
        last = rows[-1].iri


@dataclass(frozen=True, slots=True)
class Changes:
    """What the next release would do: change ``changed`` descriptions, among them lose ``lost`` of ``before``."""

    changed: int
    lost: int
    before: int
    event: int
    """The last event so far."""


def pending_changes(connection: Connection) -> Changes:
    """Compare what is published with what is upcoming."""
    published = select(func.count()).select_from(schema.revision).where(_r.state == "published")
    upcoming = select(_r.description).where(_r.upcoming.is_(True))
    lost = connection.execute(published.where(_r.description.not_in(upcoming))).scalar_one()
    drafts = select(func.count()).select_from(schema.revision).where(_r.upcoming.is_(True), _r.state == "draft")
    return Changes(
        changed=connection.execute(drafts).scalar_one() + lost,
        lost=lost,
        before=connection.execute(published).scalar_one(),
        event=connection.execute(select(func.max(schema.event.c.seq))).scalar() or 0,
    )


@dataclass(frozen=True, slots=True)
class Touched:
    """A description that an event speaks of, with the last such event."""

    iri: str
    repository: str
    identifier: str
    event: int


def touched_descriptions(connection: Connection, since: int) -> list[Touched]:
    """The descriptions with events after ``since``, in the order of their last event.

    Those whose events cancel each other are among them: an attempt cut short may have left traces in the store.
    """
    last = func.max(schema.event.c.seq).label("last")
    query = (
        select(_d.iri, _d.repository, _d.identifier, last)
        .join_from(schema.event, schema.description)
        .where(schema.event.c.seq > since)
        .group_by(_d.id)
        .order_by(last)
    )
    return [Touched(*row) for row in connection.execute(query)]


def event_time(connection: Connection, seq: int) -> str:
    """When an event happened, as text; empty where there is no such event."""
    at = connection.execute(select(schema.event.c.at).where(schema.event.c.seq == seq)).scalar()
    return at.isoformat() if at is not None else ""


def commit_release(connection: Connection, row: Mapping[str, Any], graphs: Mapping[str, str]) -> None:
    """Make a release current: its row, its members and graphs, and the new states of all revisions.

    The caller's transaction is the switch: before its commit the previous release is current, after it this one.
    """
    number, created = row["number"], row["created"]
    connection.execute(insert(schema.release), {**row, "dropped": False})
    if graphs:
        rows = [{"release": number, "graph": graph, "content_hash": digest} for graph, digest in graphs.items()]
        connection.execute(insert(schema.release_graph), rows)
    members = select(literal(number), _d.iri, _d.repository, _r.id).join_from(schema.revision, schema.description)
    connection.execute(
        insert(schema.release_member).from_select(
            ["release", "iri", "repository", "revision"], members.where(_r.upcoming.is_(True))
        )
    )
    successors = select(_r.description).where(and_(_r.upcoming.is_(True), _r.state == "draft"))
    gone = update(schema.revision).where(_r.state == "published", _r.upcoming.is_(False))
    connection.execute(gone.where(_r.description.in_(successors)).values(state="superseded", ended=created))
    connection.execute(gone.values(state="withdrawn", ended=created))
    fresh = update(schema.revision).where(_r.state == "draft", _r.upcoming.is_(True))
    connection.execute(fresh.values(state="published", released=created))
    published = select(_r.description).where(_r.state == "published")
    connection.execute(
        update(schema.description).where(_d.issued.is_(None), _d.id.in_(published)).values(issued=created)
    )


def drop_releases(connection: Connection, keep: int) -> list[int]:
    """Forget the members of all but the newest ``keep`` releases; return the numbers of those newly dropped."""
    number = schema.release.c.number
    newest = select(number).order_by(number.desc()).limit(keep)
    numbers = list(
        connection.execute(
            select(number).where(schema.release.c.dropped.is_(False), number.not_in(newest)).order_by(number)
        ).scalars()
    )
    if numbers:
        connection.execute(delete(schema.release_member).where(_m.release.in_(numbers)))
        connection.execute(delete(schema.release_graph).where(schema.release_graph.c.release.in_(numbers)))
        connection.execute(update(schema.release).where(number.in_(numbers)).values(dropped=True))
    return numbers
