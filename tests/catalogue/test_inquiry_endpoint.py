"""``radiograph query --endpoint``: what other people's servers do, and what is made of it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import typer
from typer.testing import CliRunner

from catalogue.inquiry import commands
from core.errors import QueryError, QuerySyntaxError, QueryTimeout, QueryUnavailable

SELECT = "PREFIX ex: <https://example.org/>\nSELECT ?a ?b { ?a ex:p ?b }"
JSON = "application/sparql-results+json"
XML = "application/sparql-results+xml"
BINDINGS = b"""{"head": {"vars": ["a", "b"]}, "results": {"bindings": [
  {"a": {"type": "uri", "value": "https://example.org/x"}, "b": {"type": "literal", "value": "007"}},
  {"a": {"type": "bnode", "value": "z"}}]}}"""
IN_XML = b"""<?xml version="1.0"?><sparql xmlns="http://www.w3.org/2005/sparql-results#"><head><variable name="a"/>
<variable name="b"/></head><results><result><binding name="a"><uri>https://example.org/x</uri></binding>
<binding name="b"><literal xml:lang="de">sieben</literal></binding></result></results></sparql>"""
TURTLE = b"@prefix ex: <https://example.org/> . ex:x ex:p 7 ."


@dataclass
class Endpoint:
    """A server that answers as it is told and keeps what it was asked."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    missing: int = 0
    delay: float = 0.0
    asked: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """A running endpoint on loopback."""
    told = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(parse_qs(urlsplit(self.path).query))

        def do_POST(self) -> None:
            self._answer(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()))

        def _answer(self, parameters: dict[str, list[str]]) -> None:
            told.asked.append({"method": self.command, "accept": self.headers["Accept"], **parameters})
            if self.path.startswith("/moved"):
                self.send_response(307)
                self.send_header("Location", f"/sparql?{urlsplit(self.path).query}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            time.sleep(told.delay)
            self.send_response(told.status)
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(told.body) + told.missing))
            self.end_headers()
            with contextlib.suppress(ConnectionError):
                self.wfile.write(told.body)
            self.close_connection = True

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        told.url = f"http://127.0.0.1:{server.server_address[1]}/sparql"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield told
        server.shutdown()
        thread.join()


Ask = Callable[..., str]


@pytest.fixture
def ask(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Ask:
    """Put a query to that endpoint by the command; what it raises is raised."""
    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    commands.mount(app)

    def run(*arguments: str, query: str = SELECT, address: str | None = None) -> str:
        command = ["-", "--endpoint", address or endpoint.url, *arguments]
        result = CliRunner().invoke(app, command, input=query)
        if result.exception is not None:
            raise result.exception
        return result.stdout

    return run


def test_an_answer_goes_through_as_it_came(endpoint: Endpoint, ask: Ask) -> None:
    endpoint.headers, endpoint.body = {"Content-Type": f"{JSON}; charset=utf-8"}, BINDINGS
    assert ask("--format", "json").encode() == BINDINGS
    assert endpoint.asked[0]["method"] == "GET" and endpoint.asked[0]["query"] == [SELECT]
    assert endpoint.asked[0]["accept"].startswith(f"{JSON}, ")


def test_a_long_query_is_posted_and_a_redirect_followed(endpoint: Endpoint, ask: Ask) -> None:
    endpoint.headers, endpoint.body = {"Content-Type": JSON}, BINDINGS
    query = f"{SELECT} # {'long ' * 500}"
    ask("--format", "json", query=query, address=endpoint.url.replace("sparql", "moved?x=1"))
    assert [asked["method"] for asked in endpoint.asked] == ["POST", "POST"]
    assert endpoint.asked[1]["query"] == [query]
    ask("--format", "json", address=endpoint.url + "?key=1")
    assert (endpoint.asked[2]["key"], endpoint.asked[2]["query"]) == (["1"], [SELECT])


def test_another_format_than_asked_for_is_rewritten(endpoint: Endpoint, ask: Ask, tmp_path: Path) -> None:
    endpoint.headers, endpoint.body = {"Content-Type": XML}, IN_XML
    assert ask() == '?a\t?b\n<https://example.org/x>\t"sieben"@de\n'
    assert ask("--format", "table").split() == ["a", "b", "ex:x", "sieben"]
    endpoint.headers, endpoint.body = {"Content-Type": "application/json"}, BINDINGS
    assert ask().splitlines()[1] == '<https://example.org/x>\t"007"'
    endpoint.headers, endpoint.body = {"Content-Type": "text/turtle"}, TURTLE
    triple = '<https://example.org/x> <https://example.org/p> "7"^^<http://www.w3.org/2001/XMLSchema#integer> .\n'
    assert ask(query="DESCRIBE <https://example.org/x>") == triple
    ask("--output", "graph.nt", query="DESCRIBE <https://example.org/x>")
    assert (tmp_path / "graph.nt").read_text() == triple


@pytest.mark.parametrize(
    ("status", "headers", "body", "kind", "said"),
    [
        (
            400,
            {"Content-Type": "application/problem+json"},
            b'{"title": "short", "detail": "error at 3:5: expected }"}',
            QuerySyntaxError,
            "400 Bad Request: error at 3:5: expected }",
        ),
        (
            500,
            {"Content-Type": "text/html"},
            b"<html><style>p {}</style><h1>Virtuoso 37000 Error</h1>\n<p>SP030: syntax</p></html>",
            QueryError,
            "500 Internal Server Error: Virtuoso 37000 Error SP030: syntax",
        ),
        (503, {"Retry-After": "7"}, b"", QueryUnavailable, "503 Service Unavailable (try again in 7 seconds)"),
        (504, {}, b"too slow", QueryTimeout, "504 Gateway Timeout: too slow"),
        (200, {"Content-Type": "text/html"}, b"<h1>Hello</h1>", QueryError, "answered with text/html, which is no"),
        (200, {}, b"", QueryError, "answered with nothing in particular"),
        (200, {"Content-Type": JSON, "X-SQL-State": "S1TAT"}, BINDINGS, QueryTimeout, "answered in part"),
        (200, {"Content-Type": XML}, b"<sparql><he", QueryError, f"sent what is no {XML}"),
    ],
)
def test_what_is_no_answer_is_one_readable_line(
    endpoint: Endpoint,
    ask: Ask,
    status: int,
    headers: dict[str, str],
    body: bytes,
    kind: type[QueryError],
    said: str,
    tmp_path: Path,
) -> None:
    endpoint.status, endpoint.headers, endpoint.body = status, headers, body
    with pytest.raises(QueryError) as refused:
        ask("--output", "answer.json")
    assert type(refused.value) is kind
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_a_cut_answer_is_a_fault_and_no_file(endpoint: Endpoint, ask: Ask, tmp_path: Path) -> None:
    endpoint.headers, endpoint.body, endpoint.missing = {"Content-Type": JSON}, BINDINGS, 10
    with pytest.raises(QueryUnavailable, match="the answer was cut"):
        ask("--output", "answer.json")
    assert list(tmp_path.iterdir()) == []


def test_a_slow_endpoint_is_not_waited_for(endpoint: Endpoint, ask: Ask) -> None:
    endpoint.delay = 1.5
    with pytest.raises(QueryTimeout, match=r"within 0\.2 seconds"):
        ask("--timeout", "0.2")


def test_an_address_that_is_none(ask: Ask, endpoint: Endpoint) -> None:
    for address in ("sparql", "ftp://example.org/", "http://", "/etc/passwd"):
        with pytest.raises(QueryError, match="no address of an endpoint"):
            ask(address=address)
    with pytest.raises(QueryUnavailable, match="cannot be asked") as refused:
        ask(address="http://me:secret@127.0.0.1:1/sparql")
    assert "secret" not in str(refused.value)
