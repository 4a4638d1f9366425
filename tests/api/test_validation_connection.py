"""Clients of the validation service that are slow, or leave, on a real server with short limits."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn

from api import connection
from api.app import create_app
from api.state import State
from api.validation import intake
from core.settings import Settings

_HEAD = b"POST /validate HTTP/1.1\r\nHost: x\r\nContent-Type: text/turtle\r\n"
GOOD = (Path(__file__).parents[2] / "examples" / "dcat-ap-minimal.ttl").read_bytes()
#: Takes seconds to judge.
HEAVY = b"@prefix dcat: <http://www.w3.org/ns/dcat#> .\n<a:d> a dcat:Dataset ; dcat:distribution " + b",\n".join(
    b"[ a dcat:Distribution ; dcat:accessURL <a:%d> ]" % number for number in range(40_000)
)


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[tuple[tuple[str, int], State]]:
    """Its address and its state."""
    monkeypatch.setattr(intake, "BODY_SECONDS", 0.6)
    monkeypatch.setattr(connection, "REQUEST_SECONDS", 5)
    app = create_app(Settings(home=tmp_path, validate_workers=1))
    listener = socket.create_server(("127.0.0.1", 0))
    configuration = uvicorn.Config(
        app, loop="uvloop", http=connection.Connection, ws="none", lifespan="on", log_config=None
    )
    running = uvicorn.Server(configuration)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
    thread.start()
    address = listener.getsockname()
    while not running.started and thread.is_alive():
        time.sleep(0.05)
    yield address, app.state.radiograph
    running.should_exit = True
    thread.join(20)
    assert not thread.is_alive()


def post(address: tuple[str, int], body: bytes) -> httpx.Response:
    url = f"http://{address[0]}:{address[1]}/validate"
    return httpx.post(url, content=body, headers={"Content-Type": "text/turtle"}, timeout=30)


@pytest.mark.parametrize("announced", [b"Content-Length: 100000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n"])
def test_a_body_that_comes_too_slowly_is_answered(service: tuple[tuple[str, int], State], announced: bytes) -> None:
    address, _ = service
    received = b""
    with socket.create_connection(address) as client:
        client.settimeout(0.1)
        client.sendall(_HEAD + announced)
        for _ in range(60):
            client.sendall(b"1\r\n#\r\n" if b"chunked" in announced else b"#")
            try:
                received += client.recv(65536)
            except TimeoutError:
                continue
            break
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 ")
    assert "did not arrive within 0.6 seconds" in json.loads(body)["detail"]
    assert post(address, GOOD).status_code == 200


def test_a_client_that_leaves_in_the_middle_of_its_body_leaves_nothing(service: tuple[tuple[str, int], State]) -> None:
    address, state = service
    for _ in range(20):
        with socket.create_connection(address) as client:
            client.sendall(_HEAD + b"Content-Length: 100000\r\n\r\n" + b"#" * 50_000)
    assert post(address, GOOD).status_code == 200
    assert state.intake._held == 0


def test_who_leaves_before_the_answer_has_its_document_given_up(service: tuple[tuple[str, int], State]) -> None:
    address, state = service
    assert post(address, GOOD).status_code == 200
    with socket.create_connection(address) as client:
        client.sendall(_HEAD + b"Content-Length: %d\r\n\r\n" % len(HEAVY) + HEAVY)
        assert _soon(lambda: bool(state.judges._busy))
        started = time.monotonic()
    assert _soon(lambda: not state.judges._busy)
    assert time.monotonic() - started < 1
    assert post(address, GOOD).status_code == 200


def _soon(holds: Callable[[], bool]) -> bool:
    for _ in range(300):
        if holds():
            return True
        time.sleep(0.01)
    return False
