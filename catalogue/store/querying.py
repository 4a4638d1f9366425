"""What answers queries, whichever engine holds the release: the embedded workers, or an external store.

The endpoint, the command line and the tests speak to a :class:`QueryEngine` and to nothing behind it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from catalogue.store.guard import QueryFacts, inspect
from catalogue.store.spending import Spending
from core.errors import QueryTimeout, QueryTooLarge, QueryUnavailable
from core.settings import Settings

#: The search of every deployment, whatever its base: a query that asks it works on all of them.
SEARCH_SERVICE = "https://w3id.org/radiograph/search"
#: Queries longer than this are inspected in a thread.
LONG_QUERY = 8 * 1024
#: Queries of one client, and of all, that may wait for each one that is answered; more are refused at once.
MAX_WAITING = 50
MAX_WAITING_IN_ALL = 200
#: Why the work on a query was ended from outside, as counted in :attr:`PoolStatus.kills`.
KILLS = ("timeout", "memory", "disconnect", "crash", "pressure")


@dataclass(frozen=True, slots=True)
class PoolStatus:
    """What an engine is at, and what it has done since it started.

    ``kills`` counts by reason (:data:`KILLS`): the deadline passed, memory or the answer outgrew its limit, nobody
    listened any more, the worker ended by itself, others waited too long for it. ``recycled`` counts workers that
    were replaced because they had answered enough, ``started`` those that came up. A kill at an external store is a
    request that was given up. ``waited`` is how many queries waited for a worker, ``wait_seconds`` how long in all,
    ``refused`` how many were told that none was free. ``problem`` is why nothing can be answered at all, where it is
    known.
    """

    workers: int
    idle: int
    busy: int
    waiting: int
    isolated: bool
    triples: int
    kills: Mapping[str, int] = field(default_factory=lambda: dict.fromkeys(KILLS, 0))
    recycled: int = 0
    started: int = 0
    waited: int = 0
    wait_seconds: float = 0.0
    refused: int = 0
    problem: str = ""

    @property
    def replaced(self) -> int:
        """Workers that were killed or wore out."""
        return self.recycled + sum(self.kills.values())


class AnswerStream(Protocol):
    """An answer on its way; where its iterator raises, what was read so far is not the whole answer."""

    @property
    def media_type(self) -> str:
        """What the bytes are."""

    @property
    def store(self) -> Path | None:
        """The ``store/`` folder of the release that the answer comes from."""

    @property
    def deadline(self) -> float:
        """When, by the event loop's clock, the answer has to be read to its end."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    async def close(self) -> None:
        """Let go of it; what is still being made is ended."""


class QueryEngine(Protocol):
    """Answers SPARQL queries from one release at a time."""

    @property
    def spending(self) -> Spending:
        """Who has used how much of it."""

    async def probe(self) -> None:
        """Find out whether queries can be answered here before there is a release.

        Raises:
            QueryUnavailable: they cannot; the remedy says what to set.
        """

    async def switch(self, store: Path) -> None:
        """Answer every further query from the release whose ``store/`` folder this is.

        Raises:
            QueryUnavailable, StoreError: it cannot be answered from; the engine goes on as before.
        """

    async def stop(self) -> None:
        """End all work; unfinished answers are cut."""

    def status(self) -> PoolStatus:
        """What the engine is at."""

    async def inspect(self, query: str) -> QueryFacts:
        """What the guard says of a query.

        Raises:
            QueryError: the guard refuses it.
        """

    def query(
        self,
        query: str,
        *,
        accept: str | None = None,
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
        timeout: float | None = None,
        client: str = "",
        facts: QueryFacts | None = None,
    ) -> AbstractAsyncContextManager[AnswerStream]:
        """Answer one query; the first bytes are there when the context is entered, so errors come before any.

        Args:
            accept: the media type to serialise to; by default SPARQL results in JSON, or Turtle for a graph.
            default_graphs, named_graphs: the query's dataset (SPARQL 1.1 Protocol §2.1.4); they override FROM.
            timeout: seconds for everything, at most ``query_timeout``.
            client: who asks, an opaque name; of the queries that wait, one of the client that has used least is next.
            facts: what :meth:`inspect` said of it, where it is known; a query with SERVICE in it is refused in any
                case, because what that asks has to be put in its place before (:mod:`catalogue.federation`).

        Raises:
            QueryError: one of its kinds; also while the answer is being read, where it then is not whole.
        """


def search_services(settings: Settings) -> frozenset[str]:
    """The names by which SERVICE asks this deployment's own search index; relative where a query has no BASE."""
    return frozenset({SEARCH_SERVICE, f"{settings.identifiers.base}/search", "search"})


async def inspect_query(query: str, settings: Settings) -> QueryFacts:
    """What the guard says of a query here, without holding up others while it reads a long one.

    Raises:
        QueryError: the guard refuses it.
    """
    arguments = (query, frozenset(settings.service_allow), search_services(settings))
    return await asyncio.to_thread(inspect, *arguments) if len(query) > LONG_QUERY else inspect(*arguments)


async def inspect_for_engine(query: str, facts: QueryFacts | None) -> QueryFacts:
    """What is known of a query that an engine is about to see.

    Raises:
        QueryError: the guard refuses it; it refuses every SERVICE.
    """
    if facts is not None and not facts.services:
        return facts
    return await asyncio.to_thread(inspect, query) if len(query) > LONG_QUERY else inspect(query)


def out_of_time(settings: Settings) -> QueryTimeout:
    """Why an answer was ended at its deadline."""
    return QueryTimeout(
        f"the query was not answered within its deadline (at most {settings.query_timeout:g} seconds) and was ended",
        remedy="narrow its patterns, or ask for less at a time",
    )


def too_many_bytes(settings: Settings) -> QueryTooLarge:
    """Why an answer was cut at its limit."""
    return QueryTooLarge(
        f"the answer is larger than {settings.query_max_bytes:,} bytes",
        remedy="ask for it in parts with LIMIT and OFFSET over a sorted query",
    )


def shutting_down() -> QueryUnavailable:
    """Why nobody is answered who still waits when the engine stops."""
    return QueryUnavailable("the service is shutting down", remedy="try again later")
