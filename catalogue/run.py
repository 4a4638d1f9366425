"""One ingest of one repository into the ledger.

Candidates are committed in chunks; deletions happen in the last transaction only. A run that ends in between,
however it ends, leaves a consistent ledger, and the next run completes the work without doubling anything.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from catalogue import schema
from catalogue.description import Candidate, Outcome
from catalogue.entries import RunSummary
from catalogue.revisions import Live, Revisions
from core.canonical import content_hash
from core.errors import LedgerError, RecordError
from core.identifiers import Identifiers

#: Candidates a transaction.
_CHUNK = 200


class Run:
    """Takes in the candidates of one run; made by :meth:`catalogue.ledger.Ledger.run`."""

    def __init__(self, connection: Connection, identifiers: Identifiers, repository: str, source: str) -> None:
        self._connection = connection
        self._identifiers = identifiers
        self.repository = repository
        self.id = _start(connection, repository, source)
        self._revisions = Revisions(connection, run=self.id)
        self._seen: dict[str, str | None] = {}
        self._outcomes: Counter[Outcome] = Counter()
        self._uncommitted = 0
        self.finished = False

    def submit(self, candidate: Candidate) -> Outcome:
        """Take in one candidate.

        Raises:
            RecordError: another candidate of this run has the same IRI and other content; the first one stays.
            LedgerError: the candidate belongs to another repository, or its IRI is not that of its identifier.
        """
        self._check(candidate)
        digest = content_hash(candidate.ntriples)
        if self._seen.get(candidate.iri) == digest:
            return Outcome.UNCHANGED
        if self._seen.get(candidate.iri):
            raise RecordError(
                f"identifier {candidate.identifier!r} occurs twice in this run, with different content",
                where=candidate.iri,
                remedy="give each record of the source its own identifier",
            )
        outcome = self._revisions.submit(candidate)
        self._seen[candidate.iri] = digest
        self._outcomes[outcome] += 1
        self._uncommitted += 1
        if self._uncommitted >= _CHUNK:
            self._connection.commit()
            self._uncommitted = 0
        return outcome

    def keep(self, identifier: str) -> None:
        """Say that the source still has a record, though no description could be made of it: it is not absent."""
        self._seen.setdefault(str(self._identifiers.dataset(self.repository, identifier)), None)

    def finish(self, *, complete: bool, report: Mapping[str, Any]) -> RunSummary:
        """End the run. After a ``complete`` one, descriptions it did not see are deleted, in the same transaction."""
        deleted = self._delete_absent() if complete else 0
        end(self._connection, self.id, "complete" if complete else "partial", report)
        self._connection.commit()
        self.finished = True
        return RunSummary(self.id, self.repository, complete, dict(self._outcomes), deleted)

    def _check(self, candidate: Candidate) -> None:
        if self.finished:
            raise LedgerError(f"run {self.id} is finished", where=candidate.iri, remedy="start a new run")
        expected = str(self._identifiers.dataset(self.repository, candidate.identifier))
        if candidate.repository != self.repository or candidate.iri != expected:
            raise LedgerError(
                f"{candidate.iri} of repository {candidate.repository} was submitted in a run of {self.repository}",
                where=f"run {self.id}",
                remedy=f"a description with identifier {candidate.identifier!r} must be {expected}",
            )

    def _delete_absent(self) -> int:
        deleted = 0
        for live in live_descriptions(self._connection, self.repository, without=self._seen):
            deleted += self._revisions.delete(live)
        return deleted


def live_descriptions(connection: Connection, repository: str | None, *, without: Mapping[str, Any]) -> list[Live]:
    """The descriptions (of one repository) that still have something to delete, except those in ``without``."""
    revision = schema.revision.c
    query = (
        select(schema.description.c.iri)
        .distinct()
        .join(schema.revision, revision.description == schema.description.c.id)
        .where(revision.upcoming.is_(True) | revision.state.in_(("draft", "rejected")))
        .order_by(schema.description.c.iri)
    )
    if repository is not None:
        query = query.where(schema.description.c.repository == repository)
    iris = [iri for iri in connection.execute(query).scalars() if iri not in without]
    revisions = Revisions(connection)
    return [live for iri in iris if (live := revisions.live(iri)) is not None]


def end(connection: Connection, run: int, state: str, report: Mapping[str, Any]) -> None:
    """Write how a run ended."""
    text = json.dumps(report, ensure_ascii=False)
    values = {"state": state, "finished": datetime.now(UTC), "report": text}
    connection.execute(update(schema.run).where(schema.run.c.id == run).values(**values))


def _start(connection: Connection, repository: str, source: str) -> int:
    if connection.execute(select(schema.repository.c.id).where(schema.repository.c.id == repository)).first() is None:
        raise LedgerError(f"repository {repository!r} is not declared", remedy="declare it before its first run")
    # The writer lock is ours, so whoever wrote "running" is gone.
    killed = schema.run.c.state == "running"
    connection.execute(update(schema.run).where(killed).values(state="interrupted", finished=datetime.now(UTC)))
    row = {"repository": repository, "source": source, "state": "running", "started": datetime.now(UTC)}
    key = connection.execute(insert(schema.run), row).inserted_primary_key
    assert key is not None
    connection.commit()
    return int(key[0])
