"""SERVICE at the endpoint: what the front answers, what it refuses before anything runs, and who has had enough."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from core.settings import Settings
from tests.api.conftest import BASE, PublishedCatalogue
from tests.catalogue.endpoints import Endpoint, endpoint, listener

Serve = Callable[[Settings], AbstractContextManager[TestClient]]
ROOT = Path(__file__).parents[2]
JSON = {"Accept": "application/sparql-results+json"}
PREFIX = "PREFIX search: <https://w3id.org/radiograph/search#> PREFIX dct: <http://purl.org/dc/terms/> "
DATA = f"@prefix : <http://x/> . <{BASE}/dataset/idc/v1.ttl> :note 'seen', 'twice' ."

LUNG = ("idc/4d_lung", "idc/4d_lung-segmentations", "other/4d-lung")


@pytest.fixture(scope="module")
def remote() -> Iterator[Endpoint]:
    with endpoint(DATA) as found:
        yield found


@pytest.fixture(scope="module")
def client(published: PublishedCatalogue, serve: Serve, remote: Endpoint) -> Iterator[TestClient]:
    allowed = tuple(remote.at(path) for path in ("sparql", "error", "many", "slow"))
    settings = published.settings.model_copy(
        update={"service_allow": allowed, "service_timeout": 1.0, "service_rows": 50, "client_seconds": 30.0}
    )
    with serve(settings) as found:
        yield found


def ask(client: TestClient, query: str, **parameters: str) -> list[dict[str, str]]:
    answer = client.get("/sparql", params={"query": PREFIX + query, **parameters}, headers=JSON)
    assert answer.status_code == 200, answer.text
    rows = answer.json()["results"]["bindings"]
    return [{name: term["value"] for name, term in row.items()} for row in rows]


def refused(client: TestClient, query: str) -> tuple[int, str]:
    answer = client.get("/sparql", params={"query": PREFIX + query}, headers=JSON)
    assert answer.status_code >= 400 and answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["title"]


def test_what_an_allowed_endpoint_says_is_joined(client: TestClient, remote: Endpoint) -> None:
    query = f"SELECT ?d ?t ?n {{ ?d dct:title ?t SERVICE <{remote.at('sparql')}> {{ ?d <http://x/note> ?n }} }}"
    found = ask(client, query)
    assert {row["n"] for row in found} == {"seen", "twice"} and all(row["t"] for row in found)
    answer = client.get("/sparql", params={"query": PREFIX + query}, headers=JSON)
    assert "etag" not in answer.headers and answer.headers["cache-control"] == "no-cache"


def test_full_text_and_likeness_in_sparql(client: TestClient) -> None:
    search = 'SERVICE <search> { [] search:text "lung 4d" ; search:dataset ?d ; search:score ?s }'
    query = f"SELECT ?d ?t ?s {{ {search} ?d dct:title ?t }} ORDER BY DESC(?s)"
    found = ask(client, query)
    assert {row["d"] for row in found} == {f"{BASE}/dataset/{name}" for name in LUNG}
    assert all("4D-Lung" in row["t"] and float(row["s"]) > 0 for row in found)
    again = client.get("/sparql", params={"query": PREFIX + query}, headers=JSON)
    assert "etag" in again.headers, "the same release always finds the same"
    similar = f"SELECT ?d {{ SERVICE <{BASE}/search> {{ [] search:similarTo <{found[0]['d']}> ; search:dataset ?d }} }}"
    assert found[0]["d"] not in {row["d"] for row in ask(client, similar)}
    assert refused(client, "SELECT * { SERVICE <search> { ?s ?p ?o } }")[0] == 400


def test_the_queries_of_the_documentation_are_answered(client: TestClient) -> None:
    queries = re.findall(r"```sparql\n(.+?)```", (ROOT / "docs" / "sparql.md").read_text(encoding="utf-8"), re.DOTALL)
    assert len(queries) == 2
    for query in queries:
        answer = client.get("/sparql", params={"query": query.replace("lung nodule", "lung")}, headers=JSON)
        assert answer.status_code == 200 and ("hepatic" in query or answer.json()["results"]["bindings"])


def test_the_page_answers_service_too(client: TestClient) -> None:
    query = f'{PREFIX}SELECT ?d {{ SERVICE <search> {{ [] search:text "lung" ; search:dataset ?d }} }}'
    answer = client.post("/sparql", data={"query": query}, headers={"Accept": "text/html"})
    assert answer.status_code == 200 and "4d_lung" in answer.text


def test_what_goes_wrong_elsewhere_is_said_and_named(client: TestClient, remote: Endpoint) -> None:
    for path, status in (("error", 502), ("many", 413), ("slow", 502)):
        code, reason = refused(client, f"SELECT * {{ SERVICE <{remote.at(path)}> {{ ?s ?p ?o }} }}")
        assert code == status and remote.at(path) in reason
    assert ask(client, f"SELECT * {{ SERVICE SILENT <{remote.at('error')}> {{ ?s ?p ?o }} }}") == [{}]


@pytest.mark.parametrize(
    ("call", "status"),
    [
        ("SERVICE <{0}/x> {{ ?s ?p ?o }}", 403),
        ("SERVICE SILENT <{0}/x> {{ ?s ?p ?o }}", 403),
        (r"S\u0045RVICE SILENT <{0}/x> {{ }}", 403),
        ("SERVICE <{0}/\\u0078> {{ ?s ?p ?o }}", 403),
        ("SERVICE l:x {{ }}", 403),
        ("1SERVICE<{0}/x>{{}}", 403),
        ("SERVICE ?x {{ ?s ?p ?o }}", 400),
        ("BIND(<{0}/x> AS ?x) SERVICE SILENT ?x {{ ?s ?p ?o }}", 400),
    ],
)
def test_nothing_else_is_asked(client: TestClient, remote: Endpoint, call: str, status: int) -> None:
    with listener() as nobody:
        query = f"PREFIX l: <{nobody.url}/> ASK {{ ?s ?p {call.format(nobody.url)} }}"
        assert refused(client, query)[0] == status
        inner = f"ASK {{ SERVICE <{remote.at('sparql')}> {{ {call.format(nobody.url)} }} }}"
        assert refused(client, f"PREFIX l: <{nobody.url}/> {inner}")[0] == status
        for update in (f"LOAD <{nobody.url}/x>", f"LOAD SILENT <{nobody.url}/x> INTO GRAPH <http://g>"):
            assert refused(client, update)[0] == 403
            assert client.post("/sparql", data={"update": update}).status_code == 403
    assert not nobody.connections


def test_a_client_that_has_had_enough_is_told_when_to_come_back(client: TestClient) -> None:
    radiograph = client.app.state.radiograph  # type: ignore[attr-defined]
    kept = "SELECT (COUNT(*) AS ?n) { ?s a ?c }"
    assert ask(client, kept)
    mark = radiograph.pool.spending.begin("")
    radiograph.pool.spending.add("", 1000)
    try:
        answer = client.get("/sparql", params={"query": "SELECT (NOW() AS ?n) {}"}, headers=JSON)
        assert answer.status_code == 429 and int(answer.headers["retry-after"]) >= 900
        assert "computing time" in answer.json()["title"]
        assert ask(client, kept), "what is kept costs nothing"
    finally:
        radiograph.pool.spending.end("", mark)
        radiograph.pool.spending.add("", -2000)
    assert ask(client, "SELECT (NOW() AS ?n) {}")
