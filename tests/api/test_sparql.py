"""The SPARQL endpoint: the protocol through the application, and real clients on a running server."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pyoxigraph as ox
import pytest
from fastapi.testclient import TestClient
from rdflib import Graph, URIRef

from core.settings import Settings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import SPARQLWrapper

ROOT = Path(__file__).parents[2]
FORM = "application/x-www-form-urlencoded"
QUERY = "application/sparql-query"
RESULTS = "application/sparql-results+json"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
DATASETS = "SELECT ?d { ?d a <http://www.w3.org/ns/dcat#Dataset> } ORDER BY ?d"
GRAPHS = "CONSTRUCT { ?d a ?c } WHERE { ?d a ?c } LIMIT 5"
RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
ENDLESS = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"

Serve = Callable[[Settings], AbstractContextManager[TestClient]]


def number(response: httpx.Response) -> int:
    assert response.status_code == 200, response.text
    return int(response.json()["results"]["bindings"][0]["n"]["value"])


def test_a_query_may_come_in_three_ways(client: TestClient) -> None:
    by_get = number(client.get("/sparql", params={"query": COUNT}))
    by_form = number(client.post("/sparql", data={"query": COUNT}))
    direct = number(client.post("/sparql", content=COUNT, headers={"Content-Type": f"{QUERY}; charset=utf-8"}))
    assert by_get == by_form == direct > 50


def test_text_beyond_ascii_survives_every_way(client: TestClient) -> None:
    query = 'SELECT ("Lungenkrebs – ß 肺 𝒳" AS ?x) {}'
    for response in (
        client.get("/sparql", params={"query": query}),
        client.post("/sparql", data={"query": query}),
        client.post("/sparql", content="\ufeff" + query, headers={"Content-Type": QUERY}),
    ):
        assert response.json()["results"]["bindings"][0]["x"]["value"] == "Lungenkrebs – ß 肺 𝒳"


@pytest.mark.parametrize(
    ("query", "accept", "media_type"),
    [
        (COUNT, "*/*", RESULTS),
        (COUNT, "application/json", RESULTS),
        (COUNT, "application/sparql-results+xml", "application/sparql-results+xml"),
        (COUNT, "text/csv", "text/csv"),
        (COUNT, "text/tab-separated-values;q=0.9, text/turtle", "text/tab-separated-values"),
        ("ASK {}", "application/xml", "application/sparql-results+xml"),
        (GRAPHS, "*/*", "text/turtle"),
        (GRAPHS, "application/n-triples", "application/n-triples"),
        (GRAPHS, "application/rdf+xml", "application/rdf+xml"),
        (GRAPHS, "application/ld+json", "application/ld+json"),
        ("DESCRIBE ?d { ?d a <http://www.w3.org/ns/dcat#Dataset> }", "text/turtle", "text/turtle"),
    ],
)
def test_every_form_in_every_format(client: TestClient, query: str, accept: str, media_type: str) -> None:
    response = client.get("/sparql", params={"query": query}, headers={"Accept": accept})
    assert response.status_code == 200
    assert response.headers["content-type"].partition(";")[0] == media_type
    assert "Accept" in response.headers["vary"]
    if (results := ox.QueryResultsFormat.from_media_type(media_type)) and "csv" not in media_type:
        ox.parse_query_results(response.content, format=results)
    elif graph := ox.RdfFormat.from_media_type(media_type):
        assert list(ox.parse(response.content, format=graph))


def test_the_format_parameter_wins(client: TestClient) -> None:
    response = client.get("/sparql", params={"query": COUNT, "format": "csv"}, headers={"Accept": BROWSER})
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert client.get("/sparql", params={"query": COUNT, "format": "ttl"}).status_code == 406


@pytest.mark.parametrize(
    ("query", "status", "reason"),
    [
        ("SELECT * {", 400, "error at 1:"),
        ("SELEKT * {}", 400, "the query starts with"),
        ("ASK " + "{" * 3000 + "}" * 3000, 400, "nest deeper"),
        ("ASK { SERVICE ?x {} }", 400, "variable"),
        ("ASK { SERVICE SILENT <http://127.0.0.1:1/> {} }", 403, "SERVICE"),
        ("DROP ALL", 403, "read-only"),
    ],
)
def test_refusals_have_a_reason_and_a_remedy(client: TestClient, query: str, status: int, reason: str) -> None:
    response = client.post("/sparql", data={"query": query}, headers={"Accept": RESULTS})
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert reason in response.json()["title"]
    assert len(response.json()["detail"]) > len(response.json()["title"]) + 5


def test_refusals_of_the_request_itself(client: TestClient) -> None:
    post, typed = client.post, {"Content-Type": QUERY}
    assert client.get("/sparql", params={"query": COUNT}, headers={"Accept": "image/png"}).status_code == 406
    assert client.get("/sparql", params=[("query", COUNT), ("query", "ASK {}")]).status_code == 400
    assert post("/sparql", data={"update": "CLEAR ALL"}).status_code == 403
    assert client.get("/sparql", params={"update": "CLEAR ALL"}).status_code == 403
    assert (
        post("/sparql", content="CLEAR ALL", headers={"Content-Type": "application/sparql-update"}).status_code == 403
    )
    unsupported = post("/sparql", content=COUNT, headers={"Content-Type": "text/plain"})
    assert unsupported.status_code == 415 and QUERY in unsupported.headers["accept-post"]
    assert post("/sparql", content=b"ASK {\xff}", headers=typed).status_code == 400
    assert client.get("/sparql?query=ASK%7B%3Fs%20%3Fp%20%22%FF%22%7D").status_code == 400
    assert post("/sparql", content=b"query=%FF", headers={"Content-Type": FORM}).status_code == 400
    assert post("/sparql", content=b"", headers=typed).status_code == 400
    assert post("/sparql", content=b"#" * 2_000_000, headers=typed).status_code == 413
    assert client.put("/sparql", content=b"x").status_code == 405


def test_the_dataset_of_a_query(client: TestClient) -> None:
    per_graph = "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g ORDER BY ?g"
    rows = client.get("/sparql", params={"query": per_graph}).json()["results"]["bindings"]
    sizes = {row["g"]["value"]: int(row["n"]["value"]) for row in rows}
    first, second, *_ = sizes
    whole = number(client.get("/sparql", params={"query": COUNT}))
    assert max(sizes.values()) < whole
    one = {"query": COUNT, "default-graph-uri": first}
    assert number(client.get("/sparql", params=one)) == sizes[first]
    assert number(client.post("/sparql", data=one)) == sizes[first]
    assert number(client.get("/sparql", params={"query": COUNT.replace("{", f"FROM <{first}> {{")})) == sizes[first]
    overridden = {"query": COUNT.replace("{", f"FROM <{first}> {{"), "default-graph-uri": second}
    assert number(client.get("/sparql", params=overridden)) == sizes[second]
    named = client.get("/sparql", params={"query": per_graph, "named-graph-uri": second}).json()["results"]["bindings"]
    assert [row["g"]["value"] for row in named] == [second]
    assert client.get("/sparql", params={"query": COUNT, "default-graph-uri": "no iri"}).status_code == 400


def test_validators_head_and_preflight(client: TestClient) -> None:
    params = {"query": COUNT}
    first = client.get("/sparql", params=params)
    tag = first.headers["etag"]
    assert client.get("/sparql", params=params, headers={"If-None-Match": tag}).status_code == 304
    other = client.get("/sparql", params=params, headers={"If-None-Match": tag, "Accept": "text/csv"})
    assert other.status_code == 200 and other.headers["etag"] != tag
    assert "etag" not in client.get("/sparql", params={"query": "SELECT (NOW() AS ?n) {}"}).headers
    head = client.head("/sparql", params=params)
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", tag)
    assert client.options("/sparql").headers["allow"] == "GET, HEAD, POST, OPTIONS"
    preflight = client.options(
        "/sparql",
        headers={
            "Origin": "https://x.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "x-requested-with, content-type",
        },
    )
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == "*"
    shared = client.get("/sparql", params=params, headers={"Origin": "https://x.example"})
    assert shared.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in shared.headers
    assert shared.headers["x-content-type-options"] == "nosniff"


def test_without_a_query_the_service_describes_itself(client: TestClient) -> None:
    for accept in ("text/turtle", "*/*", RESULTS):
        response = client.get("/sparql", headers={"Accept": accept})
        graph = Graph().parse(data=response.text, format="turtle")
        (endpoint,) = graph.objects(None, URIRef("http://www.w3.org/ns/sparql-service-description#endpoint"))
        assert str(endpoint) == "https://catalogue.example.org/sparql"


def test_a_browser_gets_a_page(client: TestClient) -> None:
    empty = client.get("/sparql", headers={"Accept": BROWSER})
    answered = client.post("/sparql", data={"query": DATASETS}, headers={"Accept": BROWSER})
    refused = client.post("/sparql", data={"query": "DROP ALL"}, headers={"Accept": BROWSER})
    assert [page.status_code for page in (empty, answered, refused)] == [200, 200, 403]
    assert all(page.headers["content-type"] == "text/html; charset=utf-8" for page in (empty, answered, refused))
    assert "/dataset/idc/" in answered.text and "read-only" in refused.text


def test_before_the_first_release_there_is_no_empty_answer(serve: Serve, tmp_path: Path) -> None:
    with serve(Settings(home=tmp_path / "home", base_iri="https://catalogue.example.org")) as fresh:
        response = fresh.get("/sparql", params={"query": COUNT})
        assert response.status_code == 503 and response.headers["retry-after"]
        assert fresh.get("/sparql", headers={"Accept": BROWSER}).status_code == 503
        assert fresh.get("/health").status_code == 503


# A running server, and clients that know nothing of us


@pytest.fixture(scope="module")
def server(published: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """``radiograph serve`` with one worker and a deadline of a second and a half, on a free port."""
    home = published.settings.home  # type: ignore[attr-defined]
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RADIOGRAPH_")} | {
        "RADIOGRAPH_HOME": str(home), "RADIOGRAPH_BASE_IRI": "https://catalogue.example.org",
        "RADIOGRAPH_WORKERS": "1", "RADIOGRAPH_QUERY_TIMEOUT": "1.5", "RADIOGRAPH_QUERY_QUEUE_TIMEOUT": "1",
        "RADIOGRAPH_CLIENT_SECONDS": "0",  # all tests are one client, and some use much
    }  # fmt: skip
    log = tmp_path_factory.mktemp("server") / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "radiograph.py"), "serve", "--port", str(port)],
            env=environment, cwd=log.parent, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        wait_until_up(process, port, log)
        yield f"http://127.0.0.1:{port}"
        workers = children(process.pid)
        assert len(workers) == 3
    finally:
        process.terminate()
        code = process.wait(15)
    assert code == 0
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)
    text = log.read_text()
    assert "Traceback" not in text
    assert f"http://127.0.0.1:{port}/sparql" in text


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_up(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    for _ in range(200):
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
        assert process.poll() is None, log.read_text()
    raise AssertionError(log.read_text())


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def busy(server: str) -> int:
    return int(httpx.get(f"{server}/health").json()["workers"]["busy"])


def wait_until_idle(server: str) -> None:
    for _ in range(50):
        if busy(server) == 0:
            return
        time.sleep(0.05)
    raise AssertionError("the worker is still busy")


def test_sparqlwrapper_gets_its_answers(server: str) -> None:
    wrapper = SPARQLWrapper.SPARQLWrapper(f"{server}/sparql")
    wrapper.setQuery(DATASETS)
    wrapper.setReturnFormat(SPARQLWrapper.JSON)
    answer: Any = wrapper.query().convert()
    bindings = answer["results"]["bindings"]
    assert bindings[0]["d"]["value"].startswith("https://catalogue.example.org/dataset/")
    wrapper.setMethod(SPARQLWrapper.POST)
    wrapper.setRequestMethod(SPARQLWrapper.POSTDIRECTLY)
    wrapper.setReturnFormat(SPARQLWrapper.XML)
    answer = wrapper.query().convert()
    assert len(answer.getElementsByTagName("result")) == len(bindings)
    wrapper = SPARQLWrapper.SPARQLWrapper(f"{server}/sparql")
    wrapper.setQuery(GRAPHS)
    wrapper.setReturnFormat(SPARQLWrapper.TURTLE)
    answer = wrapper.query().convert()
    assert len(Graph().parse(data=answer, format="turtle")) == 5
    for name in ("rdf+xml", "json-ld", "n3", "xml"):
        wrapper.setReturnFormat(name)
        assert wrapper.query().response.status == 200
    wrapper.setQuery("CONSTRUCT {")
    with pytest.raises(SPARQLWrapper.SPARQLExceptions.QueryBadFormed):
        wrapper.query()


def test_a_runaway_query_is_504_and_the_next_is_answered_at_once(server: str) -> None:
    started = time.monotonic()
    cut = httpx.get(f"{server}/sparql", params={"query": RUNAWAY}, timeout=10)
    assert cut.status_code == 504 and "deadline" in cut.json()["title"]
    assert 1.3 < time.monotonic() - started < 4
    started = time.monotonic()
    assert number(httpx.get(f"{server}/sparql", params={"query": COUNT})) > 50
    assert time.monotonic() - started < 1


@pytest.mark.parametrize("accept", [RESULTS, "text/csv"])
def test_a_transfer_cut_after_the_first_byte_never_looks_whole(server: str, accept: str) -> None:
    with closing(http.client.HTTPConnection(server.removeprefix("http://"), timeout=10)) as connection:
        connection.request("GET", f"/sparql?query={quote(ENDLESS)}", headers={"Accept": accept})
        response = connection.getresponse()
        assert response.status == 200 and response.getheader("transfer-encoding") == "chunked"
        read = 0
        with pytest.raises(http.client.IncompleteRead):
            while chunk := response.read(1 << 14):
                read += len(chunk)
        assert read > 1 << 20
    wait_until_idle(server)


def test_a_client_of_http_1_0_gets_a_length_or_an_error(server: str) -> None:
    host, port = server.removeprefix("http://").split(":")

    def raw(query: str) -> tuple[bytes, bytes]:
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(f"GET /sparql?query={quote(query)} HTTP/1.0\r\nHost: x\r\n\r\n".encode())
            head, _, body = b"".join(iter(lambda: connection.recv(65536), b"")).partition(b"\r\n\r\n")
        return head.lower(), body

    head, body = raw(COUNT)
    assert b"transfer-encoding" not in head and f"content-length: {len(body)}".encode() in head
    assert json.loads(body)["results"]["bindings"]
    head, body = raw(ENDLESS)
    assert b" 504 " in head.partition(b"\r\n")[0] and json.loads(body)["status"] == 504


def test_a_client_that_leaves_frees_the_worker(server: str) -> None:
    host, port = server.removeprefix("http://").split(":")
    body = urlencode({"query": RUNAWAY}).encode()
    head = f"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(head.encode() + body)
        time.sleep(0.3)
        assert busy(server) == 1
    started = time.monotonic()
    wait_until_idle(server)
    assert time.monotonic() - started < 0.8


def test_a_client_that_does_not_read_loses_its_worker_at_the_deadline(server: str) -> None:
    host, port = server.removeprefix("http://").split(":")
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect((host, int(port)))
        connection.sendall(f"GET /sparql?query={quote(ENDLESS)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        time.sleep(0.5)
        assert busy(server) == 1
        time.sleep(1.5)
        wait_until_idle(server)
        # What was sent must not have been buffered without end on the way.
        assert memory(server) < 400


def memory(server: str) -> float:
    """Resident MB of the front."""
    port = int(server.rpartition(":")[2])
    for status in Path("/proc").glob("[0-9]*/cmdline"):
        if f"serve\0--port\0{port}".encode() in status.read_bytes():
            pages = int((status.parent / "statm").read_text().split()[1])
            return pages * 4096 / 2**20
    raise AssertionError("no server")


def test_a_client_that_leaves_in_the_middle_of_its_query_is_no_fault(server: str) -> None:
    host, port = server.removeprefix("http://").split(":")
    head = f"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: {QUERY}\r\nContent-Length: 100\r\n\r\nASK"
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(head.encode())
        time.sleep(0.2)
    # A traceback in the log would make the fixture fail.
    assert number(httpx.get(f"{server}/sparql", params={"query": COUNT})) > 50


def test_the_port_in_use_is_said_so(server: str) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "radiograph.py"), "serve", "--port", server.rpartition(":")[2]],
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "--port" in done.stderr and "Traceback" not in done.stderr
