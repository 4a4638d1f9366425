"""The short way to an answer that is kept: before routing, middleware and reading the query.

What the long way sent for a request is remembered under all of the request that the answer depends on, byte by byte,
and sent again as long as the same release is served and the cache keeps the answer. Nothing is decided here: whatever
differs in one byte takes the long way, which is the only one that reads queries.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.observation import Observation, Observer, observation
from api.sparql.cache import Entry
from api.sparql.transfer import PIECE, REPLAY, Again, send_body
from api.state import State

#: Requests remembered; each takes about a kilobyte.
_MOST = 8192
#: Longer bodies take the long way.
_MAX_BODY = 16 * 1024
_METHODS = ("GET", "HEAD", "POST")
#: All that an answer depends on besides method, address, body, and whether there is an Origin.
_HEADERS = frozenset((b"accept", b"accept-encoding", b"content-type", b"if-none-match"))


@dataclass(frozen=True, slots=True)
class _Replay:
    """An answer as it was sent: status and headers, the entry it was made of (none for 304), the query for the log."""

    release: int
    status: int
    headers: list[tuple[bytes, bytes]]
    lines: bytes
    entry: Entry | None
    gzip: bool
    patience: float
    query: str

    def body(self) -> bytes:
        if self.entry is None:
            return b""
        return (self.entry.gzip or b"") if self.gzip else self.entry.body


class Front:
    """ASGI layer around the whole application.

    ``state`` gives the application's state, none while it starts; ``observers`` are told of what is answered at once,
    which no other layer sees.
    """

    def __init__(
        self,
        app: ASGIApp,
        state: Callable[[], State | None],
        observers: Sequence[Observer] = (),
        path: str = "/sparql",
    ) -> None:
        self._app = app
        self._state = state
        self._observers = observers
        self._path = path
        self._replays: OrderedDict[bytes, _Replay] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != self._path or scope["method"] not in _METHODS:
            await self._app(scope, receive, send)
            return
        body = b""
        if scope["method"] == "POST":
            if _length(scope) > _MAX_BODY:
                await self._app(scope, receive, send)
                return
            messages, body = await _read(receive)
            receive = _again(messages, receive)
        name = _name(scope, body)
        replay = self._find(name)
        if replay is None:
            await self._app(scope, receive, _Recorder(self, name, scope, send))
            return
        seen = observation(scope)
        if seen is not None:
            seen.query, seen.cache = replay.query, "hit"
        start: Message = {"type": "http.response.start", "status": replay.status, "headers": replay.headers}
        with replay.entry or contextlib.nullcontext():
            await send_body(start, replay.body(), send, patience=replay.patience)

    def at_once(self, scope: Scope) -> tuple[int, bytes, bytes] | None:
        """Status, header lines and body for a GET that can be answered without waiting for anything."""
        if scope["path"] != self._path or scope["method"] != "GET":
            return None
        replay = self._find(_name(scope, b""))
        if replay is None or (replay.entry is not None and len(replay.entry.body) > PIECE):
            return None
        body = replay.body()
        seen = Observation(
            method="GET",
            route="sparql",
            path=self._path,
            status=replay.status,
            sent=len(body),
            first_byte=0.0,
            complete=True,
            cache="hit",
            query=replay.query,
        )
        for observe in self._observers:
            observe(seen)
        return replay.status, replay.lines, body

    def remember(self, name: bytes, scope: Scope, start: Message) -> None:
        """Take note of an answer that was sent in whole, if the endpoint said that it may be sent again."""
        state = self._state()
        if state is None:
            return
        again: Again = scope[REPLAY]
        self._replays[name] = _Replay(
            release=again.key.release,
            status=start["status"],
            headers=start["headers"],
            lines=b"".join(b"%b: %b\r\n" % pair for pair in start["headers"]),
            entry=again.entry,
            gzip=again.gzip,
            patience=state.settings.query_timeout,
            query=again.key.query,
        )
        if len(self._replays) > _MOST:
            self._replays.popitem(last=False)

    def _find(self, name: bytes) -> _Replay | None:
        replay = self._replays.get(name)
        state = self._state()
        if replay is None or state is None or state.current is None:
            return None
        if state.current.number != replay.release or (replay.entry and replay.entry.dropped):
            del self._replays[name]
            return None
        self._replays.move_to_end(name)
        if replay.entry is not None:
            state.results.touch(replay.entry)
        return replay


class _Recorder:
    """``send`` of the long way, which keeps the head of an answer that may be sent again."""

    def __init__(self, front: Front, name: bytes, scope: Scope, send: Send) -> None:
        self._front = front
        self._name = name
        self._scope = scope
        self._send = send
        self._start: Message | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
        await self._send(message)
        ended = message["type"] == "http.response.body" and not message.get("more_body", False)
        if ended and self._start is not None and REPLAY in self._scope:
            self._front.remember(self._name, self._scope, self._start)


def _name(scope: Scope, body: bytes) -> bytes:
    """What the request is remembered under; no part but the last can hold the byte that parts them."""
    parts: list[bytes] = [scope["method"].encode(), scope["query_string"]]
    for name, value in scope["headers"]:
        if name in _HEADERS:
            parts += (name, value)
        elif name == b"origin":
            parts.append(name)
    parts.append(body)
    return hashlib.blake2b(b"\0".join(parts), digest_size=32).digest()


def _length(scope: Scope) -> int:
    """The announced length of the body; one that is not announced may be of any."""
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return _MAX_BODY + 1


async def _read(receive: Receive) -> tuple[list[Message], bytes]:
    """The messages of a request up to the end of its body, or until the client leaves."""
    messages = [await receive()]
    while messages[-1]["type"] == "http.request" and messages[-1].get("more_body"):
        messages.append(await receive())
    return messages, b"".join(message.get("body", b"") for message in messages)


def _again(messages: list[Message], receive: Receive) -> Receive:
    """A ``receive`` that gives ``messages`` before anything new."""
    pending = messages[::-1]

    async def replayed() -> Message:
        return pending.pop() if pending else await receive()

    return replayed
