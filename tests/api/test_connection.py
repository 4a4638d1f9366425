"""Clients that hold a connection without using it, on a real server with short limits."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from api import connection

LARGE = b"x" * 20_000_000


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads the request to its end, then answers with its length, or with much where ``/large`` is asked for."""
    length, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        length, more = length + len(message.get("body", b"")), message.get("more_body", False)
    body = LARGE if scope["path"] == "/large" else str(length).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, int]]:
    monkeypatch.setattr(connection, "REQUEST_SECONDS", 0.5)
    monkeypatch.setattr(connection, "STALL_SECONDS", 1.2)
    listener = socket.create_server(("127.0.0.1", 0))
    configuration = uvicorn.Config(
        application, loop="uvloop", http=connection.Connection, ws="none", lifespan="off", log_config=None
    )
    running = uvicorn.Server(configuration)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
    thread.start()
    yield listener.getsockname()
    running.should_exit = True
    thread.join(10)
    assert not thread.is_alive()


def closed(client: socket.socket) -> tuple[bytes, float]:
    """What came until the server closed the connection, and after how many seconds that was."""
    started = time.monotonic()
    client.settimeout(5)
    received = b""
    try:
        while part := client.recv(1 << 20):
            received += part
    except ConnectionError:
        pass
    return received, time.monotonic() - started


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc"],
    ids=["nothing", "half a head", "half a body"],
)
def test_a_request_that_does_not_come_to_its_end_is_given_up(server: tuple[str, int], sent: bytes) -> None:
    with socket.create_connection(server) as client:
        client.sendall(sent)
        received, seconds = closed(client)
    assert 0.3 < seconds < 3
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 ") and b"connection: close" in head
    assert json.loads(body)["status"] == 408 and json.loads(body)["detail"]


def test_one_byte_at_a_time_does_not_extend_the_time(server: tuple[str, int]) -> None:
    started = time.monotonic()
    with socket.create_connection(server) as client, pytest.raises(ConnectionError):
        for _ in range(60):
            client.sendall(b"\r\n")
            time.sleep(0.05)
    assert time.monotonic() - started < 2.5


@pytest.mark.parametrize("head", [b"GET /?", b"GET / HTTP/1.1\r\nX: "], ids=["address", "header"])
def test_a_head_without_end_is_refused(server: tuple[str, int], head: bytes) -> None:
    sent = 0
    with socket.create_connection(server) as client:
        client.sendall(head)
        with pytest.raises(ConnectionError):
            while sent < 50 * connection.MAX_HEAD:
                sent += client.send(b"x" * 65536)
    assert sent < 20 * connection.MAX_HEAD


def test_what_is_not_http_is_told_so(server: tuple[str, int]) -> None:
    with socket.create_connection(server) as client:
        client.sendall(b"SPARQL / FTP\r\n\r\n")
        received, _ = closed(client)
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ") and json.loads(body)["status"] == 400


def test_a_client_that_does_not_read_is_given_up_and_a_slow_one_is_not(server: tuple[str, int]) -> None:
    with socket.socket() as idle, socket.socket() as slow:
        for client in (idle, slow):
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
            client.connect(server)
            client.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        read = 0
        for _ in range(100):
            read += len(slow.recv(131072))
            time.sleep(0.03)
        received, _ = closed(slow)
        assert read + len(received) > len(LARGE)
        received, _ = closed(idle)
        assert len(received) < len(LARGE)


def test_requests_follow_each_other_on_one_connection(server: tuple[str, int]) -> None:
    request = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
    with socket.create_connection(server) as client:
        for count in (1, 1, 1, 1, 3):
            client.sendall(request * count)
            received = b""
            while received.count(b"\r\n\r\n3") < count:
                received += client.recv(5000)
            time.sleep(0.2)
