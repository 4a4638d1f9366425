"""Who judges next, for how long, and what happens to a process that takes too long, too much, or that nobody waits for.

A process starts when the first document is handed in, stays warm, and is replaced after a number of documents, when
memory stays behind, or when it had to be ended. A document of one visitor never waits for that of another longer
than ``QUEUE_SECONDS``.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from api.refusal import Refusal
from api.validation.messages import Job
from api.validation.process import ON_YOUR_MACHINE, JudgeProcess, unavailable
from core.settings import Settings

logger = logging.getLogger(__name__)

#: Documents after which a process is replaced, whatever it looks like.
MAX_JUDGED = 500
#: Documents that may wait for each process; more are refused at once.
MAX_WAITING = 10
#: Seconds that a document waits for a process.
QUEUE_SECONDS = 10.0
#: Seconds between two looks at the memory of a process at work.
_WATCH_INTERVAL = 0.2


class JudgePool:
    """Judges documents in processes of their own."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._memory = settings.validate_memory_mb * 1024 * 1024
        self._turns = asyncio.Semaphore(settings.validate_workers)
        self._idle: list[JudgeProcess] = []
        self._busy: set[JudgeProcess] = set()
        self._waiting = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._warming: asyncio.Task[None] | None = None
        self._stopped = False

    @property
    def processes(self) -> tuple[JudgeProcess, ...]:
        """Those that run now."""
        return (*self._idle, *self._busy)

    def warm(self) -> None:
        """Start a process in the background, if none runs: whoever opens the page will soon hand in a document."""
        if not self.processes and (self._warming is None or self._warming.done()) and not self._stopped:
            self._warming = self._spawn(self._warm())

    async def judge(self, job: Job, document: bytes) -> bytes:
        """The answer to a job. Cancelled, its process is ended.

        Raises:
            Refusal: there is none: 400 and 422 say what is wrong with the document, 413 that it takes too long or too
                much, 503 that no process is free.
        """
        async with self._turn():
            process = await self._process()
            self._busy.add(process)
            healthy = False
            try:
                answer = await self._watched(process, job, document)
                healthy = True
                return answer
            except Refusal as refusal:
                healthy = refusal.status in (400, 422)
                raise
            finally:
                self._busy.discard(process)
                self._take_back(process, healthy)

    async def stop(self) -> None:
        """End every process; what is being judged is refused."""
        self._stopped = True
        for process in self.processes:
            process.kill()
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(process.end() for process in self._idle))
        self._idle.clear()

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Wait in line, first come first served."""
        if self._stopped:
            raise unavailable("the service is shutting down")
        if self._waiting >= MAX_WAITING * self._settings.validate_workers:
            raise unavailable("too many documents are waiting to be judged")
        self._waiting += 1
        try:
            async with asyncio.timeout(QUEUE_SECONDS):
                await self._turns.acquire()
        except TimeoutError:
            raise unavailable("others' documents are being judged just now") from None
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._turns.release()

    async def _process(self) -> JudgeProcess:
        """A warm process; a fresh one where there is none."""
        if self._warming is not None and not self._warming.done() and not self._idle:
            await asyncio.wait({self._warming})
        while self._idle:
            process = self._idle.pop()
            if process.alive:
                return process
            self._spawn(process.end())
        return await self._start()

    async def _start(self) -> JudgeProcess:
        settings = self._settings
        try:
            return await JudgeProcess.start(
                overlay=settings.overlay, memory=self._memory, isolation=settings.worker_isolation == "on"
            )
        except Refusal as refusal:
            logger.error("%s", refusal.message)
            # What went wrong may name files of this machine, so it is for the log.
            raise unavailable("no document can be judged right now") from None

    async def _warm(self) -> None:
        with contextlib.suppress(Refusal):
            process = await self._start()
            self._idle.append(process)

    async def _watched(self, process: JudgeProcess, job: Job, document: bytes) -> bytes:
        """Have a document judged, and end the process when that takes too long or too much memory."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._settings.validate_timeout
        work = asyncio.ensure_future(process.judge(job, document))
        try:
            while not work.done():
                await asyncio.wait({work}, timeout=_WATCH_INTERVAL)
                if process.outgrown():
                    process.kill()
                if loop.time() > deadline and not work.done():
                    raise Refusal(
                        413,
                        f"judging this document takes longer than {self._settings.validate_timeout:g} seconds",
                        remedy=f"hand it in in parts, or {ON_YOUR_MACHINE}",
                    )
            return work.result()
        finally:
            if not work.done():
                process.kill()
                work.cancel()
                await asyncio.gather(work, return_exceptions=True)

    def _take_back(self, process: JudgeProcess, healthy: bool) -> None:
        if healthy and process.alive and process.judged < MAX_JUDGED and not process.worn() and not self._stopped:
            self._idle.append(process)
        else:
            process.kill()
            self._spawn(process.end())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
