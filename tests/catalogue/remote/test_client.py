"""The administrative client against a real HTTP server that refuses, fails for a while, or is slow."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from catalogue.remote.client import AdminClient, UpdateRefused
from catalogue.remote.declaration import RemoteStore
from core.errors import StoreError

SECRET = "s3cret-token"


@dataclass
class Recorded:
    """What the server answers in turn, the last for ever, and what it was sent."""

    address: str = ""
    answers: list[tuple[int, bytes]] = field(default_factory=lambda: [(200, b"")])
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def server() -> Iterator[Recorded]:
    recorded = Recorded()
    recorded.gate.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            recorded.requests.append((self.path, dict(self.headers), body))
            status, content = recorded.answers.pop(0) if len(recorded.answers) > 1 else recorded.answers[0]
            recorded.gate.wait(5)
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Be quiet."""

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    recorded.address = f"http://127.0.0.1:{httpd.server_address[1]}"
    thread = threading.Thread(target=httpd.serve_forever)
    thread.start()
    yield recorded
    recorded.gate.set()
    httpd.shutdown()
    thread.join()
    httpd.server_close()


def client(address: str, monkeypatch: pytest.MonkeyPatch, scheme: str = "bearer", **writing: Any) -> AdminClient:
    monkeypatch.setenv("RADIOGRAPH_TEST_SECRET", SECRET)
    monkeypatch.setattr("catalogue.remote.client._FIRST_PAUSE", 0.01)
    auth = {"scheme": scheme, "secret_env": "RADIOGRAPH_TEST_SECRET"} | ({} if scheme == "bearer" else {"user": "dba"})
    endpoint = {"name": "blue", "query": f"{address}/q", "update": f"{address}/u", "graph_store": f"{address}/g?x=1"}
    store = RemoteStore.model_validate(
        {"kind": "sparql11", "endpoint": [endpoint], "auth": auth, "writing": {"attempts": 3, **writing}}
    )
    return AdminClient(store, store.endpoint[0])


@pytest.mark.parametrize(
    ("scheme", "header"), [("bearer", f"Bearer {SECRET}"), ("basic", "Basic ZGJhOnMzY3JldC10b2tlbg==")]
)
def test_writing_is_signed_and_asking_is_not(
    server: Recorded, monkeypatch: pytest.MonkeyPatch, scheme: str, header: str
) -> None:
    server.answers = [(200, b""), (200, b""), (200, b'{"results": {"bindings": [{"n": {"value": "7"}}]}}')]
    with client(server.address, monkeypatch, scheme) as opened:
        opened.update("INSERT DATA {}")
        opened.add("http://g/é", b"<s> <p> <o> .\n")
        assert opened.select("SELECT ?n {}") == [{"n": "7"}]
    (update, add, select) = server.requests
    assert update[1]["Authorization"] == add[1]["Authorization"] == header and "Authorization" not in select[1]
    assert update[0] == "/u" and update[1]["Content-Type"] == "application/sparql-update"
    assert add[0] == "/g?x=1&graph=http%3A%2F%2Fg%2F%C3%A9" and add[1]["Content-Type"] == "application/n-triples"


def test_what_passes_is_tried_again_and_what_does_not_is_not(server: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    server.answers = [(503, b""), (500, b"Virtuoso 40001 Error SR172: Transaction deadlocked"), (204, b"")]
    with client(server.address, monkeypatch) as opened:
        opened.update("one")
        assert len(server.requests) == 3
        for status, kind in ((400, UpdateRefused), (500, UpdateRefused), (401, StoreError), (404, StoreError)):
            server.requests.clear()
            server.answers = [(status, b"line 1:\n  no  such thing")]
            with pytest.raises(kind) as refused:
                opened.update("two")
            assert len(server.requests) == 1 and refused.value.remedy and "'blue'" in str(refused.value)
            assert SECRET not in str(refused.value) and server.address not in str(refused.value)
        server.requests.clear()
        server.answers = [(503, b"busy")]
        with pytest.raises(StoreError, match="refused with 503: busy"):
            opened.update("three")
        assert len(server.requests) == 3


def test_a_server_that_does_not_answer_is_left(server: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    server.gate.clear()
    with (
        client(server.address, monkeypatch, timeout=0.2, attempts=2) as opened,
        pytest.raises(StoreError, match="no answer: it took too long"),
    ):
        opened.update("one")
    assert len(server.requests) == 2


def test_an_answer_that_is_no_result_is_told(server: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    server.answers = [(200, b"<html>")]
    with client(server.address, monkeypatch) as opened, pytest.raises(StoreError, match="no SPARQL result"):
        opened.select("SELECT * {}")
