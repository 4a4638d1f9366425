"""One connection of a client, and what happens to clients that hold it without using it.

The server by itself waits for ever for the rest of a request, and for whoever does not read an answer, and it
takes request heads of any size. Each of these costs the sender nothing and the service a file descriptor or memory.
"""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: Seconds from the first byte of a request (or the opening of the connection) to its last.
REQUEST_SECONDS = 30.0
#: Seconds in which a reader has to take something of an answer that waits for it; the kernel holds megabytes of an
#: answer and asks for more only when a good part of them is gone, which takes a slow reader some time.
STALL_SECONDS = 120.0
#: Largest address and headers of a request, in bytes: the longest query there is, every character percent-encoded.
MAX_HEAD = 1024 * 1024

_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class Connection(HttpToolsProtocol):
    """uvicorn's protocol with limits of time and size on what a client sends, and of time on what it reads."""

    _whole: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None
    _head = 0
    _in_head = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_request()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        if self._stalled is not None:
            self._stalled.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._whole is None and (self.cycle is None or self.cycle.response_complete):
            self._expect_request()
        super().data_received(data)
        if self._in_head:
            self._head += len(data)
            if self._head > MAX_HEAD:
                self._refuse(_TOO_LARGE)

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
        if self._in_head and (self.cycle is None or self.cycle.response_complete):
            self.transport.write(answer)
        self.transport.close()
