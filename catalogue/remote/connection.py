"""Connections to an external store on the hot path: HTTP/1.1, kept open, read no faster than the answer is taken.

A query spends most of its time in the store; what stands between must cost next to nothing. So this is a protocol of
the event loop on httptools' parser, and knows only what asking a SPARQL endpoint needs. It always knows where an
answer ends, by its length or its last chunk: one that ends otherwise was cut, and says so.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

import httptools

#: Bytes of an answer that are held for a slow reader before the store is made to wait.
READ_AHEAD = 512 * 1024


class ConnectionFailed(Exception):
    """The store cannot be reached, or ended the connection before its answer was whole."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where an endpoint is, as a request needs it."""

    host: str
    port: int
    tls: bool
    path: str
    authority: str

    @classmethod
    def of(cls, url: str) -> Target:
        """The target of an http(s) address."""
        parts = urlsplit(url)
        tls = parts.scheme == "https"
        path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        return cls(parts.hostname or "", parts.port or (443 if tls else 80), tls, path, parts.netloc)


@dataclass(slots=True)
class Head:
    """Status and header fields of an answer; names in lower case, the last of several wins."""

    status: int = 0
    fields: dict[str, str] = field(default_factory=dict)


class Connection(asyncio.Protocol):
    """One connection: one request at a time, its answer as a head and then bytes."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._reset()
        self.reused = False

    def _reset(self) -> None:
        self._head = Head()
        self._begun = False
        self._headed = False
        self._ended = False
        self._framed = False
        self._failure: str | None = None
        self._chunks: deque[bytes] = deque()
        self._held = 0
        self._paused = False
        self._waiter: asyncio.Future[None] | None = None

    @property
    def usable(self) -> bool:
        """Whether another request can be sent: it is open, and the answer before was read to its end."""
        return self._transport is not None and not self._transport.is_closing() and (self._ended or not self._begun)

    @property
    def untouched(self) -> bool:
        """Whether nothing of an answer has come, so that the request may be sent again elsewhere."""
        return not self._begun

    def send(self, request: bytes) -> None:
        """Send one request whole."""
        assert self._transport is not None
        self._reset()
        self._parser = httptools.HttpResponseParser(self)
        self._transport.write(request)

    async def head(self) -> Head:
        """Wait for the head of the answer.

        Raises:
            ConnectionFailed: the connection ended before.
        """
        while not self._headed:
            await self._wait()
        return self._head

    async def read(self) -> bytes | None:
        """The bytes that have come meanwhile, or None at the answer's end.

        Raises:
            ConnectionFailed: it ended before its end.
        """
        while not self._chunks:
            if self._ended:
                return None
            await self._wait()
        data = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        self._held = 0
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        return data

    def close(self) -> None:
        """End the connection at once; a store that looks at its client then ends its query."""
        if self._transport is not None:
            self._transport.abort()

    async def _wait(self) -> None:
        if self._failure is not None:
            raise ConnectionFailed(self._failure)
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # The event loop's side.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not asserted: uvloop's transports have the methods of asyncio's, but do not derive from them.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self._ended:
            self.close()  # nobody asked: the two ends have lost each other
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._failure = f"its answer is not HTTP: {error}"
            self.close()
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        if not self._ended and self._failure is None:
            self._failure = "it ended the connection before its answer was whole"
        self._wake()

    # The parser's side.

    def on_message_begin(self) -> None:
        self._begun = True

    def on_header(self, name: bytes, value: bytes) -> None:
        key = name.decode("latin-1").lower()
        self._framed |= key in ("content-length", "transfer-encoding")
        self._head.fields[key] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._head.status = self._parser.get_status_code()
        if not self._framed and self._head.status not in (204, 304):
            self._failure = "it does not say where its answer ends"
            self.close()
            return
        self._headed = True

    def on_body(self, body: bytes) -> None:
        self._chunks.append(body)
        self._held += len(body)
        if self._held > READ_AHEAD and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()

    def on_message_complete(self) -> None:
        self._ended = True
        if self._head.fields.get("connection", "").lower() == "close" and self._transport is not None:
            self._transport.close()


class Connections:
    """The connections to one endpoint; those that are idle are used again, the youngest first."""

    def __init__(self, target: Target, connect_timeout: float, most_idle: int) -> None:
        self._target = target
        self._connect_timeout = connect_timeout
        self._most_idle = most_idle
        self._idle: list[Connection] = []
        self._context = ssl.create_default_context() if target.tls else None

    async def ask(self, request: bytes) -> Connection:
        """Send a request and wait for the head of its answer; a kept connection that had died is replaced once.

        Raises:
            ConnectionFailed: the store cannot be reached, or gave no answer.
        """
        while True:
            connection = self._kept() or await self._connect()
            try:
                connection.send(request)
                await connection.head()
                return connection
            except ConnectionFailed:
                if not (connection.reused and connection.untouched):
                    raise
            except BaseException:
                connection.close()
                raise

    def give_back(self, connection: Connection) -> None:
        """Keep a connection whose answer was read to its end; end any other."""
        if connection.usable and len(self._idle) < self._most_idle:
            connection.reused = True
            self._idle.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        """End the connections that nobody uses."""
        for connection in self._idle:
            connection.close()
        self._idle.clear()

    def _kept(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.usable:
                return connection
        return None

    async def _connect(self) -> Connection:
        factory: Callable[[], Connection] = Connection
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._connect_timeout):
                _, connection = await loop.create_connection(
                    factory, self._target.host, self._target.port, ssl=self._context
                )
        except TimeoutError:
            raise ConnectionFailed(f"it took no connection within {self._connect_timeout:g} seconds") from None
        except OSError as error:
            raise ConnectionFailed(f"it takes no connection: {error.strerror or error}") from None
        return connection
