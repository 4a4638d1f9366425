"""One answer on its way from a worker to whoever asked, read ahead by a bounded number of chunks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from catalogue.store.process import WorkerProcess
from catalogue.store.protocol import Request
from catalogue.store.querying import out_of_time, too_many_bytes
from core.errors import QueryError, QueryTooLarge, QueryUnavailable
from core.settings import Settings

#: Chunks read ahead of a slow reader. An answer that fits sets its worker free at once; a larger one holds it back.
READ_AHEAD = 8


class Answer:
    """An asynchronous iterator of bytes; where it raises, what was read so far is not the whole answer."""

    def __init__(
        self,
        worker: WorkerProcess,
        request: Request,
        deadline: float,
        settings: Settings,
        release: Callable[[WorkerProcess, str], None],
    ) -> None:
        self.media_type = request.media_type
        self.store: Path | None = worker.store
        """The checkpoint that the answer comes from."""
        self.deadline = deadline
        """When, by the event loop's clock, the answer has to be read to its end."""
        self._worker = worker
        self._request = request
        self._settings = settings
        self._release = release
        self._first: bytes | QueryError | None = None
        self._chunks: asyncio.Queue[bytes | QueryError | None] = asyncio.Queue(READ_AHEAD)
        self._given_back = False
        self._pump = asyncio.create_task(self._read())

    async def begin(self) -> None:
        """Wait for the first bytes.

        Raises:
            QueryError: there will be none.
        """
        self._first = await self._chunks.get()
        if isinstance(self._first, QueryError):
            raise self._first

    async def close(self) -> None:
        """Let go of the worker; one that is still at it is killed."""
        self._pump.cancel()
        await asyncio.gather(self._pump, return_exceptions=True)
        self._give_back("disconnect")

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._iterate()

    async def _iterate(self) -> AsyncIterator[bytes]:
        chunk = self._first
        while chunk is not None:
            if isinstance(chunk, QueryError):
                raise chunk
            yield chunk
            chunk = await self._chunks.get()

    async def _read(self) -> None:
        """Read the answer into the queue and give the worker back; the last item is None or why it is cut."""
        fate = "disconnect"
        end: QueryError | None = None
        try:
            async with asyncio.timeout_at(self.deadline):
                await self._transfer()
            fate = ""
        except TimeoutError:
            fate = "timeout"
            end = out_of_time(self._settings)
        except QueryError as error:
            end = error
            fate = "memory" if isinstance(error, QueryTooLarge) else "" if self._worker.alive else "crash"
        except Exception as error:
            fate = "crash"
            end = QueryUnavailable(f"the query worker could not be read: {error}", remedy="try again")
        finally:
            self._give_back(fate)
        if end is not None:
            while not self._chunks.empty():
                self._chunks.get_nowait()
        await self._chunks.put(end)

    def _give_back(self, fate: str) -> None:
        """Give the worker back, once, and say why it has to go, where it has to (:data:`querying.KILLS`).

        A task that was cancelled before its first step has not done so.
        """
        if not self._given_back:
            self._given_back = True
            self._release(self._worker, fate)

    async def _transfer(self) -> None:
        size = 0
        await self._worker.ask(self._request)
        while (chunk := await self._worker.receive()) is not None:
            size += len(chunk)
            if size > self._settings.query_max_bytes:
                raise too_many_bytes(self._settings)
            await self._chunks.put(chunk)
