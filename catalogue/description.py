"""What goes into the ledger (a candidate) and what comes out of it (a stored description)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rdflib import Graph

from core.canonical import parse_ntriples


class Outcome(StrEnum):
    """What the ledger did with a candidate."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"
    STALE = "stale"
    """The published content itself no longer passes its gate; it stays published and is flagged."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One description as it leaves ingest.

    ``ntriples`` is canonical (:mod:`core.canonical`); ``report`` is the JSON of a ``shapes.report.Report``;
    ``conforms_to`` the IRIs of the profiles it passed; ``accepted`` whether it passed the profile that gates
    its repository; ``source_record`` the JSON of the ``SourceRecord`` it was made from; ``source_iri`` the
    original record's address.
    """

    iri: str
    repository: str
    identifier: str
    ntriples: bytes
    report: str
    conforms_to: tuple[str, ...]
    accepted: bool
    source_record: str
    source_iri: str | None = None


@dataclass(frozen=True, slots=True)
class StoredDescription:
    """One revision of a description, read from the ledger.

    ``issued`` is when the description was first published here, ``modified`` when this revision was: a harvester that
    asks for what changed since its last visit must not miss what was accepted before that visit and published after
    it. Before publication both are when the revision was made. Times are in UTC. ``stale`` says that what the
    repository delivers now, or the description itself under the rules of now, was not accepted.
    """

    iri: str
    repository: str
    identifier: str
    revision: int
    ntriples: bytes
    content_hash: str
    conforms_to: tuple[str, ...]
    issued: datetime
    modified: datetime
    source_iri: str | None = None
    stale: bool = False

    def graph(self) -> Graph:
        """The description parsed, literals as they were validated."""
        return parse_ntriples(self.ntriples)
