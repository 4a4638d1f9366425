"""One connection of a client, and what happens to clients that hold it without using it.

The server by itself waits for ever for the rest of a request, and for whoever does not read an answer, and it
takes request heads of any size. Each of these costs the sender nothing and the service a file descriptor or memory.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

#: Seconds from the first byte of a request (or the opening of the connection) to its last.
REQUEST_SECONDS = 30.0
#: Seconds in which a reader has to take something of an answer that waits for it; the kernel holds megabytes of an
#: answer and asks for more only when a good part of them is gone, which takes a slow reader some time.
STALL_SECONDS = 120.0
#: Largest address and headers of a request, in bytes: the longest query there is, every character percent-encoded.
MAX_HEAD = 1024 * 1024


def _refusal(status: int, message: str, remedy: str) -> bytes:
    """A whole answer that closes the connection, in the form of every other refusal."""
    problem = {"type": "about:blank", "status": status, "title": message, "detail": f"{message}. {remedy}."}
    body = json.dumps(problem).encode()
    head = (
        b"content-type: application/problem+json\r\ncache-control: no-store\r\nx-content-type-options: nosniff\r\n"
        b"access-control-allow-origin: *\r\nconnection: close\r\n"
    )
    return STATUS_LINE[status] + head + b"content-length: %d\r\n\r\n" % len(body) + body


_TOO_SLOW = _refusal(408, "the request did not come to its end in time", "Send it without pauses")
_TOO_LARGE = _refusal(431, "the address and headers are too large", "Post a long query instead")
_MALFORMED = _refusal(400, "the request is not HTTP", "Correct it")


class _Flow(FlowControl):
    """uvicorn's flow control, which would read on with each answer while requests wait in line for theirs."""

    def __init__(self, transport: asyncio.Transport, waiting: Collection[object]) -> None:
        super().__init__(transport)
        self._waiting = waiting

    def resume_reading(self) -> None:
        if not self._waiting:
            super().resume_reading()


class Connection(HttpToolsProtocol):
    """uvicorn's protocol with limits of time and size on what a client sends, and of time on what it reads."""

    _whole: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None
    _answering: RequestResponseCycle | None = None
    _head = 0
    _in_head = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.flow = _Flow(transport, self.pipeline)
        self._expect_request()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        if self._stalled is not None:
            self._stalled.cancel()
        # uvicorn tells the newest request, which is not the one being answered where several came at once.
        if self._answering is not None and not self._answering.response_complete:
            self._answering.disconnected = True
            self._answering.message_event.set()
        self.pipeline.clear()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._whole is None and (self.cycle is None or self.cycle.response_complete):
            self._expect_request()
        super().data_received(data)
        if self._in_head:
            self._head += len(data)
            if self._head > MAX_HEAD:
                self._refuse(_TOO_LARGE)

    def send_400_response(self, msg: str) -> None:
        self.transport.write(_MALFORMED)
        self.transport.close()

    def on_message_begin(self) -> None:
        self._head, self._in_head = 0, True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._stop_waiting()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._expect_reader()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._expect_reader()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Start what answers the request, unless the answer is at hand and whoever asks takes what is sent."""
        front = getattr(self.app, "front", None)
        found = None
        if front is not None and not self.flow.write_paused and not self.pipeline:
            found = front.at_once(cycle.scope)
        if found is None:
            self._answering = cycle
            super()._start_asgi_task(cycle, app)
            return
        status, lines, body = found
        parts = [STATUS_LINE[status]]
        for name, value in self.server_state.default_headers:
            parts += (name, b": ", value, b"\r\n")
        parts += (lines, b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n", body)
        cycle.response_started = cycle.response_complete = True
        self.transport.write(b"".join(parts))
        if not cycle.keep_alive:
            self.transport.close()
        self.on_response_complete()

    def _expect_request(self) -> None:
        self._whole = self.loop.call_later(REQUEST_SECONDS, self._refuse, _TOO_SLOW)

    def _stop_waiting(self) -> None:
        if self._whole is not None:
            self._whole.cancel()
            self._whole = None

    def _expect_reader(self) -> None:
        waiting = self.transport.get_write_buffer_size()
        if waiting and self._stalled is None:
            self._stalled = self.loop.call_later(STALL_SECONDS, self._check_reader, waiting)

    def _check_reader(self, waiting: int) -> None:
        """Give up a client that has taken nothing since the last look, whether or not the answer is complete."""
        self._stalled = None
        if self.transport.get_write_buffer_size() == waiting:
            self.transport.abort()
        else:
            self._expect_reader()

    def _refuse(self, answer: bytes) -> None:
        self._stop_waiting()
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            self.transport.write(answer)
        if self.cycle is not None:
            # Whatever answers a request of which only a part came shall not write behind this.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()
