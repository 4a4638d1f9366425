"""One serialisation into another on the way: parsed and written by the embedded engine's library, without a store.

A long answer is converted in a thread that waits for both ends, because the library reads and writes files; a short
one at once. Malformed input, and input that stops too soon, is an error, never a shorter answer.
"""

from __future__ import annotations

import asyncio
import io
import queue
from collections.abc import AsyncIterator
from typing import IO, cast

import pyoxigraph

#: Bytes of an answer that is converted at once, without a thread.
AT_ONCE = 64 * 1024
_PIECE = 64 * 1024
_AHEAD = 8


class NotReadable(Exception):
    """What came is not what it says it is, or not all of it."""


def converted(data: bytes, source: str, wanted: str) -> bytes:
    """A whole answer in another serialisation.

    Raises:
        NotReadable: it is malformed.
    """
    output = io.BytesIO()
    _convert(io.BytesIO(data), source, wanted, cast(IO[bytes], output))
    return output.getvalue()


async def converting(chunks: AsyncIterator[bytes], source: str, wanted: str) -> AsyncIterator[bytes]:
    """An answer in another serialisation, while it comes.

    Raises:
        NotReadable: it is malformed; what was given so far is not the whole answer.
        Exception: whatever ``chunks`` raises.
    """
    held = bytearray()
    async for chunk in chunks:
        held += chunk
        if len(held) > AT_ONCE:
            break
    else:
        yield converted(bytes(held), source, wanted)
        return
    bridge = _Bridge(asyncio.get_running_loop(), source, wanted)
    feeder = asyncio.create_task(bridge.feed(bytes(held), chunks))
    try:
        async for piece in bridge.results():
            yield piece
        await feeder
    finally:
        feeder.cancel()
        await asyncio.gather(feeder, return_exceptions=True)
        await bridge.end()


class _Bridge:
    """A thread between two queues: bytes go in from the event loop and come out converted."""

    def __init__(self, loop: asyncio.AbstractEventLoop, source: str, wanted: str) -> None:
        self._loop = loop
        self._formats = (source, wanted)
        self._source: queue.Queue[bytes | BaseException | None] = queue.Queue()
        self._room = asyncio.Semaphore(_AHEAD)
        self._results: asyncio.Queue[bytes | BaseException | None] = asyncio.Queue()
        self._written = queue.Queue[None](_AHEAD)
        self._closed = False
        self._thread = loop.run_in_executor(None, self._run)

    async def feed(self, first: bytes, chunks: AsyncIterator[bytes]) -> None:
        """Hand in all input, no faster than it is read."""
        try:
            await self._hand_in(first)
            async for chunk in chunks:
                await self._hand_in(chunk)
        except BaseException as error:
            self._source.put(error)
            raise
        self._source.put(None)

    async def results(self) -> AsyncIterator[bytes]:
        """What comes out.

        Raises:
            BaseException: what ended it.
        """
        while (item := await self._results.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            self._written.get_nowait()
            yield item

    async def end(self) -> None:
        """Stop the thread, and wait for it."""
        self._closed = True
        self._source.put(NotReadable("nobody reads it any more"))
        while not self._written.empty():
            self._written.get_nowait()
        await self._thread

    async def _hand_in(self, chunk: bytes) -> None:
        await self._room.acquire()
        self._source.put(chunk)

    # The thread's side.

    def _run(self) -> None:
        end: BaseException | None = None
        try:
            output = _Output(self)
            _convert(io.BufferedReader(_Input(self), _PIECE), *self._formats, cast(IO[bytes], output))
            output.flush()
        except BaseException as error:
            # Its frames hold what the library made, which must not be let go of in another thread.
            end = error.with_traceback(None)
            end.__context__ = end.__cause__ = None
        self._loop.call_soon_threadsafe(self._results.put_nowait, end)

    def take(self) -> bytes | None:
        """The next input."""
        item = self._source.get()
        if isinstance(item, BaseException):
            raise item
        if item is not None:
            self._loop.call_soon_threadsafe(self._room.release)
        return item

    def give(self, piece: bytes) -> None:
        """One piece of output; waits while enough of them are unread."""
        while not self._closed:
            try:
                self._written.put(None, timeout=0.5)
                break
            except queue.Full:
                continue
        if self._closed:
            raise NotReadable("nobody reads it any more")
        self._loop.call_soon_threadsafe(self._results.put_nowait, piece)


class _Input(io.RawIOBase):
    def __init__(self, bridge: _Bridge) -> None:
        self._bridge = bridge
        self._rest = memoryview(b"")
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        while not self._rest:
            chunk = None if self._ended else self._bridge.take()
            if chunk is None:
                self._ended = True
                return 0
            self._rest = memoryview(chunk)
        size = min(len(view), len(self._rest))
        view[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


class _Output:
    """The file-like object that is serialised into."""

    def __init__(self, bridge: _Bridge) -> None:
        self._bridge = bridge
        self._collected = bytearray()

    def write(self, data: bytes) -> int:
        self._collected += data
        if len(self._collected) >= _PIECE:
            self.flush()
        return len(data)

    def flush(self) -> None:
        if self._collected:
            self._bridge.give(bytes(self._collected))
            self._collected.clear()


def _convert(source: IO[bytes], given: str, wanted: str, output: IO[bytes]) -> None:
    try:
        _serialise(source, given, wanted, output)
    except (SyntaxError, ValueError) as error:
        raise NotReadable(str(error)) from error


def _serialise(source: IO[bytes], given: str, wanted: str, output: IO[bytes]) -> None:
    results_format = pyoxigraph.QueryResultsFormat.from_media_type(given)
    if results_format is not None and "rdf" not in given:
        results = pyoxigraph.parse_query_results(source, format=results_format)
        target = pyoxigraph.QueryResultsFormat.from_media_type(wanted)
        if target is None:
            raise ValueError(f"{wanted} cannot hold query results")
        if isinstance(results, pyoxigraph.QueryTriples):
            raise ValueError("a graph came for a table")
        results.serialize(output, format=target)
        return
    graph_format = pyoxigraph.RdfFormat.from_media_type(given)
    target_format = pyoxigraph.RdfFormat.from_media_type(wanted)
    if graph_format is None or target_format is None:
        raise ValueError(f"{given} cannot become {wanted}")
    triples = (quad.triple for quad in pyoxigraph.parse(source, format=graph_format))
    pyoxigraph.serialize(triples, output, format=target_format)
