"""Answers of the endpoint as clients get them: formats, codings, HEAD, and the short way to what is kept."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pyoxigraph as ox
import pytest
from fastapi.testclient import TestClient

from api.app import _Application
from core.settings import Settings
from tests.deployment import Deployment, Server, serving

QUERY = "application/sparql-query"
DATASETS = "SELECT ?d { ?d a <http://www.w3.org/ns/dcat#Dataset> } ORDER BY ?d"
LARGE = "SELECT * { ?s ?p ?o } LIMIT 700"
GRAPH = "CONSTRUCT { ?d a ?c } WHERE { ?d a ?c } ORDER BY ?d LIMIT 5"
COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
#: Takes a worker for a while, and gives the same answer whenever it is asked.
HEAVY = (
    "PREFIX dcat: <http://www.w3.org/ns/dcat#> PREFIX skos: <http://www.w3.org/2004/02/skos/core#> "
    "SELECT (COUNT(*) AS ?n) { ?c skos:inScheme ?s . ?d a dcat:Dataset . ?e a dcat:Dataset "
    "FILTER(CONTAINS(STR(?c), STR(?d)) || CONTAINS(STR(?c), STR(?e))) }"
)


@pytest.mark.parametrize("media_type", ["application/trig", "application/n-quads"])
def test_a_graph_comes_in_formats_for_datasets_too(client: TestClient, media_type: str) -> None:
    turtle = client.get("/sparql", params={"query": GRAPH})
    response = client.get("/sparql", params={"query": GRAPH}, headers={"Accept": media_type})
    assert response.headers["content-type"] == media_type
    form = ox.RdfFormat.from_media_type(media_type)
    assert form is not None
    quads = list(ox.parse(response.content, format=form))
    assert all(quad.graph_name == ox.DefaultGraph() for quad in quads)
    triples = {quad.triple for quad in quads}
    assert triples == {quad.triple for quad in ox.parse(turtle.content, format=ox.RdfFormat.TURTLE)}
    short = client.get("/sparql", params={"query": GRAPH, "format": "trig" if "trig" in media_type else "nq"})
    assert short.headers["content-type"] == media_type


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("text/csv;q=0.4, text/tab-separated-values;q=0.6", "text/tab-separated-values"),
        ("application/sparql-results+json;q=0, */*;q=0.1", "application/sparql-results+xml"),
        ("text/*;q=0.9, application/*;q=0.2", "text/csv"),
        ("application/sparql-results+xml, */*", "application/sparql-results+xml"),
        ("*/*;q=0.5, text/csv;q=0.5", "text/csv"),
        ("image/png, text/csv;q=0.001", "text/csv"),
    ],
)
def test_quality_decides(client: TestClient, accept: str, expected: str) -> None:
    response = client.get("/sparql", params={"query": DATASETS}, headers={"Accept": accept})
    assert response.headers["content-type"].partition(";")[0] == expected


def test_accept_may_come_in_several_lines(client: TestClient) -> None:
    headers = [("accept", "image/png"), ("accept", "text/csv")]
    assert client.get("/sparql", params={"query": DATASETS}, headers=headers).headers["content-type"].startswith("text")


def test_what_cannot_be_had_is_406_with_what_can(client: TestClient) -> None:
    for query, accept in ((DATASETS, "text/turtle"), (GRAPH, "text/csv"), (GRAPH, "application/trig;q=0")):
        response = client.get("/sparql", params={"query": query}, headers={"Accept": accept})
        assert response.status_code == 406
        assert "application/" in response.json()["detail"]


def test_compression_is_for_those_who_take_it_and_for_what_is_worth_it(client: TestClient) -> None:
    plain = client.get("/sparql", params={"query": LARGE}, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers and len(plain.content) > 10_000
    assert "Accept-Encoding" in plain.headers["vary"]
    for _ in range(3):
        with client.stream("GET", "/sparql", params={"query": LARGE}, headers={"Accept-Encoding": "gzip"}) as coded:
            body = b"".join(coded.iter_raw())
        assert coded.headers["content-encoding"] == "gzip" and "Accept-Encoding" in coded.headers["vary"]
        assert gzip.decompress(body) == plain.content and len(body) < len(plain.content) / 4
    tiny = client.get("/sparql", params={"query": "ASK {}"}, headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in tiny.headers and tiny.json() == {"head": {}, "boolean": True}


@pytest.mark.parametrize("query", [COUNT, LARGE, "SELECT * {", "SELECT (RAND() AS ?x) {}"])
def test_head_has_the_status_and_the_headers_of_get(client: TestClient, query: str) -> None:
    head = client.head("/sparql", params={"query": query})
    answer = client.get("/sparql", params={"query": query})
    assert head.status_code == answer.status_code and head.content == b""
    for name in ("content-type", "etag", "vary", "cache-control"):
        assert head.headers.get(name) == answer.headers.get(name)


def test_what_differs_each_time_is_never_kept(client: TestClient) -> None:
    query = "SELECT (RAND() AS ?r) (UUID() AS ?u) (STRUUID() AS ?s) (NOW() AS ?n) {}"
    answers = {client.get("/sparql", params={"query": query}).text for _ in range(4)}
    assert len(answers) == 4
    assert client.get("/sparql", params={"query": query}).headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("query", ["SELECT (1/0 AS ?n) {}", "SELECT * {", "ASK { SERVICE <http://127.0.0.1:1/> {} }"])
def test_errors_are_never_kept(client: TestClient, query: str) -> None:
    before = _application(client).state.radiograph.results.status().entries
    statuses = {client.get("/sparql", params={"query": query}).status_code for _ in range(3)}
    assert len(statuses) == 1
    after = _application(client).state.radiograph.results.status().entries
    assert after == before + (statuses == {200})


REQUESTS: list[dict[str, Any]] = [
    {"method": "GET", "params": {"query": LARGE}},
    {"method": "GET", "params": {"query": COUNT}, "headers": {"Origin": "https://portal.example"}},
    {"method": "GET", "params": {"query": COUNT}, "headers": {"Accept": "text/csv;q=0.9, image/*"}},
    {"method": "GET", "params": {"query": LARGE, "format": "csv"}, "headers": {"Accept-Encoding": "gzip;q=0.7"}},
    {"method": "GET", "params": {"query": GRAPH, "default-graph-uri": "urn:x"}},
    {"method": "HEAD", "params": {"query": COUNT}},
    {"method": "POST", "data": {"query": COUNT}},
    {"method": "POST", "content": DATASETS, "headers": {"Content-Type": QUERY, "Origin": "null"}},
    {"method": "GET", "params": {"query": COUNT}, "headers": {"If-None-Match": "*"}},
]


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: f"{request['method']}-{len(str(request))}")
def test_the_short_way_sends_what_the_long_way_sends(
    client: TestClient, request_: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, long = client.request(url="/sparql", **request_), client.request(url="/sparql", **request_)
    monkeypatch.setattr(_application(client).front, "_app", _out_of_reach)
    short = client.request(url="/sparql", **request_)
    assert short.status_code == long.status_code == first.status_code
    assert short.headers.raw == long.headers.raw
    assert short.content == long.content == first.content
    if first.status_code == 200 and "content-length" not in first.headers:
        # The first was sent while it was made, so that its length was not known.
        assert dict(first.headers) | {"content-length": short.headers["content-length"]} == dict(short.headers)


def test_the_short_way_is_for_the_very_same_request_alone(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        assert client.get("/sparql", params={"query": COUNT}, headers={"Accept": "text/csv"}).status_code == 200
    monkeypatch.setattr(_application(client).front, "_app", _out_of_reach)
    for other in (
        {"params": {"query": COUNT + " "}},
        {"params": {"query": COUNT, "default-graph-uri": "urn:x"}},
        {"params": {"query": COUNT}, "headers": {"Accept": "text/csv;q=0.5"}},
        {"params": {"query": COUNT}, "headers": {"Accept": "text/csv", "Accept-Encoding": "br"}},
        {"params": {"query": COUNT}, "headers": {"Accept": "text/csv", "Origin": "https://portal.example"}},
    ):
        with pytest.raises(AssertionError, match="out of reach"):
            client.get("/sparql", **other)
    with pytest.raises(AssertionError, match="out of reach"):
        client.get("/catalog")


def _application(client: TestClient) -> _Application:
    assert isinstance(client.app, _Application)
    return client.app


async def _out_of_reach(*_: object) -> None:
    raise AssertionError("out of reach")


def test_a_new_release_is_never_answered_from_the_one_before(
    copied: Settings, published: Any, serve: Callable[[Settings], AbstractContextManager[TestClient]]
) -> None:
    from catalogue.ledger import Ledger
    from catalogue.publication import publish

    query = {"query": "SELECT (COUNT(*) AS ?n) { ?d a <http://www.w3.org/ns/dcat#Dataset> }"}
    with serve(copied) as client:
        tags = [client.get("/sparql", params=query).headers["etag"] for _ in range(3)]
        before = client.get("/sparql", params=query).json()
        with Ledger.open(copied) as ledger:
            ledger.withdraw(str(copied.identifiers.dataset("idc", "v1.ttl")), "a test")
        publish(copied, published.vocabularies, allow_shrink=True)
        client.portal.call(_application(client).state.radiograph.refresh)  # type: ignore[union-attr]
        after = client.get("/sparql", params=query)
    assert len(set(tags)) == 1 and after.headers["etag"] not in tags
    assert _number(after.json()) == _number(before) - 1


def _number(document: dict[str, Any]) -> int:
    return int(document["results"]["bindings"][0]["n"]["value"])


# A running server: what is answered at once is written by the connection itself


@pytest.fixture(scope="module")
def server(published: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    log = tmp_path_factory.mktemp("answers") / "log"
    with serving(
        Deployment(published.settings.home),
        log,
        RADIOGRAPH_BASE_IRI="https://catalogue.example.org",
        RADIOGRAPH_CLIENT_SECONDS="0",
    ) as running:
        yield running
    assert "Traceback" not in log.read_text()


def _exchange(server: Server, sent: bytes) -> bytes:
    """Everything that comes back until the server closes the connection."""
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(sent)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def _get(query: str, *fields: str, version: str = "1.1") -> bytes:
    lines = [f"GET /sparql?query={quote(query)} HTTP/{version}", "Host: x", *fields]
    return "\r\n".join([*lines, "", ""]).encode()


def _undated(received: bytes) -> list[bytes]:
    return [line for line in received.split(b"\r\n") if not line.lower().startswith(b"date:")]


def test_every_request_on_a_connection_is_answered_in_its_turn(server: Server) -> None:
    alone = [_exchange(server, _get(DATASETS, "Connection: close")) for _ in range(4)]
    assert alone[0].startswith(b"HTTP/1.1 200 OK\r\n") and b"\r\ndate: " in alone[3]
    assert _undated(alone[1]) == _undated(alone[2]) == _undated(alone[3])
    body = alone[3].partition(b"\r\n\r\n")[2]
    # Kept and not kept by turns, all sent before anything is read.
    volatile = "SELECT (NOW() AS ?never_kept) {}"
    burst = b"".join(_get(query) for query in (DATASETS, volatile, DATASETS, DATASETS, volatile))
    received = _exchange(server, burst + _get(DATASETS, "Connection: close"))
    assert received.count(b"HTTP/1.1 200 OK") == 6
    assert received.count(body) == 4 and received.endswith(body) and received.count(b"never_kept") >= 2


def test_a_kept_answer_reaches_old_and_conditional_clients(server: Server) -> None:
    for _ in range(3):
        old = _exchange(server, _get(DATASETS, version="1.0"))
        assert b"connection: close" in old and json.loads(old.partition(b"\r\n\r\n")[2])["results"]["bindings"]
    tag = httpx.get(f"{server.url}/sparql", params={"query": DATASETS}).headers["etag"]
    answers = [_exchange(server, _get(DATASETS, f"If-None-Match: {tag}", "Connection: close")) for _ in range(3)]
    for answer in answers:
        assert answer.startswith(b"HTTP/1.1 304 ") and answer.endswith(b"\r\n\r\n")
        assert _undated(answer) == _undated(answers[0])


def test_a_client_that_does_not_read_gets_no_more_than_fits(server: Server) -> None:
    """Thousands of requests in one go are answered as fast as the answers are taken, not into memory."""
    for _ in range(3):
        httpx.get(f"{server.url}/sparql", params={"query": DATASETS}, headers={"Accept": "*/*"})
    host, port = server.url.removeprefix("http://").split(":")
    request, before = _get(DATASETS, "Accept: */*"), _memory(server)
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect((host, int(port)))
        connection.settimeout(0.5)
        with pytest.raises(TimeoutError):
            for _ in range(400):
                connection.sendall(request * 500)
        assert _memory(server) < before + 64
    assert httpx.get(f"{server.url}/health").status_code == 200


def _memory(server: Server) -> float:
    """Resident MB of the front."""
    return int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]) * 4096 / 2**20


def test_a_stampede_of_one_query_occupies_one_worker(server: Server) -> None:
    query = HEAVY + " # a stampede"
    statuses: list[tuple[int, str]] = []

    def ask() -> None:
        response = httpx.post(f"{server.url}/sparql", data={"query": query}, timeout=30)
        statuses.append((response.status_code, response.text))

    threads = [threading.Thread(target=ask) for _ in range(20)]
    before = _looked_up(server)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(statuses) == 20 and len(set(statuses)) == 1 and statuses[0][0] == 200
    after = _looked_up(server)
    assert (after["no"] - before["no"], after["yes"] - before["yes"]) == (1, 19)


def _looked_up(server: Server) -> dict[str, int]:
    """What the metrics say of look-ups in the cache."""
    lines = httpx.get(f"{server.url}/metrics").text.splitlines()
    found = [line for line in lines if line.startswith("radiograph_result_cache_requests_total{")]
    return {line.split('"')[1]: int(float(line.rsplit(" ", 1)[1])) for line in found}


def test_a_large_answer_comes_in_pieces_and_compressed_if_wanted(server: Server) -> None:
    query = "SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 15000"
    body = urlencode({"query": query})
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept-Encoding": "gzip"}
    with httpx.stream("POST", f"{server.url}/sparql", content=body, headers=headers, timeout=30) as response:
        assert response.headers["content-encoding"] == "gzip"
        assert response.headers["transfer-encoding"] == "chunked"
        assert len(json.loads(response.read())["results"]["bindings"]) == 15000
