"""A SPARQL endpoint on loopback that answers truly, or misbehaves in the way its path says."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pyoxigraph as ox

JSON = "application/sparql-results+json"


@dataclass
class Endpoint:
    """Where it listens, what it was asked, and how many connections there were."""

    url: str
    asked: list[tuple[str, str]] = field(default_factory=list)
    connections: list[object] = field(default_factory=list)

    def at(self, path: str) -> str:
        return f"{self.url}/{path}"


@contextmanager
def endpoint(data: str) -> Iterator[Endpoint]:
    """Serve Turtle until the block ends."""
    store = ox.Store()
    store.load(data.encode(), format=ox.RdfFormat.TURTLE)
    server = _Server(("127.0.0.1", 0), _Handler)
    found = Endpoint(f"http://127.0.0.1:{server.server_port}")
    server.store, server.endpoint = store, found  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def listener() -> Iterator[Endpoint]:
    """A port that answers nobody and takes note of everybody."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(64)
        server.settimeout(0.05)
        found = Endpoint(f"http://127.0.0.1:{server.getsockname()[1]}")
        over = threading.Event()

        def accept() -> None:
            while not over.is_set():
                try:
                    connection, address = server.accept()
                except TimeoutError:
                    continue
                found.connections.append(address)
                connection.close()

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield found
        finally:
            time.sleep(0.1)
            over.set()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing: whoever asked may have left."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def setup(self) -> None:
        super().setup()
        self.server.endpoint.connections.append(self.client_address)  # type: ignore[attr-defined]

    def do_GET(self) -> None:
        self._answer(parse_qs(self.path.partition("?")[2])["query"][0])

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        plain = self.headers["Content-Type"].startswith("application/sparql-query")
        self._answer(body if plain else parse_qs(body)["query"][0])

    def _answer(self, query: str) -> None:
        path = self.path.partition("?")[0].strip("/")
        self.server.endpoint.asked.append((path, query))  # type: ignore[attr-defined]
        misbehaviour = getattr(self, f"_{path}", None)
        if misbehaviour is not None:
            misbehaviour()
            return
        accept = "xml" if path == "xml" else "json"
        kind = ox.QueryResultsFormat.XML if accept == "xml" else ox.QueryResultsFormat.JSON
        # No name for the engine's object: where sending fails, its frame would outlive this thread, which it must not.
        body = self.server.store.query(query).serialize(format=kind)  # type: ignore[attr-defined]
        self._send(200, body, f"application/sparql-results+{accept}")

    def _send(self, status: int, body: bytes, media_type: str = JSON, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def _rows(self, *bindings: Mapping[str, object], names: tuple[str, ...] = ("x",)) -> bytes:
        return json.dumps({"head": {"vars": names}, "results": {"bindings": bindings}}).encode()

    def _slow(self) -> None:
        time.sleep(1.5)
        self._send(200, self._rows())

    def _drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", JSON)
        self.end_headers()
        for _ in range(15):
            self.wfile.write(b" ")
            time.sleep(0.1)
        self.close_connection = True

    def _redirect(self) -> None:
        self._send(302, b"", Location="/sparql")

    def _error(self) -> None:
        self._send(500, b"no")

    def _page(self) -> None:
        self._send(200, b"<html></html>", "text/html")

    def _boolean(self) -> None:
        self._send(200, b'{"head": {}, "boolean": true}')

    def _broken(self) -> None:
        self._send(200, self._rows({"x": {"type": "literal", "value": "a"}})[:-5])

    def _short(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", JSON)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(self._rows())
        self.close_connection = True

    def _many(self) -> None:
        self._send(200, self._rows(*[{"x": {"type": "literal", "value": str(n)}} for n in range(60)]))

    def _huge(self) -> None:
        self._send(200, self._rows({"x": {"type": "literal", "value": "x" * 100_000}}))

    def _anytime(self) -> None:
        self._send(200, self._rows(), X_SQL_State="S1TAT")

    def _capped(self) -> None:
        row = {"x": {"type": "literal", "value": "a"}}
        self._send(200, self._rows(row, row), X_SPARQL_MaxRows="2")

    def _iri(self) -> None:
        self._send(200, self._rows({"x": {"type": "uri", "value": "http://x> } SERVICE <http://evil"}}))

    def _variable(self) -> None:
        self._send(200, self._rows({}, names=("x) { } } SERVICE <http://evil> { (?y",)))

    def _language(self) -> None:
        self._send(200, self._rows({"x": {"type": "literal", "value": "a", "xml:lang": "en> }"}}))
