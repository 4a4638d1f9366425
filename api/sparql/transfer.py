"""An answer on its way to a client, such that one that was cut never looks whole.

Errors before the first byte become ordinary refusals. After it the transfer is aborted: the connection ends without
the last chunk, which every HTTP client reports. A client of HTTP/1.0 knows no chunks, so it gets its answer only
when all of it is there, with its length.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from fastapi import Response
from starlette.types import Message, Receive, Scope, Send

from api.observation import observation
from api.sparql.cache import Ask, Entry, Key, ResultCache
from api.sparql.compression import MIN_SIZE, GzipStream, compressed
from api.sparql.flight import Flight
from core.errors import QueryError, QueryTimeout

#: Bytes of an answer for HTTP/1.0 that stay in memory; the rest waits in a temporary file.
_SPOOL = 1024 * 1024
#: Bytes handed to the connection at a time; it says when it has room for more.
PIECE = 64 * 1024
#: Where a request's scope says that the same may be sent again; for :mod:`api.sparql.front`.
REPLAY = "radiograph.replay"


@dataclass(frozen=True, slots=True)
class Again:
    """What an answer was made of: a kept answer, compressed or not; without one it has no body."""

    key: Key
    entry: Entry | None
    gzip: bool = False


class TransferAborted(Exception):
    """The answer was cut after its first byte; the server closes the connection without ending the body."""


class QueryTransfer(Response):
    """Answers from the cache, or runs the query and sends its answer while it is being made.

    It ends the query when the client goes away and nobody else waits for the same answer.
    """

    def __init__(
        self,
        cache: ResultCache,
        key: Key | None,
        ask: Ask,
        *,
        store: Path,
        headers: dict[str, str],
        gzip: bool,
        patience: float,
    ) -> None:
        super().__init__()
        self._cache = cache
        self._key = key
        self._ask = ask
        self._store = store
        self._fields = headers
        self._gzip = gzip
        self._patience = patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or stop as soon as nobody listens.

        Raises:
            QueryError: nothing has been sent.
            TransferAborted: the answer was cut.
        """
        entry = self._cache.get(self._key) if self._key else None
        if entry is not None:
            await self._send_entry(entry, scope, send)
            return
        deadline = asyncio.get_running_loop().time() + self._patience
        work = asyncio.create_task(self._work(scope, send, deadline))
        gone = asyncio.create_task(_gone(receive))
        try:
            await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            if not work.done():
                work.cancel()
            await asyncio.gather(work, gone, return_exceptions=True)
        if not work.cancelled():
            work.result()

    async def _work(self, scope: Scope, send: Send, deadline: float) -> None:
        under_way = self._cache.flight(self._key) if self._key else None
        if under_way is not None:
            entry = await self._join(under_way, deadline)
            if entry is not None:
                await self._send_entry(entry, scope, send)
                return
        self._cache.misses += 1
        _observe(scope, "miss")
        flight = self._cache.run(self._key, self._ask, self._store, deadline, late=under_way is not None)
        try:
            await flight.begin()
            if flight.store != self._store:
                # A new release came between: the answer is its, and the tag was made of the one before.
                self._fields.pop("ETag", None)
            if flight.done:
                await self._send_body(flight.rest(), scope, send)
            elif scope.get("http_version") == "1.0":
                await self._send_whole(flight, scope, send)
            else:
                await self._send_chunks(flight, scope, send)
        finally:
            await flight.leave()

    async def _join(self, flight: Flight, deadline: float) -> Entry | None:
        """The outcome of somebody else's run.

        Raises:
            QueryError: the query has no answer, or none in time.
        """
        try:
            async with asyncio.timeout_at(deadline):
                return await flight.outcome()
        except TimeoutError:
            raise QueryTimeout(
                f"the query was not answered within its deadline (at most {self._patience:g} seconds)",
                remedy="narrow its patterns, or ask for less at a time",
            ) from None

    async def _send_entry(self, entry: Entry, scope: Scope, send: Send) -> None:
        self._cache.hits += 1
        _observe(scope, "hit")
        with entry:
            body, gzip = entry.body, self._gzip and len(entry.body) >= MIN_SIZE
            if gzip:
                body = entry.gzip or await compressed(body)
                entry.keep_gzip(body)
                self._fields["Content-Encoding"] = "gzip"
            if not gzip or entry.gzip is not None:
                scope[REPLAY] = Again(entry.key, entry, gzip)
            await send_body(self._start(len(body)), body, send, patience=self._patience)

    async def _send_body(self, body: bytes, scope: Scope, send: Send) -> None:
        """Send an answer that is all there."""
        if self._gzip and len(body) >= MIN_SIZE:
            body = await compressed(body)
            self._fields["Content-Encoding"] = "gzip"
        await send_body(self._start(len(body)), body, send, patience=self._patience)

    async def _send_chunks(self, flight: Flight, scope: Scope, send: Send) -> None:
        if scope["method"] == "HEAD":
            await send(self._start())
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        try:
            # A reader so slow that the deadline passes while the server waits for it is cut, too.
            async with asyncio.timeout_at(flight.deadline):
                pieces = self._coded(flight.pieces())
                await send(self._start())
                async for piece in pieces:
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except QueryError as error:
            raise TransferAborted(str(error)) from error
        except TimeoutError:
            raise _unread() from None

    def _coded(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        if not self._gzip:
            return pieces
        self._fields["Content-Encoding"] = "gzip"
        return _gzipped(pieces)

    async def _send_whole(self, flight: Flight, scope: Scope, send: Send) -> None:
        with tempfile.SpooledTemporaryFile(_SPOOL) as spool:
            async for piece in self._coded(flight.pieces()):
                spool.write(piece)
            length = spool.tell()
            spool.seek(0)
            await send(self._start(length))
            try:
                async with asyncio.timeout(max(1.0, flight.deadline - asyncio.get_running_loop().time())):
                    await _send_file(spool, send)
            except TimeoutError:
                raise _unread() from None

    def _start(self, length: int | None = None) -> Message:
        fields = dict(self._fields)
        if length is not None:
            fields["Content-Length"] = str(length)
        raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in fields.items()]
        return {"type": "http.response.start", "status": 200, "headers": raw}


async def send_body(start: Message, body: bytes, send: Send, *, patience: float) -> None:
    """Send an answer that is all there, as fast as it is read.

    Raises:
        TransferAborted: it was not read within ``patience`` seconds.
    """
    await send(start)
    if len(body) <= PIECE:
        await send({"type": "http.response.body", "body": body, "more_body": False})
        return
    try:
        async with asyncio.timeout(patience):
            for begin in range(0, len(body), PIECE):
                more = begin + PIECE < len(body)
                await send({"type": "http.response.body", "body": body[begin : begin + PIECE], "more_body": more})
    except TimeoutError:
        raise _unread() from None


async def _gzipped(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    stream = GzipStream()
    async for piece in pieces:
        if coded := await stream.add(piece):
            yield coded
    yield stream.end()


async def _gone(receive: Receive) -> None:
    """Return when the client has disconnected."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_file(file: IO[bytes], send: Send) -> None:
    while piece := file.read(PIECE):
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _observe(scope: Scope, found: str) -> None:
    seen = observation(scope)
    if seen is not None:
        seen.cache = found


def _unread() -> TransferAborted:
    return TransferAborted("the client did not read the answer before its deadline")
