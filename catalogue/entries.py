"""What the ledger tells about itself: repositories, runs, events, revisions, counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from catalogue.description import Outcome


@dataclass(frozen=True, slots=True)
class RepositoryEntry:
    """A repository as declared: ``ntriples`` is the canonical graph of its catalogue, agents and contact.

    ``gate`` is the profile its descriptions must meet; ``declaration_hash`` changes with anything declared.
    """

    id: str
    title: str
    ntriples: bytes
    gate: str
    declaration_hash: str


@dataclass(frozen=True, slots=True)
class RunEntry:
    """One ingest. ``partial`` runs read only part of their source; ``interrupted`` ones were killed."""

    id: int
    repository: str
    source: str
    state: Literal["running", "complete", "partial", "failed", "interrupted"]
    started: datetime
    finished: datetime | None
    report: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a finished run did: how many candidates had which outcome, and how many descriptions it deleted."""

    run: int
    repository: str
    complete: bool
    outcomes: Mapping[Outcome, int]
    deleted: int


@dataclass(frozen=True, slots=True)
class Event:
    """One change of what the next release will hold; ``seq`` only grows. ``run`` is None for a steward's act."""

    seq: int
    kind: Literal["create", "update", "delete"]
    iri: str
    repository: str
    revision: int
    run: int | None
    at: datetime
    reason: str | None


@dataclass(frozen=True, slots=True)
class RevisionEntry:
    """One revision in the history of a description, without its content."""

    id: int
    state: Literal["draft", "published", "rejected", "withdrawn", "superseded"]
    upcoming: bool
    stale: bool
    content_hash: str
    conforms_to: tuple[str, ...]
    source_iri: str | None
    run: int | None
    created: datetime
    released: datetime | None
    ended: datetime | None


@dataclass(frozen=True, slots=True)
class RepositoryStatus:
    """How many descriptions of a repository are in which state, each counted once; the stale are published too."""

    published: int = 0
    draft: int = 0
    rejected: int = 0
    withdrawn: int = 0
    stale: int = 0


@dataclass(frozen=True, slots=True)
class Status:
    """The catalogue at a glance. ``release`` is 0 before the first; ``pending`` is what the next would change."""

    release: int
    triples: int
    links: int
    repositories: Mapping[str, RepositoryStatus]
    pending: int
