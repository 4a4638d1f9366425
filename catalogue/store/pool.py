"""The pool of query workers: who answers next, for how long, and what happens when a worker has to go.

Queries wait in line (:mod:`catalogue.store.line`) for at most ``query_queue_timeout``. A query has ``query_timeout``
from its arrival to the last byte; then its worker is killed and a spare, already warm, takes its place. A new release
gets new workers; the old ones finish what they are at.

A query that takes long does not keep others from theirs (:mod:`catalogue.store.shift`).
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from catalogue.store.answer import Answer
from catalogue.store.guard import QueryFacts
from catalogue.store.line import Line
from catalogue.store.process import WorkerProcess
from catalogue.store.protocol import Request
from catalogue.store.querying import (
    KILLS,
    MAX_WAITING,
    MAX_WAITING_IN_ALL,
    PoolStatus,
    inspect_for_engine,
    inspect_query,
    shutting_down,
)
from catalogue.store.shift import ASIDE, HUMBLE, LONG, SPARES, Shift
from catalogue.store.spending import Spending
from core.errors import QueryUnavailable, RadiographError
from core.settings import Settings

logger = logging.getLogger(__name__)

#: Answers after which a worker is replaced, whatever it looks like.
MAX_ANSWERS = 5_000
#: Seconds between two looks at what busy workers are at, and at their memory.
_WATCH_INTERVAL = 0.05
_MEMORY_INTERVAL = 0.2
#: Seconds between two attempts to start a worker.
_RESTART_DELAYS = (0.2, 1.0, 5.0, 15.0)


@dataclass(slots=True, eq=False)
class _Waiter:
    """A place in the line: what it waits for, and since when."""

    worker: asyncio.Future[WorkerProcess]
    since: float


@dataclass(slots=True)
class _Counters:
    kills: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KILLS, 0))
    recycled: int = 0
    started: int = 0
    waited: int = 0
    wait_seconds: float = 0.0
    refused: int = 0


class QueryPool:
    """Answers SPARQL queries from one release's checkpoint at a time.

    One that serves a single query needs no ``spares``.
    """

    def __init__(self, settings: Settings, *, spares: int = SPARES) -> None:
        self._settings = settings
        self._size = settings.workers
        self._processes = settings.workers + spares
        self._memory = settings.worker_memory_mb * 1024 * 1024
        self._store: Path | None = None
        self._idle: deque[WorkerProcess] = deque()
        self._spending = Spending(settings.client_seconds_per_minute / 60)
        self._busy = Shift(self._size, self._spending, reserved=spares >= SPARES)
        self._quick_line, self._line = self._new_line(), self._new_line()
        self._tasks: set[asyncio.Task[None]] = set()
        self._starting = 0
        self._counters = _Counters()
        self._watch: asyncio.Task[None] | None = None
        self._switching = asyncio.Lock()

    @property
    def spending(self) -> Spending:
        """Who has used how much of the workers."""
        return self._spending

    async def start(self, store: Path) -> None:
        """Start workers on the checkpoint in ``store``.

        Raises:
            QueryUnavailable: workers cannot run here; the remedy says what to set.
            StoreError: there is no store, or it is damaged.
        """
        await self.switch(store)

    async def probe(self) -> None:
        """Find out whether workers can run here before there is a release to start them on.

        Raises:
            QueryUnavailable: they cannot; the remedy says what to set.
        """
        await WorkerProcess.probe(isolation=self._settings.worker_isolation == "on")

    async def switch(self, store: Path) -> None:
        """Answer every further query from ``store``; what is being answered goes on from where it is.

        Raises:
            QueryUnavailable, StoreError: as :meth:`start`; the pool goes on as before.
        """
        async with self._switching:
            # One at a time: opening a store is cheap, and whoever is being served needs the processors.
            fresh: list[WorkerProcess] = []
            try:
                while len(fresh) < self._processes:
                    fresh.append(await self._new_worker(store))
            except BaseException:
                await asyncio.gather(*(worker.end() for worker in fresh))
                raise
            self._store = store
            for worker in self._idle:
                self._spawn(worker.end())
            self._idle = deque(fresh)
            if self._watch is None:
                self._watch = asyncio.create_task(self._watch_workers())
            self._dispatch()

    async def stop(self) -> None:
        """End every worker; unfinished answers are cut."""
        self._store = None
        for waiter in (*self._quick_line, *self._line):
            if not waiter.worker.done():
                waiter.worker.set_exception(shutting_down())
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
            self._watch = None
        workers = [*self._idle, *self._busy]
        self._idle.clear()
        for worker in workers:
            worker.kill()
        await asyncio.gather(*(worker.end() for worker in workers))
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def status(self) -> PoolStatus:
        """How many workers there are and what they are at."""
        known = [*self._idle, *self._busy]
        return PoolStatus(
            workers=self._size,
            idle=len(self._idle),
            busy=len(self._busy),
            waiting=len(self._quick_line) + len(self._line),
            isolated=bool(known) and all(worker.ready.isolated for worker in known),
            triples=self._idle[0].ready.triples if self._idle else 0,
            **asdict(self._counters),
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
    ) -> AsyncIterator[Answer]:
        """Answer one query, as :meth:`catalogue.store.querying.QueryEngine.query` has it."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + min(timeout or self._settings.query_timeout, self._settings.query_timeout)
        facts = await inspect_for_engine(query, facts)
        base = f"{self._settings.identifiers.base}/sparql"
        request = _request(query, facts, accept, default_graphs, named_graphs, base)
        worker = await self._acquire(client, deadline)
        answer = Answer(worker, request, deadline, self._settings, self._release)
        try:
            await answer.begin()
            yield answer
        finally:
            await answer.close()

    async def _acquire(self, client: str, deadline: float) -> WorkerProcess:
        """The next worker that is free for this client."""
        if self._store is None:
            raise QueryUnavailable("no release is being served yet", remedy="try again later")
        loop = asyncio.get_running_loop()
        waiter = _Waiter(loop.create_future(), loop.time())
        line = self._quick_line if self._spending.is_quick(client) else self._line
        try:
            ousted = line.join(client, waiter)
        except QueryUnavailable:
            self._counters.refused += 1
            raise
        if ousted is not None:
            ousted.worker.cancel()
        self._dispatch()
        try:
            if not waiter.worker.done():
                self._counters.waited += 1
                patience = min(self._settings.query_queue_timeout, deadline - waiter.since)
                await asyncio.wait({waiter.worker}, timeout=patience)
        except asyncio.CancelledError:
            if waiter.worker.done() and not waiter.worker.cancelled() and waiter.worker.exception() is None:
                self._release(waiter.worker.result(), "")
            raise
        finally:
            self._counters.wait_seconds += loop.time() - waiter.since
            line.leave(client, waiter)
            waiter.worker.cancel()
        if waiter.worker.cancelled():
            self._counters.refused += 1
            raise QueryUnavailable("all query workers are busy", remedy="try again in a few seconds")
        return waiter.worker.result()

    def _dispatch(self) -> None:
        """Hand idle workers to whose turn it is, as many as may work at once; quick clients first."""
        now = asyncio.get_running_loop().time()
        for line in (self._quick_line, self._line):
            quick = line is self._quick_line
            while len(line):
                worker = self._busy.choose(self._idle, self._store, line.first()[0], quick=quick)
                if worker is None:
                    break
                client, waiter = line.next()
                if waiter.worker.done():
                    continue
                self._idle.remove(worker)
                if not quick and not worker.humble:
                    _humble(worker)
                self._busy.begin(worker, client, now, quick=quick)
                waiter.worker.set_result(worker)

    def _new_line(self) -> Line[_Waiter]:
        return Line(MAX_WAITING * self._size, MAX_WAITING_IN_ALL * self._size, self._spending.used)

    def _release(self, worker: WorkerProcess, fate: str) -> None:
        """Take a worker back after an answer, or replace it; ``fate`` is why it has to go (:data:`KILLS`), if it has.

        One that went aside has been replaced already, and never gets its place among the processes back.
        """
        work = self._busy.end(worker)
        aside = work is not None and work.aside
        if fate:
            self._counters.kills["pressure" if worker.dismissed else fate] += 1
        if worker.store != self._store:
            self._spawn(worker.end())
        elif not fate and not aside and worker.alive and worker.answered < MAX_ANSWERS and not worker.worn():
            self._idle.append(worker)
        else:
            self._counters.recycled += not fate
            worker.kill()
            self._spawn(worker.end())
            self._spawn(self._replenish())
        self._dispatch()

    async def _replenish(self) -> None:
        """Start workers until there are as many as there should be, with the spares.

        One after the other: a start is work for the processor, which those who are being served need more.
        """
        for attempt in range(1_000_000):
            store = self._store
            present = len(self._idle) + self._busy.working(self._store)
            if store is None or self._starting or present >= self._processes:
                return
            self._starting += 1
            try:
                worker = await self._new_worker(store)
            except RadiographError as error:
                logger.error("a query worker could not be started: %s", error)
                await asyncio.sleep(_RESTART_DELAYS[min(attempt, len(_RESTART_DELAYS) - 1)])
                continue
            finally:
                self._starting -= 1
            if store == self._store:
                self._idle.append(worker)
                self._dispatch()
            else:
                await worker.end()

    async def _new_worker(self, store: Path) -> WorkerProcess:
        isolation = self._settings.worker_isolation == "on"
        worker = await WorkerProcess.start(store, memory=self._memory, isolation=isolation)
        self._counters.started += 1
        return worker

    async def _watch_workers(self) -> None:
        looked = 0.0
        while True:
            await asyncio.sleep(_WATCH_INTERVAL)
            now = asyncio.get_running_loop().time()
            self._keep_quick(now)
            if now - looked < _MEMORY_INTERVAL:
                continue
            looked = now
            for worker in self._busy:
                if worker.outgrown():
                    worker.kill()
            self._make_way(now)
            # Idle workers may be ended by others, for example by the kernel when memory runs short.
            for worker in [worker for worker in self._idle if not worker.alive]:
                self._idle.remove(worker)
                self._release(worker, "crash")

    def _keep_quick(self, now: float) -> None:
        """Take long queries of quick clients for what they are."""
        for worker, room in self._busy.not_quick(self._store, now):
            if room:
                _humble(worker)
            else:
                _dismiss(worker)

    def _make_way(self, now: float) -> None:
        """Keep workers free for short queries, at the cost of long ones."""
        for worker in self._busy.long(self._store, now):
            worker.yield_to_others(ASIDE)
            self._spawn(self._replenish())
        self._dispatch()
        if len(self._line) and not self._starting:
            client, waiter = self._line.first()
            dearest = self._busy.dearest(self._store, client, now) if now - waiter.since > LONG else None
            if dearest is not None:
                _dismiss(dearest)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _request(
    query: str,
    facts: QueryFacts,
    accept: str | None,
    default_graphs: Sequence[str],
    named_graphs: Sequence[str],
    base: str,
) -> Request:
    media_type = accept or ("text/turtle" if facts.form.gives_graph else "application/sparql-results+json")
    if default_graphs or named_graphs:
        return Request(query, media_type, False, list(default_graphs), list(named_graphs), base)
    # The engine lets the union win over FROM, so the union is asked for only where there is no FROM.
    return Request(query, media_type, not facts.dataset_clause, base=base)


def _humble(worker: WorkerProcess) -> None:
    worker.humble = True
    worker.yield_to_others(HUMBLE)


def _dismiss(worker: WorkerProcess) -> None:
    worker.dismissed = True
    worker.kill()
