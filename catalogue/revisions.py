"""The life of a description's revisions: what each candidate, deletion and rollback does to them.

States: ``draft`` (accepted by its gate, waits for publishing), ``published``, ``rejected``, ``withdrawn``,
``superseded``. A description has at most one published and one candidate (draft or rejected) revision, and at
most one of the two is *upcoming*: what the next release will hold. An event is written whenever that changes,
so that replaying the events gives the upcoming content.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, insert, select, update

from catalogue import schema
from catalogue.description import Candidate, Outcome
from core.canonical import content_hash

_r = schema.revision.c

_LIVE = (
    select(
        schema.description.c.id.label("description"),
        _r.id.label("revision"),
        _r.state,
        _r.upcoming,
        _r.stale,
        _r.content_hash,
        _r.conforms_to,
        _r.source_iri,
        _r.details_hash,
    )
    .select_from(
        schema.description.outerjoin(
            schema.revision,
            and_(_r.description == schema.description.c.id, _r.state.in_(("published", "draft", "rejected"))),
        )
    )
    .where(schema.description.c.iri == bindparam("iri"))
)
_HAS_CONTENT = select(schema.content.c.hash).where(schema.content.c.hash == bindparam("hash"))
_CHANGE = update(schema.revision).where(_r.id == bindparam("revision"))


@dataclass(frozen=True, slots=True)
class LiveRevision:
    """A published, draft or rejected revision, without its content."""

    revision: int
    state: str
    upcoming: bool
    stale: bool
    content_hash: str
    conforms_to: tuple[str, ...]
    source_iri: str | None
    details_hash: str


@dataclass(frozen=True, slots=True)
class Live:
    """The revisions of a description that still count."""

    description: int
    published: LiveRevision | None
    candidate: LiveRevision | None

    @property
    def upcoming(self) -> LiveRevision | None:
        """The revision that the next release will hold, if any."""
        return next((row for row in (self.candidate, self.published) if row is not None and row.upcoming), None)


class Revisions:
    """Changes revisions inside one transaction of the caller, on behalf of a run or of a steward's act."""

    def __init__(self, connection: Connection, *, run: int | None = None, reason: str | None = None) -> None:
        self._connection = connection
        self._run = run
        self._reason = reason

    def live(self, iri: str) -> Live | None:
        """The live revisions of a description, or None where it was never seen."""
        rows = self._connection.execute(_LIVE, {"iri": iri}).all()
        if not rows:
            return None
        found = {row.state == "published": LiveRevision(*row[1:]) for row in rows if row.revision is not None}
        return Live(rows[0].description, found.get(True), found.get(False))

    def submit(self, candidate: Candidate) -> Outcome:
        """Take in a candidate and say what became of it."""
        live = self.live(candidate.iri) or self._describe(candidate)
        submission = _Submission.of(candidate)
        return self._accept(live, submission) if candidate.accepted else self._reject(live, submission)

    def delete(self, live: Live, *, keep_rejected: bool = False) -> bool:
        """Take a description out of the next release and drop its candidate; False where nothing was left to delete.

        ``keep_rejected`` leaves a rejected candidate, because its repository still delivers it.
        """
        upcoming, candidate = live.upcoming, live.candidate
        if upcoming is not None:
            self._set(upcoming.revision, upcoming=False)
            self._event("delete", live, upcoming.revision)
        if candidate is not None and not (keep_rejected and candidate.state == "rejected"):
            self._end(candidate, "withdrawn")
        return upcoming is not None or candidate is not None

    def restore(self, live: Live, revision: int) -> None:
        """Make the content of an earlier revision upcoming again, as a new revision with its own history."""
        old = self._connection.execute(select(schema.revision).where(_r.id == revision)).one()
        submission = _Submission(
            None, old.content_hash, old.conforms_to, old.source_iri, old.report, old.source_record, old.details_hash
        )
        upcoming = live.upcoming
        if upcoming is not None and submission.same_output(upcoming):
            return
        if live.published is not None and submission.same_output(live.published):
            self._return_to_published(live)
        else:
            self._draft(live, submission, stale=old.stale)

    def _accept(self, live: Live, submission: _Submission) -> Outcome:
        upcoming, published, candidate = live.upcoming, live.published, live.candidate
        if upcoming is not None and submission.same_output(upcoming):
            if candidate is not None and candidate.revision != upcoming.revision:
                self._end(candidate, "superseded")
            self._refresh(upcoming, submission, stale=False)
            if published is not None and published.stale and published.revision != upcoming.revision:
                self._set(published.revision, stale=False)
            return Outcome.UNCHANGED
        if published is not None and submission.same_output(published):
            self._return_to_published(live)
            self._refresh(published, submission, stale=False)
        else:
            self._draft(live, submission)
            if published is not None and published.stale:
                self._set(published.revision, stale=False)
        return Outcome.CREATED if upcoming is None else Outcome.UPDATED

    def _reject(self, live: Live, submission: _Submission) -> Outcome:
        published, candidate = live.published, live.candidate
        if published is not None and live.upcoming is not None and published.content_hash == submission.content_hash:
            self._keep_stale(live, published, submission)
            return Outcome.STALE
        if (
            candidate is not None
            and candidate.state == "rejected"
            and candidate.content_hash == submission.content_hash
        ):
            self._refresh(candidate, submission, stale=False)
            if not submission.same_output(candidate):
                self._set(candidate.revision, conforms_to=submission.conforms_to, source_iri=submission.source_iri)
        else:
            self._replace_by_rejected(live, submission)
        if published is not None and live.upcoming is not None and not published.stale:
            self._set(published.revision, stale=True)
        return Outcome.REJECTED

    def _keep_stale(self, live: Live, published: LiveRevision, submission: _Submission) -> None:
        """Published content fails its gate now: it stays, flagged, and claims only the profiles that it still meets."""
        upcoming, candidate = live.upcoming, live.candidate
        if submission.same_output(published):
            if upcoming is not None and upcoming.revision != published.revision:
                self._return_to_published(live)
            elif candidate is not None:
                self._end(candidate, "superseded")
            self._refresh(published, submission, stale=True)
            return
        if upcoming is not None and submission.same_output(upcoming):
            self._refresh(upcoming, submission, stale=True)
        else:
            self._draft(live, submission, stale=True)
        if not published.stale:
            self._set(published.revision, stale=True)

    def _replace_by_rejected(self, live: Live, submission: _Submission) -> None:
        """Keep rejected content as the candidate; a draft in its place gives way, and what is published stays."""
        candidate, published = live.candidate, live.published
        if candidate is not None:
            self._end(candidate, "superseded")
            if candidate.upcoming and published is not None:
                self._set(published.revision, upcoming=True)
                self._event("update", live, published.revision)
            elif candidate.upcoming:
                self._event("delete", live, candidate.revision)
        self._insert(live, submission, state="rejected", upcoming=False, stale=False)

    def _return_to_published(self, live: Live) -> None:
        published, upcoming = live.published, live.upcoming
        assert published is not None
        if live.candidate is not None:
            self._end(live.candidate, "superseded")
        self._set(published.revision, upcoming=True)
        self._event("create" if upcoming is None else "update", live, published.revision)

    def _draft(self, live: Live, submission: _Submission, *, stale: bool = False) -> None:
        """Make new content the draft, and upcoming."""
        upcoming = live.upcoming
        if live.candidate is not None:
            self._end(live.candidate, "superseded")
        if upcoming is not None and upcoming.state == "published":
            self._set(upcoming.revision, upcoming=False)
        revision = self._insert(live, submission, state="draft", upcoming=True, stale=stale)
        self._event("create" if upcoming is None else "update", live, revision)

    def _describe(self, candidate: Candidate) -> Live:
        row = {"iri": candidate.iri, "repository": candidate.repository, "identifier": candidate.identifier}
        key = self._connection.execute(insert(schema.description), row).inserted_primary_key
        assert key is not None
        return Live(key[0], None, None)

    def _insert(self, live: Live, submission: _Submission, *, state: str, upcoming: bool, stale: bool) -> int:
        if submission.ntriples is not None:
            keep_content(self._connection, submission.ntriples, submission.content_hash)
        row = {
            "description": live.description,
            "content_hash": submission.content_hash,
            "state": state,
            "upcoming": upcoming,
            "stale": stale,
            "conforms_to": submission.conforms_to,
            "source_iri": submission.source_iri,
            "report": submission.report,
            "source_record": submission.source_record,
            "details_hash": submission.details_hash,
            "run": self._run,
            "created": datetime.now(UTC),
        }
        key = self._connection.execute(insert(schema.revision), row).inserted_primary_key
        assert key is not None
        return int(key[0])

    def _refresh(self, row: LiveRevision, submission: _Submission, *, stale: bool) -> None:
        """Bring report and source record of an unchanged revision up to date; write nothing where they are."""
        if row.details_hash != submission.details_hash:
            self._set(
                row.revision,
                report=submission.report,
                source_record=submission.source_record,
                details_hash=submission.details_hash,
            )
        if row.stale != stale:
            self._set(row.revision, stale=stale)

    def _end(self, row: LiveRevision, state: str) -> None:
        self._set(row.revision, state=state, upcoming=False, ended=datetime.now(UTC))

    def _set(self, revision: int, **values: Any) -> None:
        self._connection.execute(_CHANGE.values(**values), {"revision": revision})

    def _event(self, kind: str, live: Live, revision: int) -> None:
        row = {
            "kind": kind,
            "description": live.description,
            "revision": revision,
            "run": self._run,
            "at": datetime.now(UTC),
            "reason": self._reason,
        }
        self._connection.execute(insert(schema.event), row)


@dataclass(frozen=True, slots=True)
class _Submission:
    """What a candidate would become; ``ntriples`` is None where the content is kept already."""

    ntriples: bytes | None
    content_hash: str
    conforms_to: tuple[str, ...]
    source_iri: str | None
    report: str
    source_record: str
    details_hash: str

    @classmethod
    def of(cls, candidate: Candidate) -> _Submission:
        details = f"{candidate.report}\0{candidate.source_record}".encode()
        return cls(
            candidate.ntriples,
            content_hash(candidate.ntriples),
            tuple(sorted(set(candidate.conforms_to))),
            candidate.source_iri,
            candidate.report,
            candidate.source_record,
            hashlib.sha256(details).hexdigest(),
        )

    def same_output(self, row: LiveRevision) -> bool:
        """Whether publishing this would put out the same as publishing ``row``."""
        ours = (self.content_hash, self.conforms_to, self.source_iri)
        return ours == (row.content_hash, row.conforms_to, row.source_iri)


def keep_content(connection: Connection, ntriples: bytes, digest: str) -> None:
    """Store bytes under their hash, once."""
    if connection.execute(_HAS_CONTENT, {"hash": digest}).first() is None:
        connection.execute(insert(schema.content), {"hash": digest, "ntriples": ntriples})
