"""The pool of query workers: who answers next, for how long, and what happens when a worker has to go.

Queries wait in line for at most ``query_queue_timeout``. A query has ``query_timeout`` from its arrival to the last
byte; then its worker is killed and a spare, already warm, takes its place. A new release gets new workers; the old
ones finish what they are at.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalogue.store.answer import Answer
from catalogue.store.guard import QueryFacts, inspect
from catalogue.store.process import WorkerProcess
from catalogue.store.protocol import Request
from core.errors import QueryUnavailable, RadiographError
from core.settings import Settings

logger = logging.getLogger(__name__)

#: Answers after which a worker is replaced, whatever it looks like.
MAX_ANSWERS = 5_000
#: Queries that may wait for each worker; more are refused at once.
MAX_WAITING = 50
#: Seconds between two looks at the memory of busy workers.
_WATCH_INTERVAL = 0.2
#: Seconds between two attempts to start a worker.
_RESTART_DELAYS = (0.2, 1.0, 5.0, 15.0)
#: Queries longer than this are inspected in a thread.
_LONG = 8 * 1024


@dataclass(frozen=True, slots=True)
class PoolStatus:
    """What the pool is at. ``replaced`` counts workers that were killed or wore out."""

    workers: int
    idle: int
    busy: int
    waiting: int
    replaced: int
    isolated: bool
    triples: int


class QueryPool:
    """Answers SPARQL queries from one release's checkpoint at a time."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._size = settings.workers
        self._memory = settings.worker_memory_mb * 1024 * 1024
        self._store: Path | None = None
        self._idle: deque[WorkerProcess] = deque()
        self._busy: set[WorkerProcess] = set()
        self._waiting: deque[asyncio.Future[WorkerProcess]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._starting = 0
        self._replaced = 0
        self._watch: asyncio.Task[None] | None = None
        self._switching = asyncio.Lock()

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
                while len(fresh) < self._size + 1:
                    fresh.append(await self._new_worker(store))
            except BaseException:
                await asyncio.gather(*(worker.end() for worker in fresh))
                raise
            self._store = store
            for worker in self._idle:
                self._spawn(worker.end())
            self._idle = deque(fresh)
            if self._watch is None:
                self._watch = asyncio.create_task(self._watch_memory())
            self._dispatch()

    async def stop(self) -> None:
        """End every worker; unfinished answers are cut."""
        self._store = None
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_exception(_stopping())
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
            waiting=sum(not waiter.done() for waiter in self._waiting),
            replaced=self._replaced,
            isolated=bool(known) and all(worker.ready.isolated for worker in known),
            triples=self._idle[0].ready.triples if self._idle else 0,
        )

    async def inspect(self, query: str) -> QueryFacts:
        """What the guard says of a query, without holding up others while it reads a long one.

        Raises:
            QueryError: the guard refuses it.
        """
        return await asyncio.to_thread(inspect, query) if len(query) > _LONG else inspect(query)

    @asynccontextmanager
    async def query(
        self,
        query: str,
        *,
        accept: str | None = None,
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
        timeout: float | None = None,
    ) -> AsyncIterator[Answer]:
        """Answer one query; the first bytes are there when the context is entered, so errors come before any.

        Args:
            accept: the media type to serialise to; by default SPARQL results in JSON, or Turtle for a graph.
            default_graphs, named_graphs: the query's dataset (SPARQL 1.1 Protocol §2.1.4); they override FROM.
            timeout: seconds for everything, at most ``query_timeout``.

        Raises:
            QueryError: one of its kinds; also while the answer is being read, where it then is not whole.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + min(timeout or self._settings.query_timeout, self._settings.query_timeout)
        facts = await self.inspect(query)
        request = _request(query, facts, accept, default_graphs, named_graphs)
        worker = await self._acquire(deadline)
        answer = Answer(worker, request, deadline, self._settings, self._release)
        try:
            await answer.begin()
            yield answer
        finally:
            await answer.close()

    async def _acquire(self, deadline: float) -> WorkerProcess:
        """The next free worker, first come first served."""
        if self._store is None:
            raise QueryUnavailable("no release is being served yet", remedy="try again later")
        loop = asyncio.get_running_loop()
        if len(self._waiting) >= MAX_WAITING * self._size:
            self._waiting = deque(waiter for waiter in self._waiting if not waiter.done())
            if len(self._waiting) >= MAX_WAITING * self._size:
                raise QueryUnavailable("too many queries are waiting", remedy="try again in a few seconds")
        waiter: asyncio.Future[WorkerProcess] = loop.create_future()
        self._waiting.append(waiter)
        self._dispatch()
        try:
            if not waiter.done():
                patience = min(self._settings.query_queue_timeout, deadline - loop.time())
                await asyncio.wait({waiter}, timeout=patience)
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._release(waiter.result(), True)
            waiter.cancel()
            raise
        if not waiter.done():
            waiter.cancel()
            raise QueryUnavailable("all query workers are busy", remedy="try again in a few seconds")
        return waiter.result()

    def _dispatch(self) -> None:
        """Hand idle workers to whoever waits longest, as many as may work at once."""
        while self._waiting and self._idle and self._working() < self._size:
            waiter = self._waiting.popleft()
            if not waiter.done():
                worker = self._idle.popleft()
                self._busy.add(worker)
                waiter.set_result(worker)

    def _working(self) -> int:
        """Workers of the current release at work; those of the one before drain beside them."""
        return sum(worker.store == self._store for worker in self._busy)

    def _release(self, worker: WorkerProcess, healthy: bool) -> None:
        """Take a worker back after an answer, or replace it."""
        self._busy.discard(worker)
        if worker.store != self._store:
            self._spawn(worker.end())
        elif healthy and worker.alive and worker.answered < MAX_ANSWERS and not worker.worn():
            self._idle.append(worker)
        else:
            self._replaced += 1
            worker.kill()
            self._spawn(worker.end())
            self._spawn(self._replenish())
        self._dispatch()

    async def _replenish(self) -> None:
        """Start workers until there are as many as there should be, with a spare."""
        for attempt in range(1_000_000):
            store = self._store
            present = len(self._idle) + self._working() + self._starting
            if store is None or present > self._size:
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
        return await WorkerProcess.start(store, memory=self._memory, isolation=isolation)

    async def _watch_memory(self) -> None:
        while True:
            await asyncio.sleep(_WATCH_INTERVAL)
            for worker in self._busy:
                if worker.outgrown():
                    worker.kill()
            # Idle workers may be ended by others, for example by the kernel when memory runs short.
            for worker in [worker for worker in self._idle if not worker.alive]:
                self._idle.remove(worker)
                self._release(worker, False)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _request(
    query: str, facts: QueryFacts, accept: str | None, default_graphs: Sequence[str], named_graphs: Sequence[str]
) -> Request:
    media_type = accept or ("text/turtle" if facts.form.gives_graph else "application/sparql-results+json")
    if default_graphs or named_graphs:
        return Request(query, media_type, False, list(default_graphs), list(named_graphs))
    # The engine lets the union win over FROM, so the union is asked for only where there is no FROM.
    return Request(query, media_type, not facts.dataset_clause)


def _stopping() -> QueryUnavailable:
    return QueryUnavailable("the service is shutting down", remedy="try again later")
