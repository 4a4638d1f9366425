"""Queries on an external store: the same guard, limits, line and answers as on the embedded workers.

The release's folder names the endpoint that holds it (:mod:`catalogue.remote.holding`). As many queries as the
declaration allows are asked at a time; others wait in line. Nothing is remembered of a store that was down: the next
query tries it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from catalogue.remote.answer import Plan, RemoteAnswer
from catalogue.remote.asking import Asker
from catalogue.remote.declaration import RemoteStore
from catalogue.remote.holding import Holding
from catalogue.remote.location import Location
from catalogue.remote.quirks import Question, for_virtuoso
from catalogue.store.guard import Form, QueryFacts
from catalogue.store.line import Line
from catalogue.store.querying import (
    KILLS,
    LONG_QUERY,
    MAX_WAITING,
    MAX_WAITING_IN_ALL,
    PoolStatus,
    inspect_for_engine,
    inspect_query,
    shutting_down,
)
from catalogue.store.spending import Spending
from core.errors import QueryError, QueryUnavailable, StoreError
from core.settings import Settings

logger = logging.getLogger(__name__)

#: Seconds between two looks for a switch in progress, and between two looks at the store's marker.
_WATCH_INTERVAL = 0.25
_LOOK_INTERVAL = 1.0
#: Seconds that a store takes to end a query whose limit has come, or whose client has gone.
_AFTERMATH = 1.0

_JSON = "application/sparql-results+json"
_XML = "application/sparql-results+xml"
_NTRIPLES = "application/n-triples"
_ANY_RESULTS = f"{_JSON}, {_XML};q=0.9"
_ANY_GRAPH = f"{_NTRIPLES}, text/turtle;q=0.9, application/rdf+xml;q=0.8"


@dataclass(slots=True, eq=False)
class _Waiter:
    """A place in the line: the turn it waits for."""

    turn: asyncio.Future[None]


class RemoteQueries:
    """Answers SPARQL queries from the endpoint that holds the release; implements ``QueryEngine``."""

    def __init__(self, settings: Settings, store: RemoteStore) -> None:
        """Prepare to ask; nothing is sent yet.

        Raises:
            SettingsError: the secret cannot be read.
        """
        self._settings = settings
        self._declared = store
        self._size = store.reading.connections
        self._askers = {endpoint.name: Asker(store, endpoint) for endpoint in store.endpoint}
        self._holding: Holding | None = None
        self._spending = Spending(settings.client_seconds_per_minute / 60)
        self._line: Line[_Waiter] = Line(MAX_WAITING * self._size, MAX_WAITING_IN_ALL * self._size, self._spending.used)
        self._turns = 0
        self._answers: set[RemoteAnswer] = set()
        self._switching_since: float | None = None
        self._watch: asyncio.Task[None] | None = None
        self._kills = dict.fromkeys(KILLS, 0)
        self._waited = 0
        self._wait_seconds = 0.0
        self._refused = 0

    @property
    def spending(self) -> Spending:
        """Who has used how much of the store."""
        return self._spending

    async def probe(self) -> None:
        """Look whether the endpoints answer; one that does not is logged, and asked again when it is needed."""
        for asker in self._askers.values():
            with contextlib.suppress(QueryError):
                await asker.read(await asker.ask("ASK {}", _JSON, 1.0), 64 * 1024)

    async def switch(self, store: Path) -> None:
        """Answer every further query from the release in ``store``; what is being answered goes on from where it is.

        Without a release to go on with, a store that cannot be asked now is taken all the same: queries are refused
        until it can.

        Raises:
            StoreError: the folder names no endpoint of the declaration, or it cannot be answered from.
        """
        held = Location.read(store)
        if held is None:
            raise StoreError(
                "the release does not say which external store holds it",
                where=str(store),
                remedy="run `radiograph store rebuild`, or set RADIOGRAPH_STORE as it was when it was published",
            )
        asker = self._askers.get(held.endpoint)
        if asker is None:
            raise StoreError(
                f"the release is held by the endpoint {held.endpoint!r}, which is not declared",
                where=f"RADIOGRAPH_STORE={self._settings.store}",
                remedy="declare it, or run `radiograph store rebuild`",
            )
        holding = Holding(store, held, asker, self._settings.identifiers)
        await holding.look()
        if holding.problem:
            if self._holding is not None and not self._holding.problem:
                raise StoreError(holding.problem, where=f"endpoint {held.endpoint!r}")
            logger.error("release %d cannot be answered from yet: %s", held.release, holding.problem)
        self._holding = holding
        if self._watch is None:
            self._watch = asyncio.create_task(self._watch_store())

    async def stop(self) -> None:
        """End all work; unfinished answers are cut."""
        self._holding = None
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
            self._watch = None
        for waiter in list(self._line):
            if not waiter.turn.done():
                waiter.turn.set_exception(shutting_down())
        for answer in list(self._answers):
            answer.abort(shutting_down())
        for asker in self._askers.values():
            asker.close()

    def status(self) -> PoolStatus:
        """How many questions may be asked at a time, and how many are; none where the store cannot be asked."""
        serving = self._holding is not None and not self._holding.problem
        return PoolStatus(
            workers=self._size,
            idle=self._size - self._turns if serving else 0,
            busy=self._turns if serving else 0,
            waiting=len(self._line),
            isolated=True,
            triples=0,
            kills=dict(self._kills),
            waited=self._waited,
            wait_seconds=self._wait_seconds,
            refused=self._refused,
            problem=self._holding.problem if self._holding else "",
        )

    async def inspect(self, query: str) -> QueryFacts:
        """What the guard says of a query.

        Raises:
            QueryError: the guard refuses it.
        """
        return await inspect_query(query, self._settings)

    @asynccontextmanager
    async def query(
        self,
        query: str,
        *,
        accept: str | None = None,
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
        timeout: float | None = None,
        client: str = "",
        facts: QueryFacts | None = None,
    ) -> AsyncIterator[RemoteAnswer]:
        """Answer one query, as :meth:`catalogue.store.querying.QueryEngine.query` has it."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + min(timeout or self._settings.query_timeout, self._settings.query_timeout)
        facts = await inspect_for_engine(query, facts)
        holding = await self._ready()
        given = (holding.asker.kind, query, facts, accept, default_graphs, named_graphs)
        plan = await asyncio.to_thread(_plan, *given) if len(query) > LONG_QUERY else _plan(*given)
        await self._take_turn(client, deadline)
        mark = self._spending.begin(client)

        def finish(fate: str) -> None:
            self._spending.end(client, mark)
            if fate:
                self._kills[fate] += 1
            if fate and answer.computing:
                # A store may go on for a while; Virtuoso sometimes does to the limit it was given.
                loop.call_at(max(loop.time(), deadline if answer.limited else 0) + _AFTERMATH, self._give_turn)
            else:
                self._give_turn()

        async def still_there() -> bool:
            return self._holding is holding or await holding.still_there()

        answer = RemoteAnswer(holding.asker, plan, deadline, self._settings, holding.store, still_there, finish)
        self._answers.add(answer)
        try:
            await answer.begin()
            yield answer
        finally:
            self._answers.discard(answer)
            await answer.close()

    async def _ready(self) -> Holding:
        holding = self._holding
        if holding is None:
            raise QueryUnavailable("no release is being served yet", remedy="try again later")
        await holding.ensure()
        return holding

    async def _take_turn(self, client: str, deadline: float) -> None:
        """Wait until one more question may be asked."""
        if self._turns < self._size and not len(self._line):
            self._turns += 1
            return
        loop = asyncio.get_running_loop()
        since = loop.time()
        waiter = _Waiter(loop.create_future())
        try:
            ousted = self._line.join(client, waiter)
        except QueryUnavailable:
            self._refused += 1
            raise
        if ousted is not None and not ousted.turn.done():
            ousted.turn.set_exception(_occupied())
        self._waited += 1
        try:
            async with asyncio.timeout(min(self._settings.query_queue_timeout, deadline - since)):
                await waiter.turn
        except TimeoutError:
            self._refused += 1
            raise _occupied() from None
        except asyncio.CancelledError:
            if waiter.turn.done() and not waiter.turn.cancelled() and waiter.turn.exception() is None:
                self._give_turn()
            raise
        finally:
            self._wait_seconds += loop.time() - since
            self._line.leave(client, waiter)

    def _give_turn(self) -> None:
        self._turns -= 1
        while len(self._line) and self._turns < self._size:
            _, waiter = self._line.next()
            if not waiter.turn.done():
                self._turns += 1
                waiter.turn.set_result(None)

    async def _watch_store(self) -> None:
        """Notice a switch in progress, and a store that has gone or come back, before a query does."""
        loop = asyncio.get_running_loop()
        looked = loop.time()
        while True:
            await asyncio.sleep(_WATCH_INTERVAL)
            holding = self._holding
            if holding is None:
                continue
            if holding.switching:
                self._switching_since = self._switching_since or loop.time()
                if loop.time() - self._switching_since >= self._declared.grace:
                    for answer in list(self._answers):
                        answer.abort(_switching())
            else:
                self._switching_since = None
            if holding.switching or holding.problem or loop.time() - looked >= _LOOK_INTERVAL:
                await holding.look(anyhow=True)
                looked = loop.time()


def _plan(
    kind: str,
    query: str,
    facts: QueryFacts,
    accept: str | None,
    default_graphs: Sequence[str],
    named_graphs: Sequence[str],
) -> Plan:
    """How this kind of store is asked.

    Raises:
        QueryError: it cannot be asked that.
    """
    graph = facts.form.gives_graph
    wanted = accept or ("text/turtle" if graph else _JSON)
    union = not (default_graphs or named_graphs or facts.dataset_clause)
    asks = facts.form is Form.ASK
    if kind == "virtuoso":
        question = for_virtuoso(query, facts, default_graphs, named_graphs)
        source = _NTRIPLES if graph else _XML
        # Its XML is mended but not rewritten for a client that wants XML: the fewest bytes are touched.
        return Plan(question, source, wanted, union, mends=True, asks=asks, converts=source != wanted)
    question = Question(query, default_graphs, named_graphs)
    if kind == "oxigraph":
        source = _oxigraph_source(wanted)
        return Plan(question, source, wanted, union, mends=False, asks=asks, converts=source != wanted)
    source = _ANY_GRAPH if graph else _ANY_RESULTS
    return Plan(question, source, wanted, union, mends=False, asks=asks, converts=True)


def _oxigraph_source(wanted: str) -> str:
    """What an Oxigraph server is asked for: formats that say where they end, or that HTTP ends for them."""
    if wanted in ("text/csv", "text/tab-separated-values"):
        return _JSON
    return _NTRIPLES if wanted in ("application/trig", "application/n-quads", "application/ld+json") else wanted


def _occupied() -> QueryUnavailable:
    return QueryUnavailable("the triple store is busy with other queries", remedy="try again in a few seconds")


def _switching() -> QueryUnavailable:
    return QueryUnavailable("a new release is being written to the triple store", remedy="try again in a few seconds")
